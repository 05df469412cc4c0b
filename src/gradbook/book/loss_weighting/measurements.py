"""The measurements behind the chapter's fine print, with the package's own functions on small problems."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gradbook.loss_weighting.bowls import Bowl
from gradbook.loss_weighting.power_mean import power_mean
from gradbook.loss_weighting.sums import gradient_normalized_sum, normalized_sum, real_time_sum
from gradbook.task_gradients import task_gradients

Losses = Callable[[Tensor], Tensor]


def bowl_losses(*bowls: Bowl) -> Losses:
    """Return the function from a place (2,) to the losses (n,) of the bowls."""

    def losses(place: Tensor) -> Tensor:
        heights = [
            bowl.scale
            * ((place.new_tensor(bowl.curvature) * (place - place.new_tensor(bowl.middle)) ** 2).sum() / 2 + bowl.base)
            + bowl.shift
            for bowl in bowls
        ]
        return torch.stack(heights)

    return losses


def follow(
    losses: Losses,
    total: Callable[[Tensor], Tensor],
    start: tuple[float, ...],
    rate: float,
    steps: int = 60,
    optimizer: type[torch.optim.Optimizer] = torch.optim.SGD,
) -> tuple[Tensor, Tensor]:
    """Minimise ``total(losses(θ))`` from ``start``; return the places (steps+1, d) and the losses (steps+1, n)."""
    place = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    step = optimizer([place], lr=rate)  # type: ignore[call-arg]
    places, heights = [place.detach().clone()], [losses(place).detach()]
    for _ in range(steps):
        step.zero_grad()
        total(losses(place)).backward()
        step.step()
        places.append(place.detach().clone())
        heights.append(losses(place).detach())
    return torch.stack(places), torch.stack(heights)


def largest_gap(
    bowls: tuple[Bowl, Bowl],
    first: Callable[[Tensor], Tensor],
    second: Callable[[Tensor], Tensor],
    adam: bool,
) -> float:
    """Return the largest distance between the paths that two totals take over ``bowls``, step by step."""
    optimizer = torch.optim.Adam if adam else torch.optim.SGD
    paths = [follow(bowl_losses(*bowls), total, (-0.4, 1.5), 0.05, optimizer=optimizer)[0] for total in (first, second)]
    return float((paths[0] - paths[1]).norm(dim=1).max())


SCHEMES: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "equal weights": lambda losses, place, reference: losses.sum(),
    "initial or prior state": lambda losses, place, reference: normalized_sum(losses, reference),
    "real time": lambda losses, place, reference: real_time_sum(losses),
    "power mean γ = −1": lambda losses, place, reference: power_mean(losses, -1),
    "power mean γ = 0": lambda losses, place, reference: power_mean(losses, 0),
    "power mean γ = 2": lambda losses, place, reference: power_mean(losses, 2),
    "gradient norm": lambda losses, place, reference: gradient_normalized_sum(losses, [place]),
}
"""Every scheme of the chapter as a function of the losses, the parameters and the reference losses."""


def invariance(scale: float = 10.0, shift: float = 5.0, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Return, by scheme, how many degrees the update turns when one of three losses is scaled, and when it's shifted.

    The losses are random bowls in ten dimensions; their references, taken at another place, are scaled and shifted
    with them.
    """
    generator = torch.Generator().manual_seed(seed)
    middles = torch.randn(3, 10, generator=generator, dtype=torch.float64)
    there = torch.randn(10, generator=generator, dtype=torch.float64)
    here = torch.randn(10, generator=generator, dtype=torch.float64)

    def losses(at: Tensor, factor: float, offset: float) -> Tensor:
        heights = (at - middles).square().sum(1) / 2 + 0.5
        return torch.cat([factor * heights[:1] + offset, heights[1:]])

    def update(scheme: str, factor: float, offset: float) -> Tensor:
        place = here.clone().requires_grad_()
        total = SCHEMES[scheme](losses(place, factor, offset), place, losses(there, factor, offset))
        return task_gradients([total], [place])[0]

    return {
        scheme: (
            angle(update(scheme, 1, 0), update(scheme, scale, 0)),
            angle(update(scheme, 1, 0), update(scheme, 1, shift)),
        )
        for scheme in SCHEMES
    }


def angle(a: Tensor, b: Tensor) -> float:
    """Return the angle between two vectors in degrees, exact for small angles too (by the half-angle's tangent)."""
    a, b = a / a.norm(), b / b.norm()
    return float(torch.rad2deg(2 * torch.atan2((a - b).norm(), (a + b).norm())))


def conflict_share(tasks: int, dimension: int, trials: int = 4000, seed: int = 0) -> float:
    """Return the share of random sets of gradients whose normalised sum makes at least one of the losses rise."""
    generator = torch.Generator().manual_seed(seed)
    gradients = torch.randn(trials, tasks, dimension, generator=generator, dtype=torch.float64)
    units = gradients / gradients.norm(dim=2, keepdim=True)
    inner = (units * units.sum(1, keepdim=True)).sum(2)
    return float((inner < -1e-12).any(1).double().mean())
