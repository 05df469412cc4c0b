"""The lottery of plain networks from seed to seed, and two growth laws: pushes that agree, and pushes that don't."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Number, Panel, Path, Picture, Predict, Slider, join_paths
from gradbook.book.residual_depth.theory import plain_log_factors, plain_sizes, residual_log_factors, vector_log_factors

Array = NDArray[np.float64]
LINES = 12
_LAWS_TOP = 24.0  # decades of the panel, upward; a third as many downward
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
        "note": "Lines that leave the panel run along its edge." if np.abs(walks).max() > _LAWS_TOP else "",
    }


def _line(x: Any, y: Any) -> Array:
    return np.column_stack([x, np.clip(np.asarray(y, dtype=float), -_LAWS_TOP / 3, _LAWS_TOP)])


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
                (-_LAWS_TOP / 3, _LAWS_TOP),
                [
                    Path("guess", "my guess", COLOURS["grey"], dashed=True),
                    Path("same", "(1 + ε)^N: all push the same way", COLOURS["vermilion"], 3, dashed=True),
                    Path("free", "(1 + ε²)^(N/2): every one another way", COLOURS["blue"], 4, dashed=True),
                    Path("walks", "twelve networks", COLOURS["ink"], 1.2),
                ],
                x_label="layer, as a share of N",
                size=(560, 320),
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


DEEPEST = 256
SEEDS = 1000
_EDGES = np.linspace(-12, 4, 65)
_TOP = 0.24


@cache
def _plain(width: int) -> Array:
    """log₁₀ of the size after each layer of a thousand plain networks, (seeds, layers); dead ones are −∞."""
    factors = plain_log_factors(DEEPEST, width, SEEDS, np.random.default_rng([808, width]))
    return np.asarray(np.cumsum(factors, axis=1) / np.log(10))


@cache
def _residual(width: int, depth: int) -> Array:
    factors = residual_log_factors(depth**-0.5, depth, width, SEEDS, np.random.default_rng([809, width]))
    return np.asarray(factors.sum(1) / np.log(10))


def lottery_state(depth: float, width: str, guess: float) -> dict[str, Any]:
    """The histogram over seeds of log₁₀ of the output's mean square, and what theory says of it."""
    layers, n = int(depth), int(width)
    plain, law = _plain(n)[:, layers - 1], plain_sizes(layers, n)
    alive = plain[np.isfinite(plain)]
    mean, deviation = law.mean / np.log(10), law.deviation / np.log(10)
    x = np.linspace(_EDGES[0], _EDGES[-1], 200)
    bell = (1 - law.dead) * np.exp(-(((x - mean) / deviation) ** 2) / 2) / deviation / np.sqrt(2 * np.pi)
    spread = float(alive.std()) if len(alive) > 1 else 0.0
    inside = ((alive > _EDGES[0]) & (alive < _EDGES[-1])).sum()
    dead = SEEDS - len(alive)
    note = f"{dead} of the {SEEDS} networks are dead: a layer had no positive entry." if dead else ""
    beyond = f"Outside the panel: {len(alive) - inside}." if inside < len(alive) else ""
    return {
        "plain": _steps(alive),
        "residual": _steps(_residual(n, layers)),
        "bell": np.column_stack([x, np.clip(bell * (_EDGES[1] - _EDGES[0]), 0, _TOP)]),
        "guess": np.array([[-guess, 0.2], [guess, 0.2]]),
        "spread": spread,
        "verdict": f"The standard deviation is {spread:.2f} powers of ten, so two seeds in three lie within a factor "
        f"of {10**spread:.3g} of the middle; you guessed {guess:g}. By the law: {deviation:.2f}, around the middle "
        f"10^{mean:.2f}.".replace("-", "−"),
        "note": f"{note} {beyond}".strip(),
    }


def _steps(values: Array) -> Array:
    """The outline of a histogram, shares of all seeds."""
    shares = np.clip(np.histogram(values, _EDGES)[0] / SEEDS, 0, _TOP)
    corners = np.column_stack([np.repeat(_EDGES, 2), np.concatenate([[0.0], np.repeat(shares, 2), [0.0]])])
    return np.asarray(corners)


def plain_lottery() -> Picture:
    """Figure 8.5: the distribution over seeds of a plain network's output size."""
    return Picture(
        title="A thousand seeds",
        controls=[
            Slider("depth", "layers N", 1, DEEPEST, 256, at=(1, 2, 4, 8, 16, 32, 64, 128, 192, 256)),
            Choice("width", "width", ("8", "32", "128", "512", "2048"), "128"),
            Slider("guess", "my guess of the spread, in powers of ten", 0, 4, 0.2, step=0.1),
        ],
        compute=lottery_state,
        panels=[
            Panel(
                "Share of networks, by log₁₀ of the output's mean square",
                (_EDGES[0], _EDGES[-1]),
                (0, _TOP),
                [
                    Path("guess", "my guess, one standard deviation to each side", COLOURS["grey"], 4),
                    Path("plain", "plain relu networks", COLOURS["vermilion"], 1.5, fill=True),
                    Path("bell", "log-normal law", COLOURS["ink"], 2, dashed=True),
                    Path("residual", "residual, ε = 1/√N", COLOURS["blue"], 1.5, fill=True),
                ],
                x_label="log₁₀ of the mean square (it was 0 at the input)",
                size=(440, 300),
            ),
        ],
        predict=Predict(
            "Plain relu networks with He's initial weights keep the mean square of x in the mean. 256 layers of width "
            "128: by how many powers of ten does it vary from seed to seed? Set your guess, then reveal.",
            ["plain", "residual", "bell"],
        ),
        presets={
            "Shallow": {"depth": 8},
            "Wide": {"width": "2048"},
            "Narrow: they die": {"width": "8", "depth": 32},
        },
        caption="Figure 8.5. The size of the output of plain networks over seeds, and that of residual ones (after "
        "the reveal). He's initial weights keep its mean at 1. Where is the typical network?",
        alt="Before the reveal only the guess. Then a wide red hill of plain networks between −7 and 2 powers of ten, "
        "under a dashed bell curve centred at −2.2, and a narrow blue spike of residual networks at 0.4.",
    )
