"""Four ways to stay positive from a start near zero, and three ways to stay on the simplex."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Dots, Labels, Number, Panel, Path, Picture, Point, Predict, Slider
from gradbook.book.step_sizes.positive import (
    CORNERS,
    SIMPLEX_WAYS,
    WAYS,
    drawn,
    simplex_walk,
    walk,
    weights_at,
)

Array = NDArray[np.float64]
GROWTH_STEPS = 400
_GROWTH_FLOOR = 1e-4
_GROWTH_COLOURS = {
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
    steps = np.arange(GROWTH_STEPS + 1, dtype=float)
    for way in WAYS:
        places = walk(way, lambda theta: theta - target, np.float64(start), rate, GROWTH_STEPS)
        shown = np.clip(np.nan_to_num(places, nan=10.0, posinf=10.0), _GROWTH_FLOOR, 10)
        state[way] = np.column_stack([steps, shown])
        ends.append(f"{way} {np.nan_to_num(places[-1], nan=10.0, posinf=10.0):.1g}")
        there = np.flatnonzero((places >= half) if goal > start else (places <= half))
        halves[way] = f"{there[0]}" if len(there) and goal != start else "–"
    state["goal"] = np.array([[0.0, max(goal, _GROWTH_FLOOR)], [GROWTH_STEPS, max(goal, _GROWTH_FLOOR)]])
    state["guess"] = np.array([[guess, _GROWTH_FLOOR], [guess, 10.0]])
    state["ends"] = ", ".join(ends)
    mine = halves.pop("descent in log θ")
    state["halves"] = "; ".join(f"{way} {steps}" for way, steps in halves.items())
    outcome = f"after {mine} steps" if mine != "–" else f"not within {GROWTH_STEPS} steps"
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
            Slider("guess", "my guess: descent in log θ is half-way after so many steps", 0, GROWTH_STEPS, 50, step=5),
        ],
        compute=growth_state,
        panels=[
            Panel(
                "θ after each step, for L = ½ (θ − target)²",
                (0, GROWTH_STEPS),
                (_GROWTH_FLOOR, 10),
                [
                    Path("goal", "target", COLOURS["green"], 5, opacity=0.4),
                    Path("guess", "my guess", COLOURS["ink"], 1, dashed=True),
                    *(Path(way, way, COLOURS[c], w, dashed=d) for way, (c, w, d) in _GROWTH_COLOURS.items()),
                ],
                x_label="step",
                y_label="θ",
                size=(560, 320),
                log_y=True,
            ),
        ],
        readout=[Number("halves", "steps to half-way"), Number("ends", f"θ after {GROWTH_STEPS} steps")],
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


STEPS = 100
_SPAN = (-1.5, 1.5)
_FLOOR = 1e-8
_COLOURS = {
    "exponentiated": ("vermilion", 3.0, False),
    "projected": ("grey", 2.0, False),
    "descent in logits": ("blue", 2.0, True),
}


def triangle_state(target: tuple[float, float], start: tuple[float, float], rate: float, guess: str) -> dict[str, Any]:
    """The three paths, and their distances from the best weights."""
    goal = np.array(target)
    begun = weights_at(np.array(start))
    begun = np.maximum(begun, 1e-3) / np.maximum(begun, 1e-3).sum()  # a weight of zero would stay zero
    best = weights_at(goal)

    def slope(weights: Array) -> Array:
        return np.asarray(CORNERS @ (weights @ CORNERS - goal))

    state: dict[str, Any] = {"best": drawn(best)[None], "target": goal[None], "begun": drawn(begun)[None]}
    exact = []
    for way in SIMPLEX_WAYS:
        weights = simplex_walk(way, slope, begun, rate, STEPS)
        places = drawn(weights)
        off = np.linalg.norm(places - drawn(best), axis=1)
        state[way] = places
        state[f"{way} off"] = np.column_stack([np.arange(STEPS + 1), np.clip(off, _FLOOR, 3)])
        if weights[-1].min() == 0:
            exact.append(way)
    found = ", ".join(exact) or "none"
    state["verdict"] = f"After {STEPS} steps a weight is exactly 0 with: {found}. Your guess: {guess}."
    state["weights"] = ", ".join(f"{weight:.2f}" for weight in best)
    return state


def triangle_of_weights() -> Picture:
    """Figure 7.3: exponentiated gradient, projected descent and descent in the logits on the simplex."""
    return Picture(
        title=f"{STEPS} steps on the simplex of three weights",
        controls=[
            Slider("rate", "rate η", 0.01, 10, 0.3, log=True),
            Choice("guess", "my guess", ("exponentiated", "projected", "both", "neither"), "both"),
            Point("target", "target", (0.75, 0.45), (-1.45, -1.45), (1.45, 1.45), colour=COLOURS["green"]),
            Point("start", "start", (-0.6, -0.4), (-1.45, -1.45), (1.45, 1.45), colour=COLOURS["ink"]),
        ],
        compute=triangle_state,
        panels=[
            Panel(
                "The loss is the squared distance from the target. Drag it, or the start.",
                _SPAN,
                _SPAN,
                [
                    Path(np.vstack([CORNERS, CORNERS[:1]]), "", COLOURS["sky"], 1.5, fill=True),
                    *(Path(way, way, COLOURS[c], w, dashed=d) for way, (c, w, d) in _COLOURS.items()),
                    Dots("best", "best weights", COLOURS["green"], 60, shape="diamond"),
                    Labels([(-1.3, -0.85, "α₁ = 1"), (0.9, -0.85, "α₂ = 1"), (0.05, 1.15, "α₃ = 1")]),
                ],
                size=(400, 400),
            ),
            Panel(
                "Distance from the best weights",
                (0, STEPS),
                (_FLOOR, 3),
                [Path(f"{way} off", way, COLOURS[c], w, dashed=d) for way, (c, w, d) in _COLOURS.items()],
                x_label="step",
                size=(300, 400),
                log_y=True,
            ),
        ],
        readout=[Number("weights", "best weights")],
        predict=Predict(
            "The best weights lie on an edge, where one weight is 0. Descent in the logits (blue) is still on its way. "
            "Which of the others gets there exactly? Guess, then reveal.",
            [f"{way}{what}" for way in ("exponentiated", "projected") for what in ("", " off")],
        ),
        presets={
            "Best weights inside": {"target": (0.1, 0.0)},
            "Best weights in a corner": {"target": (1.4, -1.2)},
            "Start near a corner": {"target": (0.1, 0.0), "start": (-1.0, -0.6)},
            "Large steps": {"rate": 3},
        },
        caption="Figure 7.3. Three ways to the best weights; those of exponentiated gradient and of projected descent "
        "are drawn once revealed. Descent in the logits makes a wide bend and slows down where a weight is small: its "
        "gradient carries that weight as a factor.",
        alt="Left: a triangle, a green target to its upper right and, once revealed, three paths from the lower left "
        "to the point of the right edge nearest to the target. The grey one is straight, the red one bends a little, "
        "the dashed blue one, always there, bends most and stops short of the edge. Right: the distances from the "
        "best weights, on a logarithmic axis; the grey line drops off, the red one falls in a straight line, the "
        "blue one stays high.",
    )
