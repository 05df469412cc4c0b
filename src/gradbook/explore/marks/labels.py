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
