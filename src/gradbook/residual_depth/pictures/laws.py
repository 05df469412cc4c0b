"""The two growth laws: pushes that agree, and pushes that don't."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, Number, Panel, Path, Picture, Predict, Slider, join_paths
from gradbook.residual_depth.theory import vector_log_factors

Array = NDArray[np.float64]
LINES = 12
_TOP = 24.0  # decades of the panel, upward; a third as many downward
_KEPT = 100  # points that a line is drawn with


@cache
def _rng_seed(dimension: int) -> list[int]:
    return [80, dimension]


def laws_state(depth: float, power: float, dimension: float, push: float, guess: float) -> dict[str, Any]:
    """log₁₀ of the length of v after each layer: a dozen random networks, and the two laws."""
    layers, n = int(depth), int(dimension)
    scale = depth**-power
    factors = vector_log_factors(scale, push, layers, n, LINES, np.random.default_rng(_rng_seed(n)))
    walks = np.cumsum(factors, axis=1) / np.log(10)
    shown = np.unique(np.linspace(1, layers, min(layers, _KEPT)).astype(int))
    ends = walks[:, -1]
    same, free = layers * np.log10(1 + scale), layers * np.log10(1 + scale**2) / 2
    middle = float(np.median(ends))
    return {
        "walks": join_paths(_line(shown / layers, walk[shown - 1]) for walk in walks),
        "same": _line([0, 1], [0, same]),
        "free": _line([0, 1], [0, free]),
        "guess": _line([0, 1], [guess, guess]),
        "scale": f"{scale:.3g}",
        "ends": f"{ends.min():.2f} to {ends.max():.2f}",
        "verdict": f"The middle one of the twelve ends at 10^{middle:.2f}, so v has grown {_times(middle)}; you "
        f"guessed 10^{guess:g}. All twelve: 10^{ends.min():.2f} to 10^{ends.max():.2f}. The laws: 10^{same:.2f} if all "
        f"agree, 10^{free:.2f} if none do.".replace("-", "−"),
        "note": "Lines that leave the panel run along its edge." if np.abs(walks).max() > _TOP else "",
    }


def _line(x: Any, y: Any) -> Array:
    return np.column_stack([x, np.clip(np.asarray(y, dtype=float), -_TOP / 3, _TOP)])


def _times(decades: float) -> str:
    return f"{10**decades:.3g} times" if decades < 4 else f"about 1e{decades:.0f} times"


def two_laws() -> Picture:
    """Figure 8.2: how a vector grows under v ← v(I + ε(μI + J))."""
    return Picture(
        title="v ← v + ε (μ v + vJ): twelve networks",
        controls=[
            Slider("depth", "layers N", 10, 1000, 1000, log=True),
            Slider("power", "p in ε = 1 / N^p", 0, 1.2, 0.5, step=0.05),
            Slider("dimension", "dimension n", 1, 1000, 300, log=True),
            Slider("push", "push μ that all layers share", 0, 1, 0, step=0.05),
            Slider("guess", "my guess of log₁₀ growth", 0, 14, 7, step=0.5),
        ],
        compute=laws_state,
        panels=[
            Panel(
                "Length of v, in powers of ten",
                (0, 1),
                (-_TOP / 3, _TOP),
                [
                    Path("guess", "my guess", COLOURS["grey"], dashed=True),
                    Path("same", "(1 + ε)^N: all push the same way", COLOURS["vermilion"], 3, dashed=True),
                    Path("free", "(1 + ε²)^(N/2): every one another way", COLOURS["blue"], 4, dashed=True),
                    Path("walks", "twelve networks", COLOURS["ink"], 1.2),
                ],
                x_label="layer, as a share of N",
                width=560,
                height=320,
            ),
        ],
        readout=[Number("scale", "ε")],  # the other numbers would give the guess away: they stand in the verdict
        predict=Predict(
            "A thousand layers, ε = 1/√1000, every layer pushing v in a random direction of 300 dimensions. By what "
            "power of ten does v grow? Set your guess, then reveal.",
            ["walks", "same", "free"],
        ),
        presets={
            "One dimension, all agree": {"dimension": 1, "push": 1.0},
            "One dimension, any sign": {"dimension": 1},
            "Many dimensions, all agree": {"push": 1.0},
            "The relu branch": {"push": 0.55},
            "One dimension, ε = 1/N": {"dimension": 1, "push": 1.0, "power": 1.0},
        },
        caption="Figure 8.2. The length of a vector that a thousand layers push. If all push along v, it grows like "
        "(1 + ε)^N; if every one pushes in a random direction, like (1 + ε²)^(N/2). The lines are there "
        "after the reveal: in one dimension without a common push they scatter, in many they agree.",
        alt="Before the reveal only the guess. Then twelve thin lines over the layers. With 300 dimensions and no "
        "common push they lie on the flat blue law near 0. The steep red law of pushes that agree rises from 0 to 13.5 "
        "powers of ten.",
    )
