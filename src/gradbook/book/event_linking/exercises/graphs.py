"""Exercises 6.3 and 6.4: calls of a search, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

from gradbook.book.event_linking.exercises.cliques import as_pair, as_sets, returned_for, shown, solve_cliques
from gradbook.book.exercises import Exercise, Mistake, Wrong, as_number, same_on

_PAIRS = range(1, 8)  # from 8 on the numbers pass 2²⁴, and float32 no longer holds them


def solve_calls(pairs: int) -> int:
    """The reference: c(k) = 1 + 2 k c(k − 1), c(0) = 1."""
    return 1 if pairs == 0 else 1 + 2 * pairs * solve_calls(pairs - 1)


def _not_itself(pairs: int) -> int:
    return 1 if pairs == 0 else 2 * pairs * _not_itself(pairs - 1)


def _one_side(pairs: int) -> int:
    return 1 if pairs == 0 else 1 + pairs * _one_side(pairs - 1)


def _only_inner(pairs: int) -> int:
    return 0 if pairs == 0 else 1 + 2 * pairs * _only_inner(pairs - 1)


def _counts_agree(answer: Callable[..., Any]) -> None:
    for pairs in _PAIRS:
        found = as_number(returned_for(f"For pairs = {pairs}", answer, pairs))
        if found != solve_calls(pairs):
            raise Wrong(f"For pairs = {pairs} it returns {found:,.10g}.")


count_recursion = Exercise(
    name="Exercise 6.3",
    prompt="Write calls(pairs): how many calls the article's recursion makes on the cocktail party of so many pairs, "
    "the first call included. Without running it.",
    properties=[_counts_agree],
    solution=solve_calls,
    mistakes=[
        Mistake(
            lambda pairs: 1 << pairs,
            "That is how many cliques there are. Each is found many times, and most calls find none.",
        ),
        Mistake(
            lambda pairs: int(3**pairs),
            "So many different sets there are. The recursion visits most of them again and again.",
        ),
        Mistake(
            lambda pairs: (2 << pairs) - 1,
            "That is the pivot search, which splits on one pair. The recursion splits on every pair.",
        ),
        Mistake(_not_itself, "Count the call itself, too, not only those that it makes."),
        Mistake(_one_side, "Each pair that isn't adjacent has two nodes, and there is a call for either."),
        Mistake(_only_inner, "A call that finds a clique is a call as well: what is c(0)?"),
    ],
    same=same_on([(pairs,) for pairs in _PAIRS], read=float),
    hint="A set with k pairs left has k pairs that aren't adjacent, and two calls for each. What has such a call left?",
)


Sets = set[frozenset[str]]
Answer = tuple[Sets, Sets]
_WORDS = "Sets of events, each a set of nodes, are"


def _family(*events: str) -> Sets:
    return {frozenset(event) for event in events}


_CASES: list[Sets] = [
    _family("ab", "cd"),
    _family("abc", "ade"),
    _family("ab", "bc", "ac"),
    _family("abc", "ab"),
    _family("abc", "ab", "d"),
    _family("abx", "bcx", "acx"),
    _family("ab", "bc", "cd", "ad"),
    _family("ab", "ac", "ad", "bc", "bd", "cd"),
    _family("ab", "bc", "ac", "ad"),
    _family("abc", "abd", "acd", "bcd"),
    set(),
]
"""In turn: apart, a shared trigger, a triangle of pairs, one event inside another, the same with a third, a triangle
around a shared node, a ring of four, six pairs of four nodes, a triangle with a tail, four threes of four nodes, and
no event."""


def solve_given_back(events: Sets) -> Answer:
    """The reference: the cliques of the graph that aren't events, and the events that aren't cliques."""
    names = sorted(frozenset().union(*events))
    edges = {(i, j) for i, j in combinations(range(len(names)), 2) if _together(events, names[i], names[j])}
    cliques = {frozenset(names[node] for node in some) for some in solve_cliques(len(names), edges)}
    return cliques - events, events - cliques


def _together(events: Sets, first: str, second: str) -> bool:
    return any({first, second} <= event for event in events)


def _exchanged(events: Sets) -> Answer:
    spurious, lost = solve_given_back(events)
    return lost, spurious


def _all_back(events: Sets) -> Answer:
    spurious, lost = solve_given_back(events)
    return spurious | (events - lost), lost


def _inside_itself(events: Sets) -> Answer:
    return solve_given_back(events)[0], {some for some in events if any(some <= other for other in events)}


def _triangles(events: Sets) -> Answer:
    """Three pairwise sharing events merged, and nothing larger."""
    cores = {(a & b) | (a & c) | (b & c) for a, b, c in combinations(events, 3)}
    spurious = {core for core in cores if not any(core <= event for event in events)}
    return spurious, {some for some in events if any(some < other for other in events | spurious)}


def _joined(events: Sets) -> Answer:
    """Connected events taken for one."""
    groups: list[frozenset[str]] = []
    for event in events:
        touching = [group for group in groups if group & event]
        groups = [group for group in groups if group not in touching] + [event.union(*touching)]
    return set(groups) - events, events - set(groups)


def _verdicts_agree(answer: Callable[..., Any]) -> None:
    for events in _CASES:
        case = f"For the events {shown(events)}" if events else "For no event, an empty set,"
        found = as_pair(returned_for(case, answer, set(events)), "spurious and lost events")
        for name, value, truth in zip(("spurious", "lost"), found, solve_given_back(events), strict=True):
            sets = as_sets(value, _WORDS)
            if sets != truth:
                raise Wrong(f"{case} it returns as {name}: {shown(sets)}.")


what_comes_back = Exercise(
    name="Exercise 6.4",
    prompt="Write given_back(events): events of one type are frozensets of nodes. Return two sets: the events that "
    "come back from their graph though nobody named them (spurious), and those that don't come back (lost). There may "
    "be no event at all.",
    properties=[_verdicts_agree],
    solution=solve_given_back,
    mistakes=[
        Mistake(_exchanged, "The other way round: first what comes back though nobody named it, then what is lost."),
        Mistake(_all_back, "The first set is only what nobody named: take the events themselves out of it."),
        Mistake(
            lambda events: (set(), {some for some in events if any(some < other for other in events)}),
            "Three pairs can close a triangle: then a clique comes back that nobody named.",
        ),
        Mistake(
            lambda events: (solve_given_back(events)[0], set()),
            "An event inside another isn't maximal, nor one inside a clique that nobody named.",
        ),
        Mistake(_inside_itself, "Every set is inside itself. Lost is what lies inside something larger."),
        Mistake(_triangles, "What three events share need not be maximal yet: four nodes, six pairs make one of four."),
        Mistake(_joined, "Events that share a node don't merge by that: each two nodes of a clique must be adjacent."),
    ],
    same=same_on([(case,) for case in _CASES], read=lambda pair: [as_sets(some, _WORDS) for some in pair]),
    hint="Join each two nodes of an event, find the maximal complete subgraphs, and compare the two families of sets.",
)
