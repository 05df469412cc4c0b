"""Exercise 3.4: a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.exercises import Exercise, Mistake, Wrong
from gradbook.primary_auxiliary.exercises.vectors import Array, relu, vector

_PLACES = [
    (np.array([-1.0, 2.0, 0.5]), np.array([1.0, 0.5, -2.0])),
    (np.array([1.0, 1.0]), np.array([0.5, -2.0])),
    (np.array([1.0, -1.0]), np.array([0.5, -2.0])),
    (np.array([1.0, -2.0]), np.array([0.0, 0.0])),
]


def solve_regularised(gradient: Array, theta: Array) -> Array:
    """The reference: equation (3.11), and nothing at θ = 0."""
    square = theta @ theta
    return np.asarray(gradient + relu(-(gradient @ theta)) / square * theta if square > 0 else gradient)


def _without_theta(gradient: Array, theta: Array) -> Array:
    square = theta @ theta
    return np.asarray(gradient + relu(-(gradient @ theta)) / square if square > 0 else gradient)


def _never_inwards(gradient: Array, theta: Array) -> Array:
    square = theta @ theta
    return np.asarray(gradient - (gradient @ theta) / square * theta if square > 0 else gradient)


def _not_squared(gradient: Array, theta: Array) -> Array:
    square = theta @ theta
    return np.asarray(gradient + relu(-(gradient @ theta)) / square**0.5 * theta if square > 0 else gradient)


def _nan_at_zero(gradient: Array, theta: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(gradient + np.maximum(-(gradient @ theta), 0.0) / (theta @ theta) * theta)


def _of_the_displacement(gradient: Array, theta: Array) -> Array:
    square = theta @ theta
    return np.asarray(gradient - relu(gradient @ theta) / square * theta if square > 0 else gradient)


def _regularised_agree(answer: Callable[..., Any]) -> None:
    for gradient, theta in _PLACES:
        found = vector(answer, gradient, theta)
        if not np.allclose(found, solve_regularised(gradient, theta), rtol=1e-9, atol=1e-12):
            raise Wrong(
                f"For the gradient {gradient.tolist()} at θ = {theta.tolist()} it returns "
                f"{np.round(found, 4).tolist()}; a step against that changes ½‖θ‖² at the rate {-(found @ theta):.3g}."
            )


def _same_regularised(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    """The same mistake, also if the answer besides forgets θ = 0, the last place."""
    with np.errstate(all="ignore"):
        found = [[np.asarray(f(g, t), dtype=float) for g, t in _PLACES] for f in (a, b, solve_regularised)]
    agree = [np.allclose(x, y, equal_nan=True) for x, y in zip(found[0], found[1], strict=True)]
    right = [np.allclose(x, y) for x, y in zip(found[1], found[2], strict=True)]
    return all(agree) or (all(agree[:-1]) and not all(right[:-1]))


no_coefficient = Exercise(
    name="Exercise 3.4",
    prompt="Write regularised(gradient, theta): the gradient of the primary loss, corrected so that a small step "
    "against it doesn't make ‖θ‖ larger, and no more than that. θ = 0 is allowed.",
    properties=[_regularised_agree],
    solution=solve_regularised,
    mistakes=[
        Mistake(
            _without_theta, "That adds one number to all entries, the article's slip. The correction points along θ."
        ),
        Mistake(_never_inwards, "This also forbids θ to become shorter. Only growth is unwanted: relu."),
        Mistake(_not_squared, "γ is divided by ‖θ‖², so that what is left is orthogonal to θ."),
        Mistake(_nan_at_zero, "θ = 0 has no direction to grow in, and its squared norm can't be divided by."),
        Mistake(_of_the_displacement, "The step goes against the gradient: ‖θ‖ grows where ⟨g, θ⟩ is negative."),
    ],
    same=_same_regularised,
    hint="The auxiliary loss is ½‖θ‖², its gradient is θ. Put it into (3.7).",
)
