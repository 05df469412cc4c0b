"""Four ways to write down which arguments belong together, and what perfect scores decode to in each."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import permutations
from typing import Literal, get_args

import torch
from torch import Tensor

from gradbook.corpora.events import Event, Node
from gradbook.event_linking.decoding import decode_events
from gradbook.event_linking.encoding import event_nodes, node_adjacency

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


def table_count(events: Iterable[Event], coding: Coding = "positions") -> int:
    """Return how many tables of token pairs hold the links of all ``events``: 2, 2 T or 2 Σ R; 0 for "nodes"."""
    if coding not in get_args(Coding):
        raise ValueError(f"coding must be one of {', '.join(get_args(Coding))}, got {coding!r}")
    if coding == "nodes":
        return 0
    return 2 * len({_table(node, coding) for event in events for node in event.nodes})


def _table(node: Node, coding: Coding) -> Hashable:
    """The name of the table that a link from this node stands in."""
    return {"positions": None, "types": node.type, "roles": (node.type, node.role)}[coding]
