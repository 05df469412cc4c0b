"""The static figures and tables of chapter 6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from gradbook.book.event_linking.measurements import noise_score, sharing_events
from gradbook.book.event_linking.pictures.graph import adjacency_of, edges_of, places
from gradbook.book.explore import COLOURS, TASKS, new_figure
from gradbook.book.tables import Rows, short
from gradbook.event_linking import complete_subgraphs

_COLOURS = ("blue", "green", "vermilion")


def survival(arguments: int, missing: float) -> float:
    """Return the chance that no edge of an event is missing, if each is with probability ``missing`` by itself."""
    return float((1 - missing) ** (arguments * (arguments - 1) // 2))


def survival_figure(sizes: Sequence[int] = (2, 4, 8), rounds: int = 300) -> Figure:
    """Draw the chance that an event keeps all its edges over the chance that one goes missing; dots: counted.

    Counted are two events that share their trigger, decoded from ``rounds`` disturbed graphs a dot.
    """
    figure, ax = new_figure(6.5, 3.4)
    chances = [k / 100 for k in range(31)]
    for size, colour in zip(sizes, _COLOURS, strict=False):
        events = sharing_events(2, size)
        ax.plot(chances, [survival(size, p) for p in chances], color=COLOURS[colour], label=f"{size} arguments")
        recalls = [noise_score(events, p, 0.0, rounds, seed).recall for seed, p in enumerate(chances[::5])]
        ax.plot(chances[::5], recalls, "o", color=COLOURS[colour], markersize=5)
    ax.set(xlabel="chance that an edge is missing", ylabel="events that come back", ylim=(-0.03, 1.03))
    ax.legend(fontsize=9)
    return figure


QUOTED = {"DuEE": (82.65, 80.31, 81.47), "DuEE-fin": (50.35, 65.19, 56.82)}
"""Precision, recall and F1 in percent on the leaderboard with BERT base, as kexue.fm/archives/8926 prints them."""
SCORES = ("arguments", "argument precision", "argument recall", "events", "event precision", "event recall")
"""What the runs measure on test: F1, precision and recall of arguments and of whole events."""
TABLES = {"nodes": "none can hold them", "positions": "2", "types": "2 a type", "roles": "2 a role of a type"}
"""How many tables of token pairs hold the links, by the way in which they are written down."""
RIVALS = ("igraph", "networkx", "recursion with memory", "the article's recursion")
"""The searches of the bench beside the package's own."""


def ceiling_rows(stored: Mapping[str, Any]) -> Rows:
    """Return a row a coding of the stored ceiling: its tables, events, lost ones, spurious ones, and their reasons."""
    return [
        (
            coding,
            TABLES[coding],
            *(f"{row[key]:,}" for key in ("events", "lost", "spurious", "changed")),
            ", ".join(f"{reason} {count}" for reason, count in sorted(row["reasons"].items())) or "none",
        )
        for coding, row in stored["codings"].items()
    ]


def bench_rows(stored: Mapping[str, Any], start: str = "tensor") -> Rows:
    """Return a row a graph of the stored bench: its cliques, the package's microseconds, the others' in units of these.

    ``start``: "tensor", from the bool tensor to sets, or "ready", from each one's own graph. A dash stands where the
    article's recursion was too slow to be measured.
    """
    rows = []
    for graph, row in stored["graphs"].items():
        times, ratios = row[start]["microseconds"], row[start]["ratio"]
        rest = (short(ratios[name]) if name in ratios else "–" for name in RIVALS)
        rows.append((graph, f"{row['cliques']:,}", short(times["gradbook"]), *rest))
    return rows


def card(ax: Any) -> None:
    """Draw a graph of seven arguments and, each in its colour, the events that its complete subgraphs are."""
    nodes, edges = places(7), edges_of([(0, 1, 2, 3), (3, 4, 5)])
    cliques = complete_subgraphs(adjacency_of(edges, len(nodes)))
    for clique, colour in zip(sorted(map(sorted, cliques)), TASKS, strict=False):
        for u, v in edges_of([clique]):
            ax.plot(*nodes[[u, v]].T, color=colour, linewidth=1.6)
    ax.plot(*nodes.T, "o", color=COLOURS["ink"], markersize=7)
    ax.set(xlim=(-1.3, 1.3), ylim=(-1.2, 1.2))
