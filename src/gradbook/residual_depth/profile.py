"""What goes on layer by layer in a stack: sizes forward, sizes backward, gradients, and the step of an optimizer."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from gradbook.residual_depth.constants import OPTIMIZERS
from gradbook.residual_depth.stack import ResidualStack
from gradbook.residual_depth.steps import Increment, Loss, gradients_of, loss_increment, scalar_loss


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
