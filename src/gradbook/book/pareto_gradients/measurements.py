"""The measurements behind the chapter's fine print."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradbook.pareto_gradients.iterations import ITERATIONS
from gradbook.pareto_gradients.landscape import combine
from gradbook.pareto_gradients.min_norm import min_norm_weights
from gradbook.task_gradients import gramian

Array = NDArray[np.float64]

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
    first, second = at_features[:, 0], at_features[:, 1]
    apart = second - first
    share = np.clip((second * apart).sum(1) / (apart**2).sum(1), 0, 1)[:, None]
    mixed = share * first + (1 - share) * second
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
    places = [(-1.0, 2.0)]
    for _ in range(steps):
        x, y = places[-1]
        u = combine(method, (x, 0.0), (x - 1, y))
        places.append((x - rate * u[0], y - rate * u[1]))
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
    x = start
    for _ in range(steps):
        slopes = [float(slope(np.array(x))) for slope in TWO_VALLEY_SLOPES]
        x -= rate * combine("MGDA", (slopes[0], 0.0), (slopes[1], 0.0))[0]
    return x
