"""What all heads ask of their inputs."""

from __future__ import annotations

import torch
from torch import Tensor


def checked_hidden(hidden: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """Return ``hidden``, with zeros for a padding that isn't finite; raise unless all else is as it should be.

    ``hidden`` (B, L, D), ``mask`` (B, L) bool; ``weight`` (…, D) is what the head multiplies them with.
    """
    if not isinstance(hidden, Tensor) or not hidden.is_floating_point():
        kind = hidden.dtype if isinstance(hidden, Tensor) else type(hidden).__name__
        raise TypeError(f"hidden must be a floating point tensor, got {kind}")
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a bool tensor, True at tokens, got {kind}")
    size = weight.shape[-1]
    if hidden.ndim != 3 or hidden.shape[2] != size or not hidden.numel():
        raise ValueError(f"hidden must have shape (B, L, {size}) with B, L ≥ 1, got {tuple(hidden.shape)}")
    if mask.shape != hidden.shape[:2]:
        raise ValueError(f"mask must have shape {tuple(hidden.shape[:2])} like hidden, got {tuple(mask.shape)}")
    if not hidden.device == mask.device == weight.device:
        places = f"{hidden.device}, {mask.device}"
        raise ValueError(f"hidden and mask must lie on {weight.device} like the head, got {places}")
    if hidden.dtype != weight.dtype and not torch.is_autocast_enabled(hidden.device.type):
        raise TypeError(f"hidden must be {weight.dtype} like the head's weights, got {hidden.dtype}")
    if torch.isfinite(hidden.detach().sum()):  # one number tells, nearly always
        return hidden
    # zeros in the padding: the scores there are masked, but a NaN would still reach the weights' gradient
    hidden = hidden.masked_fill(~mask.unsqueeze(2), 0.0)
    if not torch.isfinite(hidden).all():
        b, i, _ = torch.nonzero(~torch.isfinite(hidden))[0].tolist()
        raise ValueError(f"hidden must be finite, got NaN or infinity in sentence {b} at token {i}")
    return hidden


def used_length(mask: Tensor) -> int:
    """Return the length of ``mask`` (L,) up to its last True, at least 1: what follows is padding."""
    used = torch.nonzero(mask).flatten()
    return int(used[-1]) + 1 if len(used) else 1
