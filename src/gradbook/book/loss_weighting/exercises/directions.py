"""Exercises 1.4 and 1.5: a direction that no scale changes, and losses that are outvoted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, returned_array

Array = NDArray[np.float64]

_GRADIENTS = np.array([[3.0, 1.0, 0.0], [-0.2, 0.1, 0.4]])
_SCALES = np.array([1.0, 1000.0])


def solve_direction(gradients: Array) -> Array:
    """The reference: normalise every row, then add."""
    return np.asarray((gradients / np.linalg.norm(gradients, axis=1, keepdims=True)).sum(axis=0))


def _normalised_at_the_end(gradients: Array) -> Array:
    total = gradients.sum(axis=0)
    return np.asarray(total / np.linalg.norm(total))


def _direction_of(answer: Callable[..., Any], gradients: Array) -> Array:
    told = f"From gradients of shape {gradients.shape} it returns shape {{found}}, not {{shape}}."
    found = returned_array(answer, gradients.shape[1:], gradients, told=told)
    if not np.isfinite(found).all() or np.linalg.norm(found) == 0:
        raise Wrong("It returns a vector that is zero or not finite.")
    return found


def _angle(a: Array, b: Array) -> float:
    cosine = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


def _scale_invariant(answer: Callable[..., Any]) -> None:
    before = _direction_of(answer, _GRADIENTS)
    after = _direction_of(answer, _GRADIENTS * _SCALES[:, None])
    if _angle(before, after) > 1e-4:
        raise Wrong(f"Multiplying the second loss by 1000 turns the update by {_angle(before, after):.1f}°.")


def _fair(answer: Callable[..., Any]) -> None:
    update = _direction_of(answer, _GRADIENTS)
    cosines = [float(g @ update / np.linalg.norm(g)) for g in _GRADIENTS]
    if not math.isclose(cosines[0], cosines[1], rel_tol=1e-6):
        raise Wrong("The two tasks are not treated alike: the update makes different angles with their gradients.")


def _downhill(answer: Callable[..., Any]) -> None:
    inner = _GRADIENTS @ _direction_of(answer, _GRADIENTS)
    if not (inner > 0).all():
        raise Wrong("A step against the update makes a loss rise, although both could fall.")


def _same_directions(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    for rows in (_GRADIENTS, _GRADIENTS * _SCALES[:, None]):
        first, second = _vector_or_error(a, rows.copy()), _vector_or_error(b, rows.copy())
        if isinstance(first, str) or isinstance(second, str):
            if first != second:
                return False
        elif first.shape != second.shape or not np.allclose(first, second):
            return False
    return True


def _vector_or_error(function: Callable[..., Any], rows: Array) -> Array | str:
    try:
        return np.asarray(function(rows), dtype=float)
    except ValueError as error:
        return "shapes don't fit" if "broadcast" in str(error) else "another error"


invariant_direction = Exercise(
    name="Exercise 1.4",
    prompt="Write direction(gradients): from a numpy array (n, d) of task gradients to an update (d,) whose direction "
    "doesn't change when a loss is multiplied by a positive number or raised by a constant, and that makes "
    "the same acute angle with both gradients of two tasks.",
    properties=[_scale_invariant, _fair, _downhill],
    solution=solve_direction,
    mistakes=[
        Mistake(
            lambda gradients: gradients.sum(axis=0),
            "A constant added to a loss is gone from its gradient, but a factor is not.",
        ),
        Mistake(
            lambda gradients: (gradients / (gradients**2).sum(axis=1, keepdims=True)).sum(axis=0),
            "Dividing by the squared norm turns long gradients into short ones: divide by the norm itself.",
        ),
        Mistake(_normalised_at_the_end, "Normalise each gradient before adding; afterwards it's too late."),
        Mistake(
            lambda gradients: (gradients / np.linalg.norm(gradients)).sum(axis=0),
            "One number for all tasks doesn't change the direction: each row needs its own.",
        ),
        Mistake(
            lambda gradients: -solve_direction(gradients),
            "The optimizer steps against the update, so the update must point uphill for every loss.",
        ),
        Mistake(
            lambda gradients: (gradients / np.linalg.norm(gradients, axis=1)).sum(axis=0),
            "The norms have shape (n,) and the gradients (n, d): keepdims=True makes them fit.",
        ),
        Mistake(
            lambda gradients: (gradients / np.linalg.norm(gradients, axis=0, keepdims=True)).sum(axis=0),
            "A task is a row, so its norm runs along axis 1.",
        ),
    ],
    same=_same_directions,
    hint="What is left of a gradient when both its scale and the loss's constant are gone?",
)


def _conflicting(answer: Any) -> None:
    rows = np.asarray(answer, dtype=float)
    if rows.ndim != 2 or len(rows) != 3:
        raise Wrong(f"Three gradients are asked for, an array of shape (3, d); this has shape {rows.shape}.")
    if not np.isfinite(rows).all() or (np.linalg.norm(rows, axis=1) == 0).any():
        raise Wrong("Every gradient must be finite and not zero.")
    update = solve_direction(rows)
    inner = rows @ update
    if (inner < -1e-9).sum() < 2:
        told = "One loss rises" if (inner < -1e-9).any() else "No loss rises"
        raise Wrong(
            f"{told}: the inner products with the normalised sum are "
            + ", ".join(f"{value:.3g}" for value in inner)
            + "."
        )


def _kind(answer: Any) -> str:
    """Known mistakes of an example are kinds, not values: the kind is told by the number of rows that conflict."""
    rows = np.asarray(answer, dtype=float)
    if rows.ndim != 2:
        return "no matrix"
    if len(rows) != 3:
        return "two" if len(rows) == 2 else "another number"
    if (np.linalg.norm(rows, axis=1) == 0).any():
        return "zero"
    if (rows @ solve_direction(rows) < -1e-9).sum() == 1:
        return "one"
    if (rows @ rows.sum(axis=0) < 0).any():
        return "only the plain sum conflicts"
    return "agree"


trap = Exercise(
    name="Exercise 1.5",
    prompt="Find three gradients, as a list of three vectors, for which a step against the sum of the normalised "
    "gradients makes two of the losses rise.",
    properties=[_conflicting],
    solution=[[1.0, 0.0], [-0.26, 0.97], [-0.26, -0.97]],
    mistakes=[
        Mistake(
            [[1.0, 0.0], [-0.1, 0.2], [0.0, 1.0]],
            "No task is outvoted yet. Let two of them nearly cancel each other, and the third point against both.",
        ),
        Mistake(
            [[10.0, 0.0], [-1.0, 0.5], [0.2, 1.0]],
            "The plain sum makes a loss rise here, but normalising took "
            "the long gradient's weight away. Lengths don't matter: turn "
            "the arrows.",
        ),
        Mistake(
            [[1.0, 0.0], [-1.0, 0.1], [-1.0, -0.1]],
            "Here two outvote the third, and one loss rises. Turn the two away from each other until they nearly "
            "cancel: then the third decides against both.",
        ),
        Mistake([[1.0, 0.0], [-1.0, 0.1]], "With two it can't be done: ⟨g₁, u⟩ = ‖g₁‖(1 + cos) is never negative."),
        Mistake([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]], "A zero gradient can't be normalised."),
    ],
    same=lambda a, b: _kind(a) == _kind(b),
    hint="Two that nearly oppose each other leave little in the sum; what does the third do to both?",
)
