"""The article's search for complete subgraphs: split at every pair of nodes that aren't adjacent."""

from __future__ import annotations

from collections.abc import Iterator

from gradbook.event_linking.graphs import members


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
