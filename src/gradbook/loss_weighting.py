"""The power mean of the losses: one exponent instead of n weights.

Source: kexue.fm/archives/8870, 广义平均; L(γ) = ((1/n) Σ L_i^γ)^(1/γ).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradbook.checks import as_loss_vector, require


def power_mean(losses: Tensor | Sequence[Tensor], exponent: float) -> Tensor:
    """Return L(γ) = ((1/n) Σ L_i^γ)^(1/γ) of ``losses`` (n,) with γ = ``exponent``, a scalar with gradient.

    γ = 1 is the arithmetic mean, 0 the geometric (the limit, reached without a jump), −1 the harmonic, ∞ the
    largest, −∞ the smallest; tasks that tie at ±∞ share the gradient. The work is done in the log domain and in
    float64, so neither value nor gradient overflows where the mathematics doesn't; the result has the losses' dtype.

    Raises ValueError that names the task if a loss is NaN or infinite, or has no such mean: negative (unless γ is 1
    or ±∞), or zero with γ ≤ 0 (the mean would be stuck at 0) or with 0 < γ < 1 when a gradient is asked for (its
    gradient is infinite there).
    """
    gamma = float(exponent)
    if math.isnan(gamma):
        raise ValueError("exponent must be a number or ±inf, got NaN")
    vector = as_loss_vector(losses)
    if gamma == 1:
        return vector.mean()
    if math.isinf(gamma):
        return vector.amax() if gamma > 0 else vector.amin()
    require(vector >= 0, vector, "losses", f"not be negative for exponent {gamma:g}")
    if gamma <= 0 or (gamma < 1 and vector.requires_grad):
        require(vector > 0, vector, "losses", f"be positive for exponent {gamma:g}")
    if not bool((vector > 0).any()):
        return vector.mean()  # all zero: 0, with the mean's gradient, a subgradient for γ ≥ 1
    mean: Tensor = _PowerMean.apply(vector.double(), gamma)  # type: ignore[no-untyped-call]
    return mean.to(vector.dtype)


class _PowerMean(torch.autograd.Function):
    """The mean with its weights as derivative, instead of the chain rule through all steps.

    The chain would multiply by the mean first and divide by the loss last, and lose small weights in between.
    The weights are made of differentiable operations, so second derivatives work too.
    """

    @staticmethod
    def forward(ctx: Any, losses: Tensor, gamma: float) -> Tensor:
        ctx.save_for_backward(losses)
        ctx.gamma = gamma
        anchor = _anchor(losses, gamma)
        return anchor * _log_mean(_log_ratios(losses, anchor), gamma).exp()

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        (losses,) = ctx.saved_tensors
        return upstream * _weights(losses, ctx.gamma), None


def _anchor(losses: Tensor, gamma: float) -> Tensor:
    """The loss that dominates: measured against it no γ log(L_i / c) is positive, so nothing overflows."""
    return losses.detach().amax() if gamma > 0 else losses.detach().amin()


def _weights(losses: Tensor, gamma: float) -> Tensor:
    """∂L(γ)/∂L_i = (1/n) (L_i / L(γ))^(γ−1)."""
    ratios = _log_ratios(losses, _anchor(losses, gamma))
    return ((gamma - 1) * ratios - (gamma - 1) * _log_mean(ratios, gamma)).exp() / len(losses)


def _log_mean(ratios: Tensor, gamma: float) -> Tensor:
    """Return log((1/n) Σ exp(γ y_i)) / γ for log ratios y_i with all γ y_i ≤ 0."""
    tilted = gamma * ratios
    spread = float(tilted.detach().abs().amax())
    if spread < 1e-290:  # γ is 0, or too small to be divided by
        return ratios.mean()
    if spread < 1:  # near γ = 0: log1p and expm1 keep the digits that 1 + x would lose
        return tilted.expm1().mean().log1p() / gamma
    return tilted.exp().mean().log() / gamma


def _log_ratios(losses: Tensor, anchor: Tensor) -> Tensor:
    """Return y_i = log(L_i / c), each to a relative error of rounding: γ multiplies that error by up to 745.

    Close to c the difference L_i − c is exact; where L_i / c leaves float64's range, the logarithms are far apart.
    The value comes from these cases, the derivative from log L_i.
    """
    with torch.no_grad():
        ratio = losses / anchor
        apart = losses.log() - anchor.log()
        near = ((losses - anchor) / anchor).log1p()
        tame = (ratio > 1e-300) & (ratio < 1e300)
        value = torch.where((ratio - 1).abs() < 0.5, near, torch.where(tame, ratio.log(), apart))
    # A zero loss has value −∞, whose exponential is 0; it stays out of log's reach, where 0 · ∞ would be NaN.
    logs = losses.masked_fill(losses == 0, 1.0).log()
    return value + (logs - logs.detach())
