"""Graphs on a circle, and events in colours: what several pictures draw alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.explore import COLOURS, join_paths

Array = NDArray[np.float64]
Edge = tuple[int, int]
EVENT_COLOURS = (*(COLOURS[name] for name in ("blue", "orange", "green", "purple", "sky")), "#8C510A")
"""The colour of event 1, 2, …; from the seventh on the same again, dashed. Vermilion is left for what is false."""


def places(count: int, radius: float = 1.0) -> Array:
    """Return ``count`` places (n, 2) on a circle round the origin, the first above, then to the right."""
    angle = math.pi / 2 - 2 * math.pi * np.arange(count) / max(count, 1)
    spots: Array = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return spots


def lines(edges: Iterable[Edge], spots: Array) -> Array:
    """Return the edges as one path."""
    return join_paths(spots[list(edge)] for edge in sorted(edges))


def edges_of(groups: Iterable[Iterable[int]]) -> set[Edge]:
    """Return the pairs u < v of nodes that are in a group together."""
    return {(u, v) for group in groups for u in group for v in group if u < v}


def adjacency_of(edges: Iterable[Edge], count: int) -> torch.Tensor:
    """Return the bool tensor (n, n) of a graph."""
    table = np.zeros((count, count), dtype=bool)
    for u, v in edges:
        table[u, v] = table[v, u] = True
    return torch.from_numpy(table)


def outline(nodes: Iterable[int], spots: Array, inset: float) -> Array:
    """Return a clique's lines: the whole of it, moved ``inset`` towards its middle so that lines of several part.

    Nodes on a circle are convex, so the polygon in their order is the hull; inside it come the other edges.
    """
    numbers = sorted(nodes)
    own: Array = spots[numbers]
    if len(numbers) < 2:
        return np.empty((0, 2))
    middle = own.mean(0)
    if len(numbers) == 2:
        along = own[1] - own[0]
        aside: Array = inset * np.array([-along[1], along[0]]) / np.hypot(*along)
        return own + aside
    moved = own + inset * (middle - own) / np.hypot(*(middle - own).T)[:, None].clip(1e-9)
    return np.vstack([moved, moved[:1]])


def beads(groups: Sequence[Iterable[int]], spots: Array, first: float = 0.13, step: float = 0.085) -> list[Array]:
    """Return for each group a place (m, 2) at each of its nodes, outside the node; those of one node in a row."""
    taken = [0] * len(spots)
    found = []
    for group in groups:
        own = []
        for node in sorted(group):
            own.append(spots[node] * (1 + first + step * taken[node]))
            taken[node] += 1
        found.append(np.array(own).reshape(-1, 2))
    return found
