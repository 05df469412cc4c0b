"""All maximal complete subgraphs of a graph, by the article's search or by a better one.

A graph is a list of whole numbers: bit j of row i says whether nodes i and j are adjacent. The article's search splits
the nodes at a pair that isn't adjacent (Su, kexue.fm/archives/8926, 2022); the better one is that of Bron and Kerbosch
(1973) with the pivot of Tomita, Tanaka and Takahashi (2006).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

_POWERS = 1 << np.arange(62, dtype=np.int64)


def bit_rows(adjacency: Tensor) -> list[int]:
    """Return the closed neighbourhoods N[i] = {i} ∪ {neighbours of i} as n whole numbers.

    ``adjacency`` is a bool tensor (n, n), symmetric; its diagonal is ignored. Raises TypeError for anything else than
    a bool tensor, ValueError for other shapes or a pair that is adjacent in one direction only.
    """
    if not isinstance(adjacency, Tensor) or adjacency.dtype != torch.bool:
        kind = adjacency.dtype if isinstance(adjacency, Tensor) else type(adjacency).__name__
        raise TypeError(f"adjacency must be a bool tensor, got {kind}")
    if adjacency.layout != torch.strided:
        raise TypeError(f"adjacency must be a dense tensor, got {adjacency.layout}")
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError(f"adjacency must have shape (n, n), got {tuple(adjacency.shape)}")
    table = adjacency.numpy(force=True)
    # Written by rows and by columns the bytes are equal if it is symmetric: cheaper than comparing a small matrix.
    if table.tobytes("C") != table.tobytes("F"):
        i, j = (int(place) for place in np.argwhere(table != table.T)[0])
        raise ValueError(f"adjacency must be symmetric, got {bool(table[i, j])} at ({i}, {j}) and not at ({j}, {i})")
    return [row | 1 << i for i, row in enumerate(_packed(table))]


def _packed(table: np.ndarray) -> list[int]:
    """The rows of a bool table as whole numbers, entry j as bit j."""
    if len(table) <= len(_POWERS):
        rows: list[int] = table.dot(_POWERS[: len(table)]).tolist()
        return rows
    return [int.from_bytes(row.tobytes(), "little") for row in np.packbits(table, axis=1, bitorder="little")]


def members(bits: int) -> Iterator[int]:
    """Yield the numbers of the nodes in a set, in order."""
    while bits:
        lowest = bits & -bits
        bits ^= lowest
        yield lowest.bit_length() - 1


Clique = tuple[int, ...]


def maximal_cliques(rows: list[int]) -> Iterator[Clique]:
    """Yield the node numbers of every maximal clique once, in no particular order.

    ``rows`` are closed neighbourhoods (see ``bit_rows``). Bron and Kerbosch (1973), pivot of Tomita, Tanaka and
    Takahashi (2006): at most of the order of 3^(n/3) steps, which is also the largest possible number of cliques.

    Nodes with the same closed neighbourhood lie in the same maximal cliques, so they are taken together. Where the
    graph is an event's, a few sets of such twins are all there is. Twins that have no other neighbours are a clique
    that touches nothing: no search is needed for it.
    """
    twins: dict[int, list[int]] = {}
    for node, row in enumerate(rows):
        if row in twins:
            twins[row].append(node)
        else:
            twins[row] = [node]
    groups: dict[int, Clique] = {}  # of those that are left: the first twin as a set, and all twins
    neighbours: dict[int, int] = {}
    left = 0
    for row, nodes in twins.items():
        if row.bit_count() == len(nodes):
            yield tuple(nodes)
        else:
            first = 1 << nodes[0]
            groups[first], neighbours[first] = tuple(nodes), row ^ first
            left |= first
    if not left:
        return
    if len(groups) < len(rows):
        neighbours = {first: row & left for first, row in neighbours.items()}
    pairs = _opposites(neighbours, left)
    yield from search(neighbours, groups, left) if pairs is None else _choices(pairs, groups)


def _opposites(neighbours: dict[int, int], left: int) -> list[tuple[int, int]] | None:
    """The non-adjacent pairs, if no node is in two of them; else None."""
    pairs = []
    for first, row in neighbours.items():
        other = left & ~row ^ first
        if other & (other - 1):
            return None
        if other > first:
            pairs.append((first, other))
        elif not other:
            pairs.append((first, first))
    return pairs


def _choices(pairs: Iterable[tuple[int, int]], groups: dict[int, Clique]) -> Iterator[Clique]:
    """One of each non-adjacent pair, in all ways."""
    options = [(groups[a],) if a == b else (groups[a], groups[b]) for a, b in pairs]
    chosen: list[Clique] = [()]
    for option in options:
        chosen = [clique + more for clique, more in product(chosen, option)]
    yield from chosen


def search(neighbours: dict[int, int], groups: dict[int, Clique], left: int) -> Iterator[Clique]:
    """The search itself. A state: the clique so far, candidates that extend it, nodes that would but had their turn.

    ``neighbours`` and ``groups`` know a node by its set, 1 << node: the lowest bit of a set is found without counting.
    States with one or two candidates are settled at once; on small graphs they are most of all.
    """
    missing = {node: left & ~near for node, near in neighbours.items()}
    stack: list[tuple[Clique, int, int]] = [((), left, 0)]
    while stack:
        clique, candidates, done = stack.pop()
        branch = branches(missing, candidates, done)
        while branch:
            node = branch & -branch
            branch ^= node
            near = neighbours[node]
            inner, outer = candidates & near, done & near
            candidates ^= node
            done |= node
            grown = clique + groups[node]
            more = inner & (inner - 1)
            if more & (more - 1):
                stack.append((grown, inner, outer))
            elif more and neighbours[more] & inner:
                if not outer & neighbours[more] & neighbours[inner ^ more]:
                    yield grown + groups[more] + groups[inner ^ more]
            elif inner:
                for last in (more, inner ^ more) if more else (inner,):
                    if not outer & neighbours[last]:
                        yield grown + groups[last]
            elif not outer:
                yield grown


def branches(missing: dict[int, int], candidates: int, done: int) -> int:
    """The candidates that the pivot isn't adjacent to, itself among them: a maximal clique here holds one of them.

    ``missing`` are the nodes that each isn't adjacent to. The pivot has the fewest among the candidates. If a node of
    ``done`` is adjacent to all of them, no clique here is maximal: 0.
    """
    fewest, branch = candidates.bit_count() + 1, candidates
    while done:
        node = done & -done
        done ^= node
        missed = candidates & missing[node]
        if not missed:
            return 0
        count = missed.bit_count()
        if count < fewest:
            fewest, branch = count, missed
    rest = candidates if fewest > 1 else 0
    while rest:
        node = rest & -rest
        rest ^= node
        missed = candidates & missing[node]
        if missed == node:
            return node
        count = missed.bit_count()
        if count < fewest:
            fewest, branch = count, missed
    return branch


def article_cliques(rows: list[int], memory: bool = False) -> Iterator[tuple[int, tuple[int, ...] | None]]:
    """Yield one pair a call of the recursion: the number of calls so far, and the clique if the call finds one.

    ``rows`` are closed neighbourhoods. A call on a set S of nodes returns S if all its nodes are adjacent; else it
    calls itself on S ∩ N[u] and S ∩ N[v] for every pair (u, v) in S that isn't. Cliques come as often as the search
    meets them. With ``memory`` a set is visited once.

    Source: Su, "GPLinker" for events (2022, kexue.fm/archives/8926). The sets wait on a stack: the calls are the
    recursion's, in another order, and however deep it is.

    What comes is exactly the maximal cliques. Each is found: if a maximal clique C ⊂ S isn't S, some w in S isn't
    adjacent to some c in C, and C ⊆ S ∩ N[c]. Nothing else is: let a call return Q, and let x outside Q be adjacent
    to all of Q. It was lost at some step to S ∩ N[u], so x isn't adjacent to u. But u is in Q: the centre w of every
    later step lies in N[u], so u lies in N[w]. A contradiction.
    """
    waiting = [(1 << len(rows)) - 1] if rows else []
    seen = set(waiting)
    calls = 0
    while waiting:
        nodes = waiting.pop()
        calls += 1
        pairs = opposites(rows, nodes)
        yield calls, None if pairs else tuple(members(nodes))
        for pair in pairs:
            for centre in pair:
                inner = nodes & rows[centre]
                if not memory:
                    waiting.append(inner)
                elif inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)


def opposites(rows: list[int], nodes: int) -> list[tuple[int, int]]:
    """Return the pairs u < v among ``nodes`` that aren't adjacent."""
    return [(u, v) for u in members(nodes) for v in members((nodes & ~rows[u]) >> u << u)]


Method = Literal["pivot", "recursive"]


class TooManySubgraphs(ValueError):
    """A graph has more complete subgraphs than allowed, or its search takes more work than they are worth."""


def complete_subgraphs(adjacency: Tensor, method: Method = "pivot", limit: int | None = None) -> set[frozenset[int]]:
    """Return the maximal complete subgraphs as sets of node numbers; a node without neighbours is one by itself.

    ``adjacency`` is a bool tensor (n, n), symmetric; its diagonal is ignored. A graph without nodes has none.

    - "pivot": see ``maximal_cliques``. A graph of n nodes has up to 3^(n/3) cliques (Moon and Moser 1965), so that
      only ``limit`` bounds the time. Graphs are known on which the search also works long without finding one (Conte
      and Tomita 2022), but they are made for that.
    - "recursive": the search of Su, "GPLinker" for events (2022, kexue.fm/archives/8926). It finds the same cliques
      over and over: on the cocktail-party graph of k pairs some 1.65 · 2^k k! calls for 2^k cliques. With a ``limit``
      it also ends after 100,000 + 1,000 ``limit`` calls.

    Raises TooManySubgraphs (a ValueError) if there are more than ``limit``, or at the end of those calls; TypeError
    for anything else than a bool tensor, ValueError for other shapes, a pair that is adjacent in one direction only,
    another method or a ``limit`` below 1.
    """
    if method not in get_args(Method):
        raise ValueError(f"method must be 'pivot' or 'recursive', got {method!r}")
    rows = bit_rows(adjacency)
    check_limit(limit)
    if method == "pivot":
        return pivot_sets(rows, limit)
    return _recursive_sets(rows, limit)


def check_limit(limit: int | None) -> None:
    """Raise ValueError unless ``limit`` is None or a whole number ≥ 1."""
    if limit is not None and (type(limit) is not int or limit < 1):
        raise ValueError(f"limit must be None or a whole number ≥ 1, got {limit!r}")


def pivot_sets(rows: list[int], limit: int | None) -> set[frozenset[int]]:
    """Return the maximal cliques of a graph given as closed neighbourhoods, or raise TooManySubgraphs."""
    if limit is None:
        return set(map(frozenset, maximal_cliques(rows)))
    found: set[frozenset[int]] = set()
    for clique in maximal_cliques(rows):
        if len(found) == limit:
            raise TooManySubgraphs(_message(rows, limit))
        found.add(frozenset(clique))
    return found


def _recursive_sets(rows: list[int], limit: int | None) -> set[frozenset[int]]:
    """The same by the article's search."""
    found: set[frozenset[int]] = set()
    for calls, clique in article_cliques(rows):
        if limit is not None and calls > 100_000 + 1_000 * limit:
            raise TooManySubgraphs(f"the recursive search made {calls - 1:,} calls on {len(rows)} nodes, limit {limit}")
        if clique is not None:
            found.add(frozenset(clique))
        if limit is not None and len(found) > limit:
            raise TooManySubgraphs(_message(rows, limit))
    return found


def _message(rows: list[int], limit: int) -> str:
    return f"a graph of {len(rows)} nodes has more than {limit:,} maximal complete subgraphs, the limit"
