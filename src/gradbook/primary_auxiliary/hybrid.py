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

from gradbook.pareto_gradients.active_set import min_norm_combination
from gradbook.pareto_gradients.min_norm import checked_gramian
from gradbook.primary_auxiliary.blocked import is_blocked, warn_blocked
from gradbook.primary_auxiliary.blocks import length
from gradbook.primary_auxiliary.least_squares import orthogonal_part, positive_rows
from gradbook.primary_auxiliary.rows import as_rows, unit_rows

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
    and on the device of ``gramian``.

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

    ``primaries`` is (m, d) with m ≥ 1, ``auxiliaries`` (n, d), n = 0 allowed. ⟨g_i, u⟩ ≥ ‖u‖² for every primary
    and ⟨g_j, u⟩ ≥ 0 for every auxiliary: to first order a step against u lowers every primary loss and lets no
    auxiliary rise. Where auxiliaries leave no such direction and no primary gradient is 0, u is exactly 0 and a
    :class:`BlockedWarning` says so. Without auxiliaries u = 0 is what chapter 2 calls Pareto stationary.

    Raises TypeError for tensors that are not floating point or of two dtypes; ValueError for other shapes, no
    primary, a NaN or infinite entry, two devices.
    """
    if isinstance(primaries, Tensor) and primaries.ndim != 2:
        raise ValueError(f"primaries must have shape (m, d), got {tuple(primaries.shape)}")
    rows = as_rows(primaries=primaries, auxiliaries=auxiliaries)
    count = len(primaries)
    unit, sizes = unit_rows(rows)
    if not bool(primaries.any(1).all()):  # a zero gradient is itself the shortest combination
        return torch.zeros_like(primaries[0])
    common = sizes[:count].min()  # only the auxiliaries' lengths don't matter
    direction = _shortest(unit, torch.cat([common / sizes[:count], 0 * sizes[count:]]))
    if is_blocked(length([direction]), _shortest_length(unit[:count], sizes[:count] / common), rows.dtype):
        if len(auxiliaries):
            warn_blocked()
        return torch.zeros_like(primaries[0])
    return (direction * common).to(rows.dtype)


def _shortest_length(unit: Tensor, sizes: Tensor) -> float:
    """The length of the shortest of the primaries ``unit`` · ``sizes``."""
    return float((torch.linalg.vector_norm(unit, dim=1) * sizes).min())


def _shortest(unit: Tensor, ones: Tensor) -> Tensor:
    """Return u from the vectors, as the solver does from their inner products: lifted by one more coordinate.

    ``unit`` (m + n, d) are the gradients divided by their sizes, and ``ones`` (m + n,) what has become of the 1 of
    every primary by that division; it is 0 for an auxiliary. The target is −1 in the new coordinate.
    """
    lifted = torch.cat([unit, ones[:, None]], dim=1)
    target = torch.zeros_like(lifted[0])
    target[-1] = -1.0
    active = positive_rows(lifted, target)
    base = int(torch.where(active, ones, 0.0).argmax())  # the shortest primary that carries weight
    own = active & (ones > 0)
    own[base] = False
    # u is orthogonal to the differences of the primaries that carry weight, and to the auxiliaries that do.
    differences = unit[own] - unit[base] * (ones[own] / ones[base])[:, None]
    start = unit[base] / ones[base]
    return orthogonal_part(start, torch.cat([differences, unit[active & (ones <= 0)]]))
