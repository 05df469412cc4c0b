"""A landscape of two losses on which methods are usually shown, and descents on it.

The losses are the toy problem of Liu et al., *Conflict-averse gradient descent* (arXiv 2110.14048), appendix, after Yu
et al., *Gradient surgery* (arXiv 2001.06782): two valleys that meet at a Pareto front, with steep, unequal walls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pair = tuple[float, float]

STARTS: dict[str, Pair] = {"left": (-8.5, 7.5), "below": (-8.5, -5.0), "right": (9.0, 9.0)}
METHODS = ("sum", "normalised sum", "MGDA", "normalised MGDA", "MGDA-UB")


def losses(x: Array, y: Array) -> tuple[Array, Array]:
    """Return both losses at the places (x, y), arrays of one shape."""
    upper, lower = np.maximum(np.tanh(y / 2), 0), np.maximum(np.tanh(-y / 2), 0)
    walls = [
        np.log(np.maximum(np.abs(a), 5e-6)) + 6 for a in ((-x - 7) / 2 + np.tanh(y), (-x + 3) / 2 + np.tanh(y) + 2)
    ]
    bowls = [((-x + m) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20 for m in (7, -7)]
    first, second = (upper * wall + lower * bowl for wall, bowl in zip(walls, bowls, strict=True))
    return first, second


def slopes(x: float, y: float) -> tuple[Pair, Pair]:
    """Return the gradients of both losses at one place."""
    t, half = math.tanh(y), math.tanh(y / 2)
    rise = (1 - half * half) / 2
    upper, lower = max(half, 0.0), max(-half, 0.0)
    d_upper, d_lower = (rise if y > 0 else 0.0), (-rise if y < 0 else 0.0)
    found = []
    for shift, middle in ((-7.0, 7.0), (7.0, -7.0)):
        # The second wall is (3 − x)/2 + tanh y + 2 = (7 − x)/2 + tanh y.
        inside = (-x + shift) / 2 + t
        steep = abs(inside) > 5e-6
        wall = math.log(max(abs(inside), 5e-6)) + 6
        bowl = ((-x + middle) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
        wall_x, wall_y = (-0.5 / inside, (1 - t * t) / inside) if steep else (0.0, 0.0)
        bowl_x, bowl_y = (x - middle) / 5, 0.02 * (y + 8)
        found.append(
            (upper * wall_x + lower * bowl_x, d_upper * wall + upper * wall_y + d_lower * bowl + lower * bowl_y)
        )
    return found[0], found[1]


def combine(method: str, g1: Pair, g2: Pair, stretch: float = 1.0) -> Pair:
    """Return the update of one of :data:`METHODS`, in plain floats; ``stretch`` is that of MGDA-UB's shared part."""
    n1, n2 = math.hypot(*g1), math.hypot(*g2)
    if "normalised" in method:
        g1, g2 = _divided(g1, n1), _divided(g2, n2)
    if "sum" in method:
        return g1[0] + g2[0], g1[1] + g2[1]
    h1, h2 = ((g[0] / stretch, g[1]) if method == "MGDA-UB" else g for g in (g1, g2))
    across = (h1[0] - h2[0]) ** 2 + (h1[1] - h2[1]) ** 2
    ahead = h2[0] * (h2[0] - h1[0]) + h2[1] * (h2[1] - h1[1])
    a = min(max(ahead / across, 0.0), 1.0) if across > 0 else 0.5
    return a * g1[0] + (1 - a) * g2[0], a * g1[1] + (1 - a) * g2[1]


def _divided(g: Pair, norm: float) -> Pair:
    return (g[0] / norm, g[1] / norm) if norm > 1e-12 else g


@dataclass(frozen=True)
class Path:
    """The places of a descent (steps + 1, 2) and the losses at them."""

    places: Array
    losses: Array


def descend(method: str, start: Pair, rate: float, steps: int = 250, stretch: float = 1.0) -> Path:
    """Follow one of :data:`METHODS` from ``start`` with Adam (β = 0.9, 0.999), which the toy problem is run with."""
    x, y = start
    mean, square, places = [0.0, 0.0], [0.0, 0.0], [start]
    for step in range(1, steps + 1):
        update = combine(method, *slopes(x, y), stretch)
        moves = []
        for j, slope in enumerate(update):
            mean[j] = 0.9 * mean[j] + 0.1 * slope
            square[j] = 0.999 * square[j] + 0.001 * slope * slope
            moves.append(rate * mean[j] / (1 - 0.9**step) / (math.sqrt(square[j] / (1 - 0.999**step)) + 1e-8))
        x, y = x - moves[0], y - moves[1]
        places.append((x, y))
    where = np.array(places)
    return Path(where, np.column_stack(losses(where[:, 0], where[:, 1])))
