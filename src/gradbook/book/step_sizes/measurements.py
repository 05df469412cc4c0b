"""What noise does to the learned step sizes: many coordinates on L = ½ h x², simulated, and the laws they follow.

A gradient is h x + σ ξ with fresh standard normal ξ. Numbers in brackets are the equations of chapter 7.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


_BLOCK = 500


class Annealing(NamedTuple):
    """Times (m,), log ν (m, coordinates) then, and the mean of x² (m,) over coordinates and the steps before."""

    times: Array
    log_gains: Array
    squares: Array


def simulate(
    curvature: float, noise: float, rate: float, gamma: float, steps: int, coordinates: int, seed: int = 0
) -> Annealing:
    """Let every coordinate run by itself with (7.9) from x = 0 and ν = 1; some fifty times are kept, evenly in log t.

    An exponent is cut at ±10. Unlike the optimizer, the simulation keeps ν below 1.9/(ηh), so that no step leaves the
    stable range: it is for the laws, which speak of small steps.
    """
    rng = np.random.default_rng(seed)
    kept = set(np.unique(np.geomspace(1, steps, 50).astype(int)).tolist())
    x, log_gain, previous = np.zeros(coordinates), np.zeros(coordinates), np.zeros(coordinates)
    ceiling = np.log(1.9 / (rate * curvature))
    rows, squares = [], []
    for t in range(1, steps + 1):
        if t % _BLOCK == 1:  # one call for many steps
            draws = noise * rng.standard_normal((_BLOCK, coordinates))
        gradient = curvature * x + draws[(t - 1) % _BLOCK]
        change = np.minimum(np.maximum(gamma * previous * gradient, -10), 10)  # np.clip takes four times as long
        log_gain = np.minimum(log_gain + change, ceiling)
        x = x - rate * np.exp(log_gain) * gradient
        previous = gradient
        squares.append(float(x @ x) / coordinates)
        if t in kept:
            rows.append((t, log_gain, sum(squares) / len(squares)))
            squares.clear()
    times, gains, means = zip(*rows, strict=True)
    return Annealing(np.array(times, dtype=float), np.array(gains), np.array(means))


def expected_product(step: Array | float, noise: float) -> Array:
    """Return E[g_{t−1} g_t] at stationarity, −a σ²/(2 − a) with a = ηνh: (7.12)."""
    a = np.asarray(step, dtype=float)
    return np.asarray(-a * noise**2 / (2 - a))


def without_spread(times: Array, curvature: float, noise: float, rate: float, gamma: float) -> Array:
    """Return ν(t) = 1/(1 + γηhσ²t/2): the law (7.14) of the mean change alone."""
    return np.asarray(1 / (1 + gamma * rate * curvature * noise**2 * times / 2))


def typical_gain(times: Array, curvature: float, noise: float, rate: float, gamma: float, walks: int = 4000) -> Array:
    """Return exp E log ν by the diffusion (7.16), ν = e^{W}/(1 + κ ∫ e^{W}), over ``walks`` random walks W.

    W has the variance γ²σ⁴t and κ = γηhσ²/2. The integral is a sum over 200 pieces, short ones first.
    """
    rng = np.random.default_rng(0)
    spread, pull = gamma * noise**2, gamma * rate * curvature * noise**2 / 2
    grid = np.concatenate([[0.0], np.geomspace(1, times[-1], 200)])
    draws = spread * np.sqrt(np.diff(grid))[:, None] * rng.standard_normal((200, walks))
    walk, integral, found = np.zeros(walks), np.zeros(walks), [0.0]
    for length, draw in zip(np.diff(grid), draws, strict=True):
        moved = walk + draw
        integral += length * (np.exp(walk) + np.exp(moved)) / 2
        walk = moved
        found.append(float((walk - np.log1p(pull * integral)).mean()))
    return np.asarray(np.exp(np.interp(times, grid, found)))


def late_square(times: Array | float, curvature: float, noise: float) -> Array:
    """Return E x² ≈ σ²/(h² √(2πt)): the late law (7.18), whatever η and γ."""
    return np.asarray(noise**2 / (curvature**2 * np.sqrt(2 * np.pi * times)))
