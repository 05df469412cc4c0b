"""One look for every picture: colours that colour-blind readers can tell apart, on paper that is always light.

The colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/). Text and axes are dark on an opaque, nearly
white ground, so that a picture reads the same in JupyterLab's light and dark themes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image as PillowImage

COLOURS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "ink": "#222222",
    "grey": "#8A8A8A",
    "light": "#DADADA",
    "paper": "#FDFDFB",
}
"""Names for the few colours of the book."""

TASKS = (COLOURS["blue"], COLOURS["vermilion"], COLOURS["green"], COLOURS["purple"])
"""The colour of task 1, 2, 3, 4, the same in all pictures."""

CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "SimHei",
)
"""Font families with Chinese characters, the best first: on Linux, macOS and Windows one of them is usual."""

RC: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "figure.facecolor": COLOURS["paper"],
    "axes.facecolor": COLOURS["paper"],
    "axes.edgecolor": COLOURS["grey"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#ECECE8",
    "legend.frameon": False,
    "savefig.facecolor": COLOURS["paper"],
    "svg.hashsalt": "gradbook",
}
"""Settings of matplotlib for every static picture."""


@cache
def chinese_font() -> str | None:
    """Return the first family of ``CHINESE`` on this machine, or None.

    matplotlib remembers the fonts that it found when it was first started; those installed since then are added here.
    """
    if not set(CHINESE) & set(font_manager.get_font_names()):
        known = {font.fname for font in font_manager.fontManager.ttflist}
        for path in set(font_manager.findSystemFonts()) - known:
            # matplotlib can't read every font (bitmaps, emoji), and says so by a RuntimeError.
            with suppress(RuntimeError, OSError):
                font_manager.fontManager.addfont(path)
    here = set(font_manager.get_font_names())
    return next((name for name in CHINESE if name in here), None)


def _settings() -> Any:
    """``RC``, with a second font for the glyphs that the first one lacks: an absent one would make matplotlib warn."""
    second = chinese_font()
    return {**RC, "font.family": [*RC["font.family"], *([second] if second else [])]}


@contextmanager
def book_style() -> Iterator[None]:
    """Draw in the book's style inside: words take their font when they are made, not when they are painted.

    On a machine without a Chinese font its characters are drawn as boxes, without a warning for each.
    """
    with mpl.rc_context(_settings()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


def new_figure(width: float = 7.0, height: float = 3.5, **subplots: Any) -> tuple[Figure, Any]:
    """Return ``(figure, axes)`` in the book's style, without touching pyplot's global state.

    ``width`` and ``height`` are in inches; ``subplots`` goes to :meth:`matplotlib.figure.Figure.subplots`.
    """
    with book_style():
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        return figure, figure.subplots(**subplots)


def draw_arrow(ax: Any, tip: Any, colour: str, width: float = 2.0) -> None:
    """Draw an arrow from the origin to ``tip`` (2,); it doesn't move the limits of the axes."""
    ax.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": width})


def png(figure: Figure, dpi: int = 100) -> bytes:
    """Return the figure as PNG with at most 128 colours (a third of the size) and no date or version in it.

    The octree keeps the book's colours to 1 %; the usual median cut turns a thin green line blue beside blue ones.
    """
    figure.set_dpi(dpi)
    canvas: Any = FigureCanvasAgg(figure)
    small = io.BytesIO()
    with book_style():
        canvas.draw()  # once; savefig would lay the figure out by drawing it a first time
    drawn = PillowImage.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    drawn.quantize(128, method=PillowImage.Quantize.FASTOCTREE).save(small, "PNG", optimize=True)
    return small.getvalue()


def number_words(value: float) -> str:
    """Three digits, a whole number in full, and a minus sign: 0.667, 10000, −8."""
    whole = float(value).is_integer() and abs(value) < 1e9
    return (f"{value:.0f}" if whole else f"{value:.3g}").replace("-", "−")


# Paper and ink for the whole live picture, whatever the theme; and while it is alive its still twin is not shown.
LIVE_CSS = f"""<style>
.gradbook-live {{ background: {COLOURS["paper"]}; color: {COLOURS["ink"]}; padding: 8px; border-radius: 4px;
  border: 1px solid {COLOURS["light"]}; max-width: 100%;
  color-scheme: light; --jp-ui-font-color0: {COLOURS["ink"]}; --jp-ui-font-color1: {COLOURS["ink"]};
  --jp-widgets-color: {COLOURS["ink"]}; --jp-widgets-label-color: {COLOURS["ink"]};
  --jp-widgets-readout-color: {COLOURS["ink"]}; --jp-widgets-input-color: {COLOURS["ink"]};
  --jp-widgets-input-background-color: white; --jp-layout-color1: white; --jp-layout-color2: #EEEEEA; }}
.gradbook-live .bqplot text {{ fill: {COLOURS["ink"]} !important; }}
.gradbook-live path.dot[style*="stroke: white"] {{ cursor: grab; }}
.gradbook-live path.dot[style*="stroke: ivory"] {{ cursor: pointer; opacity: 0 !important; }}
.gradbook-live path.dot[style*="stroke: ivory"]:hover {{ opacity: 0.35 !important; }}
.gradbook-live .gradbook-switches .widget-toggle-button {{ width: auto; min-width: 2.6em; padding: 0 4px;
  height: 24px; line-height: 24px; margin: 1px; }}
.gradbook-live .dot_text {{ font-size: 15px; }}
.gradbook-live [role=alert] {{ color: #8B1A00; }}
.gradbook-live .widget-button:focus-visible, .gradbook-live .widget-toggle-button:focus-visible,
.gradbook-live .noUi-handle:focus-visible,
.gradbook-live input:focus-visible, .gradbook-live select:focus-visible {{ outline: 3px solid #0072B2; }}
.jp-OutputArea:has(.gradbook-live) .jp-OutputArea-child:has(> .jp-RenderedImage) {{ display: none; }}
</style>"""
