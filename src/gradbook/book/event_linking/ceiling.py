"""What decoding can reach when every score is right: four ways to write links down, what is lost or made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from itertools import combinations, permutations
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from gradbook.event_linking import Argument, Event, Node, decode_events, event_nodes, node_adjacency
from gradbook.event_linking.decoding import ordered
from gradbook.extraction.f1 import Score

Coding = Literal["nodes", "positions", "types", "roles"]


def coded_adjacency(events: Iterable[Event], coding: Coding = "positions") -> Tensor:
    """Return the adjacency of ``event_nodes(events)`` that is read back from their links, a bool tensor (n, n).

    - "nodes": an edge for each two nodes of an event. No table of token pairs can hold that; it is what the others
      are measured against.
    - "positions": the article's. One table of (start, start) and one of (end, end), 2 in all, for all types; the same
      as ``position_links`` and ``adjacency_from_links``.
    - "types": two such tables for each event type, 2 T in all.
    - "roles": two tables for each role of each type. In the table of a role stands the pair from an argument in this
      role to another; an edge needs both directions. 2 Σ R in all, and whole tables, not upper triangles.

    Raises ValueError for another coding.
    """
    if coding not in get_args(Coding):
        raise ValueError(f"coding must be one of {', '.join(get_args(Coding))}, got {coding!r}")
    events = list(events)
    if coding == "nodes":
        return node_adjacency(events)
    heads, tails = set(), set()
    for event in events:
        for first, second in permutations(event.nodes, 2):
            heads.add((_table(first, coding), first.start, second.start))
            tails.add((_table(first, coding), first.end, second.end))
    nodes = event_nodes(events)
    adjacency = torch.zeros(len(nodes), len(nodes), dtype=torch.bool)
    for (i, a), (j, b) in permutations(enumerate(nodes), 2):
        adjacency[i, j] = (_table(a, coding), a.start, b.start) in heads and (_table(a, coding), a.end, b.end) in tails
    return adjacency & adjacency.T


def recoded(events: Iterable[Event], coding: Coding = "positions", limit: int | None = None) -> list[Event]:
    """Return what perfect scores for the events of one text decode to; errors as ``decode_events``."""
    events = list(events)
    return decode_events(event_nodes(events), coded_adjacency(events, coding), limit)


def _table(node: Node, coding: Coding) -> Hashable:
    """The name of the table that a link from this node stands in."""
    return {"positions": None, "types": node.type, "roles": (node.type, node.role)}[coding]


ObstacleKind = Literal["repeated", "subset", "merged"]


class Obstacle(NamedTuple):
    """Why events don't come back from their graph.

    "repeated": ``event`` is annotated more than once. "subset": all arguments of ``event`` are among those of
    ``other``, so its nodes aren't a maximal complete subgraph. "merged": each two arguments of ``event`` are together
    in an event, but all of them are in none, so ``event`` comes back though it isn't annotated.
    """

    kind: ObstacleKind
    event: Event
    other: Event | None = None


def obstacles(events: Iterable[Event]) -> list[Obstacle]:
    """Return everything that keeps the events of a text from coming back; an empty list if nothing does.

    Events come back exactly if they are all the maximal complete subgraphs of their graph: no event is a subset of
    another of its type, and every complete subgraph lies in an event. A family of sets with the second property is
    called conformal (Berge, Hypergraphs, 1989). Every annotated event is complete, so no other kind is possible: what
    is lost is a subset, and what is added, merged.
    """
    annotated = list(events)
    distinct = sorted(set(annotated))
    found = [Obstacle("repeated", event) for event in distinct if annotated.count(event) > 1]
    for event, other in permutations(distinct, 2):
        if event.type == other.type and event.arguments < other.arguments:
            found.append(Obstacle("subset", event, other))
    decoded = decode_events(event_nodes(distinct), node_adjacency(distinct))
    found += [Obstacle("merged", event) for event in decoded if event not in set(distinct)]
    return found


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


class Ceiling(NamedTuple):
    """Counts over texts; ``events`` and all others count an event once a text.

    ``texts`` and ``changed``: how many there are, and in how many something is lost or added. ``lost`` and
    ``spurious`` are events. ``obstacles`` counts what a graph can't hold, by kind; ``reasons`` the spurious events by
    the reasons of ``spurious_kinds``, one with two reasons twice.
    """

    texts: int
    changed: int
    events: int
    lost: int
    spurious: int
    obstacles: Counter[str]
    reasons: Counter[str]

    @property
    def score(self) -> Score:
        """The score of what comes back against what was annotated."""
        found = self.events - self.lost
        return Score(found, found + self.spurious, self.events)


def ceiling(texts: Iterable[Iterable[Event]], coding: Coding = "nodes") -> Ceiling:
    """Code the annotated events of each text, decode them again, and count what is lost and what is added."""
    count = changed = events = lost = spurious = 0
    found: list[Obstacle] = []
    added: list[Spurious] = []
    for text in texts:
        annotated = list(text)
        gold, back = set(annotated), set(recoded(annotated, coding))
        count, changed, events = count + 1, changed + (gold != back), events + len(gold)
        lost, spurious = lost + len(gold - back), spurious + len(back - gold)
        found += obstacles(annotated)
        added += spurious_events(annotated, coding)
    kinds = Counter[str](obstacle.kind for obstacle in found)
    reasons = Counter[str](reason for event in added for reason in event.kinds)
    return Ceiling(count, changed, events, lost, spurious, kinds, reasons)
