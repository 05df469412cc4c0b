"""The static figures of chapter 8, but for those of the comparison."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from gradbook.explore import COLOURS, new_figure
from gradbook.residual_depth.design import Design
from gradbook.residual_depth.fine_print import ends, sizes
from gradbook.residual_depth.theory import RELU_RATE, relu_moments

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
