"""Projections from the vectors themselves, which know more than their inner products.

Two auxiliaries that are parallel or opposite to one part in 1e7 have a Gram matrix that is singular to rounding.
SciPy's non-negative least squares, Lawson and Hanson's algorithm on the vectors, still tells them apart.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor

_RANK = 1e-13  # rows closer to dependent than that are dependent


def positive_rows(rows: Tensor, target: Tensor) -> Tensor:
    """Return which λ_i are positive, bool (n,), for the λ ≥ 0 that minimises ‖t + Σ λ_i r_i‖.

    ``rows`` r (n, d) and ``target`` t (d,) are float64, with entries of about 1 at most.
    """
    lengths = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    units = rows / torch.where(lengths > 0, lengths, 1.0)
    found, _ = nnls(units.T.cpu().numpy(), -target.cpu().numpy(), maxiter=100 * (len(rows) + 1))
    return torch.from_numpy(np.asarray(found) > 0).to(rows.device)


def orthogonal_part(vector: Tensor, rows: Tensor) -> Tensor:
    """Return ``vector`` (d,) without its part in the span of the ``rows`` (k, d), to all digits."""
    if not len(rows):
        return vector
    lengths = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    _, sizes, basis = torch.linalg.svd(rows / lengths, full_matrices=False)
    basis = basis[sizes > _RANK * sizes[0]]
    for _ in range(2):  # once more takes out what rounding has left
        vector = vector - basis.T @ (basis @ vector)
    return vector
