"""Where an installed package keeps its data, without importing the package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


def installed_path(package: str, inside: str, what: str) -> Path:
    """Return the path of ``inside``, a file or folder that the pip package ``package`` ships.

    Importing would cost time, and what a package imports in turn may be missing or may warn; reading needs neither.
    Raises ModuleNotFoundError if the package isn't installed; ``what`` names the data in the message.
    """
    try:
        return Path(str(distribution(package).locate_file(inside)))
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(f"{what} come with the package: pip install {package}") from error
