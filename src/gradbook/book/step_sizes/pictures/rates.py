"""Learned step sizes in noise: they fall, and they drift apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, Number, Panel, Path, Picture, Predict, Slider, join_paths
from gradbook.step_sizes.annealing import late_square, simulate, typical_gain, without_spread

Array = NDArray[np.float64]
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
        "squares": _line(run.times, run.squares),
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
                width=360,
                height=340,
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
                width=320,
                height=340,
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
