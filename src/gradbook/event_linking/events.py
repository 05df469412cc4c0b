"""Events, their arguments, and arguments that belong to no event yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering
from typing import NamedTuple

Label = str | int
TRIGGER = "触发词"  # "trigger": the role of the word that names the event


class Argument(NamedTuple):
    """Tokens ``start`` to ``end``, both included, counted from 0, and what they are in the event."""

    start: int
    end: int
    role: Label


class Node(NamedTuple):
    """An argument that isn't part of an event yet: it knows only the type of its event."""

    start: int
    end: int
    type: Label
    role: Label


@total_ordering
@dataclass(frozen=True)
class Event:
    """A type and at least one argument; the trigger, where there is one, is an argument with role ``TRIGGER``.

    After Su, "GPLinker" for events (2022, kexue.fm/archives/8926). Events are ordered by type, then by their sorted
    arguments; numbers stand before names. Raises TypeError for fields of other types, ValueError for an event without
    arguments, an empty name, or a span that isn't 0 ≤ start ≤ end.
    """

    type: Label
    arguments: frozenset[Argument]

    def __post_init__(self) -> None:
        check_label(self.type, "type")
        if not isinstance(self.arguments, frozenset):
            raise TypeError(f"arguments must be a frozenset, got {type(self.arguments).__name__}")
        if not self.arguments:
            raise ValueError(f"an event must have at least one argument, got none for type {self.type!r}")
        for argument in self.arguments:
            if not isinstance(argument, Argument):
                raise TypeError(f"arguments must hold Argument(start, end, role), got {argument!r}")
            check_place(argument, argument.start, argument.end)
            check_label(argument.role, "role")

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return self._key < other._key

    @property
    def triggers(self) -> tuple[Argument, ...]:
        """The arguments with role ``TRIGGER``, in order; annotations have one, decoded events may have any number."""
        return tuple(sorted(argument for argument in self.arguments if argument.role == TRIGGER))

    @property
    def nodes(self) -> frozenset[Node]:
        """The arguments as nodes of the graph."""
        return frozenset(Node(a.start, a.end, self.type, a.role) for a in self.arguments)

    @property
    def _key(self) -> tuple[object, ...]:
        return (_label_key(self.type), sorted((a.start, a.end, _label_key(a.role)) for a in self.arguments))


def event_of(nodes: Iterable[Node]) -> Event:
    """Return the event that nodes of one type make. Raises ValueError for nodes of several types, or none."""
    nodes = list(nodes)
    types = {node.type for node in nodes}
    if len(types) != 1:
        raise ValueError(f"nodes must be of one type, got {len(types)}: {nodes}")
    return Event(types.pop(), frozenset(Argument(node.start, node.end, node.role) for node in nodes))


def node_key(node: Node) -> tuple[object, ...]:
    """Return what nodes are sorted by: place, type, role; numbers before names."""
    return (node.start, node.end, _label_key(node.type), _label_key(node.role))


def check_label(label: object, name: str) -> None:
    """Raise TypeError unless a label is a str or an int, ValueError if it is an empty str."""
    if isinstance(label, bool) or not isinstance(label, str | int):
        raise TypeError(f"{name} must be a str or an int, got {label!r}")
    if label == "":
        raise ValueError(f"{name} must not be empty, got ''")


def check_place(owner: object, start: object, end: object) -> None:
    """Raise TypeError unless start and end are whole numbers, ValueError unless 0 ≤ start ≤ end."""
    if type(start) is not int or type(end) is not int:
        raise TypeError(f"start and end must be whole numbers, got {owner}")
    if not 0 <= start <= end:
        raise ValueError(f"start and end must be 0 ≤ start ≤ end, got {owner}")


def _label_key(label: Label) -> tuple[bool, Label]:
    return (isinstance(label, str), label)
