"""Chapter 1: the weights of a sum of losses, set by a reference, by the losses themselves, or by their gradients.

Source: Su Jianlin, 多任务学习漫谈(一):以损失之名, https://kexue.fm/archives/8870 (2022).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from gradbook.checks import as_loss_vector, require
from gradbook.task_gradients import gradient_norms

__all__ = [
    "gradient_normalized_sum",
    "initial_loss_classification",
    "initial_loss_regression",
    "normalized_sum",
    "power_mean",
    "prior_loss_classification",
    "prior_loss_regression",
    "real_time_sum",
]


def normalized_sum(losses: Tensor | Sequence[Tensor], references: Tensor | Sequence[float]) -> Tensor:
    """Return Σ L_i / R_i, a scalar with gradient; the references (n,) count as constants.

    With references of the initial or prior state (see :mod:`gradbook.loss_weighting`) the sum has no unit,
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


def initial_loss_classification(num_classes: int) -> float:
    """Return log K in nats: the cross-entropy of K equal probabilities, which is what zero logits give.

    Raises ValueError for fewer than two classes.
    """
    if num_classes != int(num_classes) or num_classes < 2:
        raise ValueError(f"num_classes must be a whole number ≥ 2, got {num_classes}")
    return math.log(num_classes)


def prior_loss_classification(frequencies: Tensor) -> Tensor:
    """Return the entropy −Σ p_k log p_k in nats of the classes' ``frequencies`` (K,), a scalar tensor.

    Counts will do: they are divided by their sum. Raises ValueError for fewer than two classes, negative or
    non-finite entries, or if only one class occurs: the prior then has loss 0, and no loss can be divided by it.
    """
    counts = _finite_vector(frequencies, "frequencies", least=2)
    if bool((counts < 0).any()):
        raise ValueError("frequencies must not be negative")
    if int((counts > 0).sum()) < 2:
        raise ValueError("frequencies must name at least two classes that occur: one alone has entropy 0")
    shares = counts / counts.sum()
    entropy: Tensor = torch.special.entr(shares).sum()
    return entropy


def initial_loss_regression(targets: Tensor) -> Tensor:
    """Return E‖y‖², the squared error of predicting zero, for targets (N,) or (N, k); a scalar tensor.

    The squared error is summed over the k outputs and averaged over the N examples. Raises ValueError for no
    targets, NaN or infinite ones, or if all are zero.
    """
    rows = _target_rows(targets)
    return _positive(rows.square().sum(1).mean(), "all targets are zero")


def prior_loss_regression(targets: Tensor) -> Tensor:
    """Return E‖y − E y‖², the squared error of predicting the mean, for targets (N,) or (N, k); a scalar tensor.

    Raises ValueError for no targets, NaN or infinite ones, or if all are equal.
    """
    rows = _target_rows(targets)
    return _positive((rows - rows.mean(0)).square().sum(1).mean(), "all targets are equal")


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


def _log_mean(ratios: Tensor, gamma: float) -> Tensor:
    """Return log((1/n) Σ exp(γ y_i)) / γ for log ratios y_i with all γ y_i ≤ 0."""
    tilted = gamma * ratios
    spread = float(tilted.detach().abs().amax())
    if spread < 1e-290:  # γ is 0, or too small to be divided by
        return ratios.mean()
    if spread < 1:  # near γ = 0: log1p and expm1 keep the digits that 1 + x would lose
        return tilted.expm1().mean().log1p() / gamma
    return tilted.exp().mean().log() / gamma


def _finite_vector(values: Tensor, name: str, least: int) -> Tensor:
    vector = torch.as_tensor(values)
    if not vector.is_floating_point():
        vector = vector.to(torch.get_default_dtype())
    if vector.ndim != 1 or len(vector) < least:
        raise ValueError(f"{name} must have shape (K,) with K ≥ {least}, got {tuple(vector.shape)}")
    if not bool(torch.isfinite(vector).all()):
        raise ValueError(f"{name} must be finite")
    return vector


def _target_rows(targets: Tensor) -> Tensor:
    if not targets.is_floating_point():
        targets = targets.to(torch.get_default_dtype())
    if targets.ndim not in (1, 2) or not targets.numel():
        raise ValueError(f"targets must have shape (N,) or (N, k) and hold a number, got {tuple(targets.shape)}")
    if not bool(torch.isfinite(targets).all()):
        raise ValueError("targets must be finite")
    return targets.reshape(len(targets), -1)


def _positive(reference: Tensor, reason: str) -> Tensor:
    if not float(reference) > 0:
        raise ValueError(f"the reference loss is 0, so no loss can be divided by it: {reason}")
    return reference


def _anchor(losses: Tensor, gamma: float) -> Tensor:
    """The loss that dominates: measured against it no γ log(L_i / c) is positive, so nothing overflows."""
    return losses.detach().amax() if gamma > 0 else losses.detach().amin()


def _weights(losses: Tensor, gamma: float) -> Tensor:
    """∂L(γ)/∂L_i = (1/n) (L_i / L(γ))^(γ−1)."""
    ratios = _log_ratios(losses, _anchor(losses, gamma))
    return ((gamma - 1) * ratios - (gamma - 1) * _log_mean(ratios, gamma)).exp() / len(losses)


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


def _check_floor(floor: float) -> None:
    if not 0 <= floor < float("inf"):
        raise ValueError(f"floor must be finite and not negative, got {floor}")


def _finite(total: Tensor) -> Tensor:
    if not bool(torch.isfinite(total)):
        raise ValueError(f"the weighted sum is too large for {total.dtype}")
    return total
