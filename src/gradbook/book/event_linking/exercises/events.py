"""Exercise 6.5: a function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from gradbook.event_linking.exercises.asked import returned_for
from gradbook.event_linking.scores import RoleArgument, argument_score
from gradbook.exercises import Exercise, Mistake, Wrong, same_number

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


def _exact(predicted: Arguments, gold: Arguments) -> float:
    return _f1(sum(some in gold for some in predicted), len(predicted), len(gold))


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
        value = returned_for(case, answer, list(predicted), list(gold))
        if isinstance(value, (str, bytes)):  # float would read it
            raise Wrong(f"A number is asked for, it returns a {type(value).__name__}.")
        found, truth = float(value), solve_overlap(predicted, gold)
        if not abs(found - truth) <= 1e-6:
            raise Wrong(f"{case} it returns {found:.4f}.")


def _same_scores(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(same_number(a(list(p), list(g)), b(p, g)) for p, g in _CASES)


role_overlap = Exercise(
    name="Exercise 6.5",
    prompt="Write overlap(predicted, gold): DuEE's F1 for one text with events of one type. Both are lists of (role, "
    "mention), none twice; there are no aliases, and capitals play no part.",
    properties=[_scores_agree],
    solution=solve_overlap,
    mistakes=[
        Mistake(_exact, "A mention that is nearly right counts in part: by the characters it shares."),
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
    same=_same_scores,
    hint="Sum, over the predicted arguments, the best 2c/(m + n) in the same role. Divide by the two counts for "
    "precision and recall; if nothing is found, F1 is 0.",
)
