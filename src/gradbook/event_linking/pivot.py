"""All maximal cliques by the search of Bron and Kerbosch with Tomita's pivot, on sets that are whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

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
    yield from _search(neighbours, groups, left) if pairs is None else _choices(pairs, groups)


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


def _search(neighbours: dict[int, int], groups: dict[int, Clique], left: int) -> Iterator[Clique]:
    """The search itself. A state: the clique so far, candidates that extend it, nodes that would but had their turn.

    ``neighbours`` and ``groups`` know a node by its set, 1 << node: the lowest bit of a set is found without counting.
    States with one or two candidates are settled at once; on small graphs they are most of all.
    """
    missing = {node: left & ~near for node, near in neighbours.items()}
    stack: list[tuple[Clique, int, int]] = [((), left, 0)]
    while stack:
        clique, candidates, done = stack.pop()
        branch = _branches(missing, candidates, done)
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


def _branches(missing: dict[int, int], candidates: int, done: int) -> int:
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
