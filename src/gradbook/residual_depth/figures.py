"""The static figures of chapter 8, but for those of the comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradbook.explore import COLOURS, new_figure
from gradbook.residual_depth.design import Design
from gradbook.residual_depth.fine_print import ends, sizes
from gradbook.residual_depth.theory import RELU_RATE, plain_sizes, relu_moments

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
