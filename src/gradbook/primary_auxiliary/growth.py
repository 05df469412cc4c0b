"""L2 regularisation without a coefficient: a step may not make the parameters longer.

Source: kexue.fm/archives/8907 (Su Jianlin, 2022), 正则; the decoupled form after AdamW (arXiv 1711.05101). Numbers
in brackets are the equations of chapter 3.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


class Handle:
    """What :func:`without_growth` returns: ``remove()`` takes the hooks off the optimizer again."""

    def __init__(self, *hooks: Any) -> None:
        self._hooks = hooks

    def remove(self) -> None:
        """Give the optimizer its plain step back; a second call does nothing."""
        for hook in self._hooks:
            hook.remove()


def without_growth(optimizer: torch.optim.Optimizer, decoupled: bool = False) -> Handle:
    """Treat ½‖θ‖² as an auxiliary loss that must not rise, in every step that ``optimizer`` takes from now on.

    θ are all parameters of the optimizer that have a gradient, taken together. The plain form changes the gradients
    before the step, g ← g + relu(−⟨g, θ⟩)/‖θ‖² θ, (3.11): right for SGD without momentum and with one learning rate.
    With ``decoupled`` the optimizer steps first and its displacement is corrected, Δ ← Δ − relu(⟨Δ, θ⟩)/‖θ‖² θ, (3.12):
    right for momentum, Adam and all others, at the price of one copy of θ. Both hold to first order in the step, and to
    rounding: the new θ is off by up to half a unit ε of its dtype, so a step Δ may still have a cosine of about ε ‖θ‖ /
    ‖Δ‖ with θ. θ = 0 has no direction to grow in, and nothing is done. The hooks take no part in ``state_dict`` and
    don't go along with a deep copy of the optimizer; schedulers work as before.

    The steps raise ValueError, before any parameter is changed, for a gradient that is NaN or infinite, and TypeError
    for a sparse one; in the plain form ValueError for a closure, which would overwrite what the hook did, and for
    ``maximize`` or several learning rates, for which it isn't made.
    """
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {type(optimizer).__name__}")
    if not decoupled:
        return Handle(optimizer.register_step_pre_hook(_turn_gradient))
    before: dict[int, Tensor] = {}

    def remember(optimizer: Any, args: Any, kwargs: Any) -> None:
        if not _has_closure(args, kwargs):
            _require_usable(_moving(optimizer))
        before.update({id(p): p.detach().clone() for p in _parameters(optimizer)})

    def shorten(optimizer: Any, args: Any, kwargs: Any) -> None:
        pairs = [(p, before[id(p)]) for p, _ in _moving(optimizer)]
        before.clear()
        share = _share([p.detach() - old for p, old in pairs], [old for _, old in pairs])
        if share[0] > 0:
            with torch.no_grad():
                for p, old in pairs:
                    p.sub_(_times(share, old))

    return Handle(optimizer.register_step_pre_hook(remember), optimizer.register_step_post_hook(shorten))


def _turn_gradient(optimizer: Any, args: Any, kwargs: Any) -> None:
    """The plain form, as a hook before the step."""
    if _has_closure(args, kwargs):
        raise ValueError(
            "closure: the plain form changes the gradients before the step, and a closure makes new ones; "
            "use without_growth(optimizer, decoupled=True)"
        )
    rates = {float(group["lr"]) for group in optimizer.param_groups}
    if len(rates) > 1 or any(group.get("maximize") for group in optimizer.param_groups):
        raise ValueError(
            f"the plain form is made for minimising with one learning rate, got {sorted(rates)}; "
            "use without_growth(optimizer, decoupled=True)"
        )
    moving = _moving(optimizer)
    _require_usable(moving)
    share = _share([gradient for _, gradient in moving], [p.detach() for p, _ in moving], sign=-1)
    if share[0] > 0:
        with torch.no_grad():
            for p, gradient in moving:
                p.grad = gradient + _times(share, p)


def _has_closure(args: Any, kwargs: Any) -> bool:
    return kwargs.get("closure") is not None or any(callable(arg) for arg in args[1:])


def _share(vectors: list[Tensor], parameters: list[Tensor], sign: int = 1) -> tuple[float, float]:
    """Return relu(±⟨v, θ⟩) / ‖θ‖² · t and t, the largest entry of θ, summed in float64; 0 for θ = 0.

    With θ/t in the place of θ no square leaves float64.
    """
    top = max((float(torch.linalg.vector_norm(p, torch.inf)) for p in parameters if p.numel()), default=0.0)
    if not top > 0:
        return 0.0, 1.0
    pairs = list(zip(vectors, parameters, strict=True))
    along = math.fsum(float((v.double() * (p.double() / top)).sum()) for v, p in pairs)
    square = math.fsum(float((p.double() / top).square().sum()) for _, p in pairs)
    return max(sign * along, 0.0) / square, top


def _times(share: tuple[float, float], parameter: Tensor) -> Tensor:
    """By way of float64: a factor may leave the range of float16."""
    return (share[0] * (parameter.detach().double() / share[1])).to(parameter.dtype)


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def _moving(optimizer: torch.optim.Optimizer) -> list[tuple[Tensor, Tensor]]:
    """The parameters that have a gradient, with it: the others stay where they are."""
    return [(p, p.grad) for p in _parameters(optimizer) if p.grad is not None]


def _require_usable(moving: list[tuple[Tensor, Tensor]]) -> None:
    for i, (p, gradient) in enumerate(moving):
        if gradient.is_sparse:
            raise TypeError(f"the gradient of parameter {i} (shape {tuple(p.shape)}) is sparse, which is not supported")
        if not bool(torch.isfinite(gradient).all()):
            raise ValueError(f"the gradient of parameter {i} (shape {tuple(p.shape)}) is NaN or infinite")
