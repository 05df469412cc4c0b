"""What a panel is drawn with: lines, points and words.

A mark reads one entry of the picture's state and knows how to draw it twice: live by bqplot, still by matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import bqplot
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradbook.book.explore.style import COLOURS

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


def entry(key: str | ArrayLike, state: State) -> Any:
    """The state's entry named ``key``, or the constant that was given instead of a name."""
    return state[key] if isinstance(key, str) else key


def send(mark: Any, **arrays: Any) -> None:
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
        return np.asarray(entry(self.key, state), dtype=float).reshape(-1, 2)

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
        drawn = np.flatnonzero(~np.isnan(points).any(axis=1))
        points = points[: drawn[-1] + 1 if len(drawn) else 0]  # bqplot puts a name, here none, at the last point
        if not len(points):  # bqplot keeps the old line when given no points: one draws nothing
            points = np.array([[frame.x[0], frame.y[0]]], dtype=float)
        send(mark, x=np.ascontiguousarray(points[:, 0]), y=np.ascontiguousarray(points[:, 1]))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.plot`` or ``Axes.fill``."""
        x, y = self.points(state, frame).T
        style = {"color": self.colour, "alpha": self.opacity, "linestyle": "--" if self.dashed else "-"}
        if self.fill:
            axes.fill(x, y, color=self.colour, alpha=0.15, linewidth=0, label=self.label or None)
        axes.plot(x, y, linewidth=self.width, label=None if self.fill else self.label or None, **style)


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
        return np.asarray(entry(self.key, state), dtype=float).reshape(-1, 2)

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
        send(mark, x=np.ascontiguousarray(points[:, 0]), y=np.ascontiguousarray(points[:, 1]))

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
    """Words at places: the state's entry is a list of (x, y, text).

    They stand to the upper right of their place, or with ``centred=True`` on it.
    """

    key: str | Sequence[tuple[float, float, str]]
    label: str = ""
    colour: str = COLOURS["ink"]
    size: int = 13
    centred: bool = False

    def points(self, state: State, frame: Frame) -> Array:
        """Where the words stand."""
        return np.array([(x, y) for x, y, _ in entry(self.key, state)], dtype=float).reshape(-1, 2)

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
            align="middle" if self.centred else "start",
            x_offset=0 if self.centred else 6,
            y_offset=0 if self.centred else -6,
        )

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace places and words."""
        points = self.points(state, frame)
        words = [text for _, _, text in entry(self.key, state)]
        send(mark, x=np.ascontiguousarray(points[:, 0]), y=np.ascontiguousarray(points[:, 1]), text=words)

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.annotate``."""
        points = 0.78 * self.size  # of pixels on the screen
        for x, y, text in entry(self.key, state):
            if self.centred:
                axes.text(x, y, text, ha="center", va="center", color=self.colour, fontsize=points)
            else:
                axes.annotate(text, (x, y), xytext=(5, 5), textcoords="offset points", color=self.colour)
