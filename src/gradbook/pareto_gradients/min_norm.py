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
from scipy.linalg.lapack import dpotrf
from torch import Tensor

from gradbook.pareto_gradients.active_set import altitude, min_norm_combination
from gradbook.pareto_gradients.iterations import ITERATIONS

Array = NDArray[np.float64]
METHODS = ("active_set", *ITERATIONS)
# How far entries may be off, in units of ‖g_i‖ ‖g_j‖: float64 matrices are often sums of float32 products.
_ROUNDING = {torch.float64: 1e-6}
_COARSE_ROUNDING = 1e-3
_UNDERFLOW = 1e-140  # a gradient whose squared norm is 0 in float64 is shorter than this


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


def checked_gramian(gramian: Tensor, name: str = "gramian") -> Array:
    """Return the inner products (n, n) as a float64 array, exactly symmetric.

    Raises TypeError for anything but a floating point tensor; ValueError, naming what is wrong, for another shape
    than (n, n) with n ≥ 1, NaN or infinite entries, and for what no vectors can have as inner products: a matrix that
    isn't symmetric or has a negative eigenvalue, beyond the rounding of a float32 product.
    """
    if not isinstance(gramian, Tensor) or not gramian.is_floating_point():
        raise TypeError(f"{name} must be a floating point tensor, got {_kind(gramian)}")
    if gramian.ndim != 2 or gramian.shape[0] != gramian.shape[1] or not len(gramian):
        raise ValueError(f"{name} must have shape (n, n) with n ≥ 1, got {tuple(gramian.shape)}")
    matrix = gramian.detach().to("cpu", torch.float64).numpy()
    squares = matrix.diagonal()
    if not np.isfinite(matrix).all():
        i, j = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(f"{name} must be finite, got {matrix[i, j]} at ({i}, {j})")
    if squares.min() < 0:
        i = int(squares.argmin())
        raise ValueError(f"{name}[{i}, {i}] is a squared norm and must be ≥ 0, got {squares[i]:g}")
    norms = np.sqrt(squares)
    scale = np.where(norms > 0, norms, 1.0)
    unit = matrix / scale / scale[:, None]
    rounding = _ROUNDING.get(gramian.dtype, _COARSE_ROUNDING)
    if (off := np.abs(unit - unit.T)).max() > rounding:
        i, j = np.unravel_index(off.argmax(), off.shape)
        raise ValueError(
            f"{name} must be symmetric, got {matrix[i, j]:g} at ({i}, {j}) and {matrix[j, i]:g} at ({j}, {i})"
        )
    zero = norms <= 0
    hidden = np.abs(unit[zero]).max() > _UNDERFLOW if zero.any() else False
    unit.flat[:: len(unit) + 1] += len(unit) * rounding
    if hidden or dpotrf(unit)[1]:
        raise ValueError(f"{name} must be positive semidefinite, as inner products are; it has a negative eigenvalue")
    even = matrix / 2 + matrix.T / 2
    even[zero] = even[:, zero] = 0.0
    return np.asarray(even)


def _kind(value: object) -> str:
    return str(value.dtype) if isinstance(value, Tensor) else type(value).__name__
