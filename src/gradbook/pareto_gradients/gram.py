"""What a Gram matrix must be before anything is solved with it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf
from torch import Tensor

Array = NDArray[np.float64]
# How far entries may be off, in units of ‖g_i‖ ‖g_j‖: float64 matrices are often sums of float32 products.
_ROUNDING = {torch.float64: 1e-6}
_COARSE_ROUNDING = 1e-3
_UNDERFLOW = 1e-140  # a gradient whose squared norm is 0 in float64 is shorter than this


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
