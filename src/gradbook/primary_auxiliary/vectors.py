"""From n gradients of any number of entries to n vectors of n, and back: what the solvers need of the vectors.

The gradients are one matrix (n, d), or lie in memory as one tensor (n, …) for each parameter ("blocks") and are not
joined. All is computed in float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtrs
from torch import Tensor

from gradbook.pareto_gradients.active_set import pivoted_qr
from gradbook.task_gradients import gramian

Array = NDArray[np.float64]
EPSILON = float(np.finfo(np.float64).eps)
_PIECE = 1 << 17  # entries that are turned into float64 at a time
# Least eigenvalue of the cosines from which on inner products, which lose as many digits as it has zeros, will do.
_PLAIN = 1e-2
_PLAIN_COARSE = 1e-6  # for gradients that have fewer digits themselves
_SAFE = (1e-100, 1e100)  # largest entries whose squares may be summed in float64


def scaled(blocks: Sequence[Tensor]) -> tuple[list[Tensor], Array]:
    """Return the gradients with all squares well within float64, and the powers of 2 (n,) they were divided by.

    These are 1 for all lengths that one commonly meets, and the blocks are returned as they are; so they are for the
    other dtypes, whose squares float64 holds.
    """
    if finest(blocks) > EPSILON:
        return list(blocks), np.ones(len(blocks[0]))
    tops = [torch.linalg.vector_norm(_flat(b), torch.inf, dim=1).to(torch.float64) for b in blocks if b.numel()]
    largest = torch.stack(tops).amax(0).cpu().numpy() if tops else np.zeros(len(blocks[0]))
    odd = (largest > 0) & ((largest < _SAFE[0]) | (largest > _SAFE[1]))
    sizes = np.where(odd, np.ldexp(1.0, np.frexp(largest)[1] - 1), 1.0)
    if not odd.any():
        return list(blocks), sizes
    divisors = torch.from_numpy(sizes).to(blocks[0].device)[:, None]
    return [(_flat(b) / divisors).reshape(b.shape) for b in blocks], sizes


def finest(blocks: Sequence[Tensor]) -> float:
    """Return the rounding unit of the finest dtype."""
    return min(torch.finfo(block.dtype).eps for block in blocks)


def _flat(block: Tensor) -> Tensor:
    return block.detach().reshape(len(block), -1)


def coordinates(blocks: Sequence[Tensor]) -> tuple[Array, Array]:
    """Return n vectors of n entries (n, n) with the gradients' cosines, and the gradients' lengths (n,).

    Row i, times the i-th length, is gradient i in an orthonormal basis of a space that holds all of them: the same as
    the triangle of a QR factorisation, and to rounding as right, since only gradients at wide angles are judged by
    their Gram matrix K alone. With nearly dependent ones, K is singular to rounding at angles of 1e-8. Then K = FFᵀ,
    with a floor under its eigenvalues, gives new vectors F⁻¹g that are nearly orthonormal; their inner products hold
    what K has lost. (Two rounds of Cholesky QR with a shift, after Fukaya et al., arXiv 1809.11085.)
    """
    products = gramian(blocks).cpu().numpy()
    lengths = np.sqrt(products.diagonal())
    scale = np.where(lengths > 0, lengths, 1.0)
    cosines = products / scale / scale[:, None]
    cosines.flat[:: len(cosines) + 1] = 1.0
    sizes, basis = _eigen(cosines)
    factor = basis * sizes
    if sizes[0] ** 2 < (_PLAIN if finest(blocks) <= EPSILON else _PLAIN_COARSE):
        spread = torch.from_numpy(basis / sizes / scale[:, None]).T.to(blocks[0].device)
        total = torch.zeros_like(spread)
        for block in blocks:
            for piece in _flat(block).split(max(1, _PIECE // len(block)), dim=1):
                fresh = spread @ piece.to(torch.float64)
                total.addmm_(fresh, fresh.T)
        sizes, basis = _eigen(total.cpu().numpy())
        factor = factor @ (basis * sizes)
    factor /= np.sqrt((factor**2).sum(1, keepdims=True))
    factor[lengths <= 0] = 0.0
    return factor, lengths


def _eigen(matrix: Array) -> tuple[Array, Array]:
    """Return the square roots of the eigenvalues, not less than what rounding makes of 0, and the eigenvectors."""
    values, basis = np.linalg.eigh(matrix)
    return np.sqrt(np.maximum(values, len(matrix) * EPSILON)), basis


def combination(blocks: Sequence[Tensor], weights: Array) -> list[Tensor]:
    """Return Σ w_i g_i in float64, one tensor for each block (n, …), from ``weights`` w (n,), not all 0."""
    some = np.flatnonzero(weights)
    total = [block[some[0]].to(torch.float64) * weights[some[0]] for block in blocks]
    for i in some[1:]:
        for part, block in zip(total, blocks, strict=True):
            part.add_(block[i], alpha=float(weights[i]))
    return total


def inner_products(blocks: Sequence[Tensor], direction: Sequence[Tensor]) -> Array:
    """Return ⟨g_i, u⟩ (n,) in float64 for u = ``direction``, which has one tensor for each block."""
    parts = [_flat(b).to(torch.float64) @ u.flatten() for b, u in zip(blocks, direction, strict=True)]
    return np.asarray(torch.stack(parts).sum(0).cpu().numpy(), dtype=np.float64)


def length(direction: Sequence[Tensor]) -> float:
    """Return the norm over all blocks together."""
    return float(torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(u) for u in direction])))


def orthogonal_part(blocks: Sequence[Tensor], start: Array, normals: Array, factor: Array) -> list[Tensor]:
    """Return Σ w_i g_i without its part along the vectors Σ_i D_ki g_i, to all digits.

    w (n,) is ``start``, D (k, n) is ``normals``, and ``factor`` (n, n) holds coordinates of the g_i. From these comes
    what makes a nearly orthonormal basis of the k vectors' span; the part along it is measured with the gradients
    themselves and taken out, twice, after which nothing is left but rounding. Holds the basis, k vectors in float64.
    """
    direction = combination(blocks, start)
    if not len(normals):
        return direction
    corners = normals @ factor
    _, triangle, order = pivoted_qr(corners.T)
    rank = int((np.abs(triangle.diagonal()) > 4 * (sum(corners.shape) + 4) * EPSILON).sum())
    mixing = dtrtrs(triangle[:rank, :rank], normals[order[:rank]], trans=1)[0]
    rows = torch.from_numpy(np.ascontiguousarray(mixing)).to(blocks[0].device)
    basis = [rows @ _flat(block).to(torch.float64) for block in blocks]
    products = torch.stack([q @ q.T for q in basis]).sum(0)
    inverse = torch.from_numpy(np.linalg.inv(products.cpu().numpy())).to(products)
    for _ in range(2):
        along = inverse @ torch.stack([q @ u.flatten() for q, u in zip(basis, direction, strict=True)]).sum(0)
        direction = [u - (along @ q).reshape(u.shape) for q, u in zip(basis, direction, strict=True)]
    return direction


def as_rows(**groups: Tensor) -> Tensor:
    """Return the named groups, each (d,) or (n, d), as the rows of one matrix.

    Raises TypeError for what is no floating point tensor or for two dtypes, ValueError for other shapes, different d,
    two devices, or a NaN or infinite entry; the message names the group and the row.
    """
    found: list[Tensor] = []
    first = next(iter(groups))
    for name, group in groups.items():
        if not isinstance(group, Tensor) or not group.is_floating_point():
            kind = group.dtype if isinstance(group, Tensor) else type(group).__name__
            raise TypeError(f"{name} must be a floating point tensor, got {kind}")
        rows = group.detach()[None] if group.ndim == 1 and name == first else group.detach()
        if rows.ndim != 2 or not rows.shape[1]:
            raise ValueError(f"{name} must have shape (n, d) with d ≥ 1, got {tuple(group.shape)}")
        if found and rows.shape[1] != found[0].shape[1]:
            raise ValueError(f"{name} has {rows.shape[1]} columns, {first} has {found[0].shape[1]} entries")
        if found and rows.dtype != found[0].dtype:
            raise TypeError(f"{name} is {rows.dtype}, {first} is {found[0].dtype}: they must be the same")
        if found and rows.device != found[0].device:
            raise ValueError(f"{name} is on {rows.device}, {first} is on {found[0].device}")
        _require_finite(rows, name, single=group.ndim == 1)
        found.append(rows)
    if not len(found[0]):
        raise ValueError(f"{first} must hold at least one gradient, got none")
    return torch.cat(found)


def _require_finite(rows: Tensor, name: str, single: bool) -> None:
    """Say which row is broken as :func:`gradbook.checks.require` says which task; a ``single`` one has no number."""
    broken = torch.nonzero(~torch.isfinite(rows).all(1)).flatten()
    if len(broken):
        i = int(broken[0])
        index, place = ("", "") if single else (f"[{i}]", f" ({name.removesuffix('ies')}y {i + 1} of {len(rows)})")
        raise ValueError(f"{name}{index} must be finite, got NaN or an infinite entry{place}")
