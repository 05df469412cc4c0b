"""Events as graphs of arguments, there and back: nodes, edges, the links that the article writes edges with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from gradbook.event_linking.cliques import bit_rows, check_limit, pivot_sets
from gradbook.event_linking.events import Event, Label, Node, check_label, check_place, event_of, node_key


def decode_events(
    arguments: Sequence[Node | tuple[int, int, Label, Label]], adjacency: Tensor, limit: int | None = None
) -> list[Event]:
    """Return one event for each maximal complete subgraph of nodes of one type, sorted.

    ``arguments`` are n nodes (start, end, type, role), ``adjacency`` a symmetric bool tensor (n, n) among them. Its
    diagonal is ignored, edges between nodes of different types, too. Subgraphs may share nodes. A node that is linked
    to nothing is an event of one argument. Su, "GPLinker" for events (2022, kexue.fm/archives/8926).

    Raises TooManySubgraphs (a ValueError) if there are more than ``limit`` events; TypeError or ValueError for nodes
    that aren't valid or stand there twice, and as ``complete_subgraphs`` for the adjacency.
    """
    nodes = check_nodes(arguments)
    rows = bit_rows(adjacency)
    check_limit(limit)
    if len(rows) != len(nodes):
        raise ValueError(f"adjacency must have shape ({len(nodes)}, {len(nodes)}), got {tuple(adjacency.shape)}")
    own = _masks([node.type for node in nodes])
    cliques = pivot_sets([row & own[node.type] for row, node in zip(rows, nodes, strict=True)], limit)
    return sorted(event_of(nodes[place] for place in clique) for clique in cliques)


def check_nodes(arguments: Sequence[Node | tuple[int, int, Label, Label]]) -> list[Node]:
    """Return the nodes as a list; TypeError or ValueError for one that isn't valid or stands there twice."""
    nodes = []
    for i, entry in enumerate(arguments):
        if not isinstance(entry, tuple) or len(entry) != 4:
            raise TypeError(f"arguments[{i}] must be Node(start, end, type, role), got {entry!r}")
        node = Node(*entry)
        check_place(node, node.start, node.end)
        check_label(node.type, "type")
        check_label(node.role, "role")
        nodes.append(node)
    if len(set(nodes)) < len(nodes):
        twice = next(node for node in nodes if nodes.count(node) > 1)
        raise ValueError(f"arguments must name each node once, got {twice} twice")
    return nodes


def _masks(types: list[Label]) -> dict[Label, int]:
    """For each type the set of its nodes."""
    masks: dict[Label, int] = defaultdict(int)
    for place, kind in enumerate(types):
        masks[kind] |= 1 << place
    return masks


Pair = tuple[int, int]


class Links(NamedTuple):
    """Pairs of first tokens and pairs of last tokens that are linked, each with the smaller number first."""

    heads: frozenset[Pair]
    tails: frozenset[Pair]


def event_nodes(events: Iterable[Event]) -> list[Node]:
    """Return the nodes of all events, each once, sorted by place, type and role."""
    return sorted({node for event in events for node in event.nodes}, key=node_key)


def node_adjacency(events: Iterable[Event]) -> Tensor:
    """Return the bool tensor (n, n) among ``event_nodes(events)``: two nodes are adjacent if an event has both.

    Nothing is lost that a graph can hold. The diagonal is False.
    """
    events = list(events)
    number = {node: i for i, node in enumerate(event_nodes(events))}
    adjacency = torch.zeros(len(number), len(number), dtype=torch.bool)
    for event in events:
        places = torch.tensor(sorted(number[node] for node in event.nodes))
        adjacency[places.unsqueeze(1), places] = True
    return adjacency.fill_diagonal_(False)


def position_links(events: Iterable[Event]) -> Links:
    """Return the links of events as the article codes them: by first tokens and last tokens alone.

    For each two arguments of an event, the pair of their starts and the pair of their ends, each with the smaller
    first, so that the upper triangle of a table holds them. Types, roles and which start goes with which end aren't
    kept; all events of a text share the two tables. Su, "GPLinker" for events (2022, kexue.fm/archives/8926).
    """
    pairs = [pair for event in events for pair in combinations(event.arguments, 2)]
    heads = frozenset(ordered(first.start, second.start) for first, second in pairs)
    return Links(heads, frozenset(ordered(first.end, second.end) for first, second in pairs))


def link_tables(links: Links, length: int) -> tuple[Tensor, Tensor]:
    """Return heads and tails as two bool tensors (L, L), L = ``length``. Raises ValueError for a pair outside."""
    tables = []
    if type(length) is not int or length < 1:
        raise ValueError(f"length must be a whole number ≥ 1, got {length!r}")
    if not isinstance(links, Links):
        raise TypeError(f"links must be Links(heads, tails), got {type(links).__name__}")
    for name, pairs in zip(links._fields, links, strict=True):
        table = torch.zeros(length, length, dtype=torch.bool)
        for first, second in pairs:
            if not 0 <= first <= second < length:
                raise ValueError(f"{name} must hold pairs 0 ≤ first ≤ second < {length}, got {(first, second)}")
            table[first, second] = True
        tables.append(table)
    return tables[0], tables[1]


def adjacency_from_links(nodes: Sequence[Node], heads: Tensor, tails: Tensor) -> Tensor:
    """Return the bool tensor (n, n): two nodes are adjacent if their starts are linked and their ends are.

    ``heads`` and ``tails`` are bool tensors (L, L); only the upper triangle is read, the diagonal with it. The
    result's diagonal is False. Raises TypeError for other dtypes, ValueError for other shapes or a node outside the
    L tokens.
    """
    nodes = check_nodes(nodes)
    for name, table in (("heads", heads), ("tails", tails)):
        if not isinstance(table, Tensor) or table.dtype != torch.bool:
            raise TypeError(f"{name} must be a bool tensor, got {getattr(table, 'dtype', type(table).__name__)}")
        if table.ndim != 2 or table.shape[0] != table.shape[1] or table.shape != heads.shape:
            raise ValueError(f"heads and tails must have one shape (L, L), got {name} {tuple(table.shape)}")
    if nodes and max(node.end for node in nodes) >= len(heads):
        raise ValueError(f"nodes must lie inside {len(heads)} tokens, got {max(nodes, key=lambda node: node.end)}")
    places = torch.tensor([(node.start, node.end) for node in nodes], dtype=torch.int64, device=heads.device)
    starts, ends = places.reshape(-1, 2).unbind(1)
    return (_linked(heads, starts) & _linked(tails, ends)).fill_diagonal_(False)


def ordered(first: int, second: int) -> Pair:
    """Return the two with the smaller first."""
    return (first, second) if first <= second else (second, first)


def _linked(table: Tensor, places: Tensor) -> Tensor:
    """For each two of n places, the table's entry in the upper triangle."""
    first, second = places.unsqueeze(0), places.unsqueeze(1)
    return table[torch.minimum(first, second), torch.maximum(first, second)]
