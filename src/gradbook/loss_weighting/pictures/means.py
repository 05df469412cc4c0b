"""The power mean of three losses to drag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import (
    COLOURS,
    TASKS,
    Bars,
    Dots,
    Number,
    Panel,
    Path,
    Picture,
    Point,
    Predict,
    Slider,
    join_paths,
)

Array = NDArray[np.float64]

_GAMMAS = np.linspace(-8, 8, 81)


def power_means(losses: Array, gammas: Array) -> Array:
    """Return L(γ) for every γ in ``gammas`` (m,), losses (n,) positive: plain numpy, for pictures."""
    logs = np.log(losses)
    means = np.full(len(gammas), logs.mean())
    away = np.abs(gammas) > 1e-9
    tilted = gammas[away, None] * logs
    top = tilted.max(axis=1)
    means[away] = (top + np.log(np.exp(tilted - top[:, None]).mean(axis=1))) / gammas[away]
    return np.asarray(np.exp(means))


def power_mean_state(
    gamma: float,
    guess: float,
    first: tuple[float, float],
    second: tuple[float, float],
    third: tuple[float, float],
) -> dict[str, Any]:
    """The mean of three losses for every exponent, and the weights that the present one implies."""
    losses = np.array([first[1], second[1], third[1]])
    mean = float(power_means(losses, np.array([gamma]))[0])
    weights = (losses / mean) ** (gamma - 1) / 3
    return {
        "curve": np.column_stack([_GAMMAS, power_means(losses, _GAMMAS)]),
        "here": np.array([[gamma, mean]]),
        "bounds": join_paths([[[-8, edge], [8, edge]] for edge in (losses.min(), losses.max())]),
        "level": np.array([[0.5, mean], [3.5, mean]]),
        "guess": np.array([[0.5, guess], [3.5, guess]]),
        "shares": weights * losses / mean,
        "mean": mean,
        "weights": ", ".join(f"{w:.3g}" for w in weights),
        "verdict": f"L(γ) is {mean:.3g}; you guessed {guess:.3g}, which is {guess / mean:.3g} times that.",
    }


def power_mean_weights() -> Picture:
    """Figure 1.2: what one exponent does to three losses."""

    def loss(name: str, label: str, place: int, value: float) -> Point:
        return Point(name, label, (place, value), (place, 0.01), (place, 100.0), colour=TASKS[place - 1], axis="y")

    return Picture(
        title="One exponent for three losses",
        controls=[
            Slider("gamma", "exponent γ", -8, 8, 0, step=0.05),
            Slider("guess", "my guess of L(γ)", 0.01, 100, 30, log=True),
            loss("first", "L₁", 1, 0.1),
            loss("second", "L₂", 2, 1.0),
            loss("third", "L₃", 3, 50.0),
        ],
        compute=power_mean_state,
        panels=[
            Panel(
                "Three losses (drag them up and down)",
                (0.5, 3.5),
                (0.01, 100),
                [
                    Path("guess", "my guess", COLOURS["grey"], dashed=True),
                    Path("level", "L(γ)", COLOURS["ink"], width=3),
                ],
                y_label="loss",
                width=220,
                height=270,
                log_y=True,
                x_ticks={1: "1", 2: "2", 3: "3"},
            ),
            Panel(
                "L(γ) for every γ",
                (-8, 8),
                (0.01, 100),
                [
                    Path("bounds", "smallest and largest loss", COLOURS["grey"], width=1, dashed=True),
                    Path("curve", "L(γ)", COLOURS["ink"]),
                    Dots("here", "here", COLOURS["orange"], 110),
                ],
                x_label="γ",
                width=270,
                height=270,
                log_y=True,
            ),
            Panel(
                "Share sᵢ of each task in the change of log L(γ)",
                (-0.5, 2.5),
                (0, 1),
                [Bars("shares", colours=TASKS[:3])],
                width=190,
                height=270,
                x_ticks={0: "1", 1: "2", 2: "3"},
            ),
        ],
        readout=[Number("weights", "weights ∂L(γ)/∂Lᵢ")],
        predict=Predict(
            "Where does the mean of the three losses lie for γ = 0? Set your guess, then reveal.",
            ["level", "curve", "here"],
        ),
        presets={
            "γ → −∞ looks at the smallest": {"gamma": -8},
            "γ → ∞ looks at the largest": {"gamma": 8},
            "One loss nearly 0": {"gamma": -1, "first": (1, 0.01)},
        },
        caption="Figure 1.2. Three losses that you can drag, their power mean for one exponent and for all, and the "
        "share of each in its relative change: equal at γ = 0, to the largest loss as γ grows, to the smallest as it "
        "falls.",
        alt="Three coloured dots at heights 0.1, 1 and 50 on a logarithmic axis with a level line for a guess; a "
        "rising curve of the power mean over γ from −8, near the smallest loss, to 8, near the largest, shown after "
        "the reveal; and three bars, each a third high at γ = 0.",
    )
