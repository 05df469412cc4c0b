"""The searches call by call: to be drawn, and to be counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from gradbook.book.stored import STORED, write_table
from gradbook.checks import check_sizes
from gradbook.event_linking import complete_subgraphs
from gradbook.event_linking.cliques import article_cliques, bit_rows, members, opposites

TreeMethod = Literal["recursive", "pivot"]
CountMethod = Literal["recursive", "memory", "pivot"]
_Waiting = tuple[int, int, int, int | None, int | None, tuple[int, int] | None]


class Call(NamedTuple):
    """One call of a search, its numbers those of nodes, its links places in the tree's list.

    ``nodes`` is the set that the call is given: the article's S, or the pivot search's candidates. ``clique`` and
    ``done`` are empty for the article's; for the other what is chosen already, and what had its turn. ``found`` is the
    clique that the call finds, if any. ``parent`` is None for the first call; ``by`` is the node whose neighbourhood
    led here and ``pair`` the pair that isn't adjacent (article) or (pivot, by). ``pivot`` is the node chosen here.
    """

    nodes: frozenset[int]
    clique: frozenset[int]
    done: frozenset[int]
    found: frozenset[int] | None
    parent: int | None
    by: int | None
    pair: tuple[int, int] | None
    pivot: int | None
    children: tuple[int, ...]


class Tree(NamedTuple):
    """The first calls of a search, depth first; ``complete`` if there are no more."""

    calls: tuple[Call, ...]
    complete: bool


def recursion_tree(adjacency: Tensor, method: TreeMethod = "recursive", most: int = 200) -> Tree:
    """Return the first ``most`` calls of a search on a graph (n, n), in the order in which they are made.

    "recursive" is the article's search (see ``article_cliques``), "pivot" that of Bron and Kerbosch with Tomita's
    pivot as in the books: ``maximal_cliques`` goes the same way, but takes twins together and cuts short what is
    plain. Raises ValueError for another method or ``most`` below 1, and as ``complete_subgraphs`` for the adjacency.
    """
    if method not in get_args(TreeMethod):
        raise ValueError(f"method must be 'recursive' or 'pivot', got {method!r}")
    check_sizes(most=most)
    rows = bit_rows(adjacency)
    calls: list[Call] = []
    children: list[list[int]] = []
    for call in _article_calls(rows) if method == "recursive" else _pivot_calls(rows):
        if len(calls) == most:
            return Tree(_with_children(calls, children), complete=False)
        if call.parent is not None:
            children[call.parent].append(len(calls))
        calls.append(call)
        children.append([])
    return Tree(_with_children(calls, children), complete=True)


def count_calls(adjacency: Tensor, method: CountMethod = "recursive", most: int = 1_000_000) -> int:
    """Return how many calls a search makes on a graph (n, n); ``most`` if it makes as many or more.

    "recursive" is the article's, "memory" the same without visiting a set twice, "pivot" as in ``recursion_tree``.
    On the cocktail-party graph of k pairs (only partners aren't adjacent) they make c(k) = 1 + 2 k c(k − 1), 3^k and
    2^(k+1) − 1, for 2^k cliques. Raises as ``recursion_tree``.
    """
    if method not in get_args(CountMethod):
        raise ValueError(f"method must be 'recursive', 'memory' or 'pivot', got {method!r}")
    check_sizes(most=most)
    rows = bit_rows(adjacency)
    calls: Iterator[object] = _pivot_calls(rows) if method == "pivot" else article_cliques(rows, method == "memory")
    return sum(1 for _, _ in zip(range(most), calls, strict=False))


def _article_calls(rows: list[int]) -> Iterator[Call]:
    """The article's calls, in the order of the recursion."""
    waiting: list[_Waiting] = [((1 << len(rows)) - 1, 0, 0, None, None, None)] if rows else []
    for number, (nodes, _, _, parent, by, pair) in enumerate(_popped(waiting)):
        pairs = opposites(rows, nodes)
        found = None if pairs else frozenset(members(nodes))
        yield Call(frozenset(members(nodes)), frozenset(), frozenset(), found, parent, by, pair, None, ())
        for u, v in reversed(pairs):
            waiting += [(nodes & rows[w], 0, 0, number, w, (u, v)) for w in (v, u)]


def _pivot_calls(rows: list[int]) -> Iterator[Call]:
    """The calls of Bron and Kerbosch with Tomita's pivot, in the order of the recursion."""
    near = [row & ~(1 << node) for node, row in enumerate(rows)]
    waiting: list[_Waiting] = [((1 << len(rows)) - 1, 0, 0, None, None, None)] if rows else []
    for number, (nodes, clique, done, parent, by, pair) in enumerate(_popped(waiting)):
        found = None if nodes or done else frozenset(members(clique))
        choice = [(-(nodes & near[node]).bit_count(), node) for node in members(nodes | done)]
        pivot = min(choice)[1] if nodes else None
        given, chosen, past = (frozenset(members(bits)) for bits in (nodes, clique, done))
        yield Call(given, chosen, past, found, parent, by, pair, pivot, ())
        if pivot is None:
            continue
        inner: list[_Waiting] = []
        for node in members(nodes & ~near[pivot]):
            place = (nodes & near[node], clique | 1 << node, done & near[node])
            inner.append((*place, number, node, (pivot, node)))
            nodes, done = nodes & ~(1 << node), done | 1 << node
        waiting += reversed(inner)


def _popped(waiting: list[_Waiting]) -> Iterator[_Waiting]:
    while waiting:
        yield waiting.pop()


def _with_children(calls: list[Call], children: list[list[int]]) -> tuple[Call, ...]:
    return tuple(call._replace(children=tuple(own)) for call, own in zip(calls, children, strict=True))


MOST = 200_000  # where counting ends
SIZES = tuple(range(2, 25, 2))
DENSITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
DRAWS = 5
COUNTED_SEARCHES: tuple[CountMethod, ...] = ("recursive", "memory", "pivot")
PATH = STORED / "06-calls.json"


def random_graph(size: int, density: float, seed: int) -> torch.Tensor:
    """Return a symmetric bool tensor (n, n), each pair linked with probability ``density``."""
    draw = torch.rand(size, size, generator=torch.Generator().manual_seed(seed)) < density
    upper = draw.triu(1)
    return upper | upper.T


def middle(numbers: list[int]) -> int:
    """Return the middle of an odd number of numbers."""
    return sorted(numbers)[len(numbers) // 2]


def store_calls(command: str) -> None:
    """Write for each density and size the middle of ``DRAWS`` graphs' calls, by search, and of their cliques."""
    table: dict[str, object] = {"command": command, "most": MOST, "draws": DRAWS, "sizes": list(SIZES)}
    for density in DENSITIES:
        rows: dict[str, list[int]] = {search: [] for search in (*COUNTED_SEARCHES, "cliques")}
        for size in SIZES:
            graphs = [random_graph(size, density, seed) for seed in range(DRAWS)]
            for search in COUNTED_SEARCHES:
                # Once most graphs of a size are too much, larger ones are too.
                over = rows[search] and rows[search][-1] >= MOST
                rows[search].append(MOST if over else middle([count_calls(g, search, MOST) for g in graphs]))
            rows["cliques"].append(middle([len(complete_subgraphs(g)) for g in graphs]))
        table[f"{density:g}"] = rows
        print(density, rows, flush=True)
    write_table(PATH, table)


@cache
def random_calls() -> dict[tuple[float, str], tuple[int, ...]]:
    """Return by density and search ("cliques" for how many there are) the number for each of ``SIZES``."""
    table = json.loads(PATH.read_text(encoding="utf-8"))
    return {
        (d, search): tuple(table[f"{d:g}"][search]) for d, search in product(DENSITIES, (*COUNTED_SEARCHES, "cliques"))
    }
