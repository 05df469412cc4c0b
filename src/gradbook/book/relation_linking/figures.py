"""The static figures and tables of chapter 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradbook.book.explore import COLOURS, new_figure
from gradbook.book.relation_linking.measurements import cancelled
from gradbook.book.tables import Rows
from gradbook.relation_linking import Relation, relation_positives

PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
_COLOURS = ("blue", "vermilion", "green")


def cancellation_figure(highest: float = 18.0) -> Figure:
    """Draw the relative error of 1 − e^{b−a} over the score of the label that holds, in three precisions.

    Dots: every step rounded as well as can be; lines: what (5.8) expects of it at most, up to an error of 1, where
    nothing is left.
    """
    scores = [k / 4 for k in range(int(4 * highest) + 1)]
    figure, ax = new_figure(6.5, 3.6)
    for (name, dtype), colour in zip(PRECISIONS.items(), _COLOURS, strict=True):
        rows = [cancelled(score, dtype) for score in scores]
        bound = [(score, row.expected) for score, row in zip(scores, rows, strict=True) if row.expected <= 1]
        ax.semilogy(*zip(*bound, strict=True), "-", color=COLOURS[colour], linewidth=1, label=name)
        shown = [(score, row.error) for score, row in zip(scores, rows, strict=True) if row.error > 0]
        ax.semilogy(*zip(*shown, strict=True), ".", color=COLOURS[colour], markersize=4)
    ax.axhline(1.0, color=COLOURS["grey"], linestyle=":", linewidth=1)
    ax.set(xlabel="score of the label that holds", ylabel="relative error", ylim=(1e-9, 10))
    ax.legend(handles=[*ax.get_legend_handles_labels()[0], *_kinds()], fontsize=9)
    return figure


def _kinds() -> list[Line2D]:
    """What dots and lines stand for, for the legend."""
    grey = COLOURS["grey"]
    return [
        Line2D([], [], color=grey, linestyle="", marker=".", label="measured"),
        Line2D([], [], color=grey, linewidth=1, label="(5.8), at most"),
    ]


QUOTED = {
    "CasRel": (82.20,),
    "GPLinker, GlobalPointer": (82.72,),
    "GPLinker, Efficient GlobalPointer": (82.68,),
}
"""F1 in percent on LIC2019 with BERT base, as kexue.fm/archives/8888 prints it."""
RECALLED = 83.7  # F1 in percent on WebNLG*, the figure remembered for CasRel with an LSTM encoder; not checked


def count_rows(counts: Mapping[str, Any]) -> Rows:
    """Return a row a set of the stored counts: texts, those to learn from, triples, predicates, tokens a text.

    Then the tokens of the longest text, triples with a mention that stands several times, those whose object stands
    first, and spurious triples with mentions located by either rule.
    """
    return [
        (
            name,
            f"{sum(row['texts']):,}",
            f"{row['texts'][0]:,}",
            *(f"{row[key]:,}" for key in ("triples", "predicates")),
            f"{row['mean length']:.0f}",
            *(f"{row[key]:,}" for key in ("longest", "repeated mentions", "backwards")),
            *(f"{row['spurious'][rule]:,}" for rule in ("nearest", "first")),
        )
        for name, row in counts["sets"].items()
    ]


def decoding_rows(bench: Mapping[str, Any]) -> Rows:
    """Return a row a case of the stored bench: subjects and objects, predicates, tokens, relations found, then times.

    Those are the milliseconds of loops and of gathering, and how many times longer the loops take; the cases are
    grouped by what varies, named in the first cell.
    """
    return [
        (
            varied,
            f"{row['candidates']} × {row['candidates']}",
            *(f"{row[key]:,}" for key in ("predicates", "length", "relations")),
            *(f"{row[key]:,.3g}" for key in ("nested loops", "gathering", "ratio")),
        )
        for varied, rows in bench["decoding"].items()
        for row in rows
    ]


def card(ax: Any) -> None:
    """Draw the four cells that must score above 0 for one triple: two spans, the pair of heads, the pair of tails."""
    entities, heads, tails = relation_positives([[Relation((1, 2), 0, (5, 7))]])
    cells = torch.zeros(9, 9)
    for colour, (_, first, second) in enumerate([*entities[0].tolist(), *heads[0].tolist(), *tails[0].tolist()], 1):
        cells[first, second] = min(colour, 3)  # one colour for both links
    ax.imshow(cells.numpy(), cmap="cividis")
