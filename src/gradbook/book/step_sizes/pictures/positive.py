"""Three ways to stay on the simplex, drawn in its triangle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, Choice, Dots, Labels, Number, Panel, Path, Picture, Point, Predict, Slider
from gradbook.step_sizes.simplex import CORNERS, WAYS, drawn, project, walk, weights_at

Array = NDArray[np.float64]
STEPS = 100
_SPAN = (-1.5, 1.5)
_FLOOR = 1e-8
_COLOURS = {
    "exponentiated": ("vermilion", 3.0, False),
    "projected": ("grey", 2.0, False),
    "descent in logits": ("blue", 2.0, True),
}


def nearest_weights(target: Array) -> Array:
    """Return the weights (3,) of the triangle's point nearest to ``target`` (2,).

    The triangle is equilateral: distances in it are those of the weights, up to a factor, so that (as projecting onto
    the plane of the triangle changes nothing) the nearest weights are the projection of the target's own.
    """
    return project(np.linalg.solve(np.vstack([CORNERS.T, np.ones(3)]), np.append(target, 1.0)))


def triangle_state(target: tuple[float, float], start: tuple[float, float], rate: float, guess: str) -> dict[str, Any]:
    """The three paths, and their distances from the best weights."""
    goal = np.array(target)
    begun = weights_at(np.array(start))
    begun = np.maximum(begun, 1e-3) / np.maximum(begun, 1e-3).sum()  # a weight of zero would stay zero
    best = nearest_weights(goal)

    def slope(weights: Array) -> Array:
        return np.asarray(CORNERS @ (weights @ CORNERS - goal))

    state: dict[str, Any] = {"best": drawn(best)[None], "target": goal[None], "begun": drawn(begun)[None]}
    exact = []
    for way in WAYS:
        weights = walk(way, slope, begun, rate, STEPS)
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
                width=400,
                height=400,
            ),
            Panel(
                "Distance from the best weights",
                (0, STEPS),
                (_FLOOR, 3),
                [Path(f"{way} off", way, COLOURS[c], w, dashed=d) for way, (c, w, d) in _COLOURS.items()],
                x_label="step",
                width=300,
                height=400,
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
