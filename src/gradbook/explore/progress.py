"""A progress bar for whatever takes longer than two seconds.

ipywidgets' own bar in a few lines, not tqdm: tqdm stores its text with times in the notebook, so that two runs of
the same chapter would differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

import ipywidgets as widgets
from IPython.display import display

from gradbook.explore.show import WIDGET

Item = TypeVar("Item")


def progress(items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
    """Yield ``items`` while a bar named ``label`` fills up; ``total`` is needed where ``items`` has no length."""
    count = total if total is not None else (len(items) if isinstance(items, Sized) else 0)
    bar = widgets.IntProgress(
        0,
        0,
        max(count, 1),
        description=label,
        style={"description_width": "initial"},
        layout={"width": "30em"},
    )
    display({WIDGET: dict(bar._repr_mimebundle_())[WIDGET], "text/plain": f"[progress: {label}]"}, raw=True)
    for item in items:
        yield item
        bar.value += 1
    bar.bar_style = "success"
    bar.description = f"{label}: done"
