"""Exercises 3.1, 3.2 and 3.3: multipliers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, number_near, returned_array, same_number, same_on
from gradbook.primary_auxiliary.multipliers import most_violated

Array = NDArray[np.float64]

STALLING: Array = np.array([[-2.0, -1.0], [1.0, 0.0], [2.0, -1.0]])
"""The chapter's own example on which the article's iteration stalls: the primary gradient, then two auxiliaries."""


def relu(value: Any) -> float:
    """Return the number itself, or 0 if it is negative."""
    return max(float(value), 0.0)


def vector(answer: Callable[..., Any], *arguments: Array) -> Array:
    """Return what the reader's function makes of copies of the vectors; Wrong for another shape than theirs."""
    return returned_array(answer, arguments[0].shape, *arguments)


def gram(rows: Array) -> tuple[Array, Array]:
    """Return the auxiliaries' inner products (n, n), and those with the primary gradient, the first row, (n,)."""
    return rows[1:] @ rows[1:].T, rows[1:] @ rows[0]


one_multiplier = Exercise(
    name="Exercise 3.1",
    prompt="The primary gradient is g_0 = (3, 0), the only auxiliary g_1 = (−2, 2). What is the multiplier λ?",
    properties=[number_near(0.75)],
    solution=0.75,
    mistakes=[
        Mistake(1.5, "Divide by the whole of ‖g_1‖² = 8: both entries count."),
        Mistake(-0.75, "The sign: g_1 must be added, to turn the update towards it. A multiplier is never negative."),
        Mistake(6 / 8**0.5, "Divide by the squared length of g_1: λg_1 is a projection, and g_1 isn't a unit vector."),
        Mistake(6 / 9, "That divides by ‖g_0‖². It's g_1 whose multiple is added, so its length counts."),
        Mistake(6.0, "The inner product says how much they conflict; it still has to be divided by ‖g_1‖²."),
        Mistake(0.0, "λ = 0 would leave ⟨g_0, g_1⟩ = −6: a step against g_0 makes the auxiliary rise."),
    ],
    same=lambda a, b: same_number(a, b) if b else abs(float(a)) < 1e-9,
    hint="Which λ makes g_0 + λg_1 orthogonal to g_1?",
)


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


def _divides_by_zero(g0: Array, g1: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(g0 + np.maximum(-(g0 @ g1), 0.0) / (g1 @ g1) * g1)


def _updates_agree(answer: Callable[..., Any]) -> None:
    for g0, g1 in _PAIRS:
        found = vector(answer, g0, g1)
        if not np.allclose(found, solve_two(g0, g1), rtol=1e-9, atol=1e-12):
            raise Wrong(f"For g0 = {g0.tolist()} and g1 = {g1.tolist()} it returns {np.round(found, 4).tolist()}.")


two_gradients = Exercise(
    name="Exercise 3.2",
    prompt="Write update(g0, g1): from two numpy vectors to the update nearest to g0 that has no negative inner "
    "product with g1. A zero g1 is allowed.",
    properties=[_updates_agree],
    solution=solve_two,
    mistakes=[
        Mistake(
            lambda g0, g1: g0 - (g0 @ g1) / (g1 @ g1) * g1 if g1.any() else g0,
            "Where the two agree nothing has to be done: that is what relu is for.",
        ),
        Mistake(_divides_by_zero, "A zero auxiliary asks for nothing, and ‖g_1‖² can't be divided by."),
        Mistake(lambda g0, g1: g0 + g1, "The plain sum follows the longer gradient; nothing in it stops a conflict."),
        Mistake(
            lambda g0, g1: 2 * g0 - solve_two(g0, g1),
            "The correction is added: it must raise the inner product with g_1 up to 0.",
        ),
        Mistake(
            lambda g0, g1: solve_two(g1, g0), "That corrects the auxiliary gradient. It's the primary one that is kept."
        ),
    ],
    same=same_on(_PAIRS),
    hint="Equation (3.7): g_0 + γg_1 with γ = relu(−⟨g_0, g_1⟩)/‖g_1‖². When is γ not defined?",
)


_PROBLEMS = [
    STALLING,
    np.array([[-2.0, -1.0], [2.0, -1.0], [1.0, 0.0]]),
    np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 2.0, -1.0]]),
    np.array([[1.0, 1.0, -2.0], [-1.0, 0.2, 0.1], [0.3, -1.0, 0.2], [0.1, 0.2, 5.0]]),
]


def solve_multipliers(gramian: Array, inner: Array) -> Array:
    """The reference: the coordinates in turn, a thousand times each."""
    values = np.zeros(len(inner))
    for _ in range(1000):
        for i in range(len(inner)):
            values[i] = max(values[i] - (inner[i] + gramian[i] @ values) / gramian[i, i], 0)
    return values


def _signed(gramian: Array, inner: Array) -> Array:
    return np.asarray(np.linalg.solve(gramian, -inner))


def _one_sweep(gramian: Array, inner: Array) -> Array:
    values = np.zeros(len(inner))
    for i in range(len(inner)):
        values[i] = max(values[i] - (inner[i] + gramian[i] @ values) / gramian[i, i], 0)
    return values


def _multipliers_hold(answer: Callable[..., Any]) -> None:
    for rows in _PROBLEMS:
        gramian, inner = gram(rows)
        values = returned_array(answer, inner.shape, gramian, inner)
        where = f"For the gradients {rows.tolist()}, the primary first, it returns {np.round(values, 3).tolist()}"
        if not np.isfinite(values).all() or (values < 0).any():
            raise Wrong(f"{where}: a multiplier must be a number that is not negative.")
        slack = inner + gramian @ values
        if slack.min() < -1e-6:
            raise Wrong(f"{where}, and auxiliary {slack.argmin() + 1} rises: ⟨g, u⟩ = {slack.min():.3g}.")
        if (values * slack).max() > 1e-6:
            i = int((values * slack).argmax())
            raise Wrong(f"{where}: λ = {values[i]:.3g} for auxiliary {i + 1}, although ⟨g, u⟩ = {slack[i]:.3g} > 0.")


right_multipliers = Exercise(
    name="Exercise 3.3",
    prompt="Write multipliers(gramian, inner): from the inner products of the auxiliaries, an array (n, n), and those "
    "with the primary gradient, (n,), to the right λ (n,). The auxiliaries are independent and not zero.",
    properties=[_multipliers_hold],
    solution=solve_multipliers,
    mistakes=[
        Mistake(
            lambda gramian, inner: list(islice(most_violated(gramian, inner), 1000))[-1],
            "The article's choice stalls here: let every coordinate have its turn.",
        ),
        Mistake(_signed, "This makes all inner products 0, by negative multipliers if need be."),
        Mistake(
            lambda gramian, inner: np.maximum(_signed(gramian, inner), 0.0),
            "Solving without signs and clipping afterwards is another problem: the rest must follow.",
        ),
        Mistake(_one_sweep, "A later coordinate changes what the earlier ones see. Go round until nothing changes."),
        Mistake(
            lambda gramian, inner: np.maximum(-inner, 0) / gramian.diagonal(),
            "Each multiplier for itself forgets that auxiliaries have inner products too.",
        ),
    ],
    same=same_on(map(gram, _PROBLEMS), atol=1e-6),
    hint="Re-solve one coordinate after the other, λ_i ← max(λ_i − (inner_i + (Kλ)_i)/K_ii, 0), and go round often.",
)
