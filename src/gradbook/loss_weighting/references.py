"""Reference losses: what a model reaches before training, or without looking at its input.

Dividing each loss by its reference takes its unit away. Source: kexue.fm/archives/8870, 初始状态 and 先验状态.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


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
