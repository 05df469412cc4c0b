"""The static figures and tables of chapter 6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from gradbook.book.event_linking.measurements import noise_score, sharing_events
from gradbook.book.event_linking.pictures.graph import adjacency_of, edges_of, places
from gradbook.book.explore import COLOURS, TASKS, new_figure
from gradbook.book.global_pointer.figures import HEAD_COLOURS, draw_seeds, mean_spread, told_differences
from gradbook.book.global_pointer.measurements import count_numbers
from gradbook.book.relation_linking.figures import by_option
from gradbook.event_linking import complete_subgraphs
from gradbook.extraction.annotated import EventText
from gradbook.extraction.event_extractor import EventExtractor
from gradbook.extraction.f1 import argument_score, event_score, role_arguments

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
TABLES = {"nodes": "none can hold them", "positions": "2", "types": "2 a type", "roles": "2 a role of a type"}
"""How many tables of token pairs hold the links, by the way in which they are written down."""
RIVALS = ("igraph", "networkx", "recursion with memory", "the article's recursion")
"""The searches of the bench beside the package's own."""
_SCORES = ("arguments", "argument precision", "argument recall", "events", "event precision", "event recall")


def score_rows(stored: Mapping[str, Any], option: str = "pointer") -> list[tuple[str, ...]]:
    """Return a row for each value of ``option``: F1, precision and recall of arguments and of events, best epoch."""
    columns = [by_option(stored, key, option) for key in _SCORES]
    epochs = by_option(stored, "best epoch", option)
    return [
        (name, *(mean_spread(column[name]) for column in columns), mean_spread(epochs[name], 0)) for name in columns[0]
    ]


def seed_by_seed(stored: Mapping[str, Any], first: str, second: str, key: str = "arguments") -> str:
    """Return the differences of ``key``, ``first`` minus ``second``, seed by seed, with their mean.

    Raises ValueError if the two haven't as many runs.
    """
    scores = by_option(stored, key)
    return told_differences(scores[first], scores[second])


def quoted_rows() -> list[tuple[str, ...]]:
    """Return the article's own numbers, a row a data set."""
    return [(name, *(f"{score:.2f}" for score in scores)) for name, scores in QUOTED.items()]


def ceiling_rows(stored: Mapping[str, Any]) -> list[tuple[str, ...]]:
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


def bench_rows(stored: Mapping[str, Any], start: str = "tensor") -> list[tuple[str, ...]]:
    """Return a row a graph of the stored bench: its cliques, the package's microseconds, the others' in units of these.

    ``start``: "tensor", from the bool tensor to sets, or "ready", from each one's own graph. A dash stands where the
    article's recursion was too slow to be measured.
    """
    rows = []
    for graph, row in stored["graphs"].items():
        times, ratios = row[start]["microseconds"], row[start]["ratio"]
        rest = (_short(ratios[name]) if name in ratios else "–" for name in RIVALS)
        rows.append((graph, f"{row['cliques']:,}", _short(times["gradbook"]), *rest))
    return rows


def judged_row(name: str, model: EventExtractor, texts: Sequence[EventText]) -> tuple[str, ...]:
    """Let ``model`` read ``texts`` and return a table's row: name, parameters of the three pointers, six scores.

    These are F1, precision and recall of arguments by DuEE's measure, then of whole events. Only events of types that
    are annotated in ``texts`` are judged: others may be there, unmarked. Too many events in a text count as none.
    """
    types = {event.type for text in texts for event in text.events}
    found = model.extract([text.text for text in texts], too_many="none")
    kept = [[event for event in events if event.type in types] for events in found]
    words = [role_arguments(text.text, events) for text, events in zip(texts, kept, strict=True)]
    scores = (
        argument_score(words, [role_arguments(text.text, text.events) for text in texts], "once"),
        event_score(kept, [text.events for text in texts]),
    )
    size = sum(count_numbers(pointer) for pointer in model.linker.pointers)
    shares = [share for score in scores for share in (score.f1, score.precision, score.recall)]
    return name, f"{size:,}", *(f"{share:.3f}" for share in shares)


def scores_figure(tables: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw every seed (small dots), mean and standard deviation, one panel a table; open circles are whole events."""
    figure, axes = new_figure(9.5, 2.8, ncols=len(tables), squeeze=False)
    for k, (ax, (title, stored)) in enumerate(zip(axes[0], tables.items(), strict=True)):
        names = list(by_option(stored, "arguments"))
        for y, name in enumerate(names):
            for shift, key, fill in ((-0.18, "arguments", "full"), (0.18, "events", "none")):
                colour = COLOURS[HEAD_COLOURS[name]]
                draw_seeds(ax, y + shift, by_option(stored, key)[name], colour, below=0.14, fill=fill)
        ax.set(title=title, xlabel="F1", ylim=(len(names) - 0.4, -0.6))
        ax.margins(x=0.3)
        ax.set_yticks(range(len(names)), [name.replace(" ", "\n") for name in names] if not k else [""] * len(names))
    return figure


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def card(ax: Any) -> None:
    """Draw a graph of seven arguments and, each in its colour, the events that its complete subgraphs are."""
    nodes, edges = places(7), edges_of([(0, 1, 2, 3), (3, 4, 5)])
    cliques = complete_subgraphs(adjacency_of(edges, len(nodes)))
    for clique, colour in zip(sorted(map(sorted, cliques)), TASKS, strict=False):
        for u, v in edges_of([clique]):
            ax.plot(*nodes[[u, v]].T, color=colour, linewidth=1.6)
    ax.plot(*nodes.T, "o", color=COLOURS["ink"], markersize=7)
    ax.set(xlim=(-1.3, 1.3), ylim=(-1.2, 1.2))
