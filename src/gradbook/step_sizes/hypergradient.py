"""Hypergradient descent: one learning rate for all parameters, itself moved by gradient descent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradbook.step_sizes.base import CheckedOptimizer, Group, computing_dtype, not_negative


class HypergradientDescent(CheckedOptimizer):
    """η ← η + β ⟨g_{t−1}, g_t⟩, θ ← θ − η g_t: the chapter's rival, additive and with one rate a group.

    ``lr`` is where η starts, > 0, and then η itself: it lies in ``param_groups`` and may fall to 0, not below, where
    the method would climb. ``hyper_lr`` is β ≥ 0.

    Raises ValueError for an option outside its range; ``step`` also for gradients whose product isn't finite, else as
    :meth:`~gradbook.step_sizes.base.CheckedOptimizer.step` does.

    Source: Baydin et al., arXiv 1703.04782 (2018), algorithm 1 (SGD-HD).
    """

    def __init__(self, params: Any, lr: float, hyper_lr: float) -> None:
        super().__init__(params, {"lr": lr, "hyper_lr": hyper_lr})

    def check_step(self, group: Group, parameters: Sequence[Tensor]) -> None:
        """Check the option, and that the products of the gradients can be summed up."""
        not_negative(hyper_lr=group["hyper_lr"])
        rate = self._next_rate(group, parameters)
        if not all(rate < torch.finfo(p.dtype).max for p in parameters):
            raise ValueError(f"the gradients are too large: they would take lr from {group['lr']:g} to {rate:g}")

    def move(self, group: Group, parameters: Sequence[Tensor], largest: Sequence[float]) -> None:
        """Move the rate, then the parameters with it."""
        group["lr"] = self._next_rate(group, parameters)
        for p in parameters:
            assert p.grad is not None
            self.state[p]["previous"] = p.grad.clone()
            p.sub_(p.grad, alpha=group["lr"])

    def _next_rate(self, group: Group, parameters: Sequence[Tensor]) -> float:
        """Return η + β ⟨g_{t−1}, g_t⟩ or 0, over all parameters that have moved before."""
        started = [(self.state[p]["previous"], p.grad) for p in parameters if "previous" in self.state.get(p, {})]
        product = sum(_inner(a, b) for a, b in started if b is not None)
        return max(float(group["lr"]) + float(group["hyper_lr"]) * product, 0.0)


def _inner(a: Tensor, b: Tensor) -> float:
    """Return ⟨a, b⟩; in float64 where the sum leaves float32, at either end."""
    a, b = a.flatten().to(computing_dtype(a)), b.flatten().to(computing_dtype(a))
    product = torch.dot(a, b).item()
    return product if product and math.isfinite(product) else torch.dot(a.double(), b.double()).item()
