"""The exercises of chapter 1: their checkers, solutions, and the mistakes that have a hint of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, number_near, returned, returned_array, same_number

Array = NDArray[np.float64]

_SHARES = (0.7, 0.1, 0.1, 0.1)

reference = Exercise(
    name="Exercise 1.1",
    prompt="Four classes have the frequencies 0.7, 0.1, 0.1, 0.1. What cross-entropy does a model reach that knows "
    "the frequencies but doesn't look at its input?",
    properties=[number_near(-sum(p * math.log(p) for p in _SHARES))],
    solution=-sum(p * math.log(p) for p in _SHARES),
    mistakes=[
        Mistake(
            math.log(4),
            "That is the initial state: log K, for a model that finds all classes equally likely.",
        ),
        Mistake(
            -sum(p * math.log2(p) for p in _SHARES),
            "That is in bits. Losses in torch use the natural logarithm.",
        ),
        Mistake(sum(p * math.log(p) for p in _SHARES), "The logarithm of a frequency is negative; a loss is not."),
        Mistake(-math.log(0.7), "That is the loss on examples of the first class only. Average over all classes."),
    ],
    same=same_number,
    hint="Always predicting the frequencies p costs −log p_k on an example of class k. How often does class k come?",
)


exponent = Exercise(
    name="Exercise 1.2",
    prompt="Two losses stand at 1 and 4. For which exponent γ does the power mean give the second task a weight "
    "∂L(γ)/∂L_2 exactly 8 times the first's?",
    properties=[number_near(2.5)],
    solution=2.5,
    mistakes=[
        Mistake(1.5, "The weight goes with the loss to the power γ − 1, not γ."),
        Mistake(3.0, "4^(γ−1) is 16 at γ = 3. Which power of 4 is 8?"),
        Mistake(-0.5, "The sign: for γ < 1 the larger loss gets the smaller weight."),
        Mistake(2.0, "That is the exponent at which the larger loss weighs 4 times as much."),
    ],
    same=same_number,
    hint="Divide the two weights (1/n)(L_i/L(γ))^(γ−1): the mean cancels.",
)


_MEAN_CASES: list[tuple[tuple[float, ...], float]] = [
    ((1.0, 4.0), 1.0),
    ((1.0, 4.0), 2.0),
    ((1.0, 4.0), -1.0),
    ((1.0, 4.0), 0.0),
    ((1.0, 100.0), 0.0),
    ((1e-3, 2e-3), -200.0),
    ((50.0, 60.0), 300.0),
    ((0.2, 0.3, 7.0), 1e-9),
]


def solve_mean(losses: Sequence[float], gamma: float) -> float:
    """The reference: the power mean by way of logarithms."""
    logs = np.log(losses)
    if gamma == 0:
        return float(np.exp(logs.mean()))
    top = (gamma * logs).max()
    return float(np.exp((top + np.log(np.exp(gamma * logs - top).mean())) / gamma))


def _naive_mean(losses: Sequence[float], gamma: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.mean(np.power(losses, gamma)) ** (1 / gamma)) if gamma else solve_mean(losses, 0)


def _sum_for_mean(losses: Sequence[float], gamma: float) -> float:
    with np.errstate(all="ignore"):
        return solve_mean(losses, gamma) * float(np.float64(len(losses)) ** (1 / gamma) if gamma else 1.0)


def _close(value: Any, truth: float, relative: float = 1e-6) -> bool:
    return bool(np.isfinite(value)) and abs(float(value) - truth) <= relative * abs(truth)


def _mean_agrees(answer: Callable[..., Any]) -> None:
    for losses, gamma in _MEAN_CASES:
        value = returned(answer, list(losses), gamma)
        if not _close(value, solve_mean(losses, gamma)):
            raise Wrong(f"For the losses {list(losses)} and γ = {gamma:g} it returns {float(value):.6g}.")


def _number_or_nan(function: Callable[..., Any], *arguments: Any) -> float:
    try:
        return float(function(*arguments))
    except ArithmeticError:  # Python raises where numpy returns inf or nan
        return math.nan


def _same_means(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    pairs = [[_number_or_nan(f, list(losses), gamma) for f in (a, b)] for losses, gamma in _MEAN_CASES]
    return all(_close(x, y, 1e-9) or not (np.isfinite(x) or np.isfinite(y)) for x, y in pairs)


stable_mean = Exercise(
    name="Exercise 1.3",
    prompt="Write mean(losses, gamma), the power mean of a list of positive numbers, so that it survives "
    "mean([0.001, 0.002], -200) and mean([50, 60], 300), and is the geometric mean for gamma = 0.",
    properties=[_mean_agrees],
    solution=solve_mean,
    mistakes=[
        Mistake(
            _naive_mean,
            "The powers leave the range of float64. Work with logarithms: log L(γ) is a logsumexp, "
            "and the largest term can be taken out of it before exp.",
        ),
        Mistake(
            lambda losses, gamma: solve_mean(losses, gamma) if gamma else math.nan,
            "γ = 0 divides by zero, but has a limit: the geometric mean.",
        ),
        Mistake(_sum_for_mean, "A mean of equal numbers must be that number: divide the sum by n inside the root."),
        Mistake(lambda losses, gamma: float(np.mean(losses)), "That is the arithmetic mean whatever γ is."),
    ],
    same=_same_means,
    hint="Take logarithms first: log L(γ) = (1/γ) log((1/n) Σ exp(γ log L_i)). For γ = 0, where 1/γ has no value, "
    "return the limit, the geometric mean.",
)


_GRADIENTS = np.array([[3.0, 1.0, 0.0], [-0.2, 0.1, 0.4]])
_SCALES = np.array([1.0, 1000.0])


def solve_direction(gradients: Array) -> Array:
    """The reference: normalise every row, then add."""
    return np.asarray((gradients / np.linalg.norm(gradients, axis=1, keepdims=True)).sum(axis=0))


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
        Mistake(
            lambda gradients: gradients.sum(axis=0) / np.linalg.norm(gradients.sum(axis=0)),
            "Normalise each gradient before adding; afterwards it's too late.",
        ),
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
        products = ", ".join(f"{value:.3g}" for value in inner)
        raise Wrong(f"{told}: the inner products with the normalised sum are {products}.")


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
            "The plain sum makes a loss rise here, but normalising took the long gradient's weight away. Lengths don't "
            "matter: turn the arrows.",
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


ALL = (reference, exponent, stable_mean, invariant_direction, trap)
"""The chapter's exercises in order."""
