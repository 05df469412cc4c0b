"""Exercises 5.1 and 5.2: how many candidates, and triples as pairs."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

from gradbook.book.exercises import Exercise, Mistake, Wrong, returned, same_on

Counts = tuple[int, int]

_SIZES = [(1, 1), (3, 2), (40, 3), (512, 170)]


def _spans(length: int) -> int:
    return length * (length + 1) // 2


def solve_candidates(length: int, predicates: int) -> Counts:
    """The reference: equations (5.2) and (5.4)."""
    return predicates * _spans(length) ** 2, 2 * _spans(length) + 2 * predicates * length**2


def _counts_agree(answer: Callable[..., Any]) -> None:
    for sizes in _SIZES:
        found = _numbers(returned(answer, *sizes))
        for name, number, right in zip(("quintuples", "factors"), found, solve_candidates(*sizes), strict=True):
            if number != right:
                raise Wrong(f"For length, predicates = {sizes[0]}, {sizes[1]} it counts {number:,} {name}.")


def _numbers(value: Any) -> tuple[Any, Any]:
    """Two numbers, or Wrong: text, truth, sets and one number alone are none."""
    try:
        first, second = value
    except (TypeError, ValueError):
        raise Wrong(f"Two numbers are asked for, it returns {value!r}.") from None
    if isinstance(value, (set, frozenset, dict)):
        raise Wrong(f"Two numbers in order are asked for, as a pair; it returns {value!r}.")
    if not (_is_number(first) and _is_number(second)):
        raise Wrong(f"Two numbers are asked for, it returns {value!r}.")
    return first, second


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, (str, bytes, bool)) and bool(float(value) == value)
    except (TypeError, ValueError):
        return False


count_candidates = Exercise(
    name="Exercise 5.1",
    prompt="Write candidates(length, predicates): how many quintuples there are, and how many scores the factors have, "
    "as a pair of numbers.",
    properties=[_counts_agree],
    solution=solve_candidates,
    mistakes=[
        Mistake(
            lambda n, p: (p * n**4, 2 * n**2 + 2 * p * n**2),
            "A span ends where it begins or later: l(l + 1)/2 of them, not l².",
        ),
        Mistake(
            lambda n, p: (p * _spans(n), solve_candidates(n, p)[1]),
            "A quintuple has two spans, subject and object: the number of spans squared.",
        ),
        Mistake(
            lambda n, p: (p * n**4, solve_candidates(n, p)[1]),
            "The pieces are right, but not every four tokens are two spans: l(l + 1)/2, not l².",
        ),
        Mistake(
            lambda n, p: (p * _spans(n - 1) ** 2, 2 * _spans(n - 1) + 2 * p * n**2),
            "A mention may be one token: the diagonal counts, l(l + 1)/2.",
        ),
        Mistake(
            lambda n, p: (p * _spans(n) ** 2, 2 * _spans(n) + 2 * p * _spans(n)),
            "The subject may stand behind the object: a link has all l² places.",
        ),
        Mistake(
            lambda n, p: (p * _spans(n) ** 2, _spans(n) + 2 * p * n**2),
            "A span may be a subject, an object or both: two scores a span.",
        ),
        Mistake(
            lambda n, p: (p * _spans(n) ** 2, 2 * _spans(n) + p * n**2),
            "Two links a predicate: between the first tokens, and between the last.",
        ),
        Mistake(
            lambda n, p: (p * _spans(n) ** 2, 2 * p * (_spans(n) + n**2)),
            "The entity scores don't know the predicate: they are there once for all.",
        ),
        Mistake(
            lambda n, p: (p * _spans(n) * (_spans(n) + 1) // 2, 2 * _spans(n) + 2 * p * n**2),
            "Who is subject and who is object matters: any span with any span, in both orders.",
        ),
        Mistake(
            lambda n, p: solve_candidates(n, p)[::-1],
            "The other way round: quintuples first, then the scores of the factors.",
        ),
    ],
    same=same_on(_SIZES, read=tuple),
    hint="With m = l(l + 1)/2 spans: m · m quintuples a predicate; the factors are 2m scores, and 2l² a predicate.",
)


Place = tuple[int, int]
Triple = tuple[Place, int, Place]
Pairs = tuple[set[Any], set[Any], set[Any]]

_CASES: list[list[Triple]] = [
    [((0, 1), 0, (4, 6))],
    [((5, 7), 2, (0, 1)), ((5, 7), 0, (2, 4))],
    [((0, 2), 1, (0, 2)), ((0, 2), 1, (1, 1)), ((3, 3), 0, (0, 2))],
    [],
]


def solve_pairs(triples: list[Triple]) -> Pairs:
    """The reference: two entities, a head pair and a tail pair of each triple, each named once."""
    entities = {(0, *s) for s, _, _ in triples} | {(1, *o) for _, _, o in triples}
    heads = {(p, s[0], o[0]) for s, p, o in triples}
    tails = {(p, s[1], o[1]) for s, p, o in triples}
    return entities, heads, tails


def _in_order(triples: list[Triple]) -> Pairs:
    entities, heads, tails = solve_pairs(triples)
    return entities, {(p, min(i, j), max(i, j)) for p, i, j in heads}, {(p, min(i, j), max(i, j)) for p, i, j in tails}


def _only_forward(triples: list[Triple]) -> Pairs:
    entities, heads, tails = solve_pairs(triples)
    return entities, {pair for pair in heads if pair[1] <= pair[2]}, {pair for pair in tails if pair[1] <= pair[2]}


def _inside_a_span(triples: list[Triple]) -> Pairs:
    entities, _, _ = solve_pairs(triples)
    return entities, {(p, *s) for s, p, _ in triples}, {(p, *o) for _, p, o in triples}


def _crosswise(triples: list[Triple]) -> Pairs:
    entities, _, _ = solve_pairs(triples)
    return entities, {(p, s[0], o[1]) for s, p, o in triples}, {(p, s[1], o[0]) for s, p, o in triples}


def _object_first(triples: list[Triple]) -> Pairs:
    entities, heads, tails = solve_pairs(triples)
    return entities, {(p, j, i) for p, i, j in heads}, {(p, j, i) for p, i, j in tails}


def _predicate_between(triples: list[Triple]) -> Pairs:
    entities, heads, tails = solve_pairs(triples)
    return entities, {(i, p, j) for p, i, j in heads}, {(i, p, j) for p, i, j in tails}


def _one_kind(triples: list[Triple]) -> Pairs:
    entities, heads, tails = solve_pairs(triples)
    return {(0, i, j) for _, i, j in entities}, heads, tails


def _kinds_turned_over(triples: list[Triple]) -> Pairs:
    entities, heads, tails = solve_pairs(triples)
    return {(1 - kind, i, j) for kind, i, j in entities}, heads, tails


def _twice(triples: list[Triple]) -> Any:
    entities = [(0, *s) for s, _, _ in triples] + [(1, *o) for _, _, o in triples]
    return entities, [(p, s[0], o[0]) for s, p, o in triples], [(p, s[1], o[1]) for s, p, o in triples]


def _pairs_agree(answer: Callable[..., Any]) -> None:
    for triples in _CASES:
        parts = _three(returned(answer, list(triples)))
        for name, found, right in zip(("entities", "heads", "tails"), parts, solve_pairs(triples), strict=True):
            if len(found) != len(set(found)):
                raise Wrong(f"For {triples} a pair stands twice among your {name}: {found}.")
            if set(found) != right:
                raise Wrong(f"For {triples} your {name} are {sorted(found)}.")


def _three(value: Any) -> list[list[tuple[int, int, int]]]:
    """Three collections of triples of whole numbers, as lists of tuples; Wrong for anything else."""
    try:
        parts = [[tuple(index(number) for number in row) for row in part] for part in value]
    except (TypeError, ValueError):
        parts = []
    if len(parts) != 3 or any(len(row) != 3 for part in parts for row in part):
        raise Wrong(f"Three sets of (type, i, j) are asked for, it returns {value!r}.")
    return parts  # type: ignore[return-value]


triples_to_pairs = Exercise(
    name="Exercise 5.2",
    prompt="Write pairs(triples): from a list of ((s_h, s_t), p, (o_h, o_t)) the three sets that the loss takes, "
    "entities {(0, s_h, s_t), (1, o_h, o_t), …}, heads {(p, s_h, o_h), …} and tails {(p, s_t, o_t), …}.",
    properties=[_pairs_agree],
    solution=solve_pairs,
    mistakes=[
        Mistake(_in_order, "Don't sort a link: the subject's token comes first even where it stands behind."),
        Mistake(_only_forward, "A subject behind its object is a triple like any other: links have no triangle."),
        Mistake(
            _inside_a_span, "A link goes from the subject to the object, not from a span's first to its last token."
        ),
        Mistake(_crosswise, "Heads join first token with first token, tails last with last."),
        Mistake(_object_first, "The subject's token comes first in a link, then the object's."),
        Mistake(_predicate_between, "The predicate stands first in a link, as the type does in an entity: (p, i, j)."),
        Mistake(_one_kind, "Entities have a type too: 0 for subjects, 1 for objects."),
        Mistake(_kinds_turned_over, "Type 0 are the subjects, type 1 the objects."),
        Mistake(
            _twice, "Each pair once: a subject of two triples is one entity. The loss refuses a label named twice."
        ),
    ],
    same=same_on([(case,) for case in _CASES], read=lambda value: [sorted(part) for part in _three(value)]),
    hint="Each triple gives two entities, one head pair and one tail pair; a set keeps what is shared once.",
)
