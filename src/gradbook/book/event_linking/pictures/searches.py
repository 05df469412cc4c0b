"""The calls of two searches for complete subgraphs, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from gradbook.book.event_linking.pictures.graph import Array, Edge, adjacency_of, edges_of, lines, places
from gradbook.book.event_linking.traces import Call, Tree, TreeMethod, recursion_tree
from gradbook.book.explore import COLOURS, Choice, Dots, Labels, Number, Panel, Path, Picture, Steps, join_paths

LAST = 79  # calls that the slider reaches: all of the largest tree
METHODS = {"the article's recursion": "recursive", "Bron and Kerbosch, pivot": "pivot"}


def party(pairs: int) -> set[Edge]:
    """Return the cocktail-party graph: everybody is linked with everybody but the partner."""
    return {(u, v) for u, v in combinations(range(2 * pairs), 2) if not (u % 2 == 0 and v == u + 1)}


_TWO = edges_of(((0, 1, 2), (0, 3, 4)))
GRAPHS: dict[str, tuple[int, set[Edge]]] = {
    "two events, one trigger": (5, _TWO),
    "… and a false link": (5, _TWO | {(2, 3)}),
    "a path": (5, {(k, k + 1) for k in range(4)}),
    "one event": (5, edges_of(((0, 1, 2, 3, 4),))),
    "cocktail party of 4": (4, party(2)),
    "cocktail party of 6": (6, party(3)),
}
"""By name: the number of nodes, and the edges."""


class Plan(NamedTuple):
    """A search's tree, the place (m, 2) of each call on the unit square, and which calls repeat an earlier set."""

    tree: Tree
    spots: Array
    repeated: NDArray[np.bool_]


@lru_cache(maxsize=32)
def plan(graph: str, method: str) -> Plan:
    """Return the tree of a search and where its calls are drawn: leaves from left to right, children below."""
    count, edges = GRAPHS[graph]
    tree = recursion_tree(adjacency_of(edges, count), cast(TreeMethod, METHODS[method]), most=LAST + 1)
    depth, across = [0] * len(tree.calls), [0.0] * len(tree.calls)
    leaves = sum(not call.children for call in tree.calls)
    free = iter(range(leaves))
    for number, call in enumerate(tree.calls):
        if call.parent is not None:
            depth[number] = depth[call.parent] + 1
        if not call.children:
            across[number] = (next(free) + 0.5) / leaves
    for number, call in reversed(list(enumerate(tree.calls))):
        if call.children:
            across[number] = float(np.mean([across[child] for child in call.children]))
    height = [1 - (level + 0.5) / (max(depth) + 1) for level in depth]
    seen = [_task(call) for call in tree.calls]
    repeated = np.array([task in seen[:number] for number, task in enumerate(seen)], dtype=bool)
    return Plan(tree, np.column_stack([across, height]), repeated)


def _task(call: Call) -> tuple[frozenset[int], ...]:
    return call.nodes, call.clique, call.done


def recursion_state(graph: str, method: str, step: int) -> dict[str, Any]:
    """The graph with the call's set, and the tree up to this call."""
    (count, edges), (tree, nodes, repeated) = GRAPHS[graph], plan(graph, method)
    here = min(step, len(tree.calls) - 1)
    call, spots, past = tree.calls[here], places(count), tree.calls[: here + 1]
    hit = np.array([one.found is not None for one in past], dtype=bool)
    again = repeated[: here + 1]
    free = set(range(count)) - call.nodes - call.clique
    return {
        "edges": lines(edges, spots),
        "inside": lines({e for e in edges if set(e) <= call.nodes | call.clique}, spots),
        "pair": _pair(call, edges, spots),
        "free": spots[sorted(free)],
        "set": spots[sorted(call.nodes)],
        "chosen": spots[sorted(call.clique)],
        "centre": spots[[call.by] if call.by is not None else []],
        "names": [(1.25 * x, 1.25 * y, str(k)) for k, (x, y) in enumerate(spots, 1)],
        "branches": join_paths(_branches(tree, nodes, range(1, len(tree.calls)))),
        "walked": join_paths(_branches(tree, nodes, range(1, here + 1))),
        "coming": nodes[here + 1 :],
        "calls": nodes[: here + 1][~hit & ~again],
        "repeats": nodes[: here + 1][again],
        "hits": nodes[: here + 1][hit & ~again],
        "here": nodes[here : here + 1],
        "count": f"{here + 1} of {len(tree.calls)}",
        "given": _words(call),
        "distinct": f"{here + 1 - int(again.sum())}; {int(again.sum())} of the calls repeat one",
        "found": f"{len({one.found for one in past} - {None})} so far, met {int(hit.sum())} times",
        "note": "The search is over." if step >= len(tree.calls) else "",
    }


def _pair(call: Call, edges: set[Edge], spots: Array) -> Array:
    """The pair that isn't linked and that led here; a pivot may also be linked with nobody, or be the node itself."""
    if call.pair is None or call.pair[0] == call.pair[1]:
        return np.empty((0, 2))
    return lines({cast(Edge, tuple(sorted(call.pair)))} - edges, spots)


def _branches(tree: Tree, nodes: Array, numbers: Iterable[int]) -> list[Array]:
    return [nodes[[tree.calls[number].parent or 0, number]] for number in numbers]


def _words(call: Call) -> str:
    """The call's set, for example "{1, 2, 3}, complete"."""
    given = _set(call.nodes)
    if call.found is not None:
        return f"{given}: {_set(call.found)} is found"
    if call.pivot is not None:
        return f"{given}, chosen {_set(call.clique)}, pivot {call.pivot + 1}"
    if call.done:
        return f"{given}, chosen {_set(call.clique)}: in a larger one already"
    return f"{given}, not complete" + (f": split at every pair, {len(call.children)} calls" if call.children else "")


def _set(nodes: Iterable[int]) -> str:
    return "{" + ", ".join(str(node + 1) for node in sorted(nodes)) + "}"


def recursion() -> Picture:
    """Figure 6.2: the article's recursion meets the same sets again and again."""
    graph, *_ = GRAPHS
    method, pivot = METHODS
    return Picture(
        title="A search, call by call",
        controls=[
            Steps("step", "call no. (from 0)", LAST, 3, interval_ms=350),
            Choice("graph", "graph", tuple(GRAPHS), graph),
            Choice("method", "search", tuple(METHODS), method),
        ],
        compute=recursion_state,
        panels=[
            Panel(
                "The graph, and the set of this call",
                (-1.45, 1.45),
                (-1.45, 1.45),
                [
                    Path("edges", "", COLOURS["light"], 2),
                    Path("inside", "", COLOURS["blue"], 3),
                    Path("pair", "the pair that isn't linked and led here", COLOURS["vermilion"], 3, dashed=True),
                    Dots("centre", "whose neighbours are kept", COLOURS["vermilion"], 330),
                    Dots("free", "", COLOURS["light"], 150),
                    Dots("set", "in the set", COLOURS["blue"], 150),
                    Dots("chosen", "chosen (pivot search)", COLOURS["green"], 150),
                    Labels("names", size=15, centred=True),
                ],
                size=(270, 270),
                bare=True,
            ),
            Panel(
                "The tree of calls, in their order from the left",
                (-0.02, 1.02),
                (-0.02, 1.02),
                [
                    Path("branches", "", COLOURS["light"], 1),
                    Path("walked", "", COLOURS["grey"], 1.5),
                    Dots("coming", "", COLOURS["light"], 25),
                    Dots("here", "this call", COLOURS["ink"], 260),
                    Dots("calls", "a call", COLOURS["blue"], 60),
                    Dots("hits", "a complete set, new", COLOURS["green"], 60),
                    Dots("repeats", "a set that was there before", COLOURS["orange"], 60, "diamond"),
                ],
                size=(540, 270),
                bare=True,
            ),
        ],
        readout=[
            Number("count", "call"),
            Number("given", "its set"),
            Number("distinct", "different calls"),
            Number("found", "complete sets"),
        ],
        presets={
            "Two events, to the end": {"step": LAST},
            "A cocktail party of 6": {"graph": "cocktail party of 6", "step": LAST},
            "The same with a pivot": {"graph": "cocktail party of 6", "method": pivot, "step": LAST},
            "One event": {"graph": "one event", "step": 0},
        },
        caption="Figure 6.2. Press play. The article's search takes a set; if some pair in it isn't linked, it calls "
        "itself for each such pair on the neighbours of the one and of the other. On the cocktail party of 6 "
        "(each is linked with all but the partner) that makes 79 calls on 27 different sets, and each of the 8 "
        "complete sets is met 6 times. Bron and Kerbosch's search with a pivot keeps three sets in mind (what is "
        "chosen, what may join it, what had its turn) and never makes a call twice: 15 calls. For a single event "
        "the article's search is at its end at once.",
        alt="Left: five nodes on a circle, the arguments of two events that share node 1. Three of them are blue, the "
        "set of this call, and a dashed vermilion line joins a pair that isn't linked. Right: the tree of the "
        "article's nine calls, the first above and eight below it; the first four are drawn in colour: blue for a "
        "call, green for a complete set that is new, orange diamonds for sets that were there before, a black "
        "disc behind this call.",
    )
