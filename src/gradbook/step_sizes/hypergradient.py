"""Hypergradient descent: one learning rate for all parameters, itself moved by gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradbook.step_sizes.base import CheckedOptimizer, Group, not_negative


class HypergradientDescent(CheckedOptimizer):
    """η ← η + β ⟨g_{t−1}, g_t⟩, θ ← θ − η g_t: the chapter's rival, additive and with one rate a group.

    ``lr`` is where η starts, > 0, and then η itself: it lies in ``param_groups`` and may fall to 0, not below, where
    the method would climb. ``hyper_lr`` is β ≥ 0.

    Raises ValueError for an option outside its range; ``step`` raises as
    :meth:`~gradbook.step_sizes.base.CheckedOptimizer.step` does.

    Source: Baydin et al., arXiv 1703.04782 (2018), algorithm 1 (SGD-HD).
    """

    def __init__(self, params: Any, lr: float, hyper_lr: float) -> None:
        super().__init__(params, {"lr": lr, "hyper_lr": hyper_lr})

    def check_group(self, group: Group) -> None:
        """Check the option."""
        not_negative(hyper_lr=group["hyper_lr"])

    def move(self, group: Group, parameters: Sequence[Tensor], largest: Sequence[float]) -> None:
        """Move the rate, then the parameters with it."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        for p, gradient in zip(parameters, gradients, strict=True):
            if (previous := self.state[p].get("previous")) is not None:
                group["lr"] += group["hyper_lr"] * float(torch.sum(previous * gradient))
            self.state[p]["previous"] = gradient.clone()
        group["lr"] = max(group["lr"], 0.0)
        for p, gradient in zip(parameters, gradients, strict=True):
            p.sub_(gradient, alpha=group["lr"])
