"""Exercises 4.1, 4.2 and 4.4: how many parameters, where the loss pushes, and a sum that is never written out."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

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
            lambda h, d, t: 2 * h * d + 4 * d * t,
            "These are the weights. Each layer also has a bias, one number an output.",
        ),
        Mistake(
            lambda h, d, t: 2 * (h + 1) * d * t,
            "That is GlobalPointer. Here the queries and keys are shared by all types.",
        ),
        Mistake(
            lambda h, d, t: 2 * (h + 1) * d + 2 * (h + 1) * t,
            "That is (4.4): the type part reads h. In (4.5) it reads [q; k], 2d numbers.",
        ),
        Mistake(lambda h, d, t: 2 * (h + 1) * d + (2 * d + 1) * t, "A type scores the start and the end: two outputs."),
        Mistake(
            lambda h, d, t: (h + 1) * d + 2 * (2 * d + 1) * t, "Queries and keys: two vectors of head_size a token."
        ),
        Mistake(
            lambda h, d, t: 2 * (h + 1) * d + 4 * d * t, "The layer that scores the types has biases too, two a type."
        ),
        Mistake(
            lambda h, d, t: 2 * (h + 1) * d + (4 * d + 1) * t,
            "a_α and b_α have a bias each: two a type, though one would do.",
        ),
    ],
    same=same_on(_SIZES, read=float),
    hint="Two linear layers: D → 2d once, and 2d → 2T. A layer from n to m has (n + 1)·m parameters.",
)


Parts = tuple[Array, Array, Array]


def _parts(types: int, length: int) -> Parts:
    """Span scores (L, L), start and end parts (T, L), the same every time."""
    generator = np.random.default_rng(types)
    return generator.normal(size=(length, length)), *generator.normal(size=(2, types, length))


_SMALL = [_parts(1, 3), _parts(2, 4), _parts(5, 7)]
_LARGE = _parts(40, 60)


def solve_sums(spans: Array, starts: Array, ends: Array) -> Array:
    """The reference: one matrix product for all types."""
    return np.asarray((np.exp(starts) * (np.exp(ends) @ np.triu(np.exp(spans)).T)).sum(1))


def _all_scores(spans: Array, starts: Array, ends: Array) -> Array:
    scores = spans + starts[:, :, None] + ends[:, None, :]
    return np.asarray(np.triu(np.exp(scores)).sum((1, 2)))


def _sums_agree(answer: Callable[..., Any]) -> None:
    for spans, starts, ends in _SMALL:
        value = returned(answer, *deepcopy((spans, starts, ends)))
        if isinstance(value, Tensor):
            raise Wrong("It returns a torch tensor: numpy is asked for.")
        found = np.asarray(value, dtype=float)
        if found.shape != (len(starts),):
            raise Wrong(f"For {len(starts)} types it returns shape {found.shape}, not ({len(starts)},).")
        right = solve_sums(spans, starts, ends)
        if not np.allclose(found, right, rtol=1e-9):
            off = int(np.argmax(~np.isclose(found, right, rtol=1e-9)))
            raise Wrong(
                f"For {len(starts)} types and {len(spans)} tokens it returns {found[off]:.6g} for type {off}; "
                f"a loop over the pairs gives {right[off]:.6g}."
            )


def _memory_is_small(answer: Callable[..., Any]) -> None:
    spans, starts, ends = deepcopy(_LARGE)
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        returned(answer, spans, starts, ends)
        held = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()
    scores = len(starts) * spans.nbytes
    if held > scores / 2:
        raise Wrong(f"Right, but it holds {held / scores:.1f} times the memory of all scores (T, L, L) at once.")


pair_sums = Exercise(
    name="Exercise 4.4",
    prompt="Write sums(spans, starts, ends): from numpy arrays S (L, L), a (T, L) and b (T, L) of L tokens and "
    "T types the sums (T,) of e^(S(i,j) + a(i) + b(j)) over i ≤ j, without an array of T·L·L numbers.",
    properties=[_sums_agree, _memory_is_small],
    solution=solve_sums,
    mistakes=[
        Mistake(
            lambda spans, starts, ends: (np.exp(starts) * (np.exp(ends) @ np.exp(spans).T)).sum(1),
            "That counts pairs whose start is after their end too. Only i ≤ j: np.triu.",
        ),
        Mistake(
            lambda spans, starts, ends: (np.exp(starts) * (np.exp(ends) @ np.tril(np.exp(spans)).T)).sum(1),
            "That is the other triangle: the start i is the row, so i ≤ j is above the diagonal.",
        ),
        Mistake(
            lambda spans, starts, ends: (np.exp(starts) * (np.exp(ends) @ np.triu(np.exp(spans), 1).T)).sum(1),
            "A name of one token has i = j: the diagonal counts.",
        ),
        Mistake(
            lambda spans, starts, ends: (np.exp(starts) * (np.exp(ends) @ np.exp(np.triu(spans)).T)).sum(1),
            "What doesn't count must add 0, and e^0 is 1: mask after the exponential.",
        ),
        Mistake(
            lambda spans, starts, ends: (np.exp(starts) * (np.exp(ends) @ np.triu(np.exp(spans)))).sum(1),
            "Rows and columns are changed over: a goes with the row of S, b with the column.",
        ),
        Mistake(
            lambda spans, starts, ends: (starts * (ends @ np.triu(spans).T)).sum(1),
            "The product is of exponentials: it's e^(S + a + b) that falls into three factors.",
        ),
        Mistake(_all_scores, "The numbers are right. Use (4.10): e^b times the matrix e^S, then times e^a, summed."),
    ],
    same=same_on(_SMALL),
    hint="(4.10): with E = e^S on and above the diagonal and 0 below, row i adds e^{a(i)} · Σ_j E(i,j) e^{b(j)}.",
)
