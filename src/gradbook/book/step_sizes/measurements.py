"""What noise does to learned step sizes, simulated beside the laws, and a sparse regression over θ ≥ 0 on real data."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from gradbook.book.data.digits import halved, load_digits
from gradbook.book.step_sizes.positive import WAYS, walk

Array = NDArray[np.float64]


_BLOCK = 500


class Annealing(NamedTuple):
    """Times (m,), log ν (m, coordinates) then, and x² (m, coordinates), its mean over the steps since the last time."""

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
    block = min(_BLOCK, steps)
    x, log_gain, previous, squares = np.zeros((4, coordinates))
    ceiling, last = np.log(1.9 / (rate * curvature)), 0
    rows = []
    for t in range(1, steps + 1):
        if (t - 1) % block == 0:  # one call for many steps
            draws = noise * rng.standard_normal((block, coordinates))
        gradient = curvature * x + draws[(t - 1) % block]
        change = np.minimum(np.maximum(gamma * previous * gradient, -10), 10)  # np.clip takes four times as long
        log_gain = np.minimum(log_gain + change, ceiling)
        x = x - rate * np.exp(log_gain) * gradient
        previous = gradient
        squares = squares + x * x
        if t in kept:
            rows.append((t, log_gain, squares / (t - last)))
            squares, last = np.zeros(coordinates), t
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


RATES = tuple(float(f"{10 ** (k / 3):.3g}") for k in range(-6, 7))
"""The rates that are tried: from 0.01 to 100, three a decade."""
START = 1e-3


class Mixture(NamedTuple):
    """Columns A (196, n), the target y (196,), and the exact weights (n,) of SciPy's active-set method."""

    columns: Array
    target: Array
    best: Array

    def excess(self, weights: Array) -> Array:
        """Return how far the losses of weights (…, n) are above the best, in units of the loss of θ = 0."""
        with np.errstate(invalid="ignore", over="ignore"):  # a walk that diverged has no loss
            off = weights @ self.columns.T - self.target
            squares = (off**2).sum(-1)
        best = self.columns @ self.best - self.target
        return np.asarray((squares - best @ best) / (self.target @ self.target))


@cache
def digit_mixture(seed: int, count: int = 200) -> Mixture:
    """Return the problem with ``count`` digits and one more, drawn with ``seed``."""
    digits = load_digits(count, 1, seed)
    columns = halved(digits.train_images).numpy().T
    target = halved(digits.test_images).numpy()[0]
    columns, target = columns / np.linalg.norm(columns, axis=0), target / np.linalg.norm(target)
    return Mixture(columns, target, nnls(columns, target)[0])


@cache
def best_walk(seed: int, way: str, steps: int = 1000) -> tuple[float, Array]:
    """Return the rate of :data:`RATES` with which ``way`` ends lowest after ``steps`` steps, and its walk.

    The problem is that of ``seed``; all entries start at 0.001. Rates with which it diverges don't count.
    """
    problem = digit_mixture(seed)
    gram, pull = problem.columns.T @ problem.columns, problem.columns.T @ problem.target
    start = np.full((len(RATES), len(pull)), START)
    places = walk(way, lambda theta: theta @ gram - pull, start, np.array(RATES)[:, None], steps)
    ends = problem.excess(places[-1])
    best = int(np.where(np.isfinite(ends), ends, np.inf).argmin())
    return RATES[best], places[:, best].copy()


def mixture_table(seeds: int = 5, steps: int = 1000) -> dict[str, list[tuple[float, float, int, int]]]:
    """Return four numbers by way and seed: its best rate, its excess, and after ``steps`` steps how many entries are
    above 0.001 and how many are exactly 0.
    """
    found: dict[str, list[tuple[float, float, int, int]]] = {way: [] for way in WAYS}
    for seed in range(seeds):
        problem = digit_mixture(seed)
        for way in WAYS:
            rate, places = best_walk(seed, way, steps)
            end = places[-1]
            counts = int((end > START).sum()), int((end == 0).sum())
            found[way].append((rate, float(problem.excess(end)), *counts))
    return found
