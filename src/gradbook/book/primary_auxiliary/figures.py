"""The static figures of chapter 3."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from gradbook.book.explore import COLOURS, TASKS, draw_arrow, new_figure
from gradbook.book.primary_auxiliary.comparison import EVERY, SHORT
from gradbook.book.primary_auxiliary.pictures.cone import cone
from gradbook.primary_auxiliary import primary_direction


def rise_figure(rates: Tensor, changes: Tensor, predicted: Tensor) -> Figure:
    """Draw how much the losses change in one step, ``changes`` (rates, 3), on logarithmic axes.

    The primary's fall, the rise of every auxiliary that does rise, and η² times ``predicted`` (3,) beside it.
    """
    figure, ax = new_figure(6.5, 3.8)
    ax.loglog(rates, -changes[:, 0], "o-", color=TASKS[0], label="primary loss: fall")
    for i, colour in ((1, TASKS[1]), (2, TASKS[3])):
        if bool((changes[:, i] > 0).all()):
            ax.loglog(rates, changes[:, i], "s-", color=colour, label=f"auxiliary {i}: rise")
            line = torch.clamp(predicted[i], min=0) * rates**2
            ax.loglog(rates, line, "--", color=COLOURS["grey"], label="½ η² uᵀHu" if i == 1 else None)
    ax.set(xlabel="learning rate η", ylabel="change of the loss in one step")
    ax.legend(fontsize=9)
    return figure


_PALETTE = [COLOURS[name] for name in ("grey", "ink", "blue", "vermilion", "green")]
_FAMILIES = {"SGD": "blue", "Adam + L2": "vermilion", "AdamW": "green"}
_HELD = {"SGD, no growth": "blue", "Adam, no growth": "vermilion"}


def noisy_figure(results: dict[float, dict[str, Tensor]]) -> Figure:
    """Draw the last accuracy of curves (seeds, k), mean and standard deviation: one panel a share of noise."""
    figure, axes = new_figure(9.5, 2.8, ncols=len(results), sharex=True, sharey=True, squeeze=False)
    for ax, (noise, row) in zip(axes[0], results.items(), strict=True):
        for y, ((name, curves), colour) in enumerate(zip(row.items(), _PALETTE, strict=False)):
            last = curves[:, -1]
            ax.errorbar(float(last.mean()), y, xerr=float(last.std()), fmt="o", color=colour, capsize=3, label=name)
        ax.set(title=f"{noise:.0%} of labels flipped", xlabel="test accuracy", ylim=(len(row) - 0.5, -0.5))
        ax.set_yticks(range(len(row)), list(row))
    return figure


def noisy_curves_figure(stored: dict[str, Any], rate: str) -> Figure:
    """Draw the stored mean test accuracy over the long training; a dotted line where the short one ends."""
    table = stored["rates"][rate]
    figure, axes = new_figure(9.5, 3.2, ncols=len(table), sharey=True)
    for ax, (noise, row) in zip(axes, table.items(), strict=True):
        for (name, values), colour in zip(row.items(), _PALETTE, strict=True):
            curve = values["mean curve"]
            ax.plot([EVERY * (k + 1) for k in range(len(curve))], curve, color=colour, linewidth=1.4, label=name)
        ax.axvline(SHORT, color=COLOURS["grey"], linewidth=1, linestyle=":")
        ax.set(title=f"{float(noise):.0%} of labels flipped", xlabel="step", ylim=(0.5, 0.95))
    axes[0].set_ylabel("test accuracy")
    axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=9)
    return figure


def decay_figure(stored: dict[str, Any]) -> Figure:
    """Draw test accuracy and test loss at the end against the coefficient; lines for the steps without growth.

    Coefficients that spoil everything (accuracy under 0.7, loss over 1.2) lie outside the picture.
    """
    figure, axes = new_figure(9.5, 3.4, ncols=2)
    schemes = stored["schemes"]
    for ax, key, limits in zip(axes, ("accuracy", "loss"), ((0.7, 0.88), (0.5, 1.2)), strict=True):
        for family, colour in _FAMILIES.items():
            swept = _swept(schemes, family, key)
            means, spreads = [float(v.mean()) for v in swept.values()], [float(v.std()) for v in swept.values()]
            ax.errorbar(list(swept), means, yerr=spreads, fmt="o-", color=COLOURS[colour], label=family, capsize=3)
        for (name, colour), style in product(_HELD.items(), ("--", ":")):
            name = name if style == "--" else f"{name}, start × 2"
            mean = float(torch.tensor(schemes[name][key]["end"]).mean())
            ax.axhline(mean, color=COLOURS[colour], linestyle=style, linewidth=1.3, label=name)
        ax.set(xscale="log", xlabel="coefficient of weight decay", title=f"test {key}", ylim=limits)
    axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=9)
    return figure


def _swept(schemes: dict[str, Any], family: str, key: str) -> dict[float, Tensor]:
    """Values at the end (seeds,) by coefficient, zero left out."""
    coefficients = {name: name.removeprefix(f"{family} ") for name in schemes if name.startswith(f"{family} ")}
    return {float(c): torch.tensor(schemes[name][key]["end"]) for name, c in coefficients.items() if float(c) > 0}


def card(ax: Any) -> None:
    """Draw a primary gradient and its projection on the cone that two auxiliaries allow."""
    primary = torch.tensor([-0.8, 1.3], dtype=torch.float64)
    auxiliaries = torch.tensor([[1.0, 0.1], [0.3, 1.0]], dtype=torch.float64)
    ax.fill(*cone(auxiliaries.numpy()).T, color=COLOURS["green"], alpha=0.2)
    for auxiliary in auxiliaries:
        draw_arrow(ax, auxiliary, COLOURS["grey"], 1.5)
    draw_arrow(ax, primary, TASKS[1])
    draw_arrow(ax, primary_direction(primary, auxiliaries), COLOURS["ink"], 3)
    ax.set(xlim=(-1.2, 1.6), ylim=(-0.4, 1.8))
