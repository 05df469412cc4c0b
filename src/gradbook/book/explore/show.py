"""Put pictures, tables, source code and progress bars into a notebook."""

from __future__ import annotations

import ast
import html
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import Any, TypeVar

import ipywidgets as widgets
from IPython.display import HTML, Markdown, display
from matplotlib.figure import Figure

from gradbook.book.explore.style import png

WIDGET = "application/vnd.jupyter.widget-view+json"
WAKE = "The picture above is still. Run this cell (Shift+Enter) and it comes alive."

# A widget whose kernel is gone leaves a bare error line behind; the still picture stands there instead.
_HIDE_DEAD = "<style>.jp-OutputArea-child > .jupyter-widgets:not(:has(*)) {display: none}</style>"


def caption_html(text: str, alt: str) -> HTML:
    """Return a caption ("Figure 1.2. What to see …") and, folded below it, the picture in words."""
    number, _, rest = text.partition(". ")
    return HTML(
        f"{_HIDE_DEAD}<p><b>{html.escape(number)}.</b> {html.escape(rest)}</p>"
        f"<details><summary>The picture in words</summary><p>{html.escape(alt)}</p></details>"
    )


def show_figure(figure: Figure, caption: str, alt: str) -> None:
    """Display a matplotlib figure with its caption ("Figure 1.2. What to see …") and its text alternative."""
    for name, text in (("caption", caption), ("alt", alt)):
        if not text.strip():
            raise ValueError(f"a picture needs {name} text")
    display({"image/png": png(figure), "text/plain": f"[{caption.partition('. ')[0]}]"}, raw=True)
    display(caption_html(caption, alt))


def show_table(rows: Sequence[Sequence[str]], header: Sequence[str], caption: str) -> None:
    """Display a table of ready-made strings with a caption; ValueError for a row of another length than the header."""
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row has {len(row)} cells, the header {len(header)}: {row}")
    head = "".join(f"<th>{html.escape(word)}</th>" for word in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    number, _, rest = caption.partition(". ")
    display(
        HTML(
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p><b>{html.escape(number)}.</b> {html.escape(rest)}</p>"
        )
    )


def show_source(*functions: Callable[..., Any]) -> None:
    """Display the source of functions of the package without docstrings: the code that runs, not a retyped copy."""
    shown = []
    for function in functions:
        text = textwrap.dedent(inspect.getsource(function))
        body = ast.parse(text).body[0].body  # type: ignore[attr-defined]
        lines = text.splitlines()
        if function.__doc__:
            del lines[body[0].lineno - 1 : body[0].end_lineno]
        shown.append("\n".join(lines).strip())
    display(Markdown("```python\n" + "\n\n\n".join(shown) + "\n```"))


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
