"""Weighted sums of losses whose weights are set by a reference, by the losses now, or by their gradients.

Source: kexue.fm/archives/8870, 初始状态, 实时状态, 梯度之模.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from gradbook.checks import as_loss_vector, require
from gradbook.task_gradients import gradient_norms


def normalized_sum(losses: Tensor | Sequence[Tensor], references: Tensor | Sequence[float]) -> Tensor:
    """Return Σ L_i / R_i, a scalar with gradient; the references (n,) count as constants.

    With references of the initial or prior state (see :mod:`gradbook.loss_weighting.references`) the sum has no unit,
    and multiplying a loss and its reference by the same number changes nothing.

    Raises ValueError that names the task if a loss is NaN or infinite or a reference isn't positive and finite.
    """
    vector = as_loss_vector(losses)
    scale = torch.as_tensor(references, dtype=vector.dtype, device=vector.device).detach()
    if scale.shape != vector.shape:
        raise ValueError(f"references must have shape {tuple(vector.shape)}, got {tuple(scale.shape)}")
    require(torch.isfinite(scale) & (scale > 0), scale, "references", "be positive and finite")
    return _finite((vector / scale).sum())


def real_time_sum(losses: Tensor | Sequence[Tensor], floor: float = 0.0) -> Tensor:
    """Return Σ L_i / sg(L_i), a scalar: its value is always n, its gradient is ∇ Σ log L_i.

    That is n times the gradient of the log of the geometric mean: same direction. ``floor`` > 0 replaces the
    denominators below it, so that a loss that reaches 0 loses its grip instead of taking over.

    Raises ValueError that names the task if a loss is negative, or zero with ``floor`` = 0, NaN or infinite.
    """
    vector = as_loss_vector(losses)
    _check_floor(floor)
    require(vector >= 0, vector, "losses", "not be negative")
    if floor == 0:
        require(vector > 0, vector, "losses", "be positive (or give a floor)")
    return (vector / vector.detach().clamp(min=floor)).sum()


def gradient_normalized_sum(
    losses: Tensor | Sequence[Tensor], parameters: Iterable[Tensor], floor: float = 0.0
) -> Tensor:
    """Return Σ L_i / sg(‖∇L_i‖), a scalar: its gradient on ``parameters`` is the sum of the normalised gradients.

    The norm runs over all ``parameters`` together; pass the last shared layer alone for GradNorm's approximation.
    Costs one backward pass a task besides the one that follows. ``floor`` > 0 replaces the norms below it.

    Raises ValueError that names the task if a loss or a gradient is NaN or infinite, or if a gradient is zero (or
    too small to be divided by) and there is no floor.
    """
    vector = as_loss_vector(losses)
    _check_floor(floor)
    norms = gradient_norms(losses, parameters)
    if floor == 0:
        smallest = torch.finfo(vector.dtype).tiny
        require(norms >= smallest, norms, "the gradient norm of losses", "be positive (or give a floor)")
    return _finite((vector / norms.clamp(min=floor).to(vector.dtype)).sum())


def _check_floor(floor: float) -> None:
    if not 0 <= floor < float("inf"):
        raise ValueError(f"floor must be finite and not negative, got {floor}")


def _finite(total: Tensor) -> Tensor:
    if not bool(torch.isfinite(total)):
        raise ValueError(f"the weighted sum is too large for {total.dtype}")
    return total
