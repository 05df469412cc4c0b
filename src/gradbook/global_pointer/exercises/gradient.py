"""Exercise 4.2: a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.exercises import Exercise, Mistake, Wrong, returned

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ROWS = [
    (np.array([1.0, -2.0, 0.5, 3.0]), np.array([True, False, False, True])),
    (np.array([-1.0, 0.0, 2.0]), np.array([False, False, False])),
    (np.array([2.0, -3.0]), np.array([True, True])),
    (np.array([-4.0, 1.0, 1.0, -0.5, 0.3]), np.array([True, False, False, True, False])),
]


def solve_gradient(scores: Array, holds: Flags) -> Array:
    """The reference: equation (4.9)."""
    up, down = np.exp(-scores) * holds, np.exp(scores) * ~holds
    return np.asarray(down / (1 + down.sum()) - up / (1 + up.sum()))


def _no_threshold(scores: Array, holds: Flags) -> Array:
    up, down = np.exp(-scores) * holds, np.exp(scores) * ~holds
    return np.asarray(down / max(down.sum(), 1e-300) - up / max(up.sum(), 1e-300))


def _one_sum(scores: Array, holds: Flags) -> Array:
    up, down = np.exp(-scores) * holds, np.exp(scores) * ~holds
    return np.asarray((down - up) / (1 + up.sum() + down.sum()))


def _both_up(scores: Array, holds: Flags) -> Array:
    up, down = np.exp(-scores) * holds, np.exp(scores) * ~holds
    return np.asarray(down / (1 + down.sum()) + up / (1 + up.sum()))


def _each_alone(scores: Array, holds: Flags) -> Array:
    return np.asarray(1 / (1 + np.exp(-scores)) - holds)


def _descent(scores: Array, holds: Flags) -> Array:
    return -solve_gradient(scores, holds)


def _gradients_agree(answer: Callable[..., Any]) -> None:
    for scores, holds in _ROWS:
        found = np.asarray(returned(answer, scores.copy(), holds.copy()), dtype=float)
        if found.shape != scores.shape:
            raise Wrong(f"It returns shape {found.shape}, not {scores.shape}.")
        if not np.allclose(found, solve_gradient(scores, holds), rtol=1e-9, atol=1e-12):
            raise Wrong(
                f"For the scores {scores.tolist()} and holds = {holds.tolist()} it returns "
                f"{np.round(found, 4).tolist()}."
            )


def _same_gradients(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(np.allclose(np.asarray(a(*row), dtype=float), np.asarray(b(*row), dtype=float)) for row in _ROWS)


loss_gradient = Exercise(
    name="Exercise 4.2",
    prompt="Write gradient(scores, holds): the gradient (K,) of the loss (4.8) of one row, from scores (K,) and a bool "
    "array holds (K,), both numpy.",
    properties=[_gradients_agree],
    solution=solve_gradient,
    mistakes=[
        Mistake(_no_threshold, "The threshold class is missing: each sum starts with a 1, the e^0 of its score."),
        Mistake(_one_sum, "The loss is a sum of two logarithms, so each half has a denominator of its own."),
        Mistake(_both_up, "The sign: where the label holds the loss falls as the score rises, d e^(−s)/ds = −e^(−s)."),
        Mistake(_each_alone, "That is binary cross-entropy, each label for itself. Here the labels share a sum."),
        Mistake(_descent, "That is the way down. The gradient points up."),
    ],
    same=_same_gradients,
    hint="Differentiate log(1 + Σ e^{s}) and log(1 + Σ e^{−s}) one after the other, each over its own labels.",
)
