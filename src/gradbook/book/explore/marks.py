"""What a panel is drawn with. A mark reads one entry of the picture's state and knows how to draw it twice:

live (a bqplot mark, made once, its arrays replaced at every change) and static (on matplotlib axes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
