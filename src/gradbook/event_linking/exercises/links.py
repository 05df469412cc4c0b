"""Exercise 6.1: a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, combinations, pairwise, product
from typing import Any

from gradbook.event_linking.exercises.asked import returned_for
from gradbook.event_linking.exercises.sets import as_pair, as_pairs, in_order
from gradbook.exercises import Exercise, Mistake, Wrong

Triple = tuple[int, int, str]
Pair = tuple[int, int]
Links = tuple[set[Pair], set[Pair]]
_WORDS = "Sets of pairs (smaller, larger) are"

_CASES: list[list[set[Triple]]] = [
    [{(0, 1, "person"), (8, 9, "trigger"), (10, 12, "term")}, {(3, 4, "person"), (8, 9, "trigger"), (14, 16, "term")}],
    [{(5, 9, "cup"), (6, 7, "place")}],
    [{(2, 3, "winner")}],
    [{(9, 9, "trigger"), (0, 2, "winner"), (4, 7, "loser"), (3, 3, "cup")}],
    [{(1, 2, "seller"), (1, 2, "owner"), (4, 4, "trigger")}],
    [],
]
"""In turn: two events with one trigger, a span inside another, a single argument, four in one event, one span with two
roles, and no event."""


def solve_links(events: list[set[Triple]]) -> Links:
    """The reference: for each two arguments of an event the pair of starts and the pair of ends, in order."""
    return _links(pair for event in events for pair in combinations(sorted(event), 2))


def _links(pairs: Iterable[tuple[Triple, Triple]]) -> Links:
    pairs = list(pairs)
    return {_ordered(a[0], b[0]) for a, b in pairs}, {_ordered(a[1], b[1]) for a, b in pairs}


def _ordered(first: int, second: int) -> Pair:
    return min(first, second), max(first, second)


def _pairs(events: list[set[Triple]]) -> Iterator[tuple[Triple, Triple]]:
    return (pair for event in events for pair in combinations(sorted(event), 2))


def _both_ways(events: list[set[Triple]]) -> Links:
    heads, tails = solve_links(events)
    return heads | {(j, i) for i, j in heads}, tails | {(j, i) for i, j in tails}


def _by_start(events: list[set[Triple]]) -> Links:
    """Ends in the order of the starts: wrong where one span lies inside another."""
    pairs = list(_pairs(events))
    return {(a[0], b[0]) for a, b in pairs}, {(a[1], b[1]) for a, b in pairs}


def _head_to_tail(events: list[set[Triple]]) -> Links:
    pairs = list(_pairs(events))
    return {_ordered(a[0], b[1]) for a, b in pairs}, {_ordered(a[1], b[0]) for a, b in pairs}


def _exchanged(events: list[set[Triple]]) -> Links:
    heads, tails = solve_links(events)
    return tails, heads


def _never_one_token(events: list[set[Triple]]) -> Links:
    heads, tails = ({(i, j) for i, j in pairs if i != j} for pairs in solve_links(events))
    return heads, tails


def _with_itself(events: list[set[Triple]]) -> Links:
    return _links((a, b) for event in events for a, b in product(event, event))


def _neighbours(events: list[set[Triple]]) -> Links:
    return _links(pair for event in events for pair in pairwise(sorted(event)))


def _to_the_trigger(events: list[set[Triple]]) -> Links:
    return _links((a, b) for a, b in _pairs(events) if "trigger" in (a[2], b[2]))


def _all_together(events: list[set[Triple]]) -> Links:
    return _links(combinations(sorted(set(chain.from_iterable(events))), 2))


def _links_agree(answer: Callable[..., Any]) -> None:
    for events in _CASES:
        case = f"For the events {[sorted(event) for event in events]}"
        found = as_pair(returned_for(case, answer, [set(event) for event in events]), "heads and tails")
        for name, value, truth in zip(("heads", "tails"), found, solve_links(events), strict=True):
            pairs = as_pairs(value, _WORDS)
            if pairs != truth:
                raise Wrong(f"{case} it returns {in_order(pairs)} as {name}.")


def _same_links(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(
        tuple(as_pairs(some, _WORDS) for some in a([set(e) for e in events])) == b(events) for events in _CASES
    )  # fmt: skip


link_sets = Exercise(
    name="Exercise 6.1",
    prompt="Write links(events): events are sets of (start, end, role). Return two sets of pairs (smaller, larger): "
    "first tokens that must be linked, and last tokens that must be.",
    properties=[_links_agree],
    solution=solve_links,
    mistakes=[
        Mistake(_both_ways, "The upper triangle is enough: each pair once, the smaller number first."),
        Mistake(
            _by_start, "In a span inside another the later start has the earlier end: order starts and ends apart."
        ),
        Mistake(_head_to_tail, "First tokens are linked with first tokens, last ones with last ones."),
        Mistake(_exchanged, "The other way round: the pairs of first tokens come first, then those of last tokens."),
        Mistake(_never_one_token, "Two roles on one span: token 1 is linked with itself, by the pair (1, 1)."),
        Mistake(_with_itself, "An argument isn't linked with itself: take two different arguments."),
        Mistake(_neighbours, "An event is complete: each two of its arguments are linked, not only neighbours."),
        Mistake(_to_the_trigger, "The trigger is an argument like the others: the others are linked among themselves."),
        Mistake(_all_together, "Only arguments of the same event are linked. That is what tells the events apart."),
    ],
    same=_same_links,
    hint="For each event, for each two of its arguments: the pair of starts, the pair of ends, the smaller first.",
)
