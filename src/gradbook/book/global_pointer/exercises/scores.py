"""Exercises 4.1 and 4.2: how many parameters, and where the loss pushes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, as_number, returned, returned_array, same_on

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


def _no_threshold_divided(scores: Array, holds: Flags) -> Array:
    """The same by plain division: NaN where a side has no label."""
    up, down = np.exp(-scores) * holds, np.exp(scores) * ~holds
    return np.asarray(down / down.sum() - up / up.sum())


def _one_sum(scores: Array, holds: Flags) -> Array:
    up, down = np.exp(-scores) * holds, np.exp(scores) * ~holds
    return np.asarray((down - up) / (1 + up.sum() + down.sum()))


def _both_up(scores: Array, holds: Flags) -> Array:
    up, down = np.exp(-scores) * holds, np.exp(scores) * ~holds
    return np.asarray(down / (1 + down.sum()) + up / (1 + up.sum()))


def _same_sign(scores: Array, holds: Flags) -> Array:
    up, down = np.exp(scores) * holds, np.exp(scores) * ~holds
    return np.asarray(down / (1 + down.sum()) - up / (1 + up.sum()))


def _gradients_agree(answer: Callable[..., Any]) -> None:
    for scores, holds in _ROWS:
        with np.errstate(divide="ignore", invalid="ignore"):  # a NaN is no right answer, and needs no warning
            found = returned_array(answer, scores.shape, scores, holds)
        truth = solve_gradient(scores, holds)
        if not np.allclose(found, truth, rtol=1e-6, atol=1e-7):  # float32 and central differences come that near
            raise Wrong(
                f"For the scores {scores.tolist()} and holds = {holds.tolist()} it returns "
                f"{np.round(found, 4).tolist()}: up to {np.abs(found - truth).max():.1g} off."
            )


_THRESHOLD = "The threshold class is missing: each sum starts with a 1, the e^0 of its score."

loss_gradient = Exercise(
    name="Exercise 4.2",
    prompt="Write gradient(scores, holds): the gradient (K,) of the loss (4.8) of one row, from scores (K,) and a bool "
    "array holds (K,), both numpy.",
    properties=[_gradients_agree],
    solution=solve_gradient,
    mistakes=[
        Mistake(_no_threshold, _THRESHOLD),
        Mistake(_no_threshold_divided, f"{_THRESHOLD} Without it a side that has no labels is 0 / 0."),
        Mistake(_one_sum, "The loss is a sum of two logarithms, so each half has a denominator of its own."),
        Mistake(_both_up, "The sign: where the label holds the loss falls as the score rises, d e^(−s)/ds = −e^(−s)."),
        Mistake(
            lambda scores, holds: 1 / (1 + np.exp(-scores)) - holds,
            "That is binary cross-entropy, each label for itself. Here the labels share a sum.",
        ),
        Mistake(
            lambda scores, holds: np.exp(scores) / np.exp(scores).sum() - holds,
            "That is softmax for one right label. Here any number may hold: each side has its own sum.",
        ),
        Mistake(_same_sign, "Where the label holds (4.8) has e^(−s), not e^s: the lowest score gets the most push."),
        Mistake(lambda scores, holds: -solve_gradient(scores, holds), "That is the way down. The gradient points up."),
    ],
    same=same_on(_ROWS),
    hint="Differentiate log(1 + Σ e^{s}) and log(1 + Σ e^{−s}) one after the other, each over its own labels.",
)


_SIZES = [(768, 64, 10), (768, 64, 100), (256, 32, 1), (5, 2, 7)]


def solve_parameters(hidden_size: int, head_size: int, num_types: int) -> int:
    """The reference: the weights and biases of both layers."""
    return 2 * (hidden_size + 1) * head_size + 2 * (2 * head_size + 1) * num_types


def _types_from_hidden(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size + 2 * (hidden_size + 1) * num_types


def _starts_only(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size + (2 * head_size + 1) * num_types


def _queries_only(hidden_size: int, head_size: int, num_types: int) -> int:
    return (hidden_size + 1) * head_size + 2 * (2 * head_size + 1) * num_types


def _one_bias(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size + 4 * head_size * num_types


def _one_bias_a_type(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size + (4 * head_size + 1) * num_types


def _counts_agree(answer: Callable[..., Any]) -> None:
    for sizes in _SIZES:
        found = as_number(returned(answer, *sizes))
        if found != solve_parameters(*sizes):
            raise Wrong(
                f"For hidden_size, head_size, num_types = {', '.join(map(str, sizes))} it returns {found:,.0f}."
                if abs(found) < 1e15
                else f"For hidden_size, head_size, num_types = {', '.join(map(str, sizes))} it returns {found}."
            )


count_parameters = Exercise(
    name="Exercise 4.1",
    prompt="Write parameters(hidden_size, head_size, num_types): how many numbers an EfficientGlobalPointer learns, "
    "biases included.",
    properties=[_counts_agree],
    solution=solve_parameters,
    mistakes=[
        Mistake(
            lambda hidden_size, head_size, num_types: 2 * hidden_size * head_size + 4 * head_size * num_types,
            "These are the weights. Each layer also has a bias, one number an output.",
        ),
        Mistake(
            lambda hidden_size, head_size, num_types: 2 * (hidden_size + 1) * head_size * num_types,
            "That is GlobalPointer. Here the queries and keys are shared by all types.",
        ),
        Mistake(_types_from_hidden, "That is (4.4): the type part reads h. In (4.5) it reads [q; k], 2d numbers."),
        Mistake(_starts_only, "A type scores the start and the end: two outputs."),
        Mistake(_queries_only, "Queries and keys: two vectors of head_size a token."),
        Mistake(_one_bias, "The layer that scores the types has biases too, two a type."),
        Mistake(_one_bias_a_type, "a_α and b_α have a bias each: two a type, though one would do."),
    ],
    same=same_on(_SIZES, read=float),
    hint="Two linear layers: D → 2d once, and 2d → 2T. A layer from n to m has (n + 1)·m parameters.",
)
