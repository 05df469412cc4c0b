"""What goes on layer by layer in a stack, and how far the loss moves in the first step of an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.func import functional_call

from gradbook.residual_depth.stack import OPTIMIZERS, ResidualStack

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


@dataclass(frozen=True)
class DepthProfile:
    """The stack's sizes, all float64. N is the number of sub-layers.

    ``forward`` (N + 1,): the mean of x_l² over all entries. ``backward`` (N + 1,): ‖∂L/∂x_l‖ over all entries.
    ``gradient`` (N,): ‖∂L/∂θ_l‖ of each layer's weights together. ``loss``: L. ``increments``: by optimizer how far L
    moves in one step, if a rate was given.
    """

    forward: Tensor
    backward: Tensor
    gradient: Tensor
    loss: float
    increments: dict[str, Increment] = field(default_factory=dict)


def random_readout(outputs: Tensor) -> Tensor:
    """Return ⟨v, x_N⟩ for a fixed random v of length 1: a loss with ‖∂L/∂x_N‖ = 1, whatever the outputs."""
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(outputs.shape, generator=generator, dtype=torch.float64)
    weighted: Tensor = outputs * (v / v.norm()).to(outputs)
    return weighted.sum()


@torch.enable_grad()
def depth_profile(
    stack: ResidualStack, inputs: Tensor, loss: Loss | None = None, rate: float | None = None
) -> DepthProfile:
    """Return the profile of ``stack`` at ``inputs`` (B, n), for a Transformer (B, T, n).

    ``loss`` is a function of the outputs x_N to a scalar, :func:`random_readout` unless given. With a ``rate`` the
    increments of SGD, Adam and LAMB are measured too, each with a real step from the same place. The stack and its
    ``.grad`` are left as they are. Raises what :class:`ResidualStack` and :func:`loss_increment` raise.
    """
    chosen = random_readout if loss is None else loss
    states = stack.states(
        inputs.detach().requires_grad_() if isinstance(inputs, Tensor) and inputs.is_floating_point() else inputs
    )
    value = scalar_loss(chosen, states[-1])
    layers = [list(branch.parameters()) for branch in stack.branches]
    flat = [p for layer in layers for p in layer]
    found = gradients_of(value, [*states, *flat])
    deltas, gradients = found[: len(states)], iter(found[len(states) :])
    by_layer = [sum(next(gradients).double().square().sum() for _ in layer) for layer in layers]
    increments = {}
    if rate is not None:
        increments = {name: loss_increment(stack, inputs, chosen, name, rate) for name in OPTIMIZERS}
    return DepthProfile(
        torch.stack([x.detach().double().square().mean() for x in states]),
        torch.stack([d.double().norm() for d in deltas]),
        torch.stack([torch.as_tensor(square) for square in by_layer]).sqrt(),
        float(value.detach()),
        increments,
    )
