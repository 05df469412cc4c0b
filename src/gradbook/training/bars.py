"""A progress bar where there is a notebook to show it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def shown(items: Iterable[Item], label: str, total: int | None = None, show: bool = True) -> Iterator[Item]:
    """Yield ``items``, with a bar named ``label`` if ``show`` is set and this runs in a Jupyter kernel."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    if show and kernel is not None and kernel.IPKernelApp.initialized():
        # imported here: the widgets take a second that scripts and worker processes needn't spend
        from gradbook.explore.progress import progress

        yield from progress(items, label, total)
    else:
        yield from items
