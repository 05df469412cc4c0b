"""The static figures of chapter 2."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradbook.explore import COLOURS, TASKS, new_figure
from gradbook.pareto_gradients.fine_print import (
    REGIMES,
    TWO_VALLEY_SLOPES,
    TWO_VALLEYS,
    bound_directions,
    solver_errors,
    valley_run,
    worst_cosines,
)
from gradbook.pareto_gradients.plane import direction

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
