"""Exercises 6.1 and 6.5: links, and overlaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, combinations, pairwise, product
from typing import Any

from gradbook.book.event_linking.exercises.cliques import as_pair, as_pairs, in_order, returned_for
from gradbook.book.exercises import Exercise, Mistake, Wrong, as_number, same_on
from gradbook.extraction.f1 import RoleArgument, argument_score

Triple = tuple[int, int, str]
Pair = tuple[int, int]
Links = tuple[set[Pair], set[Pair]]
_WORDS = "Sets of pairs (smaller, larger) are"

_LINK_CASES: list[list[set[Triple]]] = [
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


def _links_agree(answer: Callable[..., Any]) -> None:
    for events in _LINK_CASES:
        case = f"For the events {[sorted(event) for event in events]}"
        found = as_pair(returned_for(case, answer, [set(event) for event in events]), "heads and tails")
        for name, value, truth in zip(("heads", "tails"), found, solve_links(events), strict=True):
            pairs = as_pairs(value, _WORDS)
            if pairs != truth:
                raise Wrong(f"{case} it returns {in_order(pairs)} as {name}.")


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
        Mistake(
            lambda events: _links((a, b) for event in events for a, b in product(event, event)),
            "An argument isn't linked with itself: take two different arguments.",
        ),
        Mistake(
            lambda events: _links(pair for event in events for pair in pairwise(sorted(event))),
            "An event is complete: each two of its arguments are linked, not only neighbours.",
        ),
        Mistake(
            lambda events: _links((a, b) for a, b in _pairs(events) if "trigger" in (a[2], b[2])),
            "The trigger is an argument like the others: the others are linked among themselves.",
        ),
        Mistake(
            lambda events: _links(combinations(sorted(set(chain.from_iterable(events))), 2)),
            "Only arguments of the same event are linked. That is what tells the events apart.",
        ),
    ],
    same=same_on([(case,) for case in _LINK_CASES], read=lambda pair: [as_pairs(some, _WORDS) for some in pair]),
    hint="For each event, for each two of its arguments: the pair of starts, the pair of ends, the smaller first.",
)


Arguments = list[tuple[str, str]]

_CASES: list[tuple[Arguments, Arguments]] = [
    ([("winner", "abcd")], [("winner", "abcd")]),
    ([("winner", "abc")], [("winner", "abcd")]),
    ([("winner", "abcd")], [("loser", "abcd")]),
    ([("winner", "aab")], [("winner", "ab")]),
    ([("winner", "abcd"), ("winner", "abc"), ("cup", "xy")], [("winner", "abcd"), ("loser", "ef")]),
    ([("winner", "ab"), ("winner", "ef")], [("winner", "abc"), ("winner", "efgh"), ("cup", "xyz")]),
    ([], [("winner", "ab")]),
    ([("winner", "ab")], []),
    ([("winner", "abab")], [("winner", "ba"), ("winner", "abcd")]),
    ([("term", "abc")], [("term", "cab")]),
    ([("winner", "ab"), ("winner", "a"), ("winner", "b")], [("winner", "ab")]),
]
"""In turn: equal, one letter short, another role, a letter twice, two predictions for one argument, two for two beside
a third that is missed, nothing predicted, nothing to find, two annotated ones to choose from, the same letters
in another order, and three predictions for one argument, whose recall and F1 pass 1."""


def solve_overlap(predicted: Arguments, gold: Arguments) -> float:
    """The reference: each predicted argument scores the best F1 of characters among the annotated ones of its role."""
    return _f1(sum(_best(role, mention, gold) for role, mention in predicted), len(predicted), len(gold))


def _best(role: str, mention: str, gold: Arguments) -> float:
    return max((_mention_f1(mention, other) for r, other in gold if r == role), default=0.0)


def _mention_f1(first: str, second: str) -> float:
    return 2 * (Counter(first) & Counter(second)).total() / (len(first) + len(second))


def _f1(total: float, predicted: int, gold: int) -> float:
    precision, recall = (total / count if count else 0.0 for count in (predicted, gold))
    return 2 * precision * recall / (precision + recall) if total else 0.0


def _any_role(predicted: Arguments, gold: Arguments) -> float:
    blind = [("", mention) for _, mention in gold]
    return _f1(sum(_best("", mention, blind) for _, mention in predicted), len(predicted), len(gold))


def _letters(predicted: Arguments, gold: Arguments) -> float:
    """Letters counted once, however often they stand there."""

    def once(arguments: Arguments) -> Arguments:
        return [(role, "".join(sorted(set(mention)))) for role, mention in arguments]

    return solve_overlap(once(predicted), once(gold))


def _in_order(predicted: Arguments, gold: Arguments) -> float:
    """The longest common subsequence, instead of all common characters."""

    def best(role: str, mention: str) -> float:
        found = [2 * _subsequence(mention, other) / (len(mention) + len(other)) for r, other in gold if r == role]
        return max(found, default=0.0)

    return _f1(sum(best(role, mention) for role, mention in predicted), len(predicted), len(gold))


def _subsequence(first: str, second: str) -> int:
    if not first or not second:
        return 0
    if first[0] == second[0]:
        return 1 + _subsequence(first[1:], second[1:])
    return max(_subsequence(first[1:], second), _subsequence(first, second[1:]))


def _share(predicted: Arguments, gold: Arguments) -> float:
    """The share of the predicted characters that are right, instead of an F1 of characters."""

    def best(role: str, mention: str) -> float:
        found = [(Counter(mention) & Counter(other)).total() for r, other in gold if r == role]
        return max(found, default=0) / len(mention)

    return _f1(sum(best(role, mention) for role, mention in predicted), len(predicted), len(gold))


def _two_sides(predicted: Arguments, gold: Arguments) -> float:
    """Recall from the annotated arguments' own best, instead of from the same sum."""
    if not predicted or not gold:
        return 0.0
    precision, recall = (
        sum(_best(role, mention, others) for role, mention in some) / len(some)
        for some, others in ((predicted, gold), (gold, predicted))
    )
    return 2 * precision * recall / (precision + recall) if precision else 0.0


def _summed(predicted: Arguments, gold: Arguments) -> float:
    """Every annotated argument of the role counts, not only the best."""
    pairs = [(m, other) for role, m in predicted for r, other in gold if r == role]
    return _f1(sum(_mention_f1(*pair) for pair in pairs), len(predicted), len(gold))


def _once(predicted: Arguments, gold: Arguments) -> float:
    """Each annotated argument scores with one prediction at most."""
    found, there = ([[RoleArgument("", *some) for some in side]] for side in (predicted, gold))
    return argument_score(found, there, "once").f1


def _precision(predicted: Arguments, gold: Arguments) -> float:
    total = sum(_best(role, mention, gold) for role, mention in predicted)
    return total / len(predicted) if predicted else 0.0


def _recall(predicted: Arguments, gold: Arguments) -> float:
    return _precision(predicted, gold) * len(predicted) / len(gold) if gold else 0.0


def _clipped(predicted: Arguments, gold: Arguments) -> float:
    """Recall held at 1."""
    precision, recall = _precision(predicted, gold), min(_recall(predicted, gold), 1.0)
    return 2 * precision * recall / (precision + recall) if precision else 0.0


def _scores_agree(answer: Callable[..., Any]) -> None:
    for predicted, gold in _CASES:
        case = f"For predicted {predicted} and annotated {gold}"
        found = as_number(returned_for(case, answer, list(predicted), list(gold)))
        if not abs(found - solve_overlap(predicted, gold)) <= 1e-6:
            raise Wrong(f"{case} it returns {found:.4f}.")


role_overlap = Exercise(
    name="Exercise 6.5",
    prompt="Write overlap(predicted, gold): DuEE's F1 for one text with events of one type. Both are lists of (role, "
    "mention), none twice; there are no aliases, and capitals play no part.",
    properties=[_scores_agree],
    solution=solve_overlap,
    mistakes=[
        Mistake(
            lambda predicted, gold: _f1(sum(some in gold for some in predicted), len(predicted), len(gold)),
            "A mention that is nearly right counts in part: by the characters it shares.",
        ),
        Mistake(_any_role, "Only annotated arguments of the same role are compared."),
        Mistake(_letters, "A character that stands twice counts twice, as often as both mentions have it."),
        Mistake(_in_order, "Order plays no part: abc and cab have three characters in common."),
        Mistake(_share, "The F1 of two mentions is 2c/(m + n): a mention that is too short loses as well."),
        Mistake(_two_sides, "Recall takes the same sum as precision, over the number of annotated arguments."),
        Mistake(_summed, "A predicted argument scores with the best of the annotated ones, not with all."),
        Mistake(_once, "Two predictions may score with the same annotated argument: none is used up."),
        Mistake(_clipped, "Recall may pass 1: nothing keeps three predictions from one argument."),
        Mistake(_precision, "That is the precision. F1 is the harmonic mean of precision and recall."),
        Mistake(_recall, "That is the recall. F1 is its harmonic mean with precision."),
    ],
    same=same_on(_CASES, rtol=1e-3, atol=0),
    hint="Sum, over the predicted arguments, the best 2c/(m + n) in the same role. Divide by the two counts for "
    "precision and recall; if nothing is found, F1 is 0.",
)
