"""When the four pieces of some triples are also the four pieces of another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product
from typing import NamedTuple

from gradbook.checks import check_sizes
from gradbook.relation_linking import Relation
from gradbook.relation_linking.relations import Place


def spurious(relations: Iterable[Relation]) -> set[Relation]:
    """Return what perfect scores for ``relations`` of one text decode to beside them.

    A spurious (s, p, o) has s among the subjects, o among the objects, its head pair from one relation of predicate p
    and its tail pair from another. If no two subjects begin at the same token, nor two objects, there is none: the
    relation that gives the head pair is then (s, p, o) itself. The same holds for last tokens.
    """
    true = set(relations)
    heads = {(r.subject[0], r.predicate, r.object[0]) for r in true}
    tails = {(r.subject[1], r.predicate, r.object[1]) for r in true}
    predicates = {r.predicate for r in true}
    found = {
        Relation(s, p, o)
        for s, p, o in product({r.subject for r in true}, predicates, {r.object for r in true})
        if (s[0], p, o[0]) in heads and (s[1], p, o[1]) in tails
    }
    return found - true


class Ambiguity(NamedTuple):
    """Relations among ``length`` tokens, and what else their four pieces spell."""

    length: int
    relations: frozenset[Relation]
    spurious: frozenset[Relation]


def ambiguities(length: int, count: int, apart: bool = False) -> Iterator[Ambiguity]:
    """Yield every set of ``count`` relations of one predicate among ``length`` tokens that is ambiguous.

    ``apart``: only relations in which no subject shares a token with an object. Raises ValueError for numbers below 1.
    """
    check_sizes(length=length, count=count)
    spans = [(start, end) for start in range(length) for end in range(start, length)]
    relations = [Relation(s, 0, o) for s, o in product(spans, spans) if not (apart and _overlap(s, o))]
    for chosen in combinations(relations, count):
        if apart and any(_overlap(first.subject, second.object) for first, second in product(chosen, chosen)):
            continue
        if more := spurious(chosen):
            yield Ambiguity(length, frozenset(chosen), frozenset(more))


def smallest_ambiguities(longest: int = 5, most: int = 3, apart: bool = False) -> list[Ambiguity]:
    """Return all ambiguous sets of the smallest length, and of those the fewest relations; an empty list if none.

    Searches every set of up to ``most`` relations among up to ``longest`` tokens.
    """
    check_sizes(longest=longest, most=most)
    for length, count in product(range(1, longest + 1), range(1, most + 1)):
        if found := list(ambiguities(length, count, apart)):
            return found
    return []


def _overlap(first: Place, second: Place) -> bool:
    return first[0] <= second[1] and second[0] <= first[1]
