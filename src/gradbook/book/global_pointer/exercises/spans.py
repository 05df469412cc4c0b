"""Exercises 4.3 and 4.5: rotary positions, and annotations that shared queries and keys can't express."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, named, returned, same_on

Array = NDArray[np.float64]

_TURNED_CASES = [
    (np.array([1.0, 0.0, 0.0, 1.0]), 3),
    (np.array([0.5, -1.0, 2.0, 0.3, 1.0, 1.0]), 17),
    (np.array([1.0, 2.0]), 0),
    (np.array([1.0, 2.0, -1.0, 0.5, 0.1, 0.7, -0.3, 1.1]), 250),
]


def solve_turned(vector: Array, place: int) -> Array:
    """The reference: each pair of neighbours turned by its own angle."""
    angles = place * 10000.0 ** (-np.arange(0, len(vector), 2) / len(vector))
    first, second = vector[::2], vector[1::2]
    turned = [first * np.cos(angles) - second * np.sin(angles), first * np.sin(angles) + second * np.cos(angles)]
    return np.stack(turned, 1).reshape(-1)


def _one_speed(vector: Array, place: int) -> Array:
    first, second = vector[::2], vector[1::2]
    cosine, sine = np.cos(place), np.sin(place)
    return np.stack([first * cosine - second * sine, first * sine + second * cosine], 1).reshape(-1)


def _half_the_exponent(vector: Array, place: int) -> Array:
    angles = place * 10000.0 ** (-np.arange(len(vector) // 2) / len(vector))
    first, second = vector[::2], vector[1::2]
    turned = [first * np.cos(angles) - second * np.sin(angles), first * np.sin(angles) + second * np.cos(angles)]
    return np.stack(turned, 1).reshape(-1)


def _other_pairs(vector: Array, place: int) -> Array:
    half = len(vector) // 2
    angles = place * 10000.0 ** (-np.arange(half) / half)
    first, second = vector[:half], vector[half:]
    return np.concatenate(
        [first * np.cos(angles) - second * np.sin(angles), first * np.sin(angles) + second * np.cos(angles)]
    )


def _added(vector: Array, place: int) -> Array:
    angles = place * 10000.0 ** (-np.arange(0, len(vector), 2) / len(vector))
    return np.asarray(vector + np.stack([np.sin(angles), np.cos(angles)], 1).reshape(-1))


def _halves(vector: Array, place: int) -> Array:
    turned = solve_turned(vector, place)
    return np.concatenate([turned[::2], turned[1::2]])


def _turns_agree(answer: Callable[..., Any]) -> None:
    for vector, place in _TURNED_CASES:
        value = np.asarray(returned(answer, vector.copy(), place))
        if np.iscomplexobj(value):
            raise Wrong("It returns complex numbers: real numbers are asked for.")
        found = value.astype(float)
        if found.shape != vector.shape:
            raise Wrong(f"It returns shape {found.shape}, not {vector.shape}.")
        if not np.allclose(found, solve_turned(vector, place), rtol=1e-9, atol=1e-9):
            raise Wrong(f"For {vector.tolist()} at place {place} it returns {np.round(found, 4).tolist()}.")


turn = Exercise(
    name="Exercise 4.3",
    prompt="Write turned(vector, place): coordinates 2m and 2m + 1 of a numpy vector (d,) turned by the angle "
    "place · 10000^(−2m/d), from the first towards the second.",
    properties=[_turns_agree],
    solution=solve_turned,
    mistakes=[
        Mistake(_one_speed, "All pairs turn equally fast here. The m-th has the speed 10000^(−2m/d)."),
        Mistake(
            lambda vector, place: solve_turned(vector, -place),
            "That turns the other way. From the first axis to the second: (cos, sin) for (1, 0).",
        ),
        Mistake(_half_the_exponent, "The exponent is −2m/d: the last pair turns nearly 10000 times slower."),
        Mistake(_other_pairs, "This pairs the first half with the second: as good, but here neighbours make a pair."),
        Mistake(_halves, "Interleave the pairs again: x₀, y₀, x₁, y₁, …, not all x and then all y."),
        Mistake(_added, "Those are added sines, as in the first Transformer. Rotary positions multiply: they turn."),
    ],
    same=same_on(_TURNED_CASES),
    hint="Even coordinates x, odd ones y: x cos − y sin and x sin + y cos, then interleave the two again.",
)


Place = tuple[int, int]
Places = set[Place]

_CASES: list[tuple[Places, Places]] = [
    ({(0, 1)}, {(0, 2)}),
    ({(0, 4), (1, 5)}, {(0, 5), (1, 4)}),
    ({(0, 4), (0, 5)}, {(1, 4), (1, 5)}),
    ({(0, 5), (1, 6), (2, 7)}, {(0, 6), (1, 7), (2, 5)}),
    ({(0, 4), (1, 5), (0, 5)}, {(0, 5), (1, 4)}),
    ({(0, 5), (1, 6), (2, 7)}, {(0, 6), (1, 7)}),
    ({(0, 5), (1, 5), (2, 5)}, {(0, 6), (1, 6), (3, 6)}),
    (set(), {(2, 3)}),
    ({(0, 1), (1, 2)}, {(0, 2)}),
    ({(0, 5), (1, 6), (2, 7), (3, 8)}, {(0, 6), (1, 7), (2, 8), (3, 5)}),
]
"""In turn: apart, the 2 × 2 pattern, a cycle without a direction, a cycle of six, one span with both types, three open
chains, a token that is a start and an end, and a cycle of eight."""


def solve_separable(first: Places, second: Places) -> bool:
    """The reference: the arrows have no directed cycle."""
    arrows = {(("start", i), ("end", j)) for i, j in first - second}
    arrows |= {(("end", j), ("start", i)) for i, j in second - first}
    return _without_cycle(arrows)


def _without_cycle(arrows: set[tuple[Any, Any]]) -> bool:
    """Take away arrows that lead nowhere until none is left, or only those on cycles and on the way to one."""
    while arrows:
        sources = {source for source, _ in arrows}
        kept = {(source, target) for source, target in arrows if target in sources}
        if kept == arrows:
            return False
        arrows = kept
    return True


def _squares_only(first: Places, second: Places) -> bool:
    ones, others = first - second, second - first
    return not any({(i, m), (k, j)} <= others for (i, j), (k, m) in combinations(sorted(ones), 2))


def _never_across(first: Places, second: Places) -> bool:
    places = sorted(first | second)
    return not any(a[0] < b[0] <= a[1] < b[1] for a, b in combinations(places, 2))


def _both_count(first: Places, second: Places) -> bool:
    """Arrows also for spans that have both types: there and back at once, a cycle of two."""
    return not first & second and solve_separable(first, second)


def _any_cycle(first: Places, second: Places) -> bool:
    """Edges without a direction: a cycle as soon as there are as many edges as nodes in a component."""
    root: dict[tuple[str, int], tuple[str, int]] = {}

    def find(node: tuple[str, int]) -> tuple[str, int]:
        while root.setdefault(node, node) != node:
            node = root[node]
        return node

    for i, j in sorted(first ^ second):
        start, end = find(("start", i)), find(("end", j))
        if start == end:
            return False
        root[start] = end
    return True


def _plain_numbers(first: Places, second: Places) -> bool:
    """The start i and the end i taken for one node."""
    arrows = (first - second) | {(j, i) for i, j in second - first}
    return _without_cycle(arrows)


def _verdicts_agree(answer: Callable[..., Any]) -> None:
    for first, second in _CASES:
        found = returned(answer, set(first), set(second))
        if not isinstance(found, (bool, np.bool_, int, np.integer)) or found not in (0, 1):
            raise Wrong(f"True or False is asked for, it returns {named(found)}.")
        if bool(found) != solve_separable(first, second):
            raise Wrong(f"For type A on {sorted(first)} and type B on {sorted(second)} it returns {bool(found)}.")


two_types = Exercise(
    name="Exercise 4.5",
    prompt="Write separable(first, second): True if an EfficientGlobalPointer can have type A on exactly the spans of "
    "the set first and type B on exactly those of second, pairs (start, end) each.",
    properties=[_verdicts_agree],
    solution=solve_separable,
    mistakes=[
        Mistake(
            _squares_only, "The 2 × 2 pattern is only the smallest obstacle: there are cycles of six spans, eight …"
        ),
        Mistake(lambda first, second: True, "Some annotations are impossible: look at Figure 4.6."),
        Mistake(_never_across, "Spans that cross are needed for an obstacle, but most that cross are no obstacle."),
        Mistake(_both_count, "Where both types hold S can be large: such a span asks nothing of the difference Δ."),
        Mistake(_any_cycle, "The cycle must have a direction: A from start to end, B from end back to start."),
        Mistake(
            _plain_numbers,
            'A token can be a start and an end: these are two nodes, ("start", i) and ("end", i).',
        ),
        Mistake(
            lambda first, second: not first & second,
            "A span may well have two types. The question is what they ask of Δ = f(i) + g(j).",
        ),
    ],
    same=same_on(_CASES, read=bool),
    hint="Draw an arrow start → end where only A holds, end → start where only B does. A way round is impossible.",
)
