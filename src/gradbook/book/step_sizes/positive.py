"""Ways to keep parameters from going below zero, and on the simplex of three weights, in numpy."""

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


Way = Callable[[Array, Array, Any], Array]
WAYS: dict[str, Way] = {
    "exponentiated": exponentiated,
    "descent in log θ": descent_in_logarithm,
    "descent in √θ": descent_in_root,
    "projected": projected,
}


def walk(way: str, slope: Callable[[Array], Array], start: Array | float, rate: Array | float, steps: int) -> Array:
    """Return the places (steps + 1, …) of one way from ``start``; NaN and infinite from where it diverged on.

    Many walks go at once where ``start`` has a row and ``rate`` (rows, 1) a number for each.
    """
    places: list[Any] = [start]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            places.append(WAYS[way](places[-1], slope(places[-1]), rate))
    return np.array(places, dtype=float)


CORNERS = np.array([[-1.0, -0.6], [1.0, -0.6], [0.0, -0.6 + 3**0.5]])
"""Where the weights (1, 0, 0), (0, 1, 0) and (0, 0, 1) are drawn."""


def project(point: Array) -> Array:
    """Return the point of the simplex nearest to ``point`` (n,), by sorting.

    Source: Held, Wolfe and Crowder, Mathematical Programming 6 (1974).
    """
    falling = np.sort(point)[::-1]
    excess = (falling.cumsum() - 1) / np.arange(1, len(point) + 1)
    return np.asarray(np.maximum(point - excess[np.count_nonzero(falling > excess) - 1], 0))


def simplex_exponentiated(weights: Array, gradient: Array, rate: float) -> Array:
    """α ∝ α ⊙ exp(−η g), (7.5)."""
    grown = weights * np.exp(-rate * (gradient - gradient.min()))
    return np.asarray(grown / grown.sum())


def simplex_projected(weights: Array, gradient: Array, rate: float) -> Array:
    """α ← the point of the simplex nearest to α − η g."""
    return project(weights - rate * gradient)


def descent_in_logits(weights: Array, gradient: Array, rate: float) -> Array:
    """Plain descent on β with α = softmax β: the gradient there is α ⊙ (g − ⟨α, g⟩)."""
    logits = np.log(np.maximum(weights, 1e-300)) - rate * weights * (gradient - weights @ gradient)
    grown = np.exp(logits - logits.max())
    return np.asarray(grown / grown.sum())


SIMPLEX_WAYS: dict[str, Callable[[Array, Array, float], Array]] = {
    "exponentiated": simplex_exponentiated,
    "projected": simplex_projected,
    "descent in logits": descent_in_logits,
}


def simplex_walk(way: str, slope: Callable[[Array], Array], start: Array, rate: float, steps: int) -> Array:
    """Return the weights (steps + 1, n) of one way from ``start`` (n,)."""
    places = [np.asarray(start, dtype=float)]
    for _ in range(steps):
        places.append(SIMPLEX_WAYS[way](places[-1], slope(places[-1]), rate))
    return np.array(places)


def drawn(weights: Array) -> Array:
    """Return the places (…, 2) of weights (…, 3) in the triangle."""
    return np.asarray(weights @ CORNERS)


def weights_at(place: Array) -> Array:
    """Return the weights (3,) of the point of the triangle nearest to a place (2,).

    The triangle is equilateral: distances in it are those of the weights, up to a factor, so that (as projecting onto
    the plane of the triangle changes nothing) the nearest weights are the projection of the place's own.
    """
    matrix = np.vstack([CORNERS.T, np.ones(3)])
    return project(np.linalg.solve(matrix, np.append(place, 1.0)))
