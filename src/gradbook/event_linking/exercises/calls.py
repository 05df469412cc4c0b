"""Exercise 6.3: a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.event_linking.exercises.asked import returned_for
from gradbook.exercises import Exercise, Mistake, Wrong

_PAIRS = range(1, 8)  # from 8 on the numbers pass 2²⁴, and float32 no longer holds them


def solve_calls(pairs: int) -> int:
    """The reference: c(k) = 1 + 2 k c(k − 1), c(0) = 1."""
    return 1 if pairs == 0 else 1 + 2 * pairs * solve_calls(pairs - 1)


def _cliques(pairs: int) -> int:
    return 1 << pairs


def _with_memory(pairs: int) -> int:
    return int(3**pairs)


def _pivot(pairs: int) -> int:
    return (2 << pairs) - 1


def _not_itself(pairs: int) -> int:
    return 1 if pairs == 0 else 2 * pairs * _not_itself(pairs - 1)


def _one_side(pairs: int) -> int:
    return 1 if pairs == 0 else 1 + pairs * _one_side(pairs - 1)


def _only_inner(pairs: int) -> int:
    return 0 if pairs == 0 else 1 + 2 * pairs * _only_inner(pairs - 1)


def _counts_agree(answer: Callable[..., Any]) -> None:
    for pairs in _PAIRS:
        value = returned_for(f"For pairs = {pairs}", answer, pairs)
        if isinstance(value, (str, bytes)):  # float would read it
            raise Wrong(f"A number is asked for, it returns a {type(value).__name__}.")
        if float(value) != solve_calls(pairs):
            raise Wrong(f"For pairs = {pairs} it returns {float(value):,.10g}.")


def _same_counts(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(float(a(pairs)) == float(b(pairs)) for pairs in _PAIRS)


count_recursion = Exercise(
    name="Exercise 6.3",
    prompt="Write calls(pairs): how many calls the article's recursion makes on the cocktail party of so many pairs, "
    "the first call included. Without running it.",
    properties=[_counts_agree],
    solution=solve_calls,
    mistakes=[
        Mistake(_cliques, "That is how many cliques there are. Each is found many times, and most calls find none."),
        Mistake(_with_memory, "So many different sets there are. The recursion visits most of them again and again."),
        Mistake(_pivot, "That is the pivot search, which splits on one pair. The recursion splits on every pair."),
        Mistake(_not_itself, "Count the call itself, too, not only those that it makes."),
        Mistake(_one_side, "Each pair that isn't adjacent has two nodes, and there is a call for either."),
        Mistake(_only_inner, "A call that finds a clique is a call as well: what is c(0)?"),
    ],
    same=_same_counts,
    hint="A set with k pairs left has k pairs that aren't adjacent, and two calls for each. What has such a call left?",
)
