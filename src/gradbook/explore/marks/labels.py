"""Words at places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bqplot
import numpy as np

from gradbook.explore.marks.base import Array, Frame, State, entry, send
from gradbook.explore.style import COLOURS


@dataclass(frozen=True)
class Labels:
    """Words at places: the state's entry is a list of (x, y, text)."""

    key: str | Sequence[tuple[float, float, str]]
    label: str = ""
    colour: str = COLOURS["ink"]
    size: int = 13

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
            x_offset=6,
            y_offset=-6,
        )

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace places and words."""
        points = self.points(state, frame)
        words = [text for _, _, text in entry(self.key, state)]
        send(mark, x=np.ascontiguousarray(points[:, 0]), y=np.ascontiguousarray(points[:, 1]), text=words)

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.annotate``."""
        for x, y, text in entry(self.key, state):
            axes.annotate(text, (x, y), xytext=(5, 5), textcoords="offset points", color=self.colour)
