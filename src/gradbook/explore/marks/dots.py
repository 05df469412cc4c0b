"""Single points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bqplot
import numpy as np
from numpy.typing import ArrayLike

from gradbook.explore.marks.base import Array, Frame, State, entry, send
from gradbook.explore.style import COLOURS

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
