"""What a reader's function returns, read as sets: lists, tuples and sets are all taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradbook.exercises import Wrong


def as_pair(value: Any, words: str) -> tuple[Any, Any]:
    """Return the two parts of a pair; raise Wrong with ``words``, what the two should be, for anything else."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise Wrong(f"A pair is asked for, {words}; it returns {_named(value)}.")
    return value[0], value[1]


def as_sets(value: Any, words: str) -> set[frozenset[Any]]:
    """Return a collection of collections as a set of frozensets; raise Wrong, with ``words``, for anything else."""
    return {frozenset(map(_plain, _members(some, words))) for some in _members(value, words)}


def as_pairs(value: Any, words: str) -> set[tuple[Any, ...]]:
    """Return a collection of pairs as a set of tuples; raise Wrong, with ``words``, for anything else."""
    found = {tuple(map(_plain, _members(some, words))) for some in _members(value, words)}
    if odd := [some for some in found if len(some) != 2]:
        raise Wrong(f"{words} asked for, one of them is {odd[0]}.")
    return found


def shown(sets: Iterable[Iterable[Any]]) -> str:
    """Write sets in a fixed order: {a, b} {b, c}, or "none"."""
    return " ".join("{" + ", ".join(map(str, some)) + "}" for some in in_order(map(in_order, sets))) or "none"


def in_order(values: Iterable[Any]) -> list[Any]:
    """Sort ``values``; what can't be compared, such as a number and a word, goes by how it is written."""
    values = list(values)
    try:
        return sorted(values)
    except (TypeError, ValueError, RuntimeError):  # the last two: tensors and arrays of several numbers
        return sorted(values, key=str)


def _members(value: Any, words: str) -> list[Any]:
    if isinstance(value, (str, bytes, dict)) or not isinstance(value, Iterable):
        raise Wrong(f"{words} asked for, it returns {_named(value)}.")
    return list(value)


def _plain(some: Any) -> Any:
    """A whole number as an int: tensors of one number have a hash each, and two equal ones aren't one in a set."""
    if getattr(some, "ndim", 0):
        return some
    try:
        number = int(some)
    except (TypeError, ValueError, OverflowError):
        return some
    return number if number == some else some


def _named(value: Any) -> str:
    """For example "a str" or "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
