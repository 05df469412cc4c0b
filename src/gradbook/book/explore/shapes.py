"""Marks with an area, arrows, bars and heat maps, and the arrays of points that shapes are made of."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bqplot
import contourpy
import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike, NDArray
from PIL import Image as PillowImage

from gradbook.book.explore.marks import Frame, Path, State, entry, send
from gradbook.book.explore.style import COLOURS

Array = NDArray[np.float64]
PEN_UP = np.full((1, 2), np.nan)


def join_paths(paths: Iterable[ArrayLike]) -> Array:
    """Join paths (m_i, 2) into one, with the pen lifted between them; no paths give an empty (0, 2)."""
    pieces: list[Array] = []
    for path in paths:
        pieces += [np.asarray(path, dtype=float).reshape(-1, 2), PEN_UP]
    return np.concatenate(pieces[:-1]) if pieces else np.empty((0, 2))


def contour_lines(x: ArrayLike, y: ArrayLike, heights: ArrayLike, levels: Sequence[float]) -> Array:
    """Return the lines of equal height as one path.

    ``x`` (p,) and ``y`` (q,) span the grid and ``heights`` is (q, p); ``levels`` are the heights to draw.
    """
    generator = contourpy.contour_generator(np.asarray(x), np.asarray(y), np.asarray(heights))
    return join_paths(np.asarray(line) for level in levels for line in generator.lines(level))


def arrow_outline(tail: ArrayLike, tip: ArrayLike, head: float) -> Array:
    """Return one arrow as a path: the shaft, then a triangular head of length ``head`` (shorter on short arrows).

    An arrow of length 0 is its single point: nothing is drawn and nothing is NaN.
    """
    start, end = np.asarray(tail, dtype=float), np.asarray(tip, dtype=float)
    length = float(np.hypot(*(end - start)))
    if length < 1e-12:
        return start[None, :]
    along = (end - start) / length * min(head, 0.6 * length)
    across = np.array([-along[1], along[0]]) * 0.45
    neck = end - along
    return np.stack([start, neck, neck + across, end, neck - across, neck])


def clip_polygon(polygon: ArrayLike, normal: ArrayLike) -> Array:
    """Return the part of a convex polygon (m, 2) where ⟨normal, point⟩ ≥ 0 (Sutherland and Hodgman's cut)."""
    corners = np.asarray(polygon, dtype=float)
    heights = corners @ np.asarray(normal, dtype=float)
    kept: list[Array] = []
    for i in range(len(corners)):
        here, there = heights[i - 1], heights[i]
        if (here >= 0) != (there >= 0):
            kept.append(corners[i - 1] + (corners[i] - corners[i - 1]) * here / (here - there))
        if there >= 0:
            kept.append(corners[i])
    return np.array(kept).reshape(-1, 2)


@dataclass(frozen=True)
class Arrows:
    """Arrows (k, 2, 2): for each its tail and its tip. ``head`` is the head's length as a share of the panel."""

    key: str | ArrayLike
    label: str = ""
    colour: str = COLOURS["ink"]
    width: float = 2.5
    head: float = 0.045
    dashed: bool = False

    def points(self, state: State, frame: Frame) -> Array:
        """The outline of all arrows."""
        size = self.head * (frame.x[1] - frame.x[0])
        arrows = np.asarray(entry(self.key, state), dtype=float).reshape(-1, 2, 2)
        return join_paths(arrow_outline(tail, tip, size) for tail, tip in arrows)

    def _path(self, points: Array) -> Path:
        return Path(points, self.label, self.colour, self.width, dashed=self.dashed)

    def live(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot ``Lines`` mark whose inside, the heads, is filled."""
        mark = self._path(np.empty((0, 2))).live(scales)
        mark.fill, mark.fill_colors, mark.fill_opacities = "inside", [self.colour], [1.0]
        return mark

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace its outline."""
        self._path(self.points(state, frame)).update(mark, state, frame)

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw the outline and fill the heads."""
        size = self.head * (frame.x[1] - frame.x[0])
        for tail, tip in np.asarray(entry(self.key, state), dtype=float).reshape(-1, 2, 2):
            axes.fill(*arrow_outline(tail, tip, size)[1:].T, color=self.colour, linewidth=0)
        self._path(self.points(state, frame)).draw(axes, state, frame)


@dataclass(frozen=True)
class Bars:
    """Vertical bars at x = 0, 1, 2, …: the state's entry is their heights (k,).

    ``shift`` moves them all to the right, so that several rows of bars stand side by side.
    """

    key: str | ArrayLike
    label: str = ""
    colour: str = COLOURS["blue"]
    colours: Sequence[str] = ()
    width: float = 0.6
    shift: float = 0.0

    def points(self, state: State, frame: Frame) -> Array:
        """The tops of the bars."""
        heights = self._heights(state)
        return np.stack([np.arange(len(heights)) + self.shift, heights], axis=1)

    def _heights(self, state: State) -> Array:
        return np.asarray(entry(self.key, state), dtype=float).reshape(-1)  # what waits for Reveal is (0, 2)

    def _outline(self, i: int, height: float, floor: float) -> Array:
        left, right = i + self.shift - self.width / 2, i + self.shift + self.width / 2
        return np.array([[left, floor], [left, height], [right, height], [right, floor]])

    def live(self, scales: Mapping[str, Any]) -> Any:
        """One filled bqplot ``Lines`` mark with a row a bar (bqplot's own bars need an ordinal axis)."""
        colours = (list(self.colours) or [self.colour]) * 12  # a bar without a colour of its own isn't filled
        return bqplot.Lines(
            x=np.zeros((1, 4)),
            y=np.zeros((1, 4)),
            scales=dict(scales),
            colors=colours,
            fill="inside",
            fill_colors=colours,
            fill_opacities=[0.85] * 12,
            stroke_width=1,
        )

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace the heights."""
        heights = self._heights(state)
        if not len(heights):  # bqplot keeps the old bars when given none: one of no height draws nothing
            heights = np.array([frame.y[0]])
        outlines = np.stack([self._outline(i, h, frame.y[0]) for i, h in enumerate(heights)])
        send(mark, x=np.ascontiguousarray(outlines[..., 0]), y=np.ascontiguousarray(outlines[..., 1]))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.bar``; where the bars are hidden, one of no height, so that the legend has its colour."""
        heights = self._heights(state)
        if not len(heights):
            heights = np.array([frame.y[0]])
        colours = [(list(self.colours) or [self.colour])[i % max(1, len(self.colours))] for i in range(len(heights))]
        axes.bar(
            np.arange(len(heights)) + self.shift,
            heights - frame.y[0],
            self.width,
            bottom=frame.y[0],
            color=colours,
            label=self.label or None,
        )


@dataclass(frozen=True)
class HeatMap:
    """A matrix (rows, columns) as coloured cells that fill the panel, row 0 at the top.

    ``low`` and ``high`` are the values of the colour map's ends. The masked cells of a ``numpy.ma`` array stay blank.
    ``x`` and ``y`` are the ranges that the cells fill, where it isn't the whole panel. Live it's a PNG with one pixel
    a cell, which the browser enlarges without smoothing: a large map costs as little as a small one.
    """

    key: str | ArrayLike
    low: float
    high: float
    label: str = ""
    colour: str = COLOURS["ink"]
    colours: str = "cividis"
    x: tuple[float, float] | None = None
    y: tuple[float, float] | None = None

    def _cells(self, state: State) -> np.ma.MaskedArray[Any, Any]:
        cells: np.ma.MaskedArray[Any, Any] = np.ma.asarray(entry(self.key, state), dtype=float)
        if cells.ndim != 2:
            raise ValueError(f"a heat map needs a matrix, got shape {cells.shape}")
        return cells

    def points(self, state: State, frame: Frame) -> Array:
        """Its corners; NaN if any cell is NaN, so that the sweep's test sees it."""
        cells = self._cells(state)
        x, y = self._ranges(frame)
        corner = np.array([[x[0], y[0]], [x[1], y[1]]])
        return corner if cells.count() and np.isfinite(cells.compressed()).all() else np.empty((0, 2))

    def _ranges(self, frame: Frame) -> tuple[tuple[float, float], tuple[float, float]]:
        return self.x or frame.x, self.y or frame.y

    def _png(self, cells: np.ma.MaskedArray[Any, Any]) -> bytes:
        """One byte a cell: 0 to 254 along the colour map, 255 for a blank one."""
        share = np.clip((cells - self.low) / (self.high - self.low), 0, 1)
        places = np.where(np.ma.getmaskarray(cells), 255, np.round(np.ma.getdata(share) * 254))
        picture = PillowImage.fromarray(places.astype(np.uint8), mode="P")
        palette = np.vstack([mpl.colormaps[self.colours](np.linspace(0, 1, 255))[:, :3], to_rgb(COLOURS["paper"])])
        picture.putpalette(np.round(palette * 255).astype(np.uint8).tobytes())
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def live(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot ``Image`` mark that shows one of two ``ipywidgets.Image``, its own ``spare`` being the other."""
        shown, spare = (widgets.Image(value=self._png(np.ma.zeros((1, 1))), format="png") for _ in range(2))
        mark = bqplot.Image(image=shown, scales=dict(scales), pixelated=True)
        mark.spare = spare
        return mark

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace the PNG. In the browser the mark looks at it anew only when it is given another ``image``."""
        picture = self._png(self._cells(state))
        if mark.image.value != picture:
            mark.spare.value = picture
            mark.spare, mark.image = mark.image, mark.spare
        x, y = self._ranges(frame)
        send(mark, x=np.array(x, dtype=float), y=np.array(y, dtype=float))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.imshow``."""
        x, y = self._ranges(frame)
        axes.imshow(
            self._cells(state),
            extent=(*x, *y),
            vmin=self.low,
            vmax=self.high,
            cmap=self.colours,
            aspect="auto",
            interpolation="nearest",
        )
        axes.grid(False)
