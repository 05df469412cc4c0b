"""From the gradients to the update: the projection of the primary gradient on the cone of the auxiliaries.

Source: kexue.fm/archives/8907 (Su Jianlin, 2022), 主次型; numbers in brackets are the equations of chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from gradbook.checks import as_loss_vector, as_parameters
from gradbook.primary_auxiliary.blocked import is_blocked, warn_blocked
from gradbook.primary_auxiliary.blocks import combination, length, with_active_cleared
from gradbook.primary_auxiliary.least_squares import orthogonal_part, positive_rows
from gradbook.primary_auxiliary.multipliers import Multipliers, auxiliary_multipliers, measured
from gradbook.primary_auxiliary.rows import as_rows, unit_rows
from gradbook.task_gradients import gradients_by_parameter, gramian


def primary_direction(primary: Tensor, auxiliaries: Tensor) -> Tensor:
    """Return u (d,), the vector nearest to ``primary`` g_0 (d,) with ⟨u, g_i⟩ ≥ 0 for all rows of ``auxiliaries``.

    ``auxiliaries`` is (n, d), n = 0 allowed (then u = g_0). To first order a step against u lets no auxiliary loss
    rise, and the primary falls by ‖u‖² for a unit of step: (3.4), (3.6). u doesn't depend on the lengths of the
    auxiliaries. Where no direction serves the primary (u shorter than a few units of rounding of g_0), it is exactly 0
    and a :class:`BlockedWarning` says so.

    Raises TypeError for tensors that are not floating point or of two dtypes; ValueError for other shapes, a NaN or
    infinite entry, two devices.
    """
    if isinstance(primary, Tensor) and primary.ndim != 1:
        raise ValueError(f"primary must have shape (d,), got {tuple(primary.shape)}")
    rows = as_rows(primary=primary, auxiliaries=auxiliaries)
    unit, sizes = unit_rows(rows)
    if len(unit) == 1:
        return primary.detach().clone()
    direction = orthogonal_part(unit[0], unit[1:][positive_rows(unit[1:], unit[0])])
    if is_blocked(length([direction]), length([unit[0]]), rows.dtype):
        warn_blocked()
        return torch.zeros_like(primary)
    return (direction * sizes[0]).to(primary.dtype)


def primary_backward(
    primary_loss: Tensor, auxiliary_losses: Tensor | Sequence[Tensor], parameters: Iterable[Tensor]
) -> Multipliers:
    """Write u where an optimizer finds it, for one primary loss and n auxiliaries, in the place of ``backward()``.

    The ``.grad`` of ``parameters``, whatever it held, becomes u = g_0 + Σ λ_i g_i, (3.4), and any optimizer steps
    against it. n = 0 is an ordinary backward pass. Returns λ with the residual measured on the update itself. Where
    the auxiliaries block the primary, zeros are written and a :class:`BlockedWarning` says so. Costs n + 1 backward
    passes. Nothing is written if anything is wrong. λ is found from inner products: auxiliaries that are opposite to
    one part in 1e7 or less it can't always tell apart, where :func:`primary_direction` can.

    Raises ValueError for a loss or gradient that is NaN or infinite (losses[0] is the primary), or losses without a
    graph; TypeError for parameters that take no gradient.
    """
    shared = as_parameters(parameters)
    if not isinstance(primary_loss, Tensor) or primary_loss.numel() != 1:
        raise ValueError("primary_loss must be a scalar tensor")
    if isinstance(auxiliary_losses, Tensor) and auxiliary_losses.ndim != 1:
        raise ValueError(f"auxiliary_losses must have shape (n,), got {tuple(auxiliary_losses.shape)}")
    if not isinstance(auxiliary_losses, (Tensor, Sequence)):
        raise TypeError(f"auxiliary_losses must be a tensor or a sequence, got {type(auxiliary_losses).__name__}")
    if not primary_loss.requires_grad:
        raise ValueError("primary_loss must depend on the parameters, got a loss without a graph")
    others = list(auxiliary_losses.unbind()) if isinstance(auxiliary_losses, Tensor) else list(auxiliary_losses)
    if others:
        as_loss_vector(auxiliary_losses, "auxiliary_losses")
    blocks = gradients_by_parameter([primary_loss, *others], shared)
    direction, multipliers = _solve(blocks, shared[0].dtype)
    found = direction or [torch.zeros_like(parameter) for parameter in shared]
    updates = [u.to(p.dtype) for u, p in zip(found, shared, strict=True)]
    for i, update in enumerate(updates):
        if not bool(torch.isfinite(update).all()):
            raise ValueError(f"the update of parameters[{i}] is too large for {update.dtype}")
    for parameter, update in zip(shared, updates, strict=True):
        parameter.grad = update.detach()
    if direction is None:
        warn_blocked()
    return multipliers


def _solve(blocks: Sequence[Tensor], dtype: torch.dtype) -> tuple[list[Tensor] | None, Multipliers]:
    """Return u in float64, None if it is blocked, and λ, for blocks whose first row is the primary gradient."""
    products = gramian(blocks)
    if len(products) == 1:
        none = Multipliers(torch.zeros(0, dtype=torch.float64, device=products.device), 0.0, 0.0, 0)
        return [block[0].to(torch.float64) for block in blocks], none
    # The inner products of a gradient whose square underflows count as 0, as the gradient does.
    inner = products[1:, 0] * (products.diagonal()[1:] > 0)
    found = auxiliary_multipliers(products[1:, 1:], inner)
    weights = np.concatenate([[1.0], found.values.cpu().numpy()])
    if found.converged and found.squared_norm < 0.99 * float(products[0, 0]):
        return combination(blocks, weights), found
    # u is less than a tenth of g_0: rounding shows, and is taken out with the vectors themselves.
    direction, slack = with_active_cleared(blocks, products.cpu().numpy(), weights)
    found = measured(found, products, slack[1:])
    if is_blocked(length(direction), float(products[0, 0]) ** 0.5, dtype):
        return None, found
    return direction, found
