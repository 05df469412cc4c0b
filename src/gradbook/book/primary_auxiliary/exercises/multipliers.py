"""Exercise 3.3: a function."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np

from gradbook.exercises import Exercise, Mistake, Wrong, returned
from gradbook.primary_auxiliary.exercises.vectors import STALLING, Array, gram
from gradbook.primary_auxiliary.iterations import most_violated

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


def _articles_choice(gramian: Array, inner: Array) -> Array:
    return list(islice(most_violated(gramian, inner), 1000))[-1]


def _signed(gramian: Array, inner: Array) -> Array:
    return np.asarray(np.linalg.solve(gramian, -inner))


def _clipped(gramian: Array, inner: Array) -> Array:
    return np.maximum(_signed(gramian, inner), 0.0)


def _one_sweep(gramian: Array, inner: Array) -> Array:
    values = np.zeros(len(inner))
    for i in range(len(inner)):
        values[i] = max(values[i] - (inner[i] + gramian[i] @ values) / gramian[i, i], 0)
    return values


def _each_alone(gramian: Array, inner: Array) -> Array:
    return np.asarray(np.maximum(-inner, 0) / gramian.diagonal())


def _multipliers_hold(answer: Callable[..., Any]) -> None:
    for rows in _PROBLEMS:
        gramian, inner = gram(rows)
        values = np.asarray(returned(answer, gramian.copy(), inner.copy()), dtype=float)
        if values.shape != inner.shape:
            raise Wrong(f"It returns shape {values.shape}, not {inner.shape}.")
        where = f"For the gradients {rows.tolist()}, the primary first, it returns {np.round(values, 3).tolist()}"
        if not np.isfinite(values).all() or (values < 0).any():
            raise Wrong(f"{where}: a multiplier must be a number that is not negative.")
        slack = inner + gramian @ values
        if slack.min() < -1e-6:
            raise Wrong(f"{where}, and auxiliary {slack.argmin() + 1} rises: ⟨g, u⟩ = {slack.min():.3g}.")
        if (values * slack).max() > 1e-6:
            i = int((values * slack).argmax())
            raise Wrong(f"{where}: λ = {values[i]:.3g} for auxiliary {i + 1}, although ⟨g, u⟩ = {slack[i]:.3g} > 0.")


def _same_multipliers(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(np.allclose(np.asarray(a(*gram(rows)), dtype=float), b(*gram(rows)), atol=1e-6) for rows in _PROBLEMS)


right_multipliers = Exercise(
    name="Exercise 3.3",
    prompt="Write multipliers(gramian, inner): from the inner products of the auxiliaries, an array (n, n), and those "
    "with the primary gradient, (n,), to the right λ (n,). The auxiliaries are independent and not zero.",
    properties=[_multipliers_hold],
    solution=solve_multipliers,
    mistakes=[
        Mistake(_articles_choice, "The article's choice stalls here: let every coordinate have its turn."),
        Mistake(_signed, "This makes all inner products 0, by negative multipliers if need be."),
        Mistake(_clipped, "Solving without signs and clipping afterwards is another problem: the rest must follow."),
        Mistake(_one_sweep, "A later coordinate changes what the earlier ones see. Go round until nothing changes."),
        Mistake(_each_alone, "Each multiplier for itself forgets that auxiliaries have inner products too."),
    ],
    same=_same_multipliers,
    hint="Re-solve one coordinate after the other, λ_i ← max(λ_i − (inner_i + (Kλ)_i)/K_ii, 0), and go round often.",
)
