"""From argument nodes and their links to events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from torch import Tensor

from gradbook.corpora.events import Event, Label, Node, check_label, check_place, event_of
from gradbook.event_linking.cliques import check_limit, pivot_sets
from gradbook.event_linking.graphs import bit_rows


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
