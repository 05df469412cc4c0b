"""Exercises 3.4 and 3.5: a step that lets no length grow, and a start at which the iteration stalls."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from scipy.optimize import nnls

from gradbook.book.exercises import Exercise, Mistake, Wrong
from gradbook.book.primary_auxiliary.exercises.multipliers import STALLING, Array, gram, relu, vector
from gradbook.primary_auxiliary.multipliers import most_violated

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


def _as_rows(answer: Any) -> Array:
    return np.asarray(answer, dtype=float)


def _stalls(answer: Any) -> None:
    rows = _as_rows(answer)
    if rows.ndim != 2 or len(rows) != 3:
        raise Wrong(f"Three vectors are asked for, an array of shape (3, d); this has shape {rows.shape}.")
    if not np.isfinite(rows).all() or not rows.any(axis=1).all():
        raise Wrong("Every gradient must be finite and not zero.")
    if rows.shape == (3, 2) and np.allclose(rows, STALLING):
        raise Wrong("That is the chapter's own example. Change it.")
    path = list(islice(most_violated(*gram(rows)), 2000))
    if len(path) == 1:
        raise Wrong("Nothing is violated at λ = (0, 0), so the iteration is right at once.")
    if len(path) == 2000:
        raise Wrong("The iteration is still on its way after 2000 steps: slow, but not stuck.")
    if not _is_stalled(rows):
        raise Wrong(f"It ends at λ = {np.round(path[-1], 3).tolist()}, which is right.")


def _kind(rows: Array) -> str:
    if rows.ndim != 2:
        return "no matrix"
    if len(rows) != 3:
        return "two" if len(rows) == 2 else "another number"
    if not rows.any(axis=1).all():
        return "zero"
    gramian, inner = gram(rows)
    if (inner >= 0).all():
        return "no conflict"
    if gramian[0, 1] <= 0:
        return "the auxiliaries don't help each other"
    if (inner >= 0).any():
        return "one conflict"
    longer = rows * np.array([[1.0], [1.0], [4.0]])
    return "lengths" if _is_stalled(longer) and not _is_stalled(rows) else "something else"


def _is_stalled(rows: Array) -> bool:
    path = list(islice(most_violated(*gram(rows)), 2000))
    best = nnls(rows[1:].T, -rows[0])[0] @ rows[1:] + rows[0]
    reached = path[-1] @ rows[1:] + rows[0]
    return bool(len(path) < 2000 and reached @ reached - best @ best > 1e-6 * (rows[0] @ rows[0]))


stall = Exercise(
    name="Exercise 3.5",
    prompt="Find a primary gradient and two auxiliaries, as a list of three vectors, for which the article's iteration "
    "stops at a wrong point. Not the chapter's own example: change it.",
    properties=[_stalls],
    solution=[[-3.0, -1.0], [1.0, 0.0], [3.0, -0.5]],
    mistakes=[
        Mistake([[1.0, 0.0], [1.0, 1.0], [0.5, -1.0]], "No auxiliary conflicts with g_0 here. Turn g_0 round."),
        Mistake(
            [[-1.0, -1.0], [1.0, 0.0], [-0.2, 1.0]],
            "A multiplier becomes too large when the other auxiliary's correction also does its work: let g_1 and g_2 "
            "make an acute angle.",
        ),
        Mistake(
            [[-1.0, 1.0], [1.0, 0.2], [0.2, 1.0]],
            "Only one auxiliary is violated at the start. Let both be, the one that isn't needed in the end worse.",
        ),
        Mistake([[-1.0, 0.0], [1.0, 0.0]], "With one auxiliary there is nothing to choose, and nothing can stall."),
        Mistake([[-1.0, 0.0], [0.0, 0.0], [1.0, 1.0]], "A zero gradient is never picked."),
        Mistake(
            [[-2.0, -1.0], [1.0, 0.0], [1.0, -0.5]],
            "Close. The worst violated is measured by ⟨g_i, u⟩, so lengths count: make the unneeded one longer.",
        ),
    ],
    same=lambda a, b: _kind(_as_rows(a)) == _kind(_as_rows(b)),
    hint="The iteration must first pick the auxiliary that the solution doesn't need. Try it in the picture.",
)
