"""Descents on the simplex of three weights, in numpy, and the triangle they are drawn in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CORNERS = np.array([[-1.0, -0.6], [1.0, -0.6], [0.0, -0.6 + 3**0.5]])
"""Where the weights (1, 0, 0), (0, 1, 0) and (0, 0, 1) are drawn."""


def project(point: Array) -> Array:
    """Return the point of the simplex nearest to ``point`` (n,), by sorting.

    Source: Held, Wolfe and Crowder, Mathematical Programming 6 (1974).
    """
    falling = np.sort(point)[::-1]
    excess = (falling.cumsum() - 1) / np.arange(1, len(point) + 1)
    return np.asarray(np.maximum(point - excess[np.count_nonzero(falling > excess) - 1], 0))


def exponentiated(weights: Array, gradient: Array, rate: float) -> Array:
    """α ∝ α ⊙ exp(−η g), (7.5)."""
    grown = weights * np.exp(-rate * (gradient - gradient.min()))
    return np.asarray(grown / grown.sum())


def projected(weights: Array, gradient: Array, rate: float) -> Array:
    """α ← the point of the simplex nearest to α − η g."""
    return project(weights - rate * gradient)


def descent_in_logits(weights: Array, gradient: Array, rate: float) -> Array:
    """Plain descent on β with α = softmax β: the gradient there is α ⊙ (g − ⟨α, g⟩)."""
    logits = np.log(np.maximum(weights, 1e-300)) - rate * weights * (gradient - weights @ gradient)
    grown = np.exp(logits - logits.max())
    return np.asarray(grown / grown.sum())


WAYS: dict[str, Callable[[Array, Array, float], Array]] = {
    "exponentiated": exponentiated,
    "projected": projected,
    "descent in logits": descent_in_logits,
}


def walk(way: str, slope: Callable[[Array], Array], start: Array, rate: float, steps: int) -> Array:
    """Return the weights (steps + 1, n) of one way from ``start`` (n,)."""
    places = [np.asarray(start, dtype=float)]
    for _ in range(steps):
        places.append(WAYS[way](places[-1], slope(places[-1]), rate))
    return np.array(places)


def drawn(weights: Array) -> Array:
    """Return the places (…, 2) of weights (…, 3) in the triangle."""
    return np.asarray(weights @ CORNERS)


def weights_at(place: Array) -> Array:
    """Return the weights (3,) that stand at a place (2,), moved into the triangle if it lies outside."""
    matrix = np.vstack([CORNERS.T, np.ones(3)])
    return project(np.linalg.solve(matrix, np.append(place, 1.0)))
