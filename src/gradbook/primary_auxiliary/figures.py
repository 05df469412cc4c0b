"""The static figures of chapter 3 that are not comparisons."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure
from torch import Tensor

from gradbook.explore import COLOURS, TASKS, new_figure


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
