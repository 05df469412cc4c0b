"""From the gradients to the update: the projection of the primary gradient on the cone of the auxiliaries.

Source: kexue.fm/archives/8907 (Su Jianlin, 2022), 主次型; numbers in brackets are the equations of chapter 3.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from gradbook.checks import as_loss_vector, as_parameters
from gradbook.pareto_gradients.active_set import nonnegative_least_squares
from gradbook.primary_auxiliary.multipliers import TOLERANCE, Multipliers, violation
from gradbook.primary_auxiliary.vectors import (
    EPSILON,
    as_rows,
    combination,
    coordinates,
    finest,
    inner_products,
    length,
    orthogonal_part,
    scaled,
)
from gradbook.task_gradients import gradients_by_parameter

_ROUNDING = 4  # an update shorter than so many units of rounding of the primary gradient is 0


class BlockedWarning(UserWarning):
    """The update is 0 though the primary gradient isn't: no step serves the primary loss and lets no auxiliary rise."""


def is_blocked(blocks: Sequence[Tensor], length: float, reach: float) -> bool:
    """True if an update made of n gradients is 0 but for rounding.

    ``length`` is its own, ``reach`` that of its n terms put end to end, both for a primary gradient of length 1.
    """
    coarsest = max(torch.finfo(block.dtype).eps for block in blocks)
    return length <= max(_ROUNDING * coarsest, 8 * (len(blocks[0]) + 2) * EPSILON * reach)


def warn_blocked() -> None:
    """Tell the caller of the public function."""
    warnings.warn(
        "the auxiliary gradients block the primary loss: every step that lowers it lets an auxiliary loss rise, "
        "so the update is 0",
        BlockedWarning,
        stacklevel=3,
    )


def primary_direction(primary: Tensor, auxiliaries: Tensor) -> Tensor:
    """Return u (d,), the vector nearest to ``primary`` g_0 (d,) with ⟨u, g_i⟩ ≥ 0 for all rows of ``auxiliaries``.

    ``auxiliaries`` is (n, d), n = 0 allowed (then u = g_0). To first order a step against u lets no auxiliary loss
    rise, and the primary falls by ‖u‖² for a unit of step: (3.4), (3.6). u doesn't depend on the lengths of the
    auxiliaries, from 1e-300 to 1e300, and is off by about κε ‖g_0‖: ε is the rounding unit of the dtype, κ the
    condition number of those auxiliaries with λ > 0, taken at length 1. Where no direction serves the primary (u no
    longer than what rounding could make), it is exactly 0 and a :class:`BlockedWarning` says so.

    Raises TypeError for tensors that are not floating point or of two dtypes; ValueError for other shapes, a NaN or
    infinite entry, two devices.
    """
    if isinstance(primary, Tensor) and primary.ndim != 1:
        raise ValueError(f"primary must have shape (d,), got {tuple(primary.shape)}")
    rows = as_rows(primary=primary, auxiliaries=auxiliaries)
    direction, _ = projection([rows])
    if direction is None:
        warn_blocked()
        return torch.zeros_like(primary)
    return direction[0].to(primary.dtype)


def primary_backward(
    primary_loss: Tensor, auxiliary_losses: Tensor | Sequence[Tensor], parameters: Iterable[Tensor]
) -> Multipliers:
    """Write u where an optimizer finds it, for one primary loss and n auxiliaries, in the place of ``backward()``.

    The ``.grad`` of ``parameters``, whatever it held, becomes u = g_0 + Σ λ_i g_i, (3.4), and any optimizer steps
    against it. n = 0 is an ordinary backward pass. Returns λ with the residual measured on the update itself; a λ
    beyond float64 comes as ∞ (where auxiliaries are so short that none could hold it), and u is right nonetheless.
    Where the auxiliaries block the primary, zeros are written and a :class:`BlockedWarning` says so. Costs n + 1
    backward passes. Nothing is written if anything is wrong. u is as right as that of :func:`primary_direction`,
    without a copy of all gradients in one matrix.

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
    direction, multipliers = projection(blocks)
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


def projection(blocks: Sequence[Tensor]) -> tuple[list[Tensor] | None, Multipliers]:
    """Return u in float64, None if it is blocked, and λ, for blocks (n + 1, …) whose first row is the primary gradient.

    The n + 1 gradients become vectors of n + 1 entries (a QR factorisation), on which non-negative least squares finds
    λ for unit vectors. Their sum is u, up to rounding; where that could be seen in their dtype, it is taken out.
    """
    near, powers = scaled(blocks)
    units, lengths = coordinates(near)
    values, steps = nonnegative_least_squares(units[1:].T, -units[0])
    sum_of_units, reach = units[0] + values @ units[1:], 1 + float(values.sum())
    scale = np.where(lengths > 0, lengths, 1.0)
    weights = np.concatenate([[1.0], values]) * (lengths[0] / scale)
    if finest(blocks) <= EPSILON or np.sqrt(sum_of_units @ sum_of_units) < 0.1 * reach:
        active = np.diag(1 / scale)[1:][values > 0]
        direction = orthogonal_part(near, np.eye(len(scale))[0], active, units * lengths[:, None])
        slack = inner_products(near, direction)[1:] / scale[1:] / scale[0]
    else:
        direction = combination(near, weights)
        slack = units[1:] @ sum_of_units
    residual = violation(values, slack, units[1:] @ units[0])
    with np.errstate(over="ignore", invalid="ignore"):  # λ and its square may leave float64 where u doesn't
        multipliers = np.where(values > 0, weights[1:] * (powers[0] / powers[1:]), 0.0)
        squared = float(np.sum((values @ units[1:]) ** 2) * (lengths[0] * powers[0]) ** 2)
    found = torch.from_numpy(multipliers).to(blocks[0].device)
    certified = Multipliers(found, squared, residual, steps, residual <= TOLERANCE)
    if lengths[0] > 0 and is_blocked(blocks, length(direction) / float(lengths[0]), reach):
        return None, certified
    return [u * float(powers[0]) for u in direction], certified
