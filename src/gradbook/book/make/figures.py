"""Draw every file under ``figures/``: ``python -m gradbook.book.make.figures``. A test draws and compares them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from gradbook.book.chapters import CHAPTERS, ROOT, Chapter
from gradbook.book.explore import new_figure
from gradbook.book.explore.style import png
from gradbook.book.loss_weighting import pictures


def card(chapter: Chapter) -> Figure:
    """Return the small picture of a chapter for the front page and the README: what ``card(ax)`` in ``figures`` draws.

    Raises AttributeError if its figures have no card.
    """
    figure, ax = new_figure(2.4, 1.8)
    chapter.module("figures").card(ax)
    ax.set(xticks=[], yticks=[])
    ax.minorticks_off()
    ax.grid(False)
    return figure


def _hero() -> Figure:
    return pictures.two_bowls().static(scheme="gradient norm", scale=300)


def drawings() -> dict[str, Callable[[], Figure]]:
    """Return, by path below ``figures/``, the function that draws the file."""
    cards = {f"{chapter.file_name}/card.png": partial(card, chapter) for chapter in CHAPTERS}
    return {**cards, "01-loss-weighting/two-bowls.png": _hero}


def main(folder: Path = ROOT / "figures") -> None:
    """Draw all files."""
    for name, draw in drawings().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(draw()))
        print(f"{path.relative_to(folder)}  {path.stat().st_size // 1024} kB")
    try:
        from gradbook.book.make.browser import NAME, screenshot

        (folder / NAME).write_bytes(screenshot())
        print(f"{NAME}  {(folder / NAME).stat().st_size // 1024} kB")
    except Exception as error:
        print(f"{NAME} left as it is: it takes playwright and Chromium (make test installs them). {error}")


if __name__ == "__main__":
    main()
