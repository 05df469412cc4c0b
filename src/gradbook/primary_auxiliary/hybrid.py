"""Several primary losses and several auxiliaries at once: chapters 2 and 3 in one programme.

Source: kexue.fm/archives/8907 (Su Jianlin, 2022), 对比, which states the programme and leaves the solver to the reader;
numbers in brackets are the equations of chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradbook.pareto_gradients.active_set import min_norm_combination, nonnegative_least_squares
from gradbook.pareto_gradients.min_norm import checked_gramian
from gradbook.primary_auxiliary.primary import is_blocked, warn_blocked
from gradbook.primary_auxiliary.vectors import as_rows, coordinates, length, orthogonal_part, scaled

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HybridWeights:
    """Weights α (m,) on the simplex, multipliers λ (n,) ≥ 0, ‖u‖² of u = Σ α_i g_i + Σ λ_j g_j, and a certificate.

    ``residual`` is 0 only at the optimum (3.10): the largest |min(w_i ‖g_i‖, ⟨g_i, u − v⟩ / ‖g_i‖)| over all
    gradients with their weights w, where v is u for the primaries and 0 for the auxiliaries, divided by the length of
    the shortest primary gradient. ``steps`` counts linear systems.
    """

    primaries: Tensor
    auxiliaries: Tensor
    squared_norm: float
    residual: float
    steps: int


def hybrid_weights(gramian: Tensor, num_primaries: int) -> HybridWeights:
    """Return the α ≥ 0 with Σ α_i = 1 and λ ≥ 0 that minimise ½ ‖Σ α_i g_i + Σ λ_j g_j‖²: (3.9).

    ``gramian`` (m + n, m + n) holds the inner products of all gradients, the m = ``num_primaries`` primaries first.
    With n = 0 this is chapter 2's min-norm point, with m = 1 this chapter's projection. The weights come in the dtype
    and on the device of ``gramian``, and are as exact as inner products allow (κ²ε, as in ``auxiliary_multipliers``).

    Raises the errors of :func:`gradbook.pareto_gradients.min_norm.checked_gramian`; ValueError for ``num_primaries``
    outside 1 … m + n, and for λ beyond the range of the dtype.
    """
    matrix = checked_gramian(gramian)
    if not 1 <= num_primaries <= len(matrix):
        raise ValueError(f"num_primaries must lie in 1 … {len(matrix)}, got {num_primaries}")
    summing = np.arange(len(matrix)) < num_primaries
    weights, steps = min_norm_combination(matrix, summing)
    found = torch.from_numpy(weights).to(gramian)
    if not bool(torch.isfinite(found).all()):
        raise ValueError(f"a multiplier is too large for {gramian.dtype}: pass the inner products in float64")
    squared = max(float(weights @ matrix @ weights), 0.0)
    left = hybrid_residual(matrix, weights, num_primaries)
    return HybridWeights(found[:num_primaries], found[num_primaries:], squared, left, steps)


def hybrid_residual(gramian: Array, weights: Array, num_primaries: int) -> float:
    """Return how far the weights are from the conditions (3.10); 0 at the optimum."""
    norms = np.sqrt(gramian.diagonal())
    shortest = float(norms[:num_primaries].min())
    if shortest <= 0:
        return 0.0 if float(weights @ gramian @ weights) <= 0 else float("inf")
    inner = gramian @ weights
    inner[:num_primaries] -= weights @ inner
    some = norms > 0
    return float(np.abs(np.minimum(weights[some] * norms[some], inner[some] / norms[some])).max() / shortest)


def hybrid_direction(primaries: Tensor, auxiliaries: Tensor) -> Tensor:
    """Return u (d,), the shortest combination Σ α_i g_i + Σ λ_j g_j: (3.9).

    ``primaries`` is (m, d) with m ≥ 1, ``auxiliaries`` (n, d), n = 0 allowed. ⟨g_i, u⟩ ≥ ‖u‖² for every primary and
    ⟨g_j, u⟩ ≥ 0 for every auxiliary: to first order a step against u lowers every primary loss and lets no auxiliary
    rise. Where auxiliaries leave no such direction and no primary gradient is 0, u is exactly 0 and a
    :class:`BlockedWarning` says so. u is off by about κε times the length of the shortest primary gradient, as in
    :func:`gradbook.primary_auxiliary.primary_direction`. Without auxiliaries u = 0 is what chapter 2 calls Pareto
    stationary.

    Raises TypeError for tensors that are not floating point or of two dtypes; ValueError for other shapes, no
    primary, a NaN or infinite entry, two devices.
    """
    if isinstance(primaries, Tensor) and primaries.ndim != 2:
        raise ValueError(f"primaries must have shape (m, d), got {tuple(primaries.shape)}")
    rows = as_rows(primaries=primaries, auxiliaries=auxiliaries)
    if not bool(primaries.any(1).all()):  # a zero gradient is itself the shortest combination
        return torch.zeros_like(primaries[0])
    near, sizes = scaled([rows])
    factor, lengths = coordinates(near)
    scale = np.where(lengths > 0, lengths, 1.0)
    count = len(primaries)
    shortest = int((np.log(lengths[:count]) + np.log(sizes[:count])).argmin())
    # Every primary is lifted by one more coordinate, 1 for the shortest and less for unit vectors of longer ones.
    ones = np.where(np.arange(len(rows)) < count, scale[shortest] / scale * (sizes[shortest] / sizes), 0.0)
    weights = _lifted(factor, ones)
    base = int(np.where(weights > 0, ones, 0.0).argmax())  # the shortest primary that carries weight
    start = np.eye(len(rows))[base] / ones[base]
    # u is orthogonal to the auxiliaries that carry weight, and to the differences of the primaries that do.
    normals = np.delete(np.eye(len(rows)) - np.outer(ones, start), base, axis=0)[np.delete(weights > 0, base)]
    direction = orthogonal_part(near, start / scale, normals / scale, factor * lengths[:, None])
    if is_blocked(near, length(direction), float(weights.sum())):
        if len(auxiliaries):
            warn_blocked()
        return torch.zeros_like(primaries[0])
    return (direction[0] * float(scale[shortest]) * float(sizes[shortest])).to(rows.dtype)


def _lifted(factor: Array, ones: Array) -> Array:
    """Return the weights of the unit vectors ``factor`` that make the shortest combination with Σ w_i ``ones``_i = 1.

    By Wolfe's way (:func:`gradbook.pareto_gradients.active_set.min_norm_combination`), from the vectors.
    """
    columns = np.column_stack([factor, ones]).T
    norms = np.sqrt((columns**2).sum(0))
    norms = np.where(norms > 0, norms, 1.0)
    values, _ = nonnegative_least_squares(columns / norms, np.eye(len(columns))[-1])
    return np.asarray(values / norms / float(ones @ (values / norms)))
