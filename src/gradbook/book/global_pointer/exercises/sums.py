"""Exercise 4.4: a function, and what it may hold in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gradbook.book.exercises import Exercise, Mistake, Wrong, returned, same_on

Array = NDArray[np.float64]
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
