"""Exercise 5.5: a function."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

from gradbook.exercises import Exercise, Mistake, Wrong, returned
from gradbook.relation_linking.exercises.joining import as_triples, solve_joined
from gradbook.relation_linking.exercises.pairs import Triple, solve_pairs

Triples = set[Triple]

_CASES: list[Triples] = [
    {((0, 1), 0, (3, 4)), ((6, 6), 0, (8, 9))},
    {((0, 0), 0, (2, 3)), ((0, 1), 0, (3, 3))},
    {((0, 0), 0, (2, 3)), ((0, 1), 1, (3, 3))},
    {((0, 0), 0, (2, 3)), ((0, 1), 0, (3, 3)), ((0, 0), 0, (3, 3))},
    {((0, 0), 0, (0, 1)), ((0, 1), 0, (1, 1))},
    {((0, 1), 0, (2, 2)), ((1, 1), 0, (2, 3))},
    {((0, 2), 0, (4, 4)), ((0, 1), 0, (4, 6)), ((1, 2), 0, (4, 4))},
    {((2, 3), 0, (0, 1)), ((2, 4), 0, (1, 1)), ((2, 4), 0, (0, 0))},
    {((0, 0), 0, (5, 5)), ((1, 1), 0, (5, 5)), ((3, 3), 1, (0, 1))},
    {((0, 1), 0, (5, 5)), ((1, 2), 0, (5, 5)), ((0, 2), 1, (7, 7))},
    {((0, 1), 0, (5, 5)), ((1, 2), 0, (5, 5)), ((0, 2), 0, (7, 7))},
    set(),
]


def solve_unwanted(triples: Triples) -> Triples:
    """The reference: what the pairs of the triples join to, without the triples."""
    return solve_joined(*solve_pairs(sorted(triples))) - triples


def _with_the_true(triples: Triples) -> Triples:
    return solve_joined(*solve_pairs(sorted(triples)))


def _heads_only(triples: Triples) -> Triples:
    entities, heads, _ = solve_pairs(sorted(triples))
    every = {(p, j, m) for p, _, _ in heads for (_, _, j), (_, _, m) in product(entities, entities)}
    return solve_joined(entities, heads, every) - triples


def _any_predicate(triples: Triples) -> Triples:
    entities, heads, tails = solve_pairs(sorted(triples))
    return solve_joined(entities, heads, {(p, j, m) for p, _, _ in heads for _, j, m in tails}) - triples


def _spans_of_links(triples: Triples) -> Triples:
    _, heads, tails = solve_pairs(sorted(triples))
    links = {((i, j), p, (k, m)) for p, i, k in heads for q, j, m in tails if p == q and i <= j and k <= m}
    return links - triples


def _predicate_by_predicate(triples: Triples) -> Triples:
    parts = ({triple for triple in triples if triple[1] == p} for p in {p for _, p, _ in triples})
    return {triple for part in parts for triple in solve_unwanted(part)} - triples


def _two_at_a_time(triples: Triples) -> Triples:
    return {triple for two in combinations(triples, 2) for triple in solve_unwanted(set(two))} - triples


def _every_mixture(triples: Triples) -> Triples:
    return {(s, p, o) for (s, p, _), (_, q, o) in product(triples, triples) if p == q} - triples


def _never(triples: Triples) -> Triples:
    return set()


def _any_kind(triples: Triples) -> Triples:
    entities, heads, tails = solve_pairs(sorted(triples))
    return solve_joined({(kind, i, j) for kind in (0, 1) for _, i, j in entities}, heads, tails) - triples


def _lists_agree(answer: Callable[..., Any]) -> None:
    for triples in _CASES:
        found, right = _triples(returned(answer, set(triples))), solve_unwanted(triples)
        if found != right:
            more = f"{sorted(found)}" if found else "none"
            raise Wrong(f"For {sorted(triples)} it returns {more}.")


def _triples(value: Any) -> Triples:
    if isinstance(value, bool):
        raise Wrong("The spurious triples themselves are asked for, an empty set if there are none.")
    return as_triples(value)


def _same_lists(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(_triples(a(set(triples))) == _triples(b(set(triples))) for triples in _CASES)


unwanted_triples = Exercise(
    name="Exercise 5.5",
    prompt="Write unwanted(triples): from the set of the true triples ((s_h, s_t), p, (o_h, o_t)) of a text the set of "
    "those that perfect scores decode to beside them.",
    properties=[_lists_agree],
    solution=solve_unwanted,
    mistakes=[
        Mistake(_with_the_true, "The true ones come back too, of course. Take them away."),
        Mistake(_heads_only, "The last tokens have to be linked as well."),
        Mistake(_any_predicate, "Head link and tail link must come from triples of one predicate."),
        Mistake(_spans_of_links, "Both spans must be entities: the links alone would make new spans."),
        Mistake(
            _every_mixture, "Not every subject goes with every object: its first and its last token must be linked."
        ),
        Mistake(
            _predicate_by_predicate,
            "Entities know no predicate: a subject of one may be joined under another.",
        ),
        Mistake(
            _two_at_a_time,
            "Two triples at a time are too few: the span of a third may begin like one and end like the other.",
        ),
        Mistake(_never, "Spans that share their ends can make some: look at Figure 5.5."),
        Mistake(_any_kind, "A span that is only a subject can't be an object of a spurious triple."),
    ],
    same=_same_lists,
    hint="Encode as in Exercise 5.2, join as in 5.3, and take away what was there.",
)
