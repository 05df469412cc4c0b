"""A valley L = ½ θᵀHθ in the plane, and five ways down, in numpy: fast enough to follow the reader's hand.

The methods are those of the package and of torch, written for one point; a test holds them against the optimizers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FAR = 1e3
"""A descent that gets this far from the bottom has diverged and is broken off."""


class Descent(NamedTuple):
    """Places (m, 2), the factors ν (m, 2) that multiplied the base rate, and whether it diverged, ending early."""

    places: Array
    gains: Array
    diverged: bool


def hessian(condition: float, angle: float) -> Array:
    """Return H (2, 2): curvature 1/``condition`` along the floor, at ``angle`` degrees to the right, and 1 across."""
    turn = math.radians(angle)
    flat, steep = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    return np.asarray(np.outer(steep, steep) + np.outer(flat, flat) / condition)


def loss(matrix: Array, places: Array) -> Array:
    """Return ½ θᵀHθ of places (…, 2)."""
    return np.asarray(np.einsum("...i,ij,...j->...", places, matrix, places) / 2)


Step = Callable[[Array], tuple[Array, Array]]
"""From a gradient (2,) to the change of the place (2,) and the factors ν (2,)."""


def gradient_descent(rate: float, gamma: float) -> Step:
    """θ ← θ − η g."""
    return lambda g: (-rate * g, np.ones(2))


def momentum(rate: float, gamma: float, beta: float = 0.9) -> Step:
    """Momentum as torch's SGD has it: m ← β m + g, θ ← θ − η m."""
    m = np.zeros(2)

    def step(g: Array) -> tuple[Array, Array]:
        m[:] = beta * m + g
        return -rate * m, np.ones(2)

    return step


def adam(rate: float, gamma: float) -> Step:
    """Adam with torch's defaults; its ν are the factors 1/√v̂ in front of the averaged gradient."""
    m, v, t = np.zeros(2), np.zeros(2), 0

    def step(g: Array) -> tuple[Array, Array]:
        nonlocal t
        t += 1
        m[:] = 0.9 * m + 0.1 * g
        v[:] = 0.999 * v + 0.001 * g**2
        factor = 1 / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return -rate * factor * m / (1 - 0.9**t), factor

    return step


def hypergradient(rate: float, gamma: float) -> Step:
    """η ← η + β ⟨g', g⟩ with β = γη₀: for small γ the step of the common factor ν is that of the meta rule."""
    previous, gain = np.zeros(2), 1.0

    def step(g: Array) -> tuple[Array, Array]:
        nonlocal gain
        gain = max(gain + gamma * float(previous @ g), 0.0)
        previous[:] = g
        return -rate * gain * g, np.full(2, gain)

    return step


def meta(rate: float, gamma: float, bound: float = 10.0, largest: float = 40 * math.log(2)) -> Step:
    """ν ← ν ⊙ exp(γ g' ⊙ g), θ ← θ − η ν ⊙ g: (7.9) and (7.7)."""
    previous, log_gain = np.zeros(2), np.zeros(2)

    def step(g: Array) -> tuple[Array, Array]:
        change = np.clip(gamma * previous * g, -bound, bound)
        log_gain[:] = np.clip(log_gain + change, -largest, largest)
        previous[:] = g
        gain = np.exp(log_gain)
        return -rate * gain * g, gain

    return step


METHODS: dict[str, Callable[[float, float], Step]] = {
    "gradient descent": gradient_descent,
    "momentum": momentum,
    "Adam": adam,
    "hypergradient": hypergradient,
    "meta": meta,
}


def descend(
    method: str,
    matrix: Array,
    start: tuple[float, float],
    rate: float,
    gamma: float,
    noise: Array,
    scale: float = 1.0,
) -> Descent:
    """Go down from ``start`` for as many steps as ``noise`` (steps, 2) has rows.

    A row of ``noise`` is added to the gradient Hθ, and both are multiplied by ``scale``, the loss's unit.
    """
    step = METHODS[method](rate, gamma)
    place = np.array(start, dtype=float)
    places, gains = [place], [np.ones(2)]
    for row in noise:
        move, gain = step(scale * (matrix @ place + row))
        place = place + move
        places.append(place)
        gains.append(gain)
        if not abs(place).max() < FAR:
            return Descent(np.array(places), np.array(gains), True)
    return Descent(np.array(places), np.array(gains), False)


def typical_end(
    method: str, condition: float, angle: float, rate: float, gamma: float, steps: int = 60, starts: int = 8
) -> float:
    """Return the loss after ``steps`` noiseless steps, the geometric mean over ``starts`` starts evenly on a circle.

    The starts turn with the valley, so that a method that knows no axes gives the same at every angle. Infinite if one
    diverges.
    """
    matrix = hessian(condition, angle)
    turns = math.radians(angle) + 0.3 + 2 * math.pi / starts * np.arange(starts)
    runs = [
        descend(method, matrix, (1.8 * math.cos(t), 1.8 * math.sin(t)), rate, gamma, np.zeros((steps, 2)))
        for t in turns
    ]
    ends = [math.inf if run.diverged else float(loss(matrix, run.places[-1])) for run in runs]
    return float(np.exp(np.mean(np.log(ends))))
