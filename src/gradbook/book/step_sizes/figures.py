"""The static figures and tables of chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, new_figure
from gradbook.book.step_sizes.comparison import FAMILIES
from gradbook.book.step_sizes.measurements import best_walk, digit_mixture
from gradbook.book.step_sizes.pictures.rates import COLOUR_OF, good_decades, means, runs
from gradbook.book.step_sizes.positive import WAYS
from gradbook.step_sizes import MetaStepSize

Array = NDArray[np.float64]
_WAY_COLOURS = {
    "exponentiated": ("vermilion", "-"),
    "descent in log θ": ("blue", "-"),
    "descent in √θ": ("orange", "--"),
    "projected": ("grey", "-"),
}
_SIDE = 14  # pixels of a halved digit


def mixture_figure(seeds: int = 3, steps: int = 1000) -> Figure:
    """Draw the excess loss of all four ways, a line a seed; a digit, its best mixture and the digits that it is of."""
    figure, axes = new_figure(10, 3.3, ncols=4, gridspec_kw={"width_ratios": [3, 1, 1, 1.6]})
    for seed in range(seeds):
        problem = digit_mixture(seed)
        for way in WAYS:
            colour, line = _WAY_COLOURS[way]
            excess = np.maximum(problem.excess(best_walk(seed, way, steps)[1]), 1e-9)
            label = None if seed else way
            axes[0].loglog(np.arange(1, steps + 1), excess[1:], line, color=COLOURS[colour], linewidth=1.5, label=label)
    axes[0].set(xlabel="step", ylabel="loss above the best, share of ½‖y‖²", ylim=(1e-7, 1))
    axes[0].legend(fontsize=8)
    problem = digit_mixture(0)
    parts = np.argsort(problem.best)[::-1][: int((problem.best > 0).sum())]
    _show_digits(axes[1], [problem.target], 1, "a digit y")
    _show_digits(axes[2], [problem.columns @ problem.best], 1, "best mixture Aθ")
    _show_digits(axes[3], list(problem.columns[:, parts].T), 5, f"of these {len(parts)} of 200")
    return figure


def _show_digits(ax: Any, images: Sequence[Array], across: int, title: str) -> None:
    """Draw digits of 14 × 14 pixels, ``across`` in a row."""
    blank = [np.zeros(_SIDE * _SIDE)] * (-len(images) % across)
    tiles = np.array([*images, *blank]).reshape(-1, across, _SIDE, _SIDE)
    ax.imshow(tiles.transpose(0, 2, 1, 3).reshape(-1, across * _SIDE), cmap="gray_r", interpolation="nearest")
    ax.set(title=title, xticks=[], yticks=[])
    ax.grid(False)


def mixture_rows(table: Mapping[str, Sequence[tuple[float, float, int, int]]]) -> list[tuple[str, ...]]:
    """Return a row a way: rates, excess, entries above 0.001 and entries 0, each from least to most over the seeds."""

    def ends(values: Sequence[float], form: str) -> str:
        low, high = format(min(values), form), format(max(values), form)
        return low if low == high else f"{low} to {high}"

    rows: list[tuple[str, ...]] = []
    for way, found in table.items():
        rates, excess, above, zeros = zip(*found, strict=True)
        rows.append((way, ends(rates, "g"), ends(excess, ".0e"), ends(above, "d"), ends(zeros, "d")))
    return rows


def sensitivity_rows(table: Mapping[str, Any], moment: str = "400") -> list[tuple[str, ...]]:
    """Return a row an optimizer and γ: its best rate, the loss and accuracy there (mean ± standard deviation over the
    seeds), the decades of rates with a loss below 0.5, and those at which no seed diverged.
    """
    rows: list[tuple[str, ...]] = []
    for name in COLOUR_OF:
        for place in range(len(FAMILIES[name])):
            gamma, found = runs(table, name, place)
            losses = means(table, name, place, moment)
            best, finite = int(losses.argmin()), np.isfinite(losses)
            stable = (
                [f"{table['rates'][best]:g}", _spread(found["losses"][moment][best])] if finite.any() else ["–"] * 2
            )
            right = _spread(found["accuracy"][best]) if finite.any() else "–"
            wide = [f"{good_decades(table, name, place, moment):.1f}", f"{finite.sum() / 3:.1f}"]
            rows.append((name, "–" if gamma == "0" else gamma, *stable, right, *wide))
    return rows


def rate_rows(table: Mapping[str, Any], shown: Mapping[str, int], rates: Sequence[float]) -> list[tuple[str, ...]]:
    """Return a row an optimizer, with its ``shown``-th γ: the mean loss at the end for some base rates."""
    rows: list[tuple[str, ...]] = []
    for name, place in shown.items():
        losses = means(table, name, place, "400")
        cells = [losses[table["rates"].index(rate)] for rate in rates]
        gamma = runs(table, name, place)[0]
        named = name if gamma == "0" else f"{name}, γ = {gamma}"
        rows.append((named, *(f"{loss:.2f}" if np.isfinite(loss) else "diverged" for loss in cells)))
    return rows


def _spread(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


def card(ax: Any) -> None:
    """Draw 40 steps down a valley, of plain descent and of the meta rule with the same base rate."""
    curvature = torch.tensor([0.8, 4.0], dtype=torch.float64)
    for gamma, colour in ((0.3, COLOURS["vermilion"]), (0.0, COLOURS["grey"])):
        place = torch.tensor([-1.8, 0.7], dtype=torch.float64, requires_grad=True)
        optimizer, path = MetaStepSize([place], lr=0.02, meta_lr=gamma, bound=1.0), [place.tolist()]
        for _ in range(40):
            place.grad = (curvature * place).detach()
            optimizer.step()
            path.append(place.tolist())
        ax.plot(*zip(*path, strict=True), ".-", color=colour, linewidth=1, markersize=4)
    ax.set(xlim=(-2, 0.4), ylim=(-0.2, 0.8))
