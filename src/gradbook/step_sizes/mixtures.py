"""A sparse regression over θ ≥ 0 on real data: which digits, laid over each other, look like this one?

L(θ) = ½ ‖Aθ − y‖² over θ ≥ 0: the columns of A are 200 digits, y is another digit, all of length 1. Most entries of the
best θ are 0: two digits can cancel nothing in each other.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from gradbook.step_sizes.nonnegative import WAYS, walk
from gradbook.tasks import halved, load_digits

Array = NDArray[np.float64]
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
    start = np.full(len(pull), START)
    walks = {rate: walk(way, lambda theta: gram @ theta - pull, start, rate, steps) for rate in RATES}
    ends = {rate: float(problem.excess(places[-1])) for rate, places in walks.items()}
    best = min((rate for rate in RATES if np.isfinite(ends[rate])), key=lambda rate: ends[rate])
    return best, walks[best]


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
