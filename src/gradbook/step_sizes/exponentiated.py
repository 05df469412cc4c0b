"""Exponentiated gradient: steps that multiply, for parameters that must stay positive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradbook.step_sizes.base import CheckedOptimizer, Group, check_decay, computing_dtype, positive


class ExponentiatedGradient(CheckedOptimizer):
    """θ ← θ ⊙ exp(−η ∇L) for positive θ, (7.3); or the same on the simplex, θ ← softmax(log θ − η ∇L), (7.5).

    - ``params``: tensors, named tensors or groups, as for every optimizer of torch. All entries must be > 0.
    - ``lr``: the rate η, > 0. A step multiplies: η has the unit 1/∇L, not that of θ.
    - ``simplex``: keep every tensor's entries along ``dim`` at sum 1; they must have it at the start.
    - ``dim``: the dimension that sums to 1; None takes all entries of a tensor together.
    - ``weight_decay``: decoupled, θ ← (1 − η λ) θ before the step, with η λ < 1; not on the simplex, which undoes it.
    - ``maximize``: go up instead of down.
    - ``bound``: the largest |η ∇L| of an entry in one step; larger ones are cut. Without it a single gradient
      overflows. On the simplex nothing can overflow and nothing is cut.

    Entries stay between the smallest normal and the largest finite number of their dtype: θ = 0 could never be left
    again. Every option may differ from group to group. Half precision is computed in float32.

    Raises ValueError for an option outside its range, for an entry that is zero, negative, infinite or NaN, or for
    sums other than 1 on the simplex; TypeError for complex parameters. ``step`` raises as
    :meth:`~gradbook.step_sizes.base.CheckedOptimizer.step` does.

    Source: article 8968, first section; Kivinen and Warmuth, Information and Computation 132 (1997).
    """

    def __init__(
        self,
        params: Any,
        lr: float,
        *,
        simplex: bool = False,
        dim: int | None = None,
        weight_decay: float = 0.0,
        maximize: bool = False,
        bound: float = 10.0,
    ) -> None:
        defaults = {"simplex": simplex, "dim": dim, "weight_decay": weight_decay, "maximize": maximize, "bound": bound}
        super().__init__(params, {"lr": lr, **defaults})

    def check_step(self, group: Group, parameters: Sequence[Tensor]) -> None:
        """Check the options, and that the parameters are positive: a factor can't make them so."""
        positive(bound=group["bound"])
        check_decay(group)
        if group["simplex"] and group["weight_decay"]:
            raise ValueError(f"weight_decay must be 0 on the simplex, which undoes it, got {group['weight_decay']}")
        if group["dim"] is not None and not group["simplex"]:
            raise ValueError(f"dim is for the simplex only, got dim={group['dim']} with simplex=False")
        for i, p in enumerate(parameters):
            least, most = (end.item() for end in torch.aminmax(p.detach())) if p.numel() else (1.0, 1.0)
            if not (least > 0 and most < math.inf):
                worst = most if least > 0 else least
                raise ValueError(f"params[{i}] must be > 0 everywhere and finite, got {worst:g}")

    def check_start(self, group: Group) -> None:
        """Check that the entries sum to 1 where they are to stay on the simplex."""
        for i, p in enumerate(group["params"] if group["simplex"] else ()):
            dim = group["dim"]
            if dim is not None and not -p.ndim <= dim < p.ndim:
                raise ValueError(f"dim must be a dimension of params[{i}], of shape {tuple(p.shape)}, got {dim}")
            sums = p.detach().double().sum() if dim is None else p.detach().double().sum(dim)
            if float((sums - 1).abs().max()) > 100 * torch.finfo(p.dtype).eps:
                raise ValueError(f"params[{i}] must sum to 1 on the simplex, got sums up to {float(sums.max()):g}")

    def move(self, group: Group, parameters: Sequence[Tensor], largest: Sequence[float]) -> None:
        """Multiply every parameter by its factor."""
        rate = float(group["lr"]) * (-1 if group["maximize"] else 1)
        for p, size in zip(parameters, largest, strict=True):
            assert p.grad is not None
            if group["simplex"]:
                move_on_simplex(p, p.grad, rate, group["dim"])
                continue
            if group["weight_decay"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
            multiply(p, p.grad, rate, group["bound"] if abs(rate) * size > group["bound"] else None)


def multiply(weights: Tensor, gradient: Tensor, rate: float, bound: float | None = None) -> None:
    """θ ← θ ⊙ exp(−η g), in place; ``bound`` only where it matters."""
    bits = gradient.to(computing_dtype(weights)) * (-rate / math.log(2))  # exp2 costs half of exp
    if bound is not None:
        bits.clamp_(-bound / math.log(2), bound / math.log(2))
    limits = torch.finfo(weights.dtype)
    weights.copy_(bits.exp2_().mul_(weights).clamp_(limits.tiny, limits.max))


def move_on_simplex(weights: Tensor, gradient: Tensor, rate: float, dim: int | None) -> None:
    """θ ← softmax(log θ − η g), in place; the best entry's exponent is 0, so that nothing can overflow."""
    shape = (-1,) if dim is None else weights.shape
    axis = 0 if dim is None else dim
    downhill = gradient.reshape(shape).to(computing_dtype(weights)) * math.copysign(1, rate)
    behind = (downhill - downhill.amin(axis, keepdim=True)) * abs(rate)  # ≥ 0, and 0 for the best entry
    logits = weights.reshape(shape).to(behind.dtype).log() - behind
    weights.copy_(logits.softmax(axis).reshape(weights.shape).clamp_(min=torch.finfo(weights.dtype).tiny))
