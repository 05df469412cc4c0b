"""The static figures of chapter 1."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from gradbook.book.data.multitask import MultiTask
from gradbook.book.explore import COLOURS, TASKS, new_figure
from gradbook.book.loss_weighting.measurements import FIRST, Bowl, bowl_losses, follow, second_bowl
from gradbook.loss_weighting import power_mean, real_time_sum

SCORES = {"regression": "R²", "binary": "area under ROC"}


def comparison_figure(rows: dict[str, Tensor], data: MultiTask) -> Figure:
    """Draw the scores (seeds, tasks) of every scheme: one panel a task, mean and standard deviation."""
    figure, axes = new_figure(9.5, 3.2, ncols=len(data.tasks), sharey=True)
    names = list(rows)
    for i, (task, ax) in enumerate(zip(data.tasks, axes, strict=True)):
        for y, name in enumerate(names):
            column = rows[name][:, i]
            colour = COLOURS["ink"] if name == "alone" else TASKS[i]
            ax.errorbar(float(column.mean()), y, xerr=float(column.std()), fmt="o", color=colour, capsize=3)
        ax.axvline(float(rows["alone"][:, i].mean()), color=COLOURS["grey"], linewidth=1, linestyle="--")
        ax.set(title=f"{task.name}: {SCORES[task.kind]}", ylim=(len(names) - 0.5, -0.5))
        ax.set_yticks(range(len(names)), names)
    return figure


def learning_rates_figure(sweep: dict[str, dict[str, Tensor]], data: MultiTask) -> Figure:
    """Draw every scheme's mean score against the learning rate, of scores (seeds, tasks) by rate and scheme."""
    figure, axes = new_figure(9.5, 3.6, ncols=len(data.tasks))
    rates = [float(rate) for rate in sweep]
    names = list(next(iter(sweep.values())))
    styles = ["--", *(f"{marker}-" for marker in "os^Dvp")]
    palette = [COLOURS[c] for c in ("ink", "vermilion", "blue", "sky", "green", "orange", "purple")]
    for i, (task, ax) in enumerate(zip(data.tasks, axes, strict=True)):
        for name, style, colour in zip(names, styles, palette, strict=True):
            means = [float(rows[name][:, i].mean()) for rows in sweep.values()]
            ax.plot(rates, means, style, color=colour, label=name, markersize=4)
        ax.set(title=f"{task.name}: {SCORES[task.kind]}", xlabel="learning rate", xscale="log")
        ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
        ax.minorticks_off()
    axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=9)
    return figure


def vanishing_losses() -> tuple[Bowl, Bowl]:
    """Two bowls of which the first can reach 0."""
    return Bowl(middle=(-0.9, 0.3), curvature=(1.0, 1.0), base=0.0), second_bowl()


def vanishing_run(floor: float, rate: float = 0.05) -> tuple[Tensor, Tensor]:
    """Follow the real-time sum, with a floor, on :func:`vanishing_losses`: places (61, 2) and losses (61, 2)."""
    losses = bowl_losses(*vanishing_losses())
    return follow(losses, lambda values: real_time_sum(values, floor=floor), (-0.4, 1.5), rate)


def vanishing_figure() -> Figure:
    """Draw what the real-time weights do when the first loss can reach 0, without and with a floor."""
    figure, axes = new_figure(9, 3.2, ncols=2)
    for floor, colour in ((0.0, COLOURS["vermilion"]), (0.5, COLOURS["green"])):
        _, losses = vanishing_run(floor)
        name = f"floor {floor:g}" if floor else "no floor"
        axes[0].semilogy(losses.sum(1), ".-", color=colour, label=name)
        axes[1].semilogy(1 / losses[:, 0].clamp(min=max(floor, 1e-300)), ".-", color=colour, label=name)
    axes[0].set(xlabel="step", title="sum of both losses")
    axes[1].set(xlabel="step", title="weight of the first loss, 1 / max(L₁, floor)")
    axes[0].legend()
    return figure


def card(ax: Any) -> None:
    """Draw the paths of power means with γ = 1, 0, −1 over two bowls, the second one scaled by 30."""
    grid = np.linspace(-2, 2, 80)
    look: dict[str, Any] = {"levels": [0.3, 0.6, 1.2, 2.4], "linewidths": 0.7}
    for bowl, colour in ((FIRST, TASKS[0]), (second_bowl(), TASKS[1])):
        ax.contour(grid, grid, bowl.loss(np.meshgrid(grid, grid)), colors=colour, **look)
    losses = bowl_losses(FIRST, second_bowl(scale=30))
    for gamma in (1, 0, -1):
        start, rate = (-0.4, 1.6), 0.05
        places, _ = follow(losses, partial(power_mean, exponent=gamma), start, rate, 60, torch.optim.Adam)
        ax.plot(*places.T, color=COLOURS["ink"], linewidth=1.4)
    ax.set(xlim=(-2, 2), ylim=(-1.6, 1.9))
