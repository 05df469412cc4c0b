"""One small picture a chapter for the front page and the README. Each is computed, none is sketched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, TASKS, clip_polygon, new_figure
from gradbook.book.loss_weighting.measurements import BOWL_SCHEMES, FIRST, descend, second_bowl

Array = NDArray[np.float64]
_SQUARE = np.array([[-2.0, -2.0], [2.0, -2.0], [2.0, 2.0], [-2.0, 2.0]])


def _arrow(ax: Any, tip: Array, colour: str, width: float = 2) -> None:
    ax.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": width})


def _weighting(ax: Any) -> None:
    """Chapter 1: paths of all schemes over two bowls, the second one scaled by 30."""
    grid = np.linspace(-2, 2, 80)
    for bowl, colour in ((FIRST, TASKS[0]), (second_bowl(), TASKS[1])):
        heights = [[bowl.loss((x, y)) for x in grid] for y in grid]
        ax.contour(grid, grid, heights, levels=[0.3, 0.6, 1.2, 2.4], colors=colour, linewidths=0.7)
    for scheme in BOWL_SCHEMES:
        places = np.array(descend((FIRST, second_bowl(scale=30)), (-0.4, 1.6), scheme, 0, 0.02, adam=True).places)
        ax.plot(*places.T, color=COLOURS["ink"], linewidth=1.4)
    ax.set(xlim=(-2, 2), ylim=(-1.6, 1.9))


def _pareto(ax: Any) -> None:
    """Chapter 2: three gradients, their hull, and the hull's point nearest to the origin."""
    gradients = np.array([[1.8, 0.2], [0.5, 1.6], [1.5, 1.5]])
    along = gradients[1] - gradients[0]
    share = -float(gradients[0] @ along) / float(along @ along)
    ax.fill(*gradients.T, color=COLOURS["sky"], alpha=0.4)
    for gradient, colour in zip(gradients, TASKS, strict=False):
        _arrow(ax, gradient, colour)
    _arrow(ax, gradients[0] + share * along, COLOURS["ink"], 3)
    ax.set(xlim=(-0.3, 2.2), ylim=(-0.3, 1.9))


def _primary(ax: Any) -> None:
    """Chapter 3: a primary gradient and its projection on the cone that two auxiliaries allow."""
    primary, auxiliaries = np.array([-0.8, 1.3]), np.array([[1.0, 0.1], [0.3, 1.0]])
    cone = _SQUARE
    for auxiliary in auxiliaries:
        cone = clip_polygon(cone, auxiliary)
        _arrow(ax, auxiliary, COLOURS["grey"], 1.5)
    ax.fill(*cone.T, color=COLOURS["green"], alpha=0.2)
    blocked = auxiliaries[0]
    projection = primary - min(0.0, float(primary @ blocked)) / float(blocked @ blocked) * blocked
    _arrow(ax, primary, TASKS[1])
    _arrow(ax, projection, COLOURS["ink"], 3)
    ax.set(xlim=(-1.2, 1.6), ylim=(-0.4, 1.8))


def _pointer(ax: Any) -> None:
    """Chapter 4: scores q_i·k_j + a_i + b_j of all spans of a random sentence, lower triangle masked."""
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(12, 3)) @ rng.normal(size=(3, 12)) + rng.normal(size=(12, 1)) + rng.normal(size=12)
    ax.imshow(np.where(np.triu(np.ones((12, 12))) > 0, scores, np.nan), cmap="cividis")


def _relation(ax: Any) -> None:
    """Chapter 5: the four cells of one triple: two spans, the pair of heads, the pair of tails."""
    cells = np.zeros((9, 9))
    subject, target = (1, 2), (5, 7)
    cells[subject], cells[target] = 1, 2
    cells[subject[0], target[0]] = cells[subject[1], target[1]] = 3
    ax.imshow(cells, cmap="cividis")


def _events(ax: Any) -> None:
    """Chapter 6: an argument graph with two complete subgraphs that share a node."""
    angles = np.linspace(0, 2 * np.pi, 8)[:-1]
    nodes = np.column_stack([np.cos(angles), np.sin(angles)])
    for clique, colour in (((0, 1, 2, 3), TASKS[0]), ((3, 4, 5), TASKS[1])):
        for i in clique:
            for j in clique:
                ax.plot(*nodes[[i, j]].T, color=colour, linewidth=1.6)
    ax.plot(*nodes.T, "o", color=COLOURS["ink"], markersize=7)
    ax.set(xlim=(-1.3, 1.3), ylim=(-1.2, 1.2))


def _steps(ax: Any) -> None:
    """Chapter 7: descent in a valley, with fixed steps and with steps that grow and shrink by ν ← ν exp(γ g g')."""
    slopes = np.array([0.4, 12.0])
    for gamma, colour in ((0.0, COLOURS["grey"]), (0.15, COLOURS["vermilion"])):
        place, nu, last = np.array([-1.8, 0.7]), np.ones(2), np.zeros(2)
        path = [place]
        for _ in range(40):
            gradient = slopes * place
            nu = nu * np.exp(np.clip(gamma * last * gradient, -1, 1))
            place, last = place - 0.1 * nu * gradient, gradient
            path.append(place)
        ax.plot(*np.array(path).T, ".-", color=colour, linewidth=1, markersize=4)
    ax.set(xlim=(-2, 0.4), ylim=(-0.9, 0.9))


def _residual(ax: Any) -> None:
    """Chapter 8: the size of x after each of 256 layers x + f(x)/16, for a relu branch and for two layers."""
    rng = np.random.default_rng(8)
    width, depth = 64, 256
    for two, colour in ((False, TASKS[1]), (True, TASKS[0])):
        x, sizes = rng.normal(size=width), []
        for _ in range(depth):
            branch = np.maximum(x @ rng.normal(size=(width, width)) * (2 / width) ** 0.5, 0)
            if two:
                branch = branch @ rng.normal(size=(width, width)) / width**0.5
            x = x + branch / depth**0.5
            sizes.append(float((x**2).mean()))
        ax.semilogy(sizes, color=colour)


DRAWINGS: dict[str, Callable[[Any], None]] = {
    "loss-weighting": _weighting,
    "pareto-gradients": _pareto,
    "primary-auxiliary": _primary,
    "global-pointer": _pointer,
    "relation-linking": _relation,
    "event-linking": _events,
    "step-sizes": _steps,
    "residual-depth": _residual,
}


def card(name: str) -> Figure:
    """Draw the card of the chapter with this ``name``; KeyError if there is none."""
    figure, ax = new_figure(2.4, 1.8)
    DRAWINGS[name](ax)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.minorticks_off()
    ax.grid(False)
    return figure
