"""All maximal complete subgraphs of a graph, by the article's search or by a better one."""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor

from gradbook.event_linking.article import article_cliques
from gradbook.event_linking.graphs import bit_rows
from gradbook.event_linking.pivot import maximal_cliques

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
