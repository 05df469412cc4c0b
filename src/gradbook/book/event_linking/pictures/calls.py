"""How many calls the three searches make, against the size of the graph."""

from __future__ import annotations

from functools import cache
from math import comb
from typing import Any

import numpy as np

from gradbook.book.event_linking.pictures.graph import Array, Edge, adjacency_of, lines, places
from gradbook.book.event_linking.pictures.searches import party
from gradbook.book.event_linking.traces import (
    COUNTED_SEARCHES,
    DENSITIES,
    DRAWS,
    MOST,
    SIZES,
    count_calls,
    random_calls,
    random_graph,
)
from gradbook.book.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Slider

SEARCHES = {
    "recursive": ("the article's recursion", COLOURS["vermilion"]),
    "memory": ("the same with a memory", COLOURS["orange"]),
    "pivot": ("Bron and Kerbosch, pivot", COLOURS["blue"]),
    "cliques": ("complete subgraphs", COLOURS["grey"]),
}
GRAPHS = ("random", "cocktail party")
COUNTED = 10  # nodes of the largest cocktail party that is searched here and now
_TOP = 1e10


def party_calls(search: str, pairs: int) -> int:
    """Return the calls on the cocktail party of ``pairs`` pairs: c(k) = 1 + 2 k c(k − 1), 3^k or 2^(k+1) − 1.

    "cliques" are 2^k. For counted numbers see ``gradbook.book.event_linking.traces.count_calls``.
    """
    if search == "recursive":
        return 1 if pairs == 0 else 1 + 2 * pairs * party_calls(search, pairs - 1)
    laws: dict[str, int] = {"memory": 3**pairs, "pivot": 2 ** (pairs + 1) - 1, "cliques": 2**pairs}
    return laws[search]


@cache
def counted_parties() -> Array:
    """Return (nodes, calls) of all three searches on the cocktail parties of up to ``COUNTED`` nodes, run now."""
    sizes = [n for n in SIZES if n <= COUNTED]
    graphs = [adjacency_of(party(n // 2), n) for n in sizes]
    return np.array([(len(g), count_calls(g, search)) for search in COUNTED_SEARCHES for g in graphs], dtype=float)


def law() -> Array:
    """Return the line c(k) = 1 + 2 k c(k − 1) over n = 2 k nodes, as far as there is room."""
    points = [(n, party_calls("recursive", n // 2)) for n in SIZES]
    return np.array([point for point in points if point[1] < _TOP], dtype=float)


def calls_state(graph: str, size: float, density: float) -> dict[str, Any]:
    """The curves for this kind of graph, where the reader is on them, and a graph of this size."""
    nodes = int(size)
    place = SIZES.index(nodes)
    state: dict[str, Any] = {"over": np.empty((0, 2))}
    said = []
    for search, (name, _) in SEARCHES.items():
        if graph == "random":
            counts = list(random_calls()[density, search])
        else:
            counts = [party_calls(search, n // 2) for n in SIZES]
        over = graph == "random" and search != "cliques" and counts[place] >= MOST
        curve = np.array([(n, c) for n, c in zip(SIZES, counts, strict=True) if c < _TOP], dtype=float)
        if graph == "random" and search != "cliques":  # what is more than MOST ends in one triangle
            first = next((k for k, count in enumerate(counts) if count >= MOST), len(counts))
            if first < len(counts):
                state["over"] = np.vstack([state["over"], curve[first : first + 1]])
            curve = curve[: first + 1]
        state[search] = curve
        state[f"{search} here"] = curve[curve[:, 0] == nodes]
        said.append(f"{name} {'more than ' if over else ''}{counts[place]:,}")
    state["counted"] = counted_parties() if graph != "random" else np.empty((0, 2))
    state["words"] = "; ".join(said)
    state["edges"], state["nodes"] = _drawn(graph, nodes, density)
    state["size words"] = f"{nodes} nodes, {_share(graph, nodes, density)}"
    state["note"] = "" if graph == "random" else _note(nodes)
    return state


def _share(graph: str, nodes: int, density: float) -> str:
    if graph == "random":
        return f"{density:.0%} of {comb(nodes, 2)} pairs linked"
    return f"all {comb(nodes, 2)} pairs linked but {nodes // 2}"


def _note(nodes: int) -> str:
    over = party_calls("recursive", nodes // 2) > _TOP
    return "The article's recursion makes more calls than there is room for." if over else ""


def _drawn(graph: str, nodes: int, density: float) -> tuple[Array, Array]:
    """A graph of the kind: for random ones the first of those counted."""
    spots = places(nodes)
    if graph == "random":
        pairs = random_graph(nodes, density, 0).triu(1).nonzero().tolist()
        edges: set[Edge] = {(u, v) for u, v in pairs}
    else:
        edges = party(nodes // 2)
    return lines(edges, spots), spots


def call_counts() -> Picture:
    """Figure 6.3: factorial against exponential."""
    return Picture(
        title="How many calls does a search make?",
        controls=[
            Choice("graph", "graphs", GRAPHS, GRAPHS[0]),
            Slider("size", "nodes n", SIZES[0], SIZES[-1], 12, at=SIZES),
            Slider("density", "density of random graphs", DENSITIES[0], DENSITIES[-1], 0.9, at=DENSITIES),
        ],
        compute=calls_state,
        panels=[
            Panel(
                "Calls",
                (1, 25),
                (0.8, _TOP),
                [
                    Path(law(), "c(k) = 1 + 2k c(k − 1), cocktail party", COLOURS["ink"], 1.5, dashed=True),
                    *(Path(search, name, colour, 3) for search, (name, colour) in SEARCHES.items()),
                    *(Dots(f"{search} here", "", colour, 90) for search, (_, colour) in SEARCHES.items()),
                    Dots("over", f"more than {MOST:,}", COLOURS["ink"], 110, "triangle-up"),
                    Dots("counted", "counted now", COLOURS["ink"], 25),
                ],
                x_label="nodes n",
                y_label="calls",
                size=(430, 290),
                log_y=True,
            ),
            Panel(
                "Such a graph",
                (-1.1, 1.1),
                (-1.1, 1.1),
                [Path("edges", "", COLOURS["grey"], 1), Dots("nodes", "", COLOURS["ink"], 60)],
                size=(240, 240),
                bare=True,
            ),
        ],
        readout=[Number("size words", "graph"), Number("words", "calls")],
        presets={
            "A cocktail party of 12": {"graph": GRAPHS[1]},
            "A party of 24": {"graph": GRAPHS[1], "size": 24},
            "Half of all pairs": {"density": 0.5, "size": 20},
            "Few links": {"density": 0.1, "size": 24},
        },
        caption="Figure 6.3. Calls of the three searches, on a logarithmic axis. On the cocktail party (everybody is "
        "linked with all but the partner) the article's recursion makes c(k) = 1 + 2k c(k − 1) calls for k "
        "pairs, about √e · 2ᵏ k!, with a memory 3ᵏ, Bron and Kerbosch's with a pivot 2ᵏ⁺¹ − 1, and 2ᵏ complete "
        f"subgraphs are there to be found. Random graphs: the middle of {DRAWS} draws; a triangle where counting "
        f"ended at {MOST:,} calls. What makes the recursion slow are "
        "pairs that aren't linked in sets that are still large: it is slow at any density, and slowest in dense graphs "
        "that are not nearly complete. Only in small graphs that are nearly complete (nine of ten pairs "
        "linked: up to 6 nodes), or in a single event, does it make fewer calls than the pivot search.",
        alt="Left: calls against nodes from 2 to 24, logarithmic upwards. For random graphs with nine of ten pairs "
        "linked the article's line starts at 1, passes the pivot search's at 8 nodes and ends in a black "
        "triangle at 18 nodes; the one with a memory ends at some 4,000 calls and the pivot search's at some "
        "500, twice the number of complete subgraphs. A dashed line shows the law of the cocktail party, 76 "
        "thousand calls at 12 nodes. Right: such a graph, its nodes on a circle.",
    )
