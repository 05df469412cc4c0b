"""The lottery of plain networks: from seed to seed the size of the output changes by orders of magnitude."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, Choice, Panel, Path, Picture, Predict, Slider
from gradbook.residual_depth.theory import plain_log_factors, plain_sizes, residual_log_factors

Array = NDArray[np.float64]
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
                width=440,
                height=300,
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
