"""A step size for every parameter, learned by exponentiated gradient while the optimizer runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradbook.step_sizes.base import CheckedOptimizer, Group, check_decay, computing_dtype, not_negative, positive

LARGEST = 40.0
"""The largest |log₂ ν|: gains stay between 1e-12 and 1e12, more than training needs and less than overflows."""


class MetaStepSize(CheckedOptimizer):
    """ν ← ν ⊙ exp(γ g_{t−1} ⊙ g_t), θ ← θ − η ν ⊙ g_t: (7.9) and (7.7), from ν = 1.

    Where successive gradients agree in sign, the step of that parameter grows; where they alternate, it shrinks.

    - ``params``: tensors, named tensors or groups, as for every optimizer of torch.
    - ``lr``: the base rate η, > 0, which schedulers may move.
    - ``meta_lr``: γ ≥ 0, the rate of the step sizes, in units of 1/∇L²: with the loss times 10, γ must fall by 100.
    - ``averaging``: β in [0, 1): instead of g_{t−1}, the average m ← β m + (1 − β) g, after Amid et al.
    - ``scale_lr``: ≥ 0; above 0 a group also has one common factor, which grows with the alignment of m and g_t,
      s ← s exp(scale_lr · cos(m, g_t)), after Amid et al.
    - ``normalize``: divide m ⊙ g_t by the product of both root mean squares over the group: γ is then a pure number,
      and the gains are the same for the loss times any factor.
    - ``weight_decay``: decoupled, θ ← (1 − η λ) θ before the step, with η λ < 1.
    - ``maximize``: go up instead of down.
    - ``bound``: the largest |γ g_{t−1} g_t| of an entry in one step; larger ones are cut. Without it one surprising
      gradient overflows the exponential.

    The state of a parameter is ``previous``, m or g_{t−1}, and ``log_gain``, log₂ ν, which can't underflow as ν would
    (to base 2, since ``exp2`` costs half of ``exp``); it stays within ±40. :meth:`gains` returns ν. Every option may
    differ from group to group. Half precision keeps its state in float32.

    Raises ValueError for an option outside its range, TypeError for complex parameters. ``step`` raises as
    :meth:`~gradbook.step_sizes.base.CheckedOptimizer.step` does.

    Source: article 8968, second section; Amid, Anil, Fifty and Warmuth, arXiv 2202.00145 (2022).
    """

    def __init__(
        self,
        params: Any,
        lr: float,
        meta_lr: float,
        *,
        averaging: float = 0.0,
        scale_lr: float = 0.0,
        normalize: bool = False,
        weight_decay: float = 0.0,
        maximize: bool = False,
        bound: float = 10.0,
    ) -> None:
        meta = {"meta_lr": meta_lr, "averaging": averaging, "scale_lr": scale_lr, "normalize": normalize}
        plain = {"weight_decay": weight_decay, "maximize": maximize, "bound": bound}
        super().__init__(params, {"lr": lr, **meta, **plain, "log_scale": 0.0})

    def check_step(self, group: Group, parameters: Sequence[Tensor]) -> None:
        """Check the options."""
        positive(bound=group["bound"])
        not_negative(meta_lr=group["meta_lr"], scale_lr=group["scale_lr"])
        check_decay(group)
        if not 0 <= group["averaging"] < 1:
            raise ValueError(f"averaging must be in [0, 1), got {group['averaging']}")

    def gains(self) -> list[Tensor]:
        """Return ν of every parameter, in the order of the groups: ones where it hasn't moved yet."""
        parameters = [p for group in self.param_groups for p in group["params"]]
        started = [(p, self.state.get(p, {})) for p in parameters]
        return [state["log_gain"].exp2() if state else torch.ones_like(p.detach()) for p, state in started]

    def move(self, group: Group, parameters: Sequence[Tensor], largest: Sequence[float]) -> None:
        """First the gains, then the parameters, with the new gains."""
        for p in parameters:
            if not self.state[p]:
                for name in ("previous", "log_gain"):
                    self.state[p][name] = torch.zeros_like(p, dtype=computing_dtype(p))
                self.state[p]["largest"] = 0.0
        meta_lr = group["meta_lr"]
        if group["normalize"] or group["scale_lr"]:
            inner, lengths = self._alignment(parameters, largest)
            if lengths and group["normalize"]:
                meta_lr = meta_lr * sum(p.numel() for p in parameters) / lengths
            if lengths:
                group["log_scale"] = _within(group["log_scale"] + group["scale_lr"] * inner / lengths, LARGEST)
        rate = group["lr"] * math.exp(group["log_scale"]) * (-1 if group["maximize"] else 1)
        for p, size in zip(parameters, largest, strict=True):
            assert p.grad is not None
            if group["weight_decay"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
            state = self.state[p]
            careful = meta_lr * state["largest"] * size > group["bound"] or not (meta_lr == 0 or 1e-30 < meta_lr < 1e30)
            bound = group["bound"] if careful else None
            move_with_gain(p, p.grad, state["previous"], state["log_gain"], rate, meta_lr, group["averaging"], bound)
            state["largest"] = max(state["largest"], size) if group["averaging"] else size

    def _alignment(self, parameters: Sequence[Tensor], largest: Sequence[float]) -> tuple[float, float]:
        """Return ⟨m, g⟩ and ‖m‖ ‖g‖ over all parameters.

        Squares of entries near the ends of float32 would leave it: those are summed in float64, at twice the cost.
        """
        sizes = [*largest, *(self.state[p]["largest"] for p in parameters)]
        wide = any(size and not 1e-15 < size < 1e15 for size in sizes)
        sums = [0.0, 0.0, 0.0]
        for p in parameters:
            assert p.grad is not None
            m = self.state[p]["previous"].flatten()
            g = p.grad.flatten().to(m.dtype)
            m, g = (m.double(), g.double()) if wide else (m, g)
            sums = [total + torch.dot(x, y).item() for total, x, y in zip(sums, (m, m, g), (g, m, g), strict=True)]
        inner, of_m, of_g = sums
        return inner, math.sqrt(of_m) * math.sqrt(of_g)


def _within(number: float, limit: float) -> float:
    return min(max(number, -limit), limit)


def move_with_gain(
    weights: Tensor,
    gradient: Tensor,
    previous: Tensor,
    log_gain: Tensor,
    rate: float,
    meta_lr: float,
    averaging: float = 0.0,
    bound: float | None = None,
) -> None:
    """Set log ν ← log ν + γ m ⊙ g, θ ← θ − η ν ⊙ g, m ← β m + (1 − β) g, in place; ``bound`` where it matters."""
    gradient = gradient.to(previous.dtype)
    bits = meta_lr / math.log(2)
    if bound is None:
        log_gain.addcmul_(previous, gradient, value=bits)
    else:
        root = math.sqrt(bits)  # of huge or tiny entries the product alone would leave the range
        log_gain.add_((previous * root).mul_(gradient * root).clamp_(-bound / math.log(2), bound / math.log(2)))
    unused = None if averaging else previous  # it is overwritten below: saves making a tensor
    gain = torch.exp2(log_gain.clamp_(-LARGEST, LARGEST), out=unused)
    if weights.dtype == gain.dtype:
        weights.addcmul_(gain, gradient, value=-rate)
    else:
        weights.copy_(weights.to(gain.dtype).addcmul_(gain, gradient, value=-rate))
    previous.lerp_(gradient, 1 - averaging) if averaging else previous.copy_(gradient)
