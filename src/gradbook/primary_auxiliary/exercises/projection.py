"""Exercise 3.2: a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.exercises import Exercise, Mistake, Wrong
from gradbook.primary_auxiliary.exercises.vectors import Array, relu, vector

_PAIRS = [
    (np.array([3.0, 0.0]), np.array([-2.0, 2.0])),
    (np.array([3.0, 1.0]), np.array([2.0, 2.0])),
    (np.array([1.0, -1.0, 0.5]), np.array([0.1, 0.4, -0.2])),
    (np.array([2.0, -1.0]), np.array([0.0, 0.0])),
]


def solve_two(g0: Array, g1: Array) -> Array:
    """The reference: equation (3.7) with nothing to do for a zero auxiliary."""
    square = g1 @ g1
    return np.asarray(g0 + relu(-(g0 @ g1)) / square * g1 if square > 0 else g0)


def _always_projected(g0: Array, g1: Array) -> Array:
    return np.asarray(g0 - (g0 @ g1) / (g1 @ g1) * g1 if g1.any() else g0)


def _divides_by_zero(g0: Array, g1: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(g0 + np.maximum(-(g0 @ g1), 0.0) / (g1 @ g1) * g1)


def _sum_of_both(g0: Array, g1: Array) -> Array:
    return g0 + g1


def _wrong_way(g0: Array, g1: Array) -> Array:
    return np.asarray(2 * g0 - solve_two(g0, g1))


def _projects_the_auxiliary(g0: Array, g1: Array) -> Array:
    return solve_two(g1, g0)


def _updates_agree(answer: Callable[..., Any]) -> None:
    for g0, g1 in _PAIRS:
        found = vector(answer, g0, g1)
        if not np.allclose(found, solve_two(g0, g1), rtol=1e-9, atol=1e-12):
            raise Wrong(f"For g0 = {g0.tolist()} and g1 = {g1.tolist()} it returns {np.round(found, 4).tolist()}.")


def _same_updates(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(
        np.allclose(np.asarray(a(g0, g1), dtype=float), np.asarray(b(g0, g1), dtype=float), equal_nan=True)
        for g0, g1 in _PAIRS
    )


two_gradients = Exercise(
    name="Exercise 3.2",
    prompt="Write update(g0, g1): from two numpy vectors to the update nearest to g0 that has no negative inner "
    "product with g1. A zero g1 is allowed.",
    properties=[_updates_agree],
    solution=solve_two,
    mistakes=[
        Mistake(_always_projected, "Where the two agree nothing has to be done: that is what relu is for."),
        Mistake(_divides_by_zero, "A zero auxiliary asks for nothing, and ‖g_1‖² can't be divided by."),
        Mistake(_sum_of_both, "The plain sum follows the longer gradient; nothing in it stops a conflict."),
        Mistake(_wrong_way, "The correction is added: it must raise the inner product with g_1 up to 0."),
        Mistake(_projects_the_auxiliary, "That corrects the auxiliary gradient. It's the primary one that is kept."),
    ],
    same=_same_updates,
    hint="Equation (3.7): g_0 + γg_1 with γ = relu(−⟨g_0, g_1⟩)/‖g_1‖². When is γ not defined?",
)
