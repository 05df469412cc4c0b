"""Four ways to stay positive, from a start near zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, Number, Panel, Path, Picture, Predict, Slider
from gradbook.step_sizes.nonnegative import WAYS, walk

Array = NDArray[np.float64]
STEPS = 400
_FLOOR = 1e-4
_COLOURS = {
    "exponentiated": ("vermilion", 3.0, False),
    "descent in log θ": ("blue", 2.5, False),
    "descent in √θ": ("orange", 2.0, True),
    "projected": ("grey", 2.0, False),
}


def growth_state(start: float, target: float, rate: float, guess: float) -> dict[str, Any]:
    """The paths of all four ways on L = ½ (θ − target)², and when each has gone half of the way."""
    state: dict[str, Any] = {}
    goal = max(target, 0.0)
    halves, ends, half = {}, [], (start + goal) / 2
    steps = np.arange(STEPS + 1, dtype=float)
    for way in WAYS:
        places = walk(way, lambda theta: theta - target, np.float64(start), rate, STEPS)
        shown = np.clip(np.nan_to_num(places, nan=10.0, posinf=10.0), _FLOOR, 10)
        state[way] = np.column_stack([steps, shown])
        ends.append(f"{way} {np.nan_to_num(places[-1], nan=10.0, posinf=10.0):.1g}")
        there = np.flatnonzero((places >= half) if goal > start else (places <= half))
        halves[way] = f"{there[0]}" if len(there) and goal != start else "–"
    state["goal"] = np.array([[0.0, max(goal, _FLOOR)], [STEPS, max(goal, _FLOOR)]])
    state["guess"] = np.array([[guess, _FLOOR], [guess, 10.0]])
    state["ends"] = ", ".join(ends)
    mine = halves.pop("descent in log θ")
    state["halves"] = "; ".join(f"{way} {steps}" for way, steps in halves.items())
    outcome = f"after {mine} steps" if mine != "–" else f"not within {STEPS} steps"
    state["verdict"] = f"Descent in log θ is half-way {outcome}; you guessed {guess:.0f}."
    return state


def growth_from_nearly_nothing() -> Picture:
    """Figure 7.2: exponentiated gradient beside three other ways to keep a parameter positive."""
    return Picture(
        title="One positive parameter on its way to a target",
        controls=[
            Slider("start", "start θ", 0.01, 1, 0.05, at=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)),
            Slider("target", "target", -0.5, 2, 1, step=0.1),
            Slider("rate", "rate η", 0.01, 1, 0.1, log=True),
            Slider("guess", "my guess: descent in log θ is half-way after so many steps", 0, STEPS, 50, step=5),
        ],
        compute=growth_state,
        panels=[
            Panel(
                "θ after each step, for L = ½ (θ − target)²",
                (0, STEPS),
                (_FLOOR, 10),
                [
                    Path("goal", "target", COLOURS["green"], 5, opacity=0.4),
                    Path("guess", "my guess", COLOURS["ink"], 1, dashed=True),
                    *(Path(way, way, COLOURS[c], w, dashed=d) for way, (c, w, d) in _COLOURS.items()),
                ],
                x_label="step",
                y_label="θ",
                width=560,
                height=320,
                log_y=True,
            ),
        ],
        readout=[Number("halves", "steps to half-way"), Number("ends", f"θ after {STEPS} steps")],
        predict=Predict(
            "The steps that exponentiated gradient needs to half-way stand below. How many does plain descent in "
            "φ = log θ need, with the same rate? Set your guess, then reveal.",
            ["descent in log θ"],
        ),
        presets={
            "Twice the start": {"start": 0.1},
            "Down to zero": {"start": 1, "target": -0.5},
            "Start at 1": {"start": 1, "target": 2},
        },
        caption="Figure 7.2. Four ways to keep a parameter positive. Exponentiated gradient grows by a factor a step, "
        "a straight line on this axis, and is soon out of a small start; descent in the square root goes with it. "
        "Projected descent adds, and is there first. The blue line of descent in the logarithm is drawn once revealed.",
        alt="Curves of one parameter against the step, the parameter on a logarithmic axis. From 0.05 the grey line "
        "of projected descent rises steeply and is near the target after some thirty steps; the red and the dashed "
        "orange line rise together and reach the green line of the target at 1 after some sixty steps; the blue "
        "line, once revealed, stays low for two hundred.",
    )
