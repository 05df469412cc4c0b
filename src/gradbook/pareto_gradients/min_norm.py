"""The point of the convex hull of n gradients that is nearest to the origin, from their inner products alone.

Source: article 8896 (Su Jianlin, 2022); numbers in brackets are the equations of chapter 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradbook.pareto_gradients.active_set import altitude, min_norm_combination
from gradbook.pareto_gradients.gram import checked_gramian
from gradbook.pareto_gradients.iterations import ITERATIONS

Array = NDArray[np.float64]
METHODS = ("active_set", *ITERATIONS)


@dataclass(frozen=True)
class MinNorm:
    """Weights α (n,) on the simplex, ‖Σ α_i g_i‖², its duality gap, the steps taken, and whether it's done.

    ``gap`` is max_i ⟨u, u − g_i⟩ for u = Σ α_i g_i. It certifies the answer whatever the method: ‖u − u*‖² ≤ gap, and
    ‖u‖² − ‖u*‖² ≤ 2 gap (2.14). The rounding of the weights alone makes it as large as about
    1e-16 max_i ‖g_i‖ · Σ α_i ‖g_i‖. ``converged`` is False if an iteration stopped at its cap with the gap above its
    tolerance, or if the active set's answer fails its certificate, as it may for a matrix that isn't quite a Gram
    matrix.
    """

    weights: Tensor
    squared_norm: float
    gap: float
    steps: int
    converged: bool = True


def min_norm_weights(
    gramian: Tensor, method: str = "active_set", tolerance: float = 1e-8, max_steps: int = 10_000
) -> MinNorm:
    """Return the weights α ≥ 0, Σ α_i = 1, that minimise ½ ‖Σ α_i g_i‖² = ½ αᵀKα: (2.10).

    ``gramian`` K (n, n) holds the inner products ⟨g_i, g_j⟩. ``method`` is "active_set", exact to rounding, or one of
    the article's iterations: "frank_wolfe" (with line search), "averaging" (γ = 1/(k+1)), "softmax" (gradient descent
    on β with α = softmax(β)), "exponentiated" (α_i ← α_i exp(−η (Kα)_i), chapter 7). These stop when the duality gap
    is at most ``tolerance`` · Σ α_i ‖g_i‖², or after ``max_steps`` with ``converged`` False. The weights don't depend
    on a common scale of the gradients; they come in the dtype and on the device of ``gramian`` (in half precision they
    sum to 1 only roughly).

    Raises the errors of :func:`checked_gramian`; ValueError for an unknown method, a tolerance or cap ≤ 0.
    """
    matrix = checked_gramian(gramian)
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if not tolerance > 0 or not (isinstance(max_steps, int) and max_steps >= 1):
        raise ValueError(f"tolerance must be > 0 and max_steps a whole number ≥ 1, got {tolerance} and {max_steps}")
    if method == "active_set":
        weights, steps = min_norm_combination(matrix, np.ones(len(matrix), dtype=bool))
        converged = certificate(matrix, weights) <= 1e-6
    else:
        weights, steps, converged = _iterate(ITERATIONS[method](matrix), matrix, tolerance, max_steps)
    squared_norm, gap = squared_norm_and_gap(matrix, weights)
    return MinNorm(torch.from_numpy(weights).to(gramian), squared_norm, gap, steps, converged)


def squared_norm_and_gap(gramian: Array, weights: Array) -> tuple[float, float]:
    """Return αᵀKα and the duality gap αᵀKα − min_i (Kα)_i, summed with more than 64 bits where numpy has them.

    αᵀKα of strongly conflicting gradients is a small sum of large terms.
    """
    some = np.flatnonzero(weights)
    inner = gramian[:, some].astype(np.longdouble) @ weights[some].astype(np.longdouble)
    squared = weights[some].astype(np.longdouble) @ inner[some]
    return max(float(squared), 0.0), max(float(squared - inner.min()), 0.0)


def certificate(gramian: Array, weights: Array) -> float:
    """Return max_i ⟨u, u − g_i⟩ / (‖g_i‖ · Σ α_j ‖g_j‖), 0 at the optimum: the gap in units that rounding goes by."""
    norms = np.sqrt(gramian.diagonal())
    reach = float(weights @ norms)
    if reach <= 0 or not norms.min() > 0:
        return 0.0  # all the weight is on a zero gradient, and no point is nearer
    inner = gramian @ weights
    return float(((weights @ inner - inner) / norms).max() / reach)


def _iterate(iteration: Iterator[Array], gramian: Array, tolerance: float, max_steps: int) -> tuple[Array, int, bool]:
    """Follow an iteration until the duality gap is small or the cap is hit."""
    squares = gramian.diagonal()
    for step, weights in enumerate(islice(iteration, max_steps + 1)):
        inner = gramian @ weights
        gap = float(weights @ inner - inner.min())
        if gap <= tolerance * float(weights @ squares):
            return weights, step, True
    return weights, max_steps, False


def two_task_weights(gramian: Tensor) -> Tensor:
    """Return α (2,) in closed form: the foot of the altitude from the origin on the segment from g_1 to g_2.

    Equation (2.12). Raises the errors of :func:`checked_gramian`; ValueError if there are not two tasks.
    """
    matrix = checked_gramian(gramian)
    if len(matrix) != 2:
        raise ValueError(f"gramian must be 2 × 2, got {tuple(gramian.shape)}")
    weights = altitude(matrix[0, 0], matrix[0, 1], matrix[1, 1])
    return torch.tensor(weights, dtype=torch.float64).to(gramian)
