"""Exercise 5.1: a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.exercises import Exercise, Mistake, Wrong, returned

Counts = tuple[int, int]

_SIZES = [(1, 1), (3, 2), (40, 3), (512, 170)]


def solve_candidates(length: int, predicates: int) -> Counts:
    """The reference: equations (5.2) and (5.4)."""
    spans = length * (length + 1) // 2
    return predicates * spans**2, 2 * spans + 2 * predicates * length**2


def _all_pairs(length: int, predicates: int) -> Counts:
    return predicates * length**4, 2 * length**2 + 2 * predicates * length**2


def _not_squared(length: int, predicates: int) -> Counts:
    return predicates * length * (length + 1) // 2, solve_candidates(length, predicates)[1]


def _fourth_power(length: int, predicates: int) -> Counts:
    return predicates * length**4, solve_candidates(length, predicates)[1]


def _no_single_tokens(length: int, predicates: int) -> Counts:
    spans = length * (length - 1) // 2
    return predicates * spans**2, 2 * spans + 2 * predicates * length**2


def _triangle_everywhere(length: int, predicates: int) -> Counts:
    spans = length * (length + 1) // 2
    return predicates * spans**2, 2 * spans + 2 * predicates * spans


def _entities_once(length: int, predicates: int) -> Counts:
    spans = length * (length + 1) // 2
    return predicates * spans**2, spans + 2 * predicates * length**2


def _one_link(length: int, predicates: int) -> Counts:
    spans = length * (length + 1) // 2
    return predicates * spans**2, 2 * spans + predicates * length**2


def _entities_by_predicate(length: int, predicates: int) -> Counts:
    spans = length * (length + 1) // 2
    return predicates * spans**2, 2 * predicates * (spans + length**2)


def _unordered(length: int, predicates: int) -> Counts:
    spans = length * (length + 1) // 2
    return predicates * spans * (spans + 1) // 2, 2 * spans + 2 * predicates * length**2


def _turned_over(length: int, predicates: int) -> Counts:
    return solve_candidates(length, predicates)[::-1]


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


def _same_counts(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(tuple(a(*sizes)) == tuple(b(*sizes)) for sizes in _SIZES)


count_candidates = Exercise(
    name="Exercise 5.1",
    prompt="Write candidates(length, predicates): how many quintuples there are, and how many scores the factors have, "
    "as a pair of numbers.",
    properties=[_counts_agree],
    solution=solve_candidates,
    mistakes=[
        Mistake(_all_pairs, "A span ends where it begins or later: l(l + 1)/2 of them, not l²."),
        Mistake(_not_squared, "A quintuple has two spans, subject and object: the number of spans squared."),
        Mistake(_fourth_power, "The pieces are right, but not every four tokens are two spans: l(l + 1)/2, not l²."),
        Mistake(_no_single_tokens, "A mention may be one token: the diagonal counts, l(l + 1)/2."),
        Mistake(_triangle_everywhere, "The subject may stand behind the object: a link has all l² places."),
        Mistake(_entities_once, "A span may be a subject, an object or both: two scores a span."),
        Mistake(_one_link, "Two links a predicate: between the first tokens, and between the last."),
        Mistake(_entities_by_predicate, "The entity scores don't know the predicate: they are there once for all."),
        Mistake(_unordered, "Who is subject and who is object matters: any span with any span, in both orders."),
        Mistake(_turned_over, "The other way round: quintuples first, then the scores of the factors."),
    ],
    same=_same_counts,
    hint="With m = l(l + 1)/2 spans: m · m quintuples a predicate; the factors are 2m scores, and 2l² a predicate.",
)
