"""The static figures of the comparison on real tasks."""

from __future__ import annotations

from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from gradbook.explore import COLOURS, TASKS, new_figure
from gradbook.pareto_gradients.comparison import Run
from gradbook.tasks import load_digits, overlay

_STYLES = {
    "alone": (COLOURS["grey"], "--"),
    "sum": (COLOURS["grey"], "o-"),
    "normalised sum": (COLOURS["orange"], "s-"),
    "MGDA": (COLOURS["ink"], "^-"),
    "normalised MGDA": (COLOURS["purple"], "D-"),
    "MGDA-UB": (COLOURS["sky"], "v-"),
    "UPGrad": (COLOURS["green"], "p-"),
}
Panels = dict[str, dict[str, Tensor]]
"""By panel title and method: one score a seed."""


def run_scores(results: dict[str, list[Run]]) -> dict[str, Tensor]:
    """Return the scores (seeds, tasks) of every method of a comparison that just ran."""
    return {name: torch.stack([run.scores for run in runs]) for name, runs in results.items()}


def stored_scores(methods: dict[str, Any]) -> dict[str, Tensor]:
    """Return the scores (seeds, tasks) of every method of a stored table, ``stored["rates"]["0.005"]`` or so."""
    return {name: torch.tensor(row["scores"], dtype=torch.float64) for name, row in methods.items()}


def multi_mnist_panels(scores: dict[str, Tensor]) -> Panels:
    """One panel a digit: accuracy."""
    titles = ("upper left: accuracy", "lower right: accuracy")
    return {title: {name: rows[:, i] for name, rows in scores.items()} for i, title in enumerate(titles)}


def yeast_panels(scores: dict[str, Tensor]) -> Panels:
    """Two panels: area under ROC, mean over the labels and that of the worst label."""
    return {
        "mean of 14 labels: area under ROC": {name: rows.mean(1) for name, rows in scores.items()},
        "worst label: area under ROC": {name: rows.amin(1) for name, rows in scores.items()},
    }


def comparison_figure(panels: Panels) -> Figure:
    """Draw mean and standard deviation over the seeds; a dashed line where each task alone ends, if measured."""
    figure, axes = new_figure(9, 3.2, ncols=len(panels), sharey=True)
    for i, (ax, (title, scores)) in enumerate(zip(axes, panels.items(), strict=True)):
        for y, (name, column) in enumerate(scores.items()):
            colour = COLOURS["ink"] if name == "alone" else TASKS[i]
            ax.errorbar(float(column.mean()), y, xerr=float(column.std()), fmt="o", color=colour, capsize=3)
        if "alone" in scores:
            ax.axvline(float(scores["alone"].mean()), color=COLOURS["grey"], linewidth=1, linestyle="--")
        ax.set(title=title, ylim=(len(scores) - 0.5, -0.5))
        ax.set_yticks(range(len(scores)), list(scores))
    return figure


def rates_figure(by_rate: dict[str, Panels]) -> Figure:
    """Draw the sweep: every method's mean score and its spread against the learning rate, one panel a title."""
    first = next(iter(by_rate.values()))
    figure, axes = new_figure(9.5, 3.6, ncols=len(first))
    rates = [float(rate) for rate in by_rate]
    for ax, title in zip(axes, first, strict=True):
        for i, name in enumerate(first[title]):
            columns = [panels[title][name] for panels in by_rate.values()]
            means, spreads = [float(c.mean()) for c in columns], [float(c.std()) for c in columns]
            colour, style = _STYLES[name]
            aside = [rate * 1.02 ** (i - 3) for rate in rates]  # so that the error bars stand side by side
            ax.errorbar(aside, means, spreads, fmt=style, color=colour, label=name, markersize=4, elinewidth=0.7)
        ax.set(title=title, xlabel="learning rate", xscale="log")
        ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
        ax.minorticks_off()
    axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=9)
    return figure


def overlay_figure(count: int = 3, seed: int = 0) -> Figure:
    """Draw ``count`` ≥ 2 canvases of two real digits with their labels."""
    digits = load_digits(2 * count, 1, seed)
    images, labels = digits.train_images, digits.train_labels
    canvases = overlay(images[:count], images[count:])
    figure, axes = new_figure(2.6 * count, 2.9, ncols=count)
    for i, ax in enumerate(axes):
        ax.imshow(canvases[i].numpy(), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(f"{labels[i]} upper left, {labels[count + i]} lower right")
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
    return figure
