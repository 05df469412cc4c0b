"""Vertical bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bqplot
import numpy as np
from numpy.typing import ArrayLike

from gradbook.explore.marks.base import Array, Frame, State, entry, send
from gradbook.explore.style import COLOURS


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
