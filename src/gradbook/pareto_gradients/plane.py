"""The chapter's updates in plain numpy, fast enough to answer a drag: gradients are rows (n, 2) or (n, d)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradbook.pareto_gradients.active_set import min_norm_combination

Array = NDArray[np.float64]

DIRECTIONS = ("sum", "normalised sum", "MGDA", "normalised MGDA", "MGDA-UB")


def min_norm(gradients: Array) -> Array:
    """Return the weights α (n,) of the point of the hull that is nearest to the origin."""
    return min_norm_combination(gradients @ gradients.T, np.ones(len(gradients), dtype=bool))[0]


def units(gradients: Array) -> Array:
    """Divide every row by its length; a zero row stays."""
    lengths = np.sqrt((gradients**2).sum(1, keepdims=True))
    return np.asarray(gradients / np.where(lengths > 1e-12, lengths, 1.0))


def direction(name: str, gradients: Array, stretch: float = 1.0) -> Array:
    """Return the update u (d,) of one of :data:`DIRECTIONS`.

    For "MGDA-UB" the shared part is H(θ) = (stretch · θ_1, θ_2, …), so that ∇_H L_i is g_i with its first entry
    divided by ``stretch``. Raises ValueError for another name.
    """
    if name == "sum":
        return np.asarray(gradients.sum(0))
    if name == "normalised sum":
        return np.asarray(units(gradients).sum(0))
    if name == "MGDA":
        return np.asarray(min_norm(gradients) @ gradients)
    if name == "normalised MGDA":
        return np.asarray(min_norm(units(gradients)) @ units(gradients))
    if name == "MGDA-UB":
        return np.asarray(min_norm(at_features(gradients, stretch)) @ gradients)
    raise ValueError(f"name must be one of {DIRECTIONS}, got {name!r}")


def at_features(gradients: Array, stretch: float) -> Array:
    """Return ∇_H L_i (n, d) for H(θ) = (stretch · θ_1, θ_2, …)."""
    return np.asarray(gradients / np.array([stretch] + [1.0] * (gradients.shape[1] - 1)))


def rising(gradients: Array, update: Array) -> list[int]:
    """Return the tasks (counted from 1) whose loss rises under a small step against ``update``."""
    lengths, length = np.sqrt((gradients**2).sum(1)), float(np.sqrt(update @ update))
    if length <= 1e-9 * lengths.max():  # no update, no rise
        return []
    inner = gradients @ update
    return [i + 1 for i in range(len(inner)) if inner[i] < -1e-9 * lengths[i] * length]
