"""The chapter's updates in plain numpy, fast enough to answer a drag, a landscape of two losses, and measurements."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradbook.book.descent import adam
from gradbook.pareto_gradients import min_norm_weights
from gradbook.pareto_gradients.active_set import altitude, min_norm_combination
from gradbook.pareto_gradients.iterations import ITERATIONS
from gradbook.task_gradients import gramian

Array = NDArray[np.float64]

DIRECTIONS = ("sum", "normalised sum", "MGDA", "normalised MGDA", "MGDA-UB")


def min_norm(gradients: Array) -> Array:
    """Return the weights α (n,) of the point of the hull that is nearest to the origin."""
    return min_norm_combination(gradients @ gradients.T, np.ones(len(gradients), dtype=bool))[0]


def units(gradients: Array) -> Array:
    """Divide every row by its length; a zero row stays."""
    lengths = np.sqrt((gradients**2).sum(1, keepdims=True))
    return np.asarray(gradients / np.where(lengths > 1e-12, lengths, 1.0))


def direction(name: str, gradients: Array, stretch: float = 1.0) -> Array:
    """Return the update u (d,) of one of :data:`DIRECTIONS`.

    For "MGDA-UB" the shared part is H(θ) = (stretch · θ_1, θ_2, …), so that ∇_H L_i is g_i with its first entry
    divided by ``stretch``. Raises ValueError for another name.
    """
    if name == "sum":
        return np.asarray(gradients.sum(0))
    if name == "normalised sum":
        return np.asarray(units(gradients).sum(0))
    if name == "MGDA":
        return np.asarray(min_norm(gradients) @ gradients)
    if name == "normalised MGDA":
        return np.asarray(min_norm(units(gradients)) @ units(gradients))
    if name == "MGDA-UB":
        return np.asarray(min_norm(at_features(gradients, stretch)) @ gradients)
    raise ValueError(f"name must be one of {DIRECTIONS}, got {name!r}")


def at_features(gradients: Array, stretch: float) -> Array:
    """Return ∇_H L_i (n, d) for H(θ) = (stretch · θ_1, θ_2, …)."""
    return np.asarray(gradients / np.array([stretch] + [1.0] * (gradients.shape[1] - 1)))


def rising(gradients: Array, update: Array) -> list[int]:
    """Return the tasks (counted from 1) whose loss rises under a small step against ``update``."""
    lengths, length = np.sqrt((gradients**2).sum(1)), float(np.sqrt(update @ update))
    if length <= 1e-9 * lengths.max():  # no update, no rise
        return []
    inner = gradients @ update
    return [i + 1 for i in range(len(inner)) if inner[i] < -1e-9 * lengths[i] * length]


Pair = tuple[float, float]

STARTS: dict[str, Pair] = {"left": (-8.5, 7.5), "below": (-8.5, -5.0), "right": (9.0, 9.0)}


def losses(x: Array, y: Array) -> tuple[Array, Array]:
    """Return both losses at the places (x, y), arrays of one shape."""
    upper, lower = np.maximum(np.tanh(y / 2), 0), np.maximum(np.tanh(-y / 2), 0)
    walls = [
        np.log(np.maximum(np.abs(a), 5e-6)) + 6 for a in ((-x - 7) / 2 + np.tanh(y), (-x + 3) / 2 + np.tanh(y) + 2)
    ]
    bowls = [((-x + m) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20 for m in (7, -7)]
    first, second = (upper * wall + lower * bowl for wall, bowl in zip(walls, bowls, strict=True))
    return first, second


def slopes(x: float, y: float) -> tuple[Pair, Pair]:
    """Return the gradients of both losses at one place."""
    t, half = math.tanh(y), math.tanh(y / 2)
    rise = (1 - half * half) / 2
    upper, lower = max(half, 0.0), max(-half, 0.0)
    d_upper, d_lower = (rise if y > 0 else 0.0), (-rise if y < 0 else 0.0)
    found = []
    for shift, middle in ((-7.0, 7.0), (7.0, -7.0)):
        # The second wall is (3 − x)/2 + tanh y + 2 = (7 − x)/2 + tanh y.
        inside = (-x + shift) / 2 + t
        steep = abs(inside) > 5e-6
        wall = math.log(max(abs(inside), 5e-6)) + 6
        bowl = ((-x + middle) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
        wall_x, wall_y = (-0.5 / inside, (1 - t * t) / inside) if steep else (0.0, 0.0)
        bowl_x, bowl_y = (x - middle) / 5, 0.02 * (y + 8)
        found.append(
            (upper * wall_x + lower * bowl_x, d_upper * wall + upper * wall_y + d_lower * bowl + lower * bowl_y)
        )
    return found[0], found[1]


def combine(method: str, g1: Pair, g2: Pair, stretch: float = 1.0) -> Pair:
    """Return the update of one of :data:`DIRECTIONS` for two tasks, in plain floats."""
    n1, n2 = math.hypot(*g1), math.hypot(*g2)
    if "normalised" in method:
        g1, g2 = _divided(g1, n1), _divided(g2, n2)
    if "sum" in method:
        return g1[0] + g2[0], g1[1] + g2[1]
    h1, h2 = ((g[0] / stretch, g[1]) if method == "MGDA-UB" else g for g in (g1, g2))
    a, b = altitude(h1[0] ** 2 + h1[1] ** 2, h1[0] * h2[0] + h1[1] * h2[1], h2[0] ** 2 + h2[1] ** 2)
    return a * g1[0] + b * g2[0], a * g1[1] + b * g2[1]


def _divided(g: Pair, norm: float) -> Pair:
    return (g[0] / norm, g[1] / norm) if norm > 1e-12 else g


@dataclass(frozen=True)
class Trail:
    """The places of a descent (steps + 1, 2) and the losses at them."""

    places: Array
    losses: Array


def descend(method: str, start: Pair, rate: float, steps: int = 250, stretch: float = 1.0) -> Trail:
    """Follow one of :data:`DIRECTIONS` from ``start`` with Adam, which the toy problem is run with."""
    x, y = start
    across, down, places = adam(rate), adam(rate), [start]
    for _ in range(steps):
        update = combine(method, *slopes(x, y), stretch)
        x, y = x - across(update[0]), y - down(update[1])
        places.append((x, y))
    where = np.array(places)
    return Trail(where, np.column_stack(losses(where[:, 0], where[:, 1])))


REGIMES = ("edge", "mixed", "equal")


def regime(name: str, seed: int, tasks: int = 10, dimension: int = 20) -> Tensor:
    """Return random task gradients (tasks, dimension) whose nearest point lies where the regime's name says.

    "equal": unit gradients, nearly all of which matter. "mixed": norms from 0.1 to 10, most of which matter.
    "edge": two gradients of norm 1 among others of norm 10 to 100.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(tasks, dimension, generator=generator, dtype=torch.float64)
    rows = rows / rows.norm(dim=1, keepdim=True)
    spread = torch.rand(tasks, 1, generator=generator, dtype=torch.float64)
    if name == "mixed":
        rows = torch.pow(10, 2 * spread - 1) * rows
    if name == "edge":
        common = rows[:2].sum(0)  # the long ones lean to the side of the two short ones, and so stay out of it
        long = rows[2:] + common
        rows = torch.cat([rows[:2], torch.pow(10, 1 + spread[2:]) * long / long.norm(dim=1, keepdim=True)])
    return rows


@cache  # the figure and the table show the same runs
def solver_errors(name: str, steps: int = 1000, seeds: int = 5) -> dict[str, Array]:
    """Return, by method, the relative errors of ‖u‖² (seeds, steps + 1) after 0, 1, 2, … steps in a regime."""
    errors: dict[str, list[Array]] = {method: [] for method in ITERATIONS}
    for seed in range(seeds):
        matrix = gramian(regime(name, seed)).numpy()
        best = min_norm_weights(torch.from_numpy(matrix)).squared_norm
        for method, start in ITERATIONS.items():
            squares = [float(weights @ matrix @ weights) for weights in islice(start(matrix), steps + 1)]
            errors[method].append(np.maximum(np.array(squares) / best - 1, 1e-16))
    return {method: np.stack(curves) for method, curves in errors.items()}


def tasks_that_matter(name: str, seeds: int = 5) -> list[int]:
    """Return, by seed, how many tasks have a positive weight in a regime."""
    return [int((min_norm_weights(gramian(regime(name, seed))).weights > 0).sum()) for seed in range(seeds)]


def bound_directions(
    trials: int = 2000, seed: int = 0, scales: tuple[float, ...] = (3.0, 1.0, 0.3)
) -> tuple[Array, Array]:
    """Return the two tasks' gradients (trials, 2, 6) and MGDA-UB's updates (trials, 6) of random shared parts.

    The shared part maps 6 parameters to 3 features; the rows of its Jacobian are random, times ``scales``.
    """
    rng = np.random.default_rng(seed)
    jacobians = rng.standard_normal((trials, 3, 6)) * np.array(scales)[:, None]
    at_features = rng.standard_normal((trials, 2, 3))
    mixed = np.stack([min_norm(pair) @ pair for pair in at_features])
    return np.einsum("tih,thp->tip", at_features, jacobians), np.einsum("th,thp->tp", mixed, jacobians)


def worst_cosines(gradients: Array, updates: Array) -> Array:
    """Return, for each trial, the smallest cosine of the update with a task's gradient: below 0 that loss rises."""
    inner = np.einsum("tip,tp->ti", gradients, updates)
    lengths = np.sqrt((gradients**2).sum(2) * (updates**2).sum(1, keepdims=True))
    return np.asarray((inner / lengths).min(1))


def valley_run(method: str, steps: int = 400, rate: float = 0.05) -> Array:
    """Descend from (−1, 2) on L_1 = ½ θ_1² and L_2 = ½ ((θ_1 − 1)² + θ_2²); return the places (steps + 1, 2).

    The first task doesn't mind where θ_2 is: it has a whole line of optima.
    """
    places = [np.array([-1.0, 2.0])]
    for _ in range(steps):
        x, y = places[-1]
        places.append(places[-1] - rate * direction(method, np.array([[x, 0.0], [x - 1, y]])))
    return np.array(places)


Loss = Callable[[Array], Array]

# Two losses of one parameter, each with a good valley on the left and a bad one on the right.
TWO_VALLEYS: tuple[Loss, Loss] = (
    lambda x: (x**2 - 1) ** 2 + 0.5 * x + 0.6,
    lambda x: ((x - 0.2) ** 2 - 1) ** 2 + 0.5 * x + 0.6,
)
TWO_VALLEY_SLOPES: tuple[Loss, Loss] = (
    lambda x: 4 * x * (x**2 - 1) + 0.5,
    lambda x: 4 * (x - 0.2) * ((x - 0.2) ** 2 - 1) + 0.5,
)


def descend_two_valleys(start: float, steps: int = 500, rate: float = 0.02) -> float:
    """Follow MGDA on :data:`TWO_VALLEYS` and return where it ends."""
    x = np.array([start])
    for _ in range(steps):
        x = x - rate * direction("MGDA", np.array([slope(x) for slope in TWO_VALLEY_SLOPES]))
    return float(x[0])
