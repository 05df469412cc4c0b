"""Annotations of two types that no Efficient GlobalPointer can express, whatever its weights.

It scores the span from i to j as type α by s_α(i, j) = S(i, j) + a_α(i) + b_α(j), with S shared by all types (Su,
Efficient GlobalPointer, kexue.fm/archives/8877, 2022). The difference of two types' scores is D(i, j) = A(i) + B(j),
so D(i, j) + D(k, l) = D(i, l) + D(k, j). It must be positive where α alone is true, negative where β alone is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, pairwise
from typing import NamedTuple

from gradbook.corpora.entities import Entity, Sentence

Place = tuple[int, int]  # start and end of a span
Node = tuple[str, int]  # ("start", i) or ("end", j)


class Quadruple(NamedTuple):
    """``first`` alone is true of the spans (i, j) and (k, l), ``second`` alone of (i, l) and (k, j)."""

    first: str
    second: str
    i: int
    j: int
    k: int
    l: int  # noqa: E741 (the letter of the equation)


def inexpressible_quadruples(sentence: Sentence) -> list[Quadruple]:
    """Return the smallest obstacles: four spans for which the difference of two types' scores would have to be
    positive in sum on one diagonal and negative on the other, though the sums are equal.

    Each is listed once, with first < second and i < k.
    """
    return [
        Quadruple(first, second, i, j, k, m)
        for first, second, ones, others in _pairs_of_types(sentence)
        for (i, j), (k, m) in combinations(sorted(ones), 2)
        if {(i, m), (k, j)} <= others
    ]


def inexpressible(sentence: Sentence) -> list[Entity] | None:
    """Return spans that no Efficient GlobalPointer can score rightly for two types at once; None if there are none.

    The spans form a cycle: of two types in turn, each shares its start with the one before and its end with the one
    after, or the other way round. Four are a quadruple; there may be more.

    The test is exact for two types. Draw an arrow from start i to end j where α alone is true, and from end j to
    start i where β alone is.

    - A cycle makes it impossible. It enters a start by β and leaves it by α, enters an end by α and leaves it by β.
      So in Σ D over its α-spans − Σ D over its β-spans each A(i) and B(j) on the way comes once with + and once with
      −: the sum is 0. But all its terms would have to be positive.
    - Without a cycle it is possible. The starts and ends can be numbered by h so that every arrow leads upwards.
      A(i) = −h(i) and B(j) = h(j) give D = h(j) − h(i), positive on α's arrows and negative on β's. The other spans
      ask nothing of D: S(i, j) puts both scores above 0 where both types are true, below where neither is.

    With three types or more, each two may be possible and all together not: ``expressible`` decides that.
    """
    for first, second, ones, others in _pairs_of_types(sentence):
        if cycle := _cycle(ones, others):
            return [_entity(source, target, first, second) for source, target in pairwise(cycle)]
    return None


def _pairs_of_types(sentence: Sentence) -> Iterator[tuple[str, str, set[Place], set[Place]]]:
    """Each two labels that occur, with the spans of which only the first holds, and only the second."""
    places: defaultdict[str, set[Place]] = defaultdict(set)
    for entity in sentence.entities:
        places[entity.label].add((entity.start, entity.end))
    for first, second in combinations(sorted(places), 2):
        yield first, second, places[first] - places[second], places[second] - places[first]


def _cycle(ones: set[Place], others: set[Place]) -> list[Node]:
    """A directed cycle, its first node also the last; [] if there is none."""
    before: defaultdict[Node, list[Node]] = defaultdict(list)  # where the arrows to a node come from
    for start, end in sorted(ones):
        before["end", end].append(("start", start))
    for start, end in sorted(others):
        before["start", start].append(("end", end))
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        cycle: list[Node] = error.args[1]
        return cycle
    return []


def _entity(source: Node, target: Node, first: str, second: str) -> Entity:
    """The entity that an arrow stands for."""
    if source[0] == "start":
        return Entity(source[1], target[1], first)
    return Entity(target[1], source[1], second)
