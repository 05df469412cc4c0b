"""First steps of three optimizers from zero memory, and how far the loss moves in one: the article's increment.

SGD −ηg; Adam −η g/|g| (Kingma and Ba, arXiv 1412.6980, whose first step is that); LAMB −η ‖θ_l‖ u_l/‖u_l‖ with Adam's u
for each matrix θ_l (You et al., arXiv 1904.00962, without weight decay and bounds).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call

from gradbook.residual_depth.constants import OPTIMIZERS
from gradbook.residual_depth.stack import ResidualStack

Loss = Callable[[Tensor], Tensor]
_ADAM_EPSILON = 1e-8


@dataclass(frozen=True)
class Increment:
    """ΔL of one step: ``actual`` L(θ + Δθ) − L(θ), and to ``first_order`` ⟨∇L, Δθ⟩ (8.1)."""

    actual: float
    first_order: float


def first_step(optimizer: str, parameters: Sequence[Tensor], gradients: Sequence[Tensor], rate: float) -> list[Tensor]:
    """Return Δθ of the first step of "sgd", "adam" or "lamb" (capitals don't matter) at learning rate ``rate``.

    Raises ValueError for an unknown optimizer or a rate that isn't positive and finite.
    """
    name = optimizer.lower() if isinstance(optimizer, str) else optimizer
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {optimizer!r}")
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < float("inf"):
        raise ValueError(f"rate must be positive and finite, got {rate!r}")
    if name == "sgd":
        return [-rate * g for g in gradients]
    ways = [g / (g.abs() + _ADAM_EPSILON) for g in gradients]
    if name == "adam":
        return [-rate * way for way in ways]
    trust = [_ratio(p.norm(), way.norm()) for p, way in zip(parameters, ways, strict=True)]
    return [-rate * factor * way for factor, way in zip(trust, ways, strict=True)]


def _ratio(size: Tensor, length: Tensor) -> Tensor:
    """Return size / length, and 0 for a matrix whose gradient is 0: it stays where it is."""
    return size / length if length > 0 else torch.zeros_like(size)


@torch.enable_grad()
def loss_increment(stack: ResidualStack, inputs: Tensor, loss: Loss, optimizer: str, rate: float) -> Increment:
    """Return how far ``loss(stack(inputs))``, a scalar, moves in the first step of ``optimizer``.

    The stack is left as it is. Raises what the stack raises for bad inputs or activations that overflow, before or
    after the step; ValueError for a loss that is no finite scalar or doesn't depend on the outputs, for frozen weights,
    an unknown optimizer, or a rate that isn't positive and finite.
    """
    names, parameters = zip(*stack.named_parameters(), strict=True)
    before = scalar_loss(loss, stack(inputs))
    gradients = gradients_of(before, parameters)
    with torch.no_grad():
        moves = first_step(optimizer, parameters, gradients, rate)
        moved = {name: p + move for name, p, move in zip(names, parameters, moves, strict=True)}
        after = scalar_loss(loss, functional_call(stack, moved, (inputs,)))
        first_order = sum((g.double() * move.double()).sum() for g, move in zip(gradients, moves, strict=True))
    return Increment(float(after.double() - before.detach().double()), float(first_order))


def gradients_of(value: Tensor, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradients of ``value``; ValueError if it has none, or if some of the tensors are frozen."""
    if not value.requires_grad:
        raise ValueError("loss must depend on the outputs, got one without a gradient")
    if not all(tensor.requires_grad for tensor in tensors):
        raise ValueError("the stack's weights must take gradients, got some with requires_grad=False")
    return torch.autograd.grad(value, tensors)


def scalar_loss(loss: Loss, outputs: Tensor) -> Tensor:
    """Return ``loss(outputs)``; ValueError naming it if it isn't one finite number, TypeError if it is no tensor."""
    value = loss(outputs)
    if not isinstance(value, Tensor):
        raise TypeError(f"loss must return a tensor, got {type(value).__name__}")
    if value.numel() != 1 or not torch.isfinite(value).all():
        found = ", ".join(f"{x:.3g}" for x in value.detach().flatten()[:3].tolist())
        raise ValueError(
            f"loss must return one finite number, got shape {tuple(value.shape)} with {found or 'nothing'}"
        )
    return value.reshape(())
