"""Exercise 7.1: one step on the simplex."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.exercises import Exercise, Mistake, Wrong, returned
from gradbook.step_sizes.simplex import descent_in_logits, exponentiated, projected

Array = NDArray[np.float64]
_CASES = (
    (np.array([0.5, 0.3, 0.2]), np.array([1.0, -2.0, 0.5]), 0.3),
    (np.array([0.9, 0.05, 0.05]), np.array([0.2, 0.1, -0.4]), 2.0),
    (np.array([0.25, 0.75]), np.array([3.0, 3.0]), 1.0),
    (np.array([0.5, 0.5]), np.array([-1000.0, 500.0]), 2.0),
    (np.array([0.2, 0.8]), np.array([2000.0, 2001.0]), 1.0),
)
_TAME = _CASES[:3]


def _naive(weights: Array, gradient: Array, rate: float) -> Array:
    grown = weights * np.exp(-rate * gradient)
    return np.asarray(grown / grown.sum())


def _uphill(weights: Array, gradient: Array, rate: float) -> Array:
    return exponentiated(weights, -gradient, rate)


def _not_divided(weights: Array, gradient: Array, rate: float) -> Array:
    return np.asarray(weights * np.exp(-rate * gradient))


def _forgets(weights: Array, gradient: Array, rate: float) -> Array:
    grown = np.exp(-rate * (gradient - gradient.min()))
    return np.asarray(grown / grown.sum())


def _found(answer: Callable[..., Any], weights: Array, gradient: Array, rate: float) -> Array:
    with np.errstate(all="ignore"):
        found = np.asarray(returned(answer, weights.copy(), gradient.copy(), rate), dtype=float)
    if found.shape != weights.shape:
        raise Wrong(f"It returns shape {found.shape} for weights of shape {weights.shape}.")
    return found


def _row(values: Array) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"


def _agrees(answer: Callable[..., Any]) -> None:
    for weights, gradient, rate in _CASES:
        found, truth = _found(answer, weights, gradient, rate), exponentiated(weights, gradient, rate)
        told = f"From α = {_row(weights)} with g = {_row(gradient)} and η = {rate:g} it goes to {_row(found)}"
        if not np.isfinite(found).all():
            raise Wrong(f"{told}.")
        if abs(found.sum() - 1) > 1e-9:
            raise Wrong(f"{told}, whose sum is {found.sum():.4g}.")
        if not np.allclose(found, truth, atol=1e-9):
            raise Wrong(f"{told}; exponentiated gradient goes to {_row(truth)}.")


def _same(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    """True if two answers return the same on all tame cases, and break on the same of the others."""
    for weights, gradient, rate in _CASES:
        if not np.allclose(_found(a, weights, gradient, rate), _found(b, weights, gradient, rate), equal_nan=True):
            return False
    return True


simplex_step = Exercise(
    name="Exercise 7.1",
    prompt="Write step(weights, gradient, rate): one step of exponentiated gradient on the simplex (7.5), from numpy "
    "arrays α (n,) and g (n,) to the new α, for gradients of any size.",
    properties=[_agrees],
    solution=exponentiated,
    mistakes=[
        Mistake(
            _naive,
            "Right, but exp leaves the range of floats for large gradients. A constant added to all of g changes "
            "nothing after the division: take one that makes the largest exponent 0.",
        ),
        Mistake(_uphill, "The sign: weights with a large gradient must shrink."),
        Mistake(_not_divided, "Divide by the sum, or the weights leave the simplex."),
        Mistake(_forgets, "The old weights must be factors: α ⊙ exp(−η g)."),
        Mistake(projected, "That adds and projects. Here the weights are multiplied by exp(−η g)."),
        Mistake(
            descent_in_logits, "That is plain descent on the logits, with a factor α in the exponent: (7.2), not (7.5)."
        ),
    ],
    same=_same,
    hint="α ⊙ exp(−η g), divided by its sum; subtract the smallest g first.",
)
