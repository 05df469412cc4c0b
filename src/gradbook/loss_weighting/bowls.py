"""Two losses over a plane and the path that a weighting takes: the chapter's laboratory, in plain floats.

The same formulas as the rest of this package, without tensors: a path of 60 steps must be ready within a few
milliseconds of a slider's move. Tests hold them to the package's own gradients.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Pair = tuple[float, float]

SCHEMES = ("equal", "initial", "real-time", "power mean", "gradient norm")


@dataclass(frozen=True)
class Bowl:
    """L(θ) = scale · (½ Σ_j h_j (θ_j − m_j)² + base) + shift: a bowl over the plane."""

    middle: Pair
    curvature: Pair
    base: float = 0.2
    scale: float = 1.0
    shift: float = 0.0

    def loss(self, at: Pair) -> float:
        """The height at a place."""
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
    raise ValueError(f"scheme must be one of {SCHEMES}, got {scheme!r}")


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
    adam: bool = False,
    steps: int = 60,
) -> Descent:
    """Follow the scheme's update downhill from ``start`` with SGD or Adam (β = 0.9, 0.999)."""
    place, stopped = start, ""
    initial = (bowls[0].loss(start), bowls[1].loss(start))
    path, weights, losses = [start], [], []
    mean, square = [0.0, 0.0], [0.0, 0.0]
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
        update = [a * slopes[0][j] + b * slopes[1][j] for j in (0, 1)]
        if adam:
            for j in (0, 1):
                mean[j] = 0.9 * mean[j] + 0.1 * update[j]
                square[j] = 0.999 * square[j] + 0.001 * update[j] ** 2
                update[j] = mean[j] / (1 - 0.9**step) / (math.sqrt(square[j] / (1 - 0.999**step)) + 1e-12)
        place = (place[0] - rate * update[0], place[1] - rate * update[1])
        if max(abs(place[0]), abs(place[1])) > 50:
            stopped = f"Diverged at step {step}: the learning rate is too large for these weights."
            break
        path.append(place)
    return Descent(path, weights, losses, stopped)
