"""The static figures of chapter 8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, new_figure
from gradbook.book.residual_depth.theory import PREDICTED, RELU_RATE, ends, plain_sizes, relu_moments, sizes
from gradbook.book.residual_depth.training import LEARNS
from gradbook.residual_depth import Design, ResidualStack, depth_profile

Array = NDArray[np.float64]
DEPTHS = (16, 36, 64, 100, 144, 196, 256)
WIDTH, SEEDS = 48, 3


def growth_figure(seeds: int = SEEDS) -> Figure:
    """Draw what the mean does layer by layer, and the size at the end against √N, of relu branches and of ffn ones."""
    figure, (left, right) = new_figure(9, 3.4, ncols=2)
    second, mean = sizes(Design("relu", 1 / 16), 256, WIDTH, seeds)
    share = mean**2 / second
    left.plot(
        share.T, color=COLOURS["vermilion"], linewidth=1, label=["relu branch, one line a seed", *[None] * (seeds - 1)]
    )
    q, m = relu_moments(256, 1 / 16)
    left.plot(m**2 / q, color=COLOURS["orange"], linewidth=5, alpha=0.45, label="theory")
    left.set(title="the mean's share of the size, m²/q", xlabel="layer of 256", ylim=(0, 1.02))
    left.legend(loc="lower right")
    roots = np.sqrt(DEPTHS)
    for branch, colour, name in (("relu", "vermilion", "relu(xW)"), ("ffn", "blue", "relu(xW₁)W₂")):
        for i, row in enumerate(ends(branch, DEPTHS, WIDTH, seeds)):
            right.semilogy(roots, row, "o", color=COLOURS[colour], markersize=3, label=None if i else name)
    right.semilogy(roots, 0.25 * np.exp(RELU_RATE * roots), color=COLOURS["orange"], label="¼ e^(c√N), c = 2/√π")
    right.axhline(np.e, color=COLOURS["sky"], label="e")
    right.set(title="mean square at the end, ε = 1/√N", xlabel="√N")
    right.legend(loc="upper left")
    return figure


def lottery_figure(found: Mapping[str, tuple[Array, Array]], depth: int = 64, width: int = 32) -> Figure:
    """Draw histograms over seeds of output and gradient, from ``output_and_gradient`` of plain and residual stacks."""
    figure, axes = new_figure(9, 3.2, ncols=2, sharey=True)
    edges = np.linspace(-8, 4, 49)
    law = plain_sizes(depth, width)
    x, deviation = np.linspace(edges[0], edges[-1], 200), law.deviation / np.log(10)
    bell = np.exp(-(((x - law.mean / np.log(10)) / deviation) ** 2) / 2) / deviation / np.sqrt(2 * np.pi)
    for ax, number, title in zip(axes, (0, 1), ("the output", "the gradient at the input"), strict=True):
        for (name, pair), colour in zip(found.items(), ("vermilion", "blue"), strict=True):
            alive = pair[number][pair[number] > 0]  # a dead network has no logarithm
            share = np.full(len(alive), 1 / len(pair[number]))
            ax.hist(np.log10(alive), edges, weights=share, color=COLOURS[colour], alpha=0.6, label=name)
        ax.plot(x, bell * (edges[1] - edges[0]), "--", color=COLOURS["ink"], label="log-normal law of the plain ones")
        ax.set(title=f"mean square of {title}", xlabel="powers of ten", ylim=(0, 0.3))
    axes[0].set_ylabel("share of the networks")
    axes[0].legend(loc="upper left", fontsize=8)
    return figure


_STYLES = {
    "plain": ("grey", "o:"),
    "plain, normed": ("grey", "s--"),
    "ε = 1": ("purple", "v:"),
    "ε = 1/√N": ("blue", "o-"),
    "ε = 1/N": ("sky", "s-"),
    "ε = 1/√N, relu branch": ("vermilion", "^-"),
    "Post-LN": ("purple", "D--"),
    "Pre-LN": ("green", "p-"),
    "DeepNorm (SGD)": ("orange", "v-"),
    "DeepNorm (Adam)": ("orange", "X-"),
    "DeepNorm (LAMB)": ("orange", "P:"),
}
_OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "lamb": "LAMB"}


def runs_of(table: dict[str, Any]) -> dict[str, dict[int, dict[str, Any]]]:
    """Return a stored table of training by arrangement and depth."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for run in table["runs"]:
        found.setdefault(run["variant"], {})[run["depth"]] = run
    return found


def best_accuracy(run: dict[str, Any]) -> tuple[float, float]:
    """Return mean and standard deviation over the seeds at the rate of the ladder with the best mean."""
    accuracy = np.array(run["accuracy"])
    best = accuracy[accuracy.mean(1).argmax()]
    return float(best.mean()), float(best.std())


def best_rate(run: dict[str, Any]) -> float:
    """Return the rate of the ladder with the best mean accuracy."""
    return float(run["rates"][int(np.array(run["accuracy"]).mean(1).argmax())])


def accuracy_at(run: dict[str, Any], rate: float) -> float:
    """Return the mean accuracy over the seeds at a rate of the ladder; ValueError if it wasn't tried."""
    if rate not in run["rates"]:
        raise ValueError(f"rate must be one of {run['rates']}, got {rate}")
    return float(np.mean(run["accuracy"][run["rates"].index(rate)]))


def largest_rate(run: dict[str, Any]) -> float | None:
    """Return the largest rate at which every seed learns: a last loss below half of ln 10. None if there is none."""
    learns = [rate for rate, losses in zip(run["rates"], run["loss"], strict=True) if _all_learn(losses)]
    return max(learns) if learns else None


def _all_learn(losses: list[float]) -> bool:
    return all(0 <= loss < LEARNS for loss in losses)  # −1 stands for a loss that wasn't finite


def training_figure(table: dict[str, Any]) -> Figure:
    """Draw the best accuracy and the largest rate that trains against depth, a line an arrangement."""
    figure, (left, right) = new_figure(10.5, 3.9, ncols=2)
    for i, (name, runs) in enumerate(runs_of(table).items()):
        colour, style = _STYLES[name]
        depths = sorted(runs)
        aside = 1.035 ** (i - 4)  # so that lines which coincide can be told apart
        means, spreads = zip(*(best_accuracy(runs[depth]) for depth in depths), strict=True)
        places, look = [depth * aside for depth in depths], {"markersize": 5, "elinewidth": 0.8}
        left.errorbar(places, means, spreads, fmt=style, color=COLOURS[colour], label=name, **look)
        rates = [(depth * aside, rate * aside) for depth in depths if (rate := largest_rate(runs[depth])) is not None]
        if rates:
            right.plot(*zip(*rates, strict=True), style, color=COLOURS[colour], markersize=5)
    left.axhline(0.1, color=COLOURS["light"], linewidth=1)
    left.set(title="best accuracy on the test digits", xlabel="layers N", xscale="log", ylim=(0, 1))
    right.set(title="largest learning rate that trains", xlabel="layers N", xscale="log", yscale="log")
    right.set_xlim(left.get_xlim())
    figure.legend(*left.get_legend_handles_labels(), loc="outside right center", fontsize=9)
    return figure


def increments_figure(table: dict[str, Any]) -> Figure:
    """Draw −ΔL/η against depth, a panel an optimizer: geometric means over the seeds with their standard errors."""
    figure, axes = new_figure(10.5, 3.9, ncols=3)
    depths = np.array(table["depths"])
    for ax, (key, title) in zip(axes, _OPTIMIZERS.items(), strict=True):
        for name in PREDICTED:
            colour, style = _STYLES[name]
            logs = np.log(np.array(table["increments"][name][key]))
            middle = np.exp(logs.mean(0))
            spread = logs.std(0, ddof=1) / len(logs) ** 0.5
            bars = [middle * (1 - np.exp(-spread)), middle * (np.exp(spread) - 1)]
            ax.errorbar(
                depths, middle, bars, fmt=style, color=COLOURS[colour], label=name, markersize=4, elinewidth=0.8
            )
        ax.set(title=f"one step of {title}: −ΔL/η", xlabel="layers N", xscale="log", yscale="log")
        ax.set_xticks(depths, [str(depth) for depth in depths])
        ax.minorticks_off()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=9)
    return figure


def card(ax: Any) -> None:
    """Draw the size of x through 256 layers x + f(x)/16, for a branch relu(xW) and for one of two matrices."""
    generator = torch.Generator().manual_seed(8)
    inputs = torch.randn(1, 64, generator=generator)
    for branch, colour in (("relu", "vermilion"), ("ffn", "blue")):
        stack = ResidualStack(256, 64, branch, scale=1 / 16, generator=generator)
        ax.semilogy(depth_profile(stack, inputs).forward, color=COLOURS[colour])
