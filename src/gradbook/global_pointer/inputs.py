"""What the heads ask of their sizes and of their inputs, the pointers and the CRF alike."""

from __future__ import annotations

import torch
from torch import Tensor


def check_sizes(**sizes: int) -> None:
    """Raise ValueError naming the first of ``sizes`` that isn't a whole number ≥ 1; True is none."""
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{name} must be a whole number ≥ 1, got {size!r}")


def checked_hidden(hidden: Tensor, mask: Tensor, hidden_size: int, weight: Tensor) -> Tensor:
    """Return ``hidden``, with zeros for a padding that isn't finite; raise unless all else is as it should be.

    ``hidden`` (B, L, ``hidden_size``) with the dtype and device of ``weight`` (under autocast any floating point
    dtype), finite at tokens; ``mask`` (B, L) bool, True at tokens. TypeError for a wrong dtype, ValueError for a wrong
    shape, a wrong device, NaN or infinity.
    """
    _check_kinds(hidden, mask)
    if hidden.ndim != 3 or hidden.shape[2] != hidden_size or not hidden.numel():
        expected = f"(B, L, {hidden_size}) with B, L ≥ 1"
        raise ValueError(f"hidden must have shape {expected}, got {tuple(hidden.shape)}")
    if mask.shape != hidden.shape[:2]:
        raise ValueError(f"mask must have shape {tuple(hidden.shape[:2])} like hidden, got {tuple(mask.shape)}")
    if not hidden.device == mask.device == weight.device:
        raise ValueError(
            f"hidden and mask must lie on {weight.device} like the head, got {hidden.device}, {mask.device}"
        )
    if hidden.dtype != weight.dtype and not torch.is_autocast_enabled(hidden.device.type):
        raise TypeError(f"hidden must be {weight.dtype} like the head's weights, got {hidden.dtype}")
    return _finite(hidden, mask)


def _check_kinds(hidden: Tensor, mask: Tensor) -> None:
    if not isinstance(hidden, Tensor) or not hidden.is_floating_point():
        kind = hidden.dtype if isinstance(hidden, Tensor) else type(hidden).__name__
        raise TypeError(f"hidden must be a floating point tensor, got {kind}")
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a bool tensor, True at tokens, got {kind}")


def _finite(hidden: Tensor, mask: Tensor) -> Tensor:
    if torch.isfinite(hidden.detach().sum()):  # one number tells, nearly always
        return hidden
    # zeros in the padding: the scores there are masked, but a NaN would still reach the weights' gradient
    hidden = hidden.masked_fill(~mask.unsqueeze(2), 0.0)
    if not torch.isfinite(hidden).all():
        b, i, _ = torch.nonzero(~torch.isfinite(hidden))[0].tolist()
        raise ValueError(f"hidden must be finite, got NaN or infinity in sentence {b} at token {i}")
    return hidden
