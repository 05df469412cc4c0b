"""The packages that only the pretrained encoders need."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from gradbook.tasks.installed import installed_path

INSTALL = 'pip install "gradbook[encoders]"'


def transformers() -> ModuleType:
    """Return the package transformers; ModuleNotFoundError that says how to install it."""
    try:
        return importlib.import_module("transformers")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"pretrained encoders need the package transformers: {INSTALL}") from error


def optional_path(package: str, inside: str, what: str) -> Path:
    """Return where ``package`` keeps the file ``inside``; ModuleNotFoundError that says how to install it."""
    try:
        return installed_path(package, inside, what)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{what} come with the package {package}: {INSTALL}") from error
