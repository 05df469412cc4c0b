"""Arrows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gradbook.explore.geometry import arrow_outline, join_paths
from gradbook.explore.marks.base import Array, Frame, State, entry
from gradbook.explore.marks.path import Path
from gradbook.explore.style import COLOURS


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
