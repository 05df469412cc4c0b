"""Learned step sizes in noise, and the final loss against the base rate."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Predict, Slider, join_paths
from gradbook.book.step_sizes.measurements import late_square, simulate, typical_gain, without_spread
from gradbook.book.stored import STORED

Array = NDArray[np.float64]

COLOUR_OF = {
    "SGD": ("grey", False),
    "momentum": ("sky", False),
    "Adam": ("orange", False),
    "hypergradient": ("green", True),
    "meta": ("vermilion", False),
    "meta, normalised": ("purple", False),
    "meta, Amid et al.": ("blue", True),
}
"""By name of an optimizer its colour, and whether its line is dashed."""


@cache
def stored_table() -> Mapping[str, Any]:
    """Return the sweep that ``python -m gradbook.book.step_sizes.comparison`` stored."""
    found: Mapping[str, Any] = json.loads((STORED / "07-sensitivity.json").read_text(encoding="utf-8"))
    return found


def runs(table: Mapping[str, Any], name: str, place: int) -> tuple[str, Mapping[str, Any]]:
    """Return γ, as a word, and the runs of an optimizer with its ``place``-th γ; the only one where there is one."""
    choices = list(table["optimizers"][name].items())
    gamma, found = choices[min(place, len(choices) - 1)]
    return gamma, found


def means(table: Mapping[str, Any], name: str, place: int, moment: str) -> Array:
    """Return the mean loss of all seeds by rate (rates,); infinite where a seed diverged."""
    rows = runs(table, name, place)[1]["losses"][moment]
    return np.array([math.inf if None in row else float(np.mean(row)) for row in rows])


def curve(table: Mapping[str, Any], name: str, place: int, moment: str) -> Array:
    """Return the points (rate, mean loss), NaN rows where a seed diverged."""
    losses = means(table, name, place, moment)
    points = np.column_stack([table["rates"], losses])
    points[~np.isfinite(losses)] = np.nan
    return points


def dots(table: Mapping[str, Any], name: str, place: int, moment: str) -> Array:
    """Return the points (rate, loss) of every seed that did not diverge."""
    rows = runs(table, name, place)[1]["losses"][moment]
    pairs = zip(table["rates"], rows, strict=True)
    return np.array([(rate, loss) for rate, row in pairs for loss in row if loss is not None])


def good_decades(table: Mapping[str, Any], name: str, place: int, moment: str, below: float = 0.5) -> float:
    """Return how many decades of rates have a mean loss under ``below``: a third for each rate of the sweep."""
    return float((means(table, name, place, moment) < below).sum()) / 3


_PLACES = ("smallest", "second", "third", "largest")


def sensitivity_state(moment: float, gammas: str, highlighted: str) -> dict[str, Any]:
    """One curve an optimizer, and every seed of the highlighted one."""
    table = stored_table()
    place = _PLACES.index(gammas)
    state: dict[str, Any] = {name: curve(table, name, place, str(round(moment))) for name in COLOUR_OF}
    state["seeds"] = dots(table, highlighted, place, str(round(moment)))
    wide = {name: good_decades(table, name, place, str(round(moment))) for name in COLOUR_OF}
    state["wide"] = "; ".join(f"{name} {width:.1f}" for name, width in wide.items())
    return state


def sensitivity() -> Picture:
    """Figure 7.6: how much the base rate matters to each optimizer."""
    table = stored_table()
    rates = table["rates"]

    return Picture(
        title=f"Real digits: mean training loss of {table['seeds']} seeds against the base rate",
        controls=[
            Slider("moment", "after so many steps", 50, 400, 400, at=(50, 100, 200, 400)),
            Choice("gammas", "second rate γ of those that have one", _PLACES, "third"),
            Choice("highlighted", "show every seed of", tuple(COLOUR_OF), "meta"),
        ],
        compute=sensitivity_state,
        panels=[
            Panel(
                "A line ends where a seed diverged",
                (rates[0], rates[-1]),
                (0.01, 10),
                [
                    *(
                        Path(name, name, COLOURS[colour], 2.5, dashed=dashed)
                        for name, (colour, dashed) in COLOUR_OF.items()
                    ),
                    Dots("seeds", "every seed", COLOURS["ink"], 18),
                ],
                x_label="base rate η",
                y_label="training loss",
                size=(620, 360),
                log_x=True,
                log_y=True,
            ),
        ],
        readout=[Number("wide", "decades of η with a loss below 0.5")],
        presets={
            "Early": {"moment": 50},
            "The smallest γ": {"gammas": "smallest"},
            "The largest γ": {"gammas": "largest"},
        },
        caption="Figure 7.6. The honest comparison: the whole curve instead of the best point. The flatter and wider a "
        "curve, the less the base rate has to be tuned; where it ends, training diverged with at least one of five "
        "seeds.",
        alt="Seven curves of the training loss against the base rate, both axes logarithmic. Most fall from 2.3, the "
        "loss of guessing. Adam's is farthest to the left and rises again from 0.05 on; SGD's is farthest to the right "
        "and ends at 1. Between 0.0002 and 0.02 the meta rules lie between these two; that of Amid et al. starts "
        "lowest, at 1.5, the red line has a gap around 0.01 and the purple one begins at 0.005.",
    )


STEPS = 1000
_SHOWN = 25
_LOW, _HIGH = 1e-6, 100.0


def noise_state(gamma: float, rate: float, noise: float, guess: float) -> dict[str, Any]:
    """Gains and squares of many coordinates on L = ½ x², beside the laws."""
    run = simulate(1.0, noise, rate, gamma, STEPS, coordinates=100)
    gains = np.exp(run.log_gains)
    typical = np.exp(run.log_gains.mean(1))
    laws = (1.0, noise, rate, gamma)
    state: dict[str, Any] = {
        "coordinates": join_paths(_line(run.times, column) for column in gains.T[:_SHOWN]),
        "typical": _line(run.times, typical),
        "mean alone": _line(run.times, without_spread(run.times, *laws)),
        "diffusion": _line(run.times, typical_gain(run.times, *laws, walks=300)),
        "guess": np.array([[1.0, guess], [STEPS, guess]]),
        "squares": _line(run.times, run.squares.mean(1)),
        "late": _line(run.times, late_square(run.times, 1.0, noise)),
        "best": _line(run.times, noise**2 / run.times),
        "spread": float(run.log_gains[-1].std()),
    }
    state["verdict"] = f"The typical ν is {typical[-1]:.2g} after {STEPS} steps; you guessed {guess:.2g}."
    return state


def _line(times: Array, values: Array) -> Array:
    return np.column_stack([times, np.clip(values, _LOW, _HIGH)])


def drifting_gains() -> Picture:
    """Figure 7.4: the meta rule at the bottom of a noisy bowl."""
    return Picture(
        title="Many coordinates, each at the bottom of L = ½ x² with noisy gradients",
        controls=[
            Slider("gamma", "γ", 0.01, 1, 0.1, log=True),
            Slider("rate", "base rate η", 0.01, 1, 0.1, log=True),
            Slider("noise", "noise σ", 0.1, 2, 1, step=0.1),
            Slider("guess", "my guess: the typical ν after 1,000 steps", 1e-6, 1, 0.02, log=True),
        ],
        compute=noise_state,
        panels=[
            Panel(
                "Step sizes ν: 25 coordinates (thin lines), and what is typical",
                (1, STEPS),
                (_LOW, _HIGH),
                [
                    Path("coordinates", "", COLOURS["sky"], 0.8, opacity=0.6),
                    Path("guess", "my guess", COLOURS["grey"], dashed=True),
                    Path("mean alone", "the mean change alone", COLOURS["green"], 3, dashed=True),
                    Path("typical", "typical ν", COLOURS["ink"], 3.5),
                    Path("diffusion", "typical ν by (7.16)", COLOURS["orange"], 2, dashed=True),
                ],
                x_label="step t",
                size=(360, 340),
                log_x=True,
                log_y=True,
            ),
            Panel(
                "Mean of x² over all coordinates",
                (1, STEPS),
                (1e-5, 10),
                [
                    Path("best", "σ²/t, best unbiased estimate", COLOURS["green"], 2, dashed=True),
                    Path("late", "the late law (7.18)", COLOURS["orange"], 2, dashed=True),
                    Path("squares", "mean x²", COLOURS["ink"], 3),
                ],
                x_label="step t",
                size=(320, 340),
                log_x=True,
                log_y=True,
            ),
        ],
        readout=[Number("spread", "standard deviation of log ν at the end", ".2f")],
        predict=Predict(
            "The mean change of log ν alone would let ν fall along the green line. Where does the typical coordinate "
            "end? Set your guess, then reveal.",
            ["coordinates", "typical", "diffusion"],
        ),
        presets={
            "Slow meta-learning": {"gamma": 0.01, "rate": 1},
            "Fast meta-learning": {"gamma": 0.62},
            "Little noise": {"noise": 0.3},
        },
        caption="Figure 7.4. In noise the step sizes anneal by themselves, as a good schedule would. But each does a "
        "random walk on top, and a coordinate whose step has become tiny takes ever longer to find its way back. "
        "What that does to the typical step size is drawn once revealed; the mean of x² goes on falling, more slowly "
        "than 1/t.",
        alt="Left, once revealed: many thin blue lines of step sizes that spread out like a fan as they fall, over "
        "logarithmic axes; a thick black line, their geometric mean, bends down below the dashed green line of the "
        "law 1/t and lies on a dashed orange one. Right: the mean of x squared rises, then falls towards a dashed "
        "orange line that is less steep than the green one.",
    )
