"""Exercise 4.5: a function."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from gradbook.corpora import Entity, Sentence, inexpressible
from gradbook.exercises import Exercise, Mistake, Wrong, returned

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


def _always(first: Places, second: Places) -> bool:
    return True


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


def _apart(first: Places, second: Places) -> bool:
    return not first & second


def _verdicts_agree(answer: Callable[..., Any]) -> None:
    for first, second in _CASES:
        found = returned(answer, set(first), set(second))
        if not isinstance(found, (bool, np.bool_, int, np.integer)) or found not in (0, 1):
            raise Wrong(f"True or False is asked for, it returns {_named(found)}.")
        if bool(found) != solve_separable(first, second):
            raise Wrong(f"For type A on {sorted(first)} and type B on {sorted(second)} it returns {bool(found)}.")


def _named(value: Any) -> str:
    """For example "a str" or "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _same_verdicts(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(bool(a(set(x), set(y))) == b(x, y) for x, y in _CASES)


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
        Mistake(_always, "Some annotations are impossible: look at Figure 4.6."),
        Mistake(_never_across, "Spans that cross are needed for an obstacle, but most that cross are no obstacle."),
        Mistake(_both_count, "Where both types hold S can be large: such a span asks nothing of the difference Δ."),
        Mistake(_any_cycle, "The cycle must have a direction: A from start to end, B from end back to start."),
        Mistake(
            _plain_numbers,
            'A token can be a start and an end: these are two nodes, ("start", i) and ("end", i).',
        ),
        Mistake(_apart, "A span may well have two types. The question is what they ask of Δ = f(i) + g(j)."),
    ],
    same=_same_verdicts,
    hint="Draw an arrow start → end where only A holds, end → start where only B does. A way round is impossible.",
)


def by_package(first: Places, second: Places) -> bool:
    """The same verdict by :func:`gradbook.corpora.inexpressible`, which the tests hold beside the solution."""
    size = 1 + max((end for _, end in first | second), default=0)
    entities = [Entity(i, j, "A") for i, j in first] + [Entity(i, j, "B") for i, j in second]
    return inexpressible(Sentence("字" * size, frozenset(entities))) is None
