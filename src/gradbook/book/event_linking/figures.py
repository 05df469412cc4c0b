"""The tables and still figures of the comparisons: what the stored runs and counts say, as rows and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from gradbook.corpora import EventText
from gradbook.event_linking.extractor import EventExtractor
from gradbook.event_linking.scores import argument_score, event_score, role_arguments
from gradbook.explore import COLOURS, new_figure
from gradbook.global_pointer.comparison_figures import draw_seeds, mean_spread, told_differences
from gradbook.global_pointer.fine_print import count_numbers
from gradbook.global_pointer.palette import HEAD_COLOURS
from gradbook.relation_linking.comparison_figures import by_option

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
