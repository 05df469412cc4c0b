"""Exercises 5.3 and 5.5: pairs joined to triples, and triples that nobody wrote."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from operator import index
from typing import Any

from gradbook.book.exercises import Exercise, Mistake, Wrong, returned, same_on
from gradbook.book.relation_linking.exercises.counts import Pairs, Triple, solve_pairs

_JOINED_CASES: list[Pairs] = [
    solve_pairs([((0, 1), 0, (4, 6))]),
    solve_pairs([((5, 7), 2, (0, 1)), ((5, 7), 0, (2, 4)), ((2, 4), 1, (5, 7))]),
    ({(0, 0, 1), (0, 3, 3), (1, 5, 6)}, {(0, 0, 5), (1, 3, 5), (0, 3, 5)}, {(0, 1, 6), (1, 3, 6), (2, 3, 6)}),
    ({(0, 4, 5), (1, 0, 1)}, {(0, 4, 0)}, {(1, 5, 1)}),
    ({(0, 0, 1), (1, 3, 4), (0, 6, 6)}, {(0, 0, 3), (0, 0, 6)}, {(0, 1, 4), (0, 1, 6)}),
    ({(0, 0, 1), (1, 5, 6)}, {(0, 0, 5)}, {(0, 0, 6)}),
    (set(), {(0, 1, 2)}, {(0, 1, 2)}),
    solve_pairs([((0, 0), 0, (2, 3)), ((0, 1), 0, (3, 3))]),
    solve_pairs([((0, 2), 1, (0, 2)), ((0, 2), 1, (1, 1))]),
    solve_pairs([((0, 1), 0, (3, 4)), ((0, 1), 1, (3, 4)), ((0, 1), 0, (6, 6))]),
]


def solve_joined(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    """The reference: every subject beside every object, kept where both links of a predicate are there."""
    return {
        ((i, j), p, (k, m))
        for kind, i, j in entities
        for other, k, m in entities
        for p in {link[0] for link in heads}
        if kind == 0 and other == 1 and (p, i, k) in heads and (p, j, m) in tails
    }


def _joins_heads_only(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    return solve_joined(
        entities, heads, {(p, j, m) for p, _, _ in heads for _, _, j in entities for _, _, m in entities}
    )


def _tails_only(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    return solve_joined(
        entities, {(p, i, k) for p, _, _ in tails for _, i, _ in entities for _, k, _ in entities}, tails
    )


def _either(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    return _joins_heads_only(entities, heads, tails) | _tails_only(entities, heads, tails)


def _joins_any_predicate(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    predicates = {p for p, _, _ in heads}
    return solve_joined(entities, heads, {(p, j, m) for p in predicates for _, j, m in tails})


def _joins_any_kind(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    return solve_joined({(kind, i, j) for kind in (0, 1) for _, i, j in entities}, heads, tails)


def _forward(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    return {(s, p, o) for s, p, o in solve_joined(entities, heads, tails) if s <= o}


def _without_entities(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    links = ((p, i, k, j, m) for p, i, k in heads for q, j, m in tails if p == q)
    return {((i, j), p, (k, m)) for p, i, k, j, m in links if i <= j and k <= m}


def _by_first_token(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    longest = {(kind, i): j for kind, i, j in sorted(entities)}
    return solve_joined({(kind, i, j) for (kind, i), j in longest.items()}, heads, tails)


def _apart(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    return {(s, p, o) for s, p, o in solve_joined(entities, heads, tails) if s[1] < o[0] or o[1] < s[0]}


def _one_object(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    last = {(s, p): o for s, p, o in sorted(solve_joined(entities, heads, tails))}
    return {(s, p, o) for (s, p), o in last.items()}


def _one_predicate(entities: set[Any], heads: set[Any], tails: set[Any]) -> set[Triple]:
    last = {(s, o): p for s, p, o in sorted(solve_joined(entities, heads, tails))}
    return {(s, p, o) for (s, o), p in last.items()}


def _joins_agree(answer: Callable[..., Any]) -> None:
    for case in _JOINED_CASES:
        found = as_triples(returned(answer, *(set(part) for part in case)))
        right = solve_joined(*case)
        if found != right:
            what = "misses" if right - found else "also has"
            which = sorted(right - found or found - right)[0]
            entities, heads, tails = (sorted(part) for part in case)
            raise Wrong(f"For entities {entities}, heads {heads} and tails {tails} it {what} {which}.")


def as_triples(value: Any) -> set[Triple]:
    """Return ((i, j), p, (k, m)) of whole numbers as a set; Wrong for anything else."""
    try:
        return {((index(i), index(j)), index(p), (index(k), index(m))) for (i, j), p, (k, m) in value}
    except (TypeError, ValueError):
        raise Wrong(f"A set of ((i, j), p, (k, m)) is asked for, it returns {value!r}.") from None


join_pairs = Exercise(
    name="Exercise 5.3",
    prompt="Write joined(entities, heads, tails): from the three sets of Exercise 5.2 the set of all triples "
    "((s_h, s_t), p, (o_h, o_t)) whose four pieces are there.",
    properties=[_joins_agree],
    solution=solve_joined,
    mistakes=[
        Mistake(_joins_heads_only, "The last tokens have to be linked as well: look into tails."),
        Mistake(_tails_only, "The first tokens have to be linked as well: look into heads."),
        Mistake(_either, "Both links are needed: and, not or."),
        Mistake(_joins_any_predicate, "The two links must be of the same predicate."),
        Mistake(_joins_any_kind, "Type 0 are subjects, type 1 objects: not every entity can be both."),
        Mistake(_forward, "The subject may stand behind the object."),
        Mistake(_without_entities, "Links alone make spans that nobody named: both spans must be among the entities."),
        Mistake(_by_first_token, "Two spans may begin at the same token: a dict from first to last keeps only one."),
        Mistake(_apart, "Subject and object may overlap, or even be the same span."),
        Mistake(_one_object, "A subject may have several objects under one predicate."),
        Mistake(_one_predicate, "The same two spans may be joined by several predicates."),
        Mistake(
            lambda entities, heads, tails: {(o, p, s) for s, p, o in solve_joined(entities, heads, tails)},
            "Subject first, then predicate, then object.",
        ),
    ],
    same=same_on(_JOINED_CASES, read=as_triples),
    hint="(5.10): set every entity of type 0 beside every one of type 1, and ask for (p, i, k) and (p, j, m).",
)


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


unwanted_triples = Exercise(
    name="Exercise 5.5",
    prompt="Write unwanted(triples): from the set of the true triples ((s_h, s_t), p, (o_h, o_t)) of a text the set of "
    "those that perfect scores decode to beside them.",
    properties=[_lists_agree],
    solution=solve_unwanted,
    mistakes=[
        Mistake(
            lambda triples: solve_joined(*solve_pairs(sorted(triples))),
            "The true ones come back too, of course. Take them away.",
        ),
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
        Mistake(lambda triples: set(), "Spans that share their ends can make some: look at Figure 5.5."),
        Mistake(_any_kind, "A span that is only a subject can't be an object of a spurious triple."),
    ],
    same=same_on([(case,) for case in _CASES], read=_triples),
    hint="Encode as in Exercise 5.2, join as in 5.3, and take away what was there.",
)
