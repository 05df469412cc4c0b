"""Which sets of events a graph of arguments can hold, and which come back as something else."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations
from typing import Literal, NamedTuple

from gradbook.corpora.events import Event
from gradbook.event_linking.decoding import decode_events
from gradbook.event_linking.encoding import event_nodes, node_adjacency

Kind = Literal["repeated", "subset", "merged"]


class Obstacle(NamedTuple):
    """Why events don't come back from their graph.

    "repeated": ``event`` is annotated more than once. "subset": all arguments of ``event`` are among those of
    ``other``, so its nodes aren't a maximal complete subgraph. "merged": each two arguments of ``event`` are together
    in an event, but all of them are in none, so ``event`` comes back though it isn't annotated.
    """

    kind: Kind
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


def identifiable(events: Iterable[Event]) -> Obstacle | None:
    """Return None if the events of a text come back from their graph exactly, else the first of its obstacles."""
    return next(iter(obstacles(events)), None)
