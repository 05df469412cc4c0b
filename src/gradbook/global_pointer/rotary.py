"""Rotary positions: turn each pair of coordinates by an angle that grows with the place in the sentence."""

from __future__ import annotations

import torch
from torch import Tensor

BASE = 10000.0


def rotate(vectors: Tensor) -> Tensor:
    """Return ``vectors`` (…, L, d) with coordinates (2m, 2m+1) at place i turned by the angle i · BASE^(−2m/d).

    Then the inner product of two turned vectors depends on their places only by the difference j − i. Any length;
    angles are taken in float64, since i · BASE^… in float16 would lose the place itself. Raises ValueError for odd d or
    fewer than two dimensions, TypeError for whole numbers.

    Su et al., RoFormer (arXiv 2104.09864), equation 34.
    """
    if not vectors.is_floating_point():
        raise TypeError(f"vectors must be floating point, got {vectors.dtype}")
    if vectors.ndim < 2:
        raise ValueError(f"vectors must have shape (…, L, d), got {tuple(vectors.shape)}")
    length, size = vectors.shape[-2:]
    if size % 2:
        raise ValueError(f"vectors must have an even size to be turned in pairs, got {size}")
    places = torch.arange(length, dtype=torch.float64, device=vectors.device)
    speeds = BASE ** (-torch.arange(0, size, 2, dtype=torch.float64, device=vectors.device) / size)
    angles = torch.outer(places, speeds)
    cosine, sine = angles.cos().to(vectors.dtype), angles.sin().to(vectors.dtype)
    first, second = vectors.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((first * cosine - second * sine, first * sine + second * cosine), -1).flatten(-2)
