"""A line, open or closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bqplot
import numpy as np
from numpy.typing import ArrayLike

from gradbook.explore.marks.base import Array, Frame, State, entry, send
from gradbook.explore.style import COLOURS


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
