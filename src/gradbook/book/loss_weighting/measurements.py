"""The chapter's laboratory, two losses over a plane in plain floats, and the measurements behind its fine print."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gradbook.book.descent import Rule, gradient_descent
from gradbook.loss_weighting import gradient_normalized_sum, normalized_sum, power_mean, real_time_sum
from gradbook.task_gradients import task_gradients

Pair = tuple[float, float]

BOWL_SCHEMES = ("equal", "initial", "real-time", "power mean", "gradient norm")


@dataclass(frozen=True)
class Bowl:
    """L(θ) = scale · (½ Σ_j h_j (θ_j − m_j)² + base) + shift: a bowl over the plane."""

    middle: Pair
    curvature: Pair
    base: float = 0.2
    scale: float = 1.0
    shift: float = 0.0

    def loss(self, at: Any) -> Any:
        """The height at a place, two floats, or at many places, two arrays."""
        height = sum(h * (x - m) ** 2 for h, x, m in zip(self.curvature, at, self.middle, strict=True)) / 2
        return self.scale * (height + self.base) + self.shift

    def gradient(self, at: Pair) -> Pair:
        """The slope at a place."""
        (h, k), (x, y), (m, n) = self.curvature, at, self.middle
        return self.scale * h * (x - m), self.scale * k * (y - n)


FIRST = Bowl(middle=(-0.9, 0.3), curvature=(1.0, 3.0))


def second_bowl(scale: float = 1.0, shift: float = 0.0) -> Bowl:
    """The second loss, multiplied by ``scale`` and raised by ``shift``."""
    return Bowl(middle=(0.9, -0.5), curvature=(2.0, 0.7), scale=scale, shift=shift)


def implied_weights(scheme: str, losses: Pair, gradients: tuple[Pair, Pair], initial: Pair, gamma: float) -> Pair:
    """Return the α_i with which the scheme's update is Σ α_i g_i.

    ``initial`` are the losses at the start of the path. Raises ValueError where the scheme's mathematics ends: a
    loss that isn't positive, a gradient that is zero.
    """
    if scheme == "equal":
        return 1.0, 1.0
    if scheme == "gradient norm":
        return _inverse([math.hypot(*g) for g in gradients], "the gradient of loss {i} is {value:.3g}")
    if scheme == "initial":
        return _inverse(initial, "loss {i} is {value:.3g} at the start, not positive")
    inverse = _inverse(losses, "loss {i} is {value:.3g}, not positive")
    if scheme == "real-time":
        return inverse
    if scheme == "power mean":
        logs = [math.log(value) for value in losses]
        top = max(gamma * value for value in logs)
        tilted = [math.exp(gamma * value - top) for value in logs]
        log_mean = (top + math.log(sum(tilted) / 2)) / gamma if gamma else sum(logs) / 2
        first, second = (math.exp(min((gamma - 1) * (value - log_mean), 700)) / 2 for value in logs)
        return first, second
    raise ValueError(f"scheme must be one of {BOWL_SCHEMES}, got {scheme!r}")


def _inverse(numbers: Pair | list[float], complaint: str) -> Pair:
    for i, value in enumerate(numbers):
        if not value > 1e-12:
            raise ValueError(complaint.format(i=i + 1, value=value))
    return 1 / numbers[0], 1 / numbers[1]


@dataclass(frozen=True)
class Descent:
    """A path: places, weights and both losses at every step, and why it ended early, if it did."""

    places: list[Pair]
    weights: list[Pair]
    losses: list[Pair]
    stopped: str


def descend(
    bowls: tuple[Bowl, Bowl],
    start: Pair,
    scheme: str,
    gamma: float,
    rate: float,
    optimizer: Callable[[float], Rule] = gradient_descent,
    steps: int = 60,
) -> Descent:
    """Follow the scheme's update downhill from ``start`` with an optimizer of :mod:`gradbook.book.descent`."""
    place, stopped = start, ""
    initial = (bowls[0].loss(start), bowls[1].loss(start))
    path, weights, losses = [start], [], []
    taken = [optimizer(rate) for _ in start]
    for step in range(1, steps + 1):
        now = (bowls[0].loss(place), bowls[1].loss(place))
        slopes = (bowls[0].gradient(place), bowls[1].gradient(place))
        try:
            a, b = implied_weights(scheme, now, slopes, initial, gamma)
        except ValueError as error:
            stopped = f"Stopped before step {step}: {error}."
            break
        weights.append((a, b))
        losses.append(now)
        x, y = (place[j] - taken[j](a * slopes[0][j] + b * slopes[1][j]) for j in (0, 1))
        place = (x, y)
        if max(abs(place[0]), abs(place[1])) > 50:
            stopped = f"Diverged at step {step}: the learning rate is too large for these weights."
            break
        path.append(place)
    return Descent(path, weights, losses, stopped)


Losses = Callable[[Tensor], Tensor]


def bowl_losses(*bowls: Bowl) -> Losses:
    """Return the function from a place (2,) to the losses (n,) of the bowls."""
    middles = torch.tensor([bowl.middle for bowl in bowls], dtype=torch.float64)
    curvatures = torch.tensor([bowl.curvature for bowl in bowls], dtype=torch.float64)
    numbers = torch.tensor([(bowl.base, bowl.scale, bowl.shift) for bowl in bowls], dtype=torch.float64)
    base, scale, shift = numbers.T
    return lambda place: scale * ((curvatures * (place - middles) ** 2).sum(1) / 2 + base) + shift


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
    places, heights = [place.detach().clone()], [losses(place)]
    for _ in range(steps):
        step.zero_grad()
        total(heights[-1]).backward()
        step.step()
        places.append(place.detach().clone())
        heights.append(losses(place))
    return torch.stack(places), torch.stack(heights).detach()


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
