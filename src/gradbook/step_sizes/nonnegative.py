"""Four ways to keep parameters from going below zero, in numpy.

All four move alike at θ = 1 for small rates: there the slopes of their flows are −g.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def exponentiated(theta: Array, gradient: Array, rate: float) -> Array:
    """θ ← θ ⊙ exp(−η g), (7.3): the flow dθ/dt = −θ ⊙ g."""
    return theta * np.exp(-rate * gradient)


def descent_in_logarithm(theta: Array, gradient: Array, rate: float) -> Array:
    """Plain descent on φ = log θ, (7.2): the flow dθ/dt = −θ² ⊙ g."""
    return theta * np.exp(-rate * theta * gradient)


def descent_in_root(theta: Array, gradient: Array, rate: float) -> Array:
    """Plain descent on φ with θ = φ² and a quarter of the rate: the flow dθ/dt = −θ ⊙ g, as (7.3)."""
    return theta * (1 - rate / 2 * gradient) ** 2


def projected(theta: Array, gradient: Array, rate: float) -> Array:
    """θ ← max(θ − η g, 0): the flow dθ/dt = −g, stopped at zero."""
    return np.maximum(theta - rate * gradient, 0)


Way = Callable[[Array, Array, float], Array]
WAYS: dict[str, Way] = {
    "exponentiated": exponentiated,
    "descent in log θ": descent_in_logarithm,
    "descent in √θ": descent_in_root,
    "projected": projected,
}


def walk(way: str, slope: Callable[[Array], Array], start: Array | float, rate: float, steps: int) -> Array:
    """Return the places (steps + 1, …) of one way from ``start``; NaN and infinite from where it diverged on."""
    places: list[Any] = [start]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            places.append(WAYS[way](places[-1], slope(places[-1]), rate))
    return np.array(places, dtype=float)
