"""Events that nobody annotated, and where their edges come from when links are written by position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import Literal, NamedTuple

from gradbook.corpora.events import Argument, Event, Node
from gradbook.event_linking.codings import Coding, recoded
from gradbook.event_linking.encoding import event_nodes, ordered

Kind = Literal["role", "type", "crosswise", "two pairs", "merged"]


class Spurious(NamedTuple):
    """An event that isn't annotated, its edges that no event has, and why they are there; see ``spurious_kinds``."""

    event: Event
    edges: tuple[tuple[Node, Node], ...]
    kinds: frozenset[Kind]


def spurious_events(events: Iterable[Event], coding: Coding = "positions") -> list[Spurious]:
    """Return what perfect scores for the events of one text decode to beside them, sorted, with the reasons."""
    events = list(events)
    return [_explained(event, events, coding) for event in recoded(events, coding) if event not in set(events)]


def spurious_kinds(events: Iterable[Event], coding: Coding = "positions") -> Counter[Kind]:
    """Count the spurious events of one text by the reason of their edges; one with two reasons counts for both.

    A link knows where two arguments begin and where they end. It doesn't know, and so an edge is false because of it:

    - "role": in which role. An event of the same type has arguments in both places, in other roles. One side wins in
      one match and loses in another: (side, as loser) is then linked with the match that it won.
    - "type": of what. An event of another type has arguments in both places.
    - "crosswise": which end belongs to which start. One pair of arguments, one inside the other, gives both the starts
      and the ends, but exchanged.
    - "two pairs": that starts and ends are of the same pair. The starts come from one pair, the ends from another.
    - "merged": no edge is false; the event is one that no graph can tell from its parts, see ``obstacles``.

    An edge with several reasons gets the first in this list. "type" is cured by tables for each type, "role" by
    tables for each role (see ``coded_adjacency``), unless two events each give one direction of the edge. The next
    two need spans that share a start or an end without being equal.
    """
    return Counter(kind for found in spurious_events(events, coding) for kind in found.kinds)


def _explained(event: Event, events: list[Event], coding: Coding) -> Spurious:
    together = [other.nodes for other in events]
    edges = [
        pair for pair in combinations(event_nodes([event]), 2) if not any(other >= set(pair) for other in together)
    ]
    sharing = events if coding == "positions" else [other for other in events if other.type == event.type]
    kinds: set[Kind] = {_kind(*edge, sharing) for edge in edges}
    return Spurious(event, tuple(edges), frozenset(kinds or {"merged"}))


def _kind(first: Node, second: Node, events: list[Event]) -> Kind:
    """Why there is an edge between two nodes that no event has together; ``events`` are those that share its tables."""
    places = {first[:2], second[:2]}
    pairs = [(event.type, a, b) for event in events for a, b in combinations(event.arguments, 2)]
    types = {kind for kind, a, b in pairs if {a[:2], b[:2]} == places}
    if first.type in types:
        return "role"
    if types:
        return "type"
    links = _links(first, second)
    return "crosswise" if any(_links(a, b) == links for _, a, b in pairs) else "two pairs"


def _links(first: Node | Argument, second: Node | Argument) -> tuple[tuple[int, int], tuple[int, int]]:
    return ordered(first.start, second.start), ordered(first.end, second.end)


def _events(*events: tuple[str, list[Argument]]) -> frozenset[Event]:
    return frozenset(Event(kind, frozenset(arguments)) for kind, arguments in events)


# A small example of each reason.
EXAMPLES: dict[Kind, frozenset[Event]] = {
    "role": _events(
        ("match", [Argument(0, 0, "winner"), Argument(1, 1, "cup")]),
        ("match", [Argument(0, 0, "loser")]),
    ),
    "type": _events(
        ("title", [Argument(0, 0, "champion"), Argument(1, 1, "cup")]),
        ("match", [Argument(0, 0, "winner")]),
        ("match", [Argument(1, 1, "loser")]),
    ),
    "crosswise": _events(
        ("match", [Argument(0, 2, "cup"), Argument(1, 1, "place")]),
        ("match", [Argument(0, 1, "winner")]),
        ("match", [Argument(1, 2, "loser")]),
    ),
    "two pairs": _events(
        ("match", [Argument(0, 1, "winner"), Argument(1, 1, "cup")]),
        ("match", [Argument(1, 2, "loser"), Argument(1, 1, "cup")]),
    ),
    "merged": _events(
        ("match", [Argument(0, 0, "winner"), Argument(1, 1, "loser")]),
        ("match", [Argument(1, 1, "loser"), Argument(2, 2, "cup")]),
        ("match", [Argument(0, 0, "winner"), Argument(2, 2, "cup")]),
    ),
}
