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
    return {frozenset(_members(some, words)) for some in _members(value, words)}


def as_pairs(value: Any, words: str) -> set[tuple[Any, ...]]:
    """Return a collection of pairs as a set of tuples; raise Wrong, with ``words``, for anything else."""
    found = {tuple(_members(some, words)) for some in _members(value, words)}
    if odd := [some for some in found if len(some) != 2]:
        raise Wrong(f"{words} asked for, one of them is {odd[0]}.")
    return found


def shown(sets: Iterable[Iterable[Any]]) -> str:
    """Write sets in a fixed order: {a, b} {b, c}, or "none"."""
    return " ".join("{" + ", ".join(map(str, some)) + "}" for some in sorted(map(sorted, sets))) or "none"


def _members(value: Any, words: str) -> list[Any]:
    if isinstance(value, (str, bytes, dict)) or not isinstance(value, Iterable):
        raise Wrong(f"{words} asked for, it returns {_named(value)}.")
    return list(value)


def _named(value: Any) -> str:
    """For example "a str" or "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
