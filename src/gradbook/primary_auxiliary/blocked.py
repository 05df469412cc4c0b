"""What happens where the auxiliaries leave no way on: the update is zero, and a warning says so."""

from __future__ import annotations

import warnings

import torch

ROUNDING = 4  # an update shorter than so many units of rounding of the primary gradient is 0
LEAST = 1e-13  # what rounding leaves in float64 anyway, relative to the primary gradient


class BlockedWarning(UserWarning):
    """The update is 0 though the primary gradient isn't: no step serves the primary loss and lets no auxiliary rise."""


def is_blocked(length: float, primary_length: float, dtype: torch.dtype) -> bool:
    """True if an update of this ``length`` is 0 to the rounding of ``dtype``, while the primary gradient is not 0."""
    return primary_length > 0 and length <= max(ROUNDING * torch.finfo(dtype).eps, LEAST) * primary_length


def warn_blocked() -> None:
    """Tell the caller of the public function."""
    warnings.warn(
        "the auxiliary gradients block the primary loss: every step that lowers it lets an auxiliary loss rise, "
        "so the update is 0",
        BlockedWarning,
        stacklevel=3,
    )
