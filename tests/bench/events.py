"""The clique searches against each other and against the public ones, interleaved, on one thread.

``python -m tests.bench.events`` prints; with ``--store`` it also writes stored/06-bench.json. Times are
medians of CPU time in microseconds. "tensor": from a bool tensor to a set of frozensets, building the graph included;
"ready": from the graph as each keeps it to its cliques. The article's recursion only where it ends within a second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import igraph
import networkx
import torch
from torch import Tensor

from gradbook.book.event_linking.pictures.graph import adjacency_of, edges_of
from gradbook.book.event_linking.pictures.searches import party
from gradbook.book.event_linking.traces import count_calls, random_graph
from gradbook.book.stored import STORED, write_table
from gradbook.event_linking import complete_subgraphs
from gradbook.event_linking.cliques import article_cliques, bit_rows, maximal_cliques
from tests.bench.methods import interleaved

Run = Callable[[], object]
CALLS = 200_000  # of the recursion: about a second
_LARGE = ((0, 1, 2, 3, 4), (0, 1, 5, 6, 7), (0, 8, 9, 10, 11), (0, 1, 12, 13))
_MORE = ((14, 15, 16, 17), (14, 18, 19, 20), (14, 15, 21, 22))
GRAPHS: dict[str, Tensor] = {
    "complete, 5 nodes": adjacency_of(edges_of([range(5)]), 5),
    "event-like, 9 nodes": adjacency_of(edges_of([(0, 1, 2, 3), (0, 1, 4, 5), (0, 6, 7, 8)]), 9),
    "event-like, 23 nodes": adjacency_of(edges_of([*_LARGE, *_MORE]), 23),
    "random, 20 nodes, p = .9": random_graph(20, 0.9, 0),
    "random, 30 nodes, p = .7": random_graph(30, 0.7, 0),
    **{f"cocktail party, {n} nodes": adjacency_of(party(n // 2), n) for n in (12, 14, 16)},
}


def tensor_ways(adjacency: Tensor) -> dict[str, Run]:
    """The searches from the tensor on."""
    ways: dict[str, Run] = {
        "gradbook": lambda: complete_subgraphs(adjacency),
        "networkx": lambda: set(map(frozenset, networkx.find_cliques(networkx.from_numpy_array(adjacency.numpy())))),
        "igraph": lambda: set(map(frozenset, igraph_of(adjacency).maximal_cliques())),
        "recursion with memory": lambda: remembered(bit_rows(adjacency)),
    }
    return ways | ({"the article's recursion": lambda: recursed(adjacency)} if quick(adjacency) else {})


def ready_ways(adjacency: Tensor) -> dict[str, Run]:
    """The searches from each one's own graph on."""
    rows, theirs = bit_rows(adjacency), networkx.from_numpy_array(adjacency.numpy())
    fast = igraph_of(adjacency)
    ways: dict[str, Run] = {
        "gradbook": lambda: list(maximal_cliques(rows)),
        "networkx": lambda: list(networkx.find_cliques(theirs)),
        "igraph": lambda: fast.maximal_cliques(),
        "recursion with memory": lambda: remembered(rows),
    }
    more: dict[str, Run] = {"the article's recursion": lambda: [c for _, c in article_cliques(rows) if c is not None]}
    return ways | (more if quick(adjacency) else {})


def igraph_of(adjacency: Tensor) -> igraph.Graph:
    """The graph as igraph keeps it, made from the list of its edges."""
    return igraph.Graph(len(adjacency), adjacency.triu(1).nonzero().tolist())


def remembered(rows: list[int]) -> set[frozenset[int]]:
    """The article's recursion that visits no set twice."""
    return {frozenset(clique) for _, clique in article_cliques(rows, memory=True) if clique is not None}


def recursed(adjacency: Tensor) -> object:
    """The article's recursion."""
    return complete_subgraphs(adjacency, "recursive")


def quick(adjacency: Tensor) -> bool:
    """Whether the article's recursion is worth waiting for."""
    return count_calls(adjacency, "recursive", CALLS) < CALLS


def row(ways: dict[str, Run], repeats: int) -> dict[str, dict[str, float]]:
    """Median microseconds of all ways, and each one's ratio to the first."""
    slow = ways.pop("the article's recursion", None)
    times = dict(zip(ways, interleaved(*ways.values(), repeats=repeats), strict=True))
    if slow is not None:  # by itself, so that what takes a second isn't repeated as often as what takes a millionth
        start = time.process_time()
        slow()
        often = 3 if time.process_time() - start > 0.02 else repeats
        times["the article's recursion"] = interleaved(slow, repeats=often)[0]
    return {
        "microseconds": {name: _short(spent * 1e6) for name, spent in times.items()},
        "ratio": {name: _short(spent / times["gradbook"]) for name, spent in times.items()},
    }


def checked(adjacency: Tensor) -> int:
    """Return the number of cliques, the same by every way from the tensor; AssertionError if they differ."""
    found = [way() for way in tensor_ways(adjacency).values()]
    if any(other != found[0] for other in found):
        raise AssertionError(f"the searches differ on a graph of {len(adjacency)} nodes")
    return len(found[0])  # type: ignore[arg-type]


def table(repeats: int) -> dict[str, object]:
    """Return all rows by graph."""
    rows: dict[str, object] = {}
    for name, adjacency in GRAPHS.items():
        tensor, ready = row(tensor_ways(adjacency), repeats), row(ready_ways(adjacency), repeats)
        rows[name] = {"nodes": len(adjacency), "cliques": checked(adjacency), "tensor": tensor, "ready": ready}
        print(name, rows[name], flush=True)
    return rows


def main() -> None:
    """Measure, print, and with ``--store`` write stored/06-bench.json; ``--few`` for a provisional one."""
    torch.set_num_threads(1)
    repeats = 15 if "--few" in sys.argv else 400
    rows = table(repeats)
    if "--store" in sys.argv:
        facts = {"command": "python -m tests.bench.events --store", "repeats": repeats}
        write_table(STORED / "06-bench.json", {**facts, "graphs": rows})


def _short(value: float) -> float:
    return float(f"{value:.3g}")


if __name__ == "__main__":
    main()
