"""Combinations of gradients that lie in memory as one tensor (n, …) for each parameter, without joining them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]


def combination(blocks: Sequence[Tensor], weights: Array) -> list[Tensor]:
    """Return Σ w_i g_i in float64, one tensor for each block (n, …), from ``weights`` w (n,)."""
    some = np.flatnonzero(weights)
    total = [block[some[0]].to(torch.float64) * weights[some[0]] for block in blocks]
    for i in some[1:]:
        for part, block in zip(total, blocks, strict=True):
            part.add_(block[i], alpha=float(weights[i]))
    return total


def inner_products(blocks: Sequence[Tensor], direction: Sequence[Tensor]) -> Array:
    """Return ⟨g_i, u⟩ (n,) in float64 for u = ``direction``, which has one tensor for each block."""
    parts = [b.to(torch.float64).flatten(1) @ u.flatten() for b, u in zip(blocks, direction, strict=True)]
    return np.asarray(torch.stack(parts).sum(0).cpu().numpy(), dtype=np.float64)


def length(direction: Sequence[Tensor]) -> float:
    """Return the norm over all blocks together."""
    return float(torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(u) for u in direction])))


def with_active_cleared(blocks: Sequence[Tensor], gramian: Array, weights: Array) -> tuple[list[Tensor], Array]:
    """Return u = Σ w_i g_i, and all ⟨g_i, u⟩ (n,), for weights whose first is 1 and whose others are multipliers.

    u should be orthogonal to every g_i with a positive multiplier. A solution found from inner products has lost half
    of its digits where g_0 and the correction nearly cancel; measured again with the vectors themselves, and
    corrected where more than rounding is left, it has them back.
    """
    direction = combination(blocks, weights)
    inner = inner_products(blocks, direction)
    active = np.flatnonzero(weights[1:]) + 1
    lengths = np.sqrt(gramian.diagonal()[active])
    unit = gramian[np.ix_(active, active)] / lengths / lengths[:, None]
    for _ in range(2):
        left = inner[active] / lengths
        if not len(active) or np.abs(left).max() <= 4 * torch.finfo(blocks[0].dtype).eps * length(direction):
            break
        surplus = np.zeros(len(weights))
        surplus[active] = np.linalg.pinv(unit, rcond=1e-13, hermitian=True) @ left / lengths
        direction = [u - extra for u, extra in zip(direction, combination(blocks, surplus), strict=True)]
        inner = inner_products(blocks, direction)
    return direction, inner
