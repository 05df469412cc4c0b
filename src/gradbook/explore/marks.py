"""What a panel is drawn with. A mark reads one entry of the picture's state and knows how to draw it twice:

live (a bqplot mark, made once, its arrays replaced at every change) and static (on matplotlib axes).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import bqplot
import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image as PillowImage

from gradbook.explore.geometry import arrow_outline, join_paths
from gradbook.explore.style import COLOURS

Array = NDArray[np.float64]
State = Mapping[str, Any]


@dataclass(frozen=True)
class Frame:
    """What a mark must know of its panel: the ranges of both axes."""

    x: tuple[float, float]
    y: tuple[float, float]


class Mark(Protocol):
    """The common face of all marks."""

    @property
    def key(self) -> str | ArrayLike:
        """The entry of the state that it draws, or a constant array."""

    @property
    def label(self) -> str:
        """Its name in the legend; empty for none."""

    @property
    def colour(self) -> str:
        """Its colour."""

    def points(self, state: State, frame: Frame) -> Array:
        """The places (m, 2) that it draws at, for the sweep's test that something is to be seen."""

    def live(self, scales: Mapping[str, Any]) -> Any:
        """Make the bqplot mark, still empty."""

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Give the bqplot mark the arrays of a state."""

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw a state on matplotlib axes."""


def _entry(key: str | ArrayLike, state: State) -> Any:
    return state[key] if isinstance(key, str) else key


def _send(mark: Any, **arrays: Any) -> None:
    """Give a bqplot mark new arrays in one message, and only those that differ from what it shows."""
    changed = {k: v for k, v in arrays.items() if not _same(getattr(mark, k), v)}
    if changed:
        with mark.hold_sync():
            for name, value in changed.items():
                setattr(mark, name, value)


def _same(old: Any, new: Any) -> bool:
    if isinstance(new, np.ndarray) and new.dtype.kind == "f":
        return isinstance(old, np.ndarray) and old.dtype.kind == "f" and np.array_equal(old, new, equal_nan=True)
    return bool(np.array_equal(old, new))


@dataclass(frozen=True)
class Path:
    """A line through the points (m, 2); NaN rows lift the pen. ``fill=True`` closes and tints it."""

    key: str | ArrayLike
    label: str = ""
    colour: str = COLOURS["ink"]
    width: float = 2.0
    dashed: bool = False
    fill: bool = False
    opacity: float = 1.0

    def points(self, state: State, frame: Frame) -> Array:
        """The corners of the line."""
        return np.asarray(_entry(self.key, state), dtype=float).reshape(-1, 2)

    def live(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot ``Lines`` mark."""
        fill = {"fill": "inside", "fill_colors": [self.colour], "fill_opacities": [0.15]} if self.fill else {}
        return bqplot.Lines(
            x=np.zeros(1),
            y=np.zeros(1),
            scales=dict(scales),
            colors=[self.colour],
            stroke_width=self.width,
            line_style="dashed" if self.dashed else "solid",
            opacities=[self.opacity],
            **fill,
        )

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace its points."""
        points = self.points(state, frame)
        if not len(points):  # bqplot keeps the old line when given no points: one draws nothing
            points = np.array([[frame.x[0], frame.y[0]]], dtype=float)
        _send(mark, x=np.ascontiguousarray(points[:, 0]), y=np.ascontiguousarray(points[:, 1]))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.plot`` or ``Axes.fill``."""
        x, y = self.points(state, frame).T
        style = {"color": self.colour, "alpha": self.opacity, "linestyle": "--" if self.dashed else "-"}
        if self.fill:
            axes.fill(x, y, color=self.colour, alpha=0.15, linewidth=0, label=self.label or None)
        axes.plot(x, y, linewidth=self.width, label=None if self.fill else self.label or None, **style)


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
        arrows = np.asarray(_entry(self.key, state), dtype=float).reshape(-1, 2, 2)
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
        for tail, tip in np.asarray(_entry(self.key, state), dtype=float).reshape(-1, 2, 2):
            axes.fill(*arrow_outline(tail, tip, size)[1:].T, color=self.colour, linewidth=0)
        self._path(self.points(state, frame)).draw(axes, state, frame)


_SHAPES = {"circle": "o", "square": "s", "cross": "X", "diamond": "D", "triangle-up": "^"}  # bqplot: matplotlib


@dataclass(frozen=True)
class Dots:
    """Single points (m, 2)."""

    key: str | ArrayLike
    label: str = ""
    colour: str = COLOURS["ink"]
    size: float = 60.0
    shape: str = "circle"

    def points(self, state: State, frame: Frame) -> Array:
        """The points."""
        return np.asarray(_entry(self.key, state), dtype=float).reshape(-1, 2)

    def live(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot ``Scatter`` mark."""
        return bqplot.Scatter(
            x=np.zeros(1),
            y=np.zeros(1),
            scales=dict(scales),
            colors=[self.colour],
            default_size=int(self.size),
            marker=self.shape,
        )

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace the points."""
        points = self.points(state, frame)
        _send(mark, x=np.ascontiguousarray(points[:, 0]), y=np.ascontiguousarray(points[:, 1]))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.scatter``."""
        x, y = self.points(state, frame).T
        axes.scatter(
            x,
            y,
            s=self.size,
            color=self.colour,
            marker=_SHAPES[self.shape],
            label=self.label or None,
            zorder=3,
        )


@dataclass(frozen=True)
class Labels:
    """Words at places: the state's entry is a list of (x, y, text)."""

    key: str | Sequence[tuple[float, float, str]]
    label: str = ""
    colour: str = COLOURS["ink"]
    size: int = 13

    def points(self, state: State, frame: Frame) -> Array:
        """Where the words stand."""
        return np.array([(x, y) for x, y, _ in _entry(self.key, state)], dtype=float).reshape(-1, 2)

    def live(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot ``Label`` mark."""
        return bqplot.Label(
            x=np.zeros(1),
            y=np.zeros(1),
            text=[""],
            scales=dict(scales),
            colors=[self.colour],
            default_size=self.size,
            font_weight="normal",
            x_offset=6,
            y_offset=-6,
        )

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace places and words."""
        points = self.points(state, frame)
        words = [text for _, _, text in _entry(self.key, state)]
        _send(mark, x=np.ascontiguousarray(points[:, 0]), y=np.ascontiguousarray(points[:, 1]), text=words)

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.annotate``."""
        for x, y, text in _entry(self.key, state):
            axes.annotate(text, (x, y), xytext=(5, 5), textcoords="offset points", color=self.colour)


@dataclass(frozen=True)
class Bars:
    """Vertical bars at x = 0, 1, 2, …: the state's entry is their heights (k,)."""

    key: str | ArrayLike
    label: str = ""
    colour: str = COLOURS["blue"]
    colours: Sequence[str] = ()
    width: float = 0.6

    def points(self, state: State, frame: Frame) -> Array:
        """The tops of the bars."""
        heights = np.asarray(_entry(self.key, state), dtype=float)
        return np.stack([np.arange(len(heights)), heights], axis=1)

    def _outline(self, i: int, height: float, floor: float) -> Array:
        left, right = i - self.width / 2, i + self.width / 2
        return np.array([[left, floor], [left, height], [right, height], [right, floor]])

    def live(self, scales: Mapping[str, Any]) -> Any:
        """One filled bqplot ``Lines`` mark with a row a bar (bqplot's own bars need an ordinal axis)."""
        colours = list(self.colours) or [self.colour]
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
        heights = np.asarray(_entry(self.key, state), dtype=float)
        outlines = np.stack([self._outline(i, h, frame.y[0]) for i, h in enumerate(heights)])
        _send(mark, x=np.ascontiguousarray(outlines[..., 0]), y=np.ascontiguousarray(outlines[..., 1]))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.bar``."""
        heights = np.asarray(_entry(self.key, state), dtype=float)
        colours = [(list(self.colours) or [self.colour])[i % max(1, len(self.colours))] for i in range(len(heights))]
        axes.bar(
            np.arange(len(heights)),
            heights - frame.y[0],
            self.width,
            bottom=frame.y[0],
            color=colours,
            label=self.label or None,
        )


@dataclass(frozen=True)
class HeatMap:
    """A matrix (rows, columns) as coloured cells that fill the panel, row 0 at the top.

    ``low`` and ``high`` are the values of the colour map's ends. Live it's a PNG with one pixel a cell, which the
    browser enlarges without smoothing: a large map costs as little as a small one.
    """

    key: str | ArrayLike
    low: float
    high: float
    label: str = ""
    colour: str = COLOURS["ink"]
    colours: str = "cividis"

    def _cells(self, state: State) -> Array:
        cells = np.asarray(_entry(self.key, state), dtype=float)
        if cells.ndim != 2:
            raise ValueError(f"a heat map needs a matrix, got shape {cells.shape}")
        return cells

    def points(self, state: State, frame: Frame) -> Array:
        """Its corners; NaN if any cell is NaN, so that the sweep's test sees it."""
        cells = self._cells(state)
        corner = np.array([[frame.x[0], frame.y[0]], [frame.x[1], frame.y[1]]])
        return corner if cells.size and np.isfinite(cells).all() else np.empty((0, 2))

    def _png(self, cells: Array) -> bytes:
        share = np.clip((cells - self.low) / (self.high - self.low), 0, 1)
        picture = PillowImage.fromarray(np.round(share * 255).astype(np.uint8), mode="P")
        palette = mpl.colormaps[self.colours](np.arange(256))[:, :3]
        picture.putpalette(np.round(palette * 255).astype(np.uint8).tobytes())
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def live(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot ``Image`` mark that shows an ``ipywidgets.Image``."""
        return bqplot.Image(
            image=widgets.Image(value=self._png(np.zeros((1, 1))), format="png"),
            scales=dict(scales),
            pixelated=True,
        )

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace the PNG."""
        picture = self._png(self._cells(state))
        if mark.image.value != picture:
            mark.image.value = picture
        _send(mark, x=np.array(frame.x, dtype=float), y=np.array(frame.y, dtype=float))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.imshow``."""
        axes.imshow(
            self._cells(state),
            extent=(*frame.x, *frame.y),
            vmin=self.low,
            vmax=self.high,
            cmap=self.colours,
            aspect="auto",
            interpolation="nearest",
        )
        axes.grid(False)
