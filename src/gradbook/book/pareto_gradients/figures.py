"""The static figures of chapter 2."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from gradbook.book.data.digits import load_digits, overlay
from gradbook.book.explore import COLOURS, TASKS, draw_arrow, new_figure
from gradbook.book.pareto_gradients.comparison import Run
from gradbook.book.pareto_gradients.measurements import (
    REGIMES,
    TWO_VALLEY_SLOPES,
    TWO_VALLEYS,
    bound_directions,
    direction,
    solver_errors,
    valley_run,
    worst_cosines,
)
from gradbook.pareto_gradients import pareto_direction

Array = NDArray[np.float64]
_TITLES = {"edge": "two short, eight long", "mixed": "norms from 0.1 to 10", "equal": "equal norms"}
_COLOURS = {"frank_wolfe": "vermilion", "averaging": "orange", "softmax": "purple", "exponentiated": "green"}


def solver_figure(steps: int = 1000, seeds: int = 5) -> Figure:
    """Draw the relative error of ‖u‖² against the steps of every iteration, one panel a regime, one line a seed."""
    figure, axes = new_figure(9.5, 3.4, ncols=len(REGIMES), sharey=True)
    for name, ax in zip(REGIMES, axes, strict=True):
        for method, curves in solver_errors(name, steps, seeds).items():
            for i, curve in enumerate(curves):
                label = method if i == 0 else None
                ax.loglog(np.arange(1, steps + 1), curve[1:], color=COLOURS[_COLOURS[method]], linewidth=1, label=label)
        ax.set(title=_TITLES[name], xlabel="step", ylim=(1e-7, 1e4))
    axes[0].set_ylabel("relative error of ‖u‖²")
    axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def bound_figure() -> Figure:
    """Draw a random problem in which MGDA-UB raises a loss, and the worst cosines of all problems.

    Two gradients span a plane, and both updates lie in it. Of the problems with a cosine below −0.5 the one with the
    longest MGDA update is drawn.
    """
    gradients, updates = bound_directions()
    cosines = worst_cosines(gradients, updates)
    lengths = [np.linalg.norm(direction("MGDA", pair)) / np.linalg.norm(pair) for pair in gradients]
    shown = int(np.where(cosines < -0.5, lengths, 0).argmax())
    pair, update = gradients[shown], updates[shown]
    first = pair[0] / np.linalg.norm(pair[0])
    second = pair[1] - (pair[1] @ first) * first
    plane = np.stack([first, second / np.linalg.norm(second)])
    arrows = {"MGDA-UB": update, "MGDA": direction("MGDA", pair), "g₁": pair[0], "g₂": pair[1]}
    colours = [COLOURS["sky"], COLOURS["ink"], *TASKS[:2]]
    figure, (left, right) = new_figure(9, 3.4, ncols=2)
    for (name, vector), colour, width in zip(arrows.items(), colours, (6, 4, 2.5, 2.5), strict=True):
        x, y = plane @ vector / np.abs(plane @ pair.T).max()
        left.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": width})
        left.plot([], [], color=colour, label=name)
    left.set(
        xlim=(-1.2, 1.2),
        ylim=(-1.2, 1.2),
        title=f"Problem {shown}: smallest cosine {cosines[shown]:.2f}".replace("-", "−"),
    )
    left.set_aspect("equal")
    left.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    right.hist(cosines, bins=np.linspace(-1, 1, 41), color=COLOURS["sky"])
    right.axvline(0, color=COLOURS["ink"])
    right.set(title="smallest cosine of MGDA-UB with a gradient", xlabel="left of 0: a loss rises", ylabel="problems")
    return figure


def two_valleys_figure() -> Figure:
    """Draw two losses of one parameter and the places where no step lowers both."""
    x = np.linspace(-1.5, 1.65, 700)
    figure, ax = new_figure(6.5, 3.2)
    for loss, colour, name in zip(TWO_VALLEYS, TASKS, ("L₁", "L₂"), strict=False):
        ax.plot(x, loss(x), color=colour, label=name)
    first, second = (slope(x) for slope in TWO_VALLEY_SLOPES)
    ax.fill_between(x, 0, 2.6, where=first * second <= 0, color=COLOURS["green"], alpha=0.25, label="stationary")
    ax.set(xlabel="θ", ylim=(0, 2.6))
    ax.legend(loc="upper center", ncols=3)
    return figure


def valley_figure() -> Figure:
    """Draw the paths of four methods where the first task has a whole line of optima."""
    figure, ax = new_figure(6.5, 3.6)
    x, y = np.meshgrid(np.linspace(-1.3, 1.6, 120), np.linspace(-0.4, 2.3, 120))
    ax.contour(x, y, ((x - 1) ** 2 + y**2) / 2, levels=[0.1, 0.5, 1.2, 2.2], colors=TASKS[1], linewidths=0.7)
    ax.axvline(0, color=TASKS[0], linewidth=1.5, label="optima of task 1")
    ax.plot(1, 0, "x", color=TASKS[1], label="optimum of task 2")
    styles = {
        "sum": ("grey", "-"),
        "normalised sum": ("orange", "-"),
        "MGDA": ("ink", "-"),
        "normalised MGDA": ("purple", "--"),
    }
    for method, (colour, line) in styles.items():
        places = valley_run(method)
        ax.plot(*places.T, line, color=COLOURS[colour], label=method)
        ax.plot(*places[-1], "s", color=COLOURS[colour])
    ax.set(xlabel="θ₁", ylabel="θ₂", xlim=(-1.3, 1.6), ylim=(-0.4, 2.3))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


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


def card(ax: Any) -> None:
    """Draw three gradients, their hull, and its point nearest to the origin."""
    gradients = torch.tensor([[1.8, 0.2], [0.5, 1.6], [1.5, 1.5]], dtype=torch.float64)
    ax.fill(*gradients.T, color=COLOURS["sky"], alpha=0.4)
    for gradient, colour in zip(gradients, TASKS, strict=False):
        draw_arrow(ax, gradient, colour)
    draw_arrow(ax, pareto_direction(gradients), COLOURS["ink"], 3)
    ax.set(xlim=(-0.3, 2.2), ylim=(-0.3, 1.9))
