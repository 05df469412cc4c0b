"""The still figures of chapter 5 that are not comparisons."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradbook.explore import COLOURS, new_figure
from gradbook.relation_linking.fine_print import cancelled

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
