"""Two losses over a plane, and the path that a weighting takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book import descent
from gradbook.book.explore import (
    COLOURS,
    TASKS,
    Arrows,
    Choice,
    Dots,
    Number,
    Panel,
    Path,
    Picture,
    Point,
    Slider,
    Toggle,
    contour_lines,
)
from gradbook.book.loss_weighting.measurements import BOWL_SCHEMES, FIRST, Bowl, descend, second_bowl
from gradbook.book.loss_weighting.pictures.sums import short

Array = NDArray[np.float64]

_SPAN = (-2.0, 2.0)
_GRID = np.linspace(*_SPAN, 60)
_LEVELS = (0.3, 0.6, 1.2, 2.4, 4.8)


def _rings(bowl: Bowl) -> Array:
    """Lines of equal height: they are the same whatever the bowl's scale and shift."""
    return contour_lines(_GRID, _GRID, bowl.loss(np.meshgrid(_GRID, _GRID)), _LEVELS)


def bowls_state(
    scheme: str, scale: float, shift: float, gamma: float, rate: float, adam: bool, start: tuple[float, float]
) -> dict[str, Any]:
    """The path over two bowls, the weights along it, and the arrows at its start."""
    bowls = (FIRST, second_bowl(scale, shift))
    run = descend(bowls, start, scheme, gamma, rate, descent.adam if adam else descent.gradient_descent)
    origin = np.array(start)
    arrows = [np.stack([origin, origin - short(np.array(bowl.gradient(start)))]) for bowl in bowls]
    update = np.empty((0, 2, 2))
    if run.weights:
        pull = sum(w * np.array(b.gradient(start)) for w, b in zip(run.weights[0], bowls, strict=True))
        update = np.stack([origin, origin - short(np.asarray(pull), 0.8)])[None]
    weights = np.clip(np.array(run.weights).reshape(-1, 2), 1e-4, 1e4)
    steps = np.arange(len(weights), dtype=float)
    end = run.places[-1]
    return {
        "path": np.array(run.places),
        "end": np.array([end]),
        "first arrow": arrows[0][None],
        "second arrow": arrows[1][None],
        "update": update,
        "first weight": np.column_stack([steps, weights[:, 0]]),
        "second weight": np.column_stack([steps, weights[:, 1]]),
        "first loss": FIRST.loss(end),
        "second loss": second_bowl().loss(end),
        "note": run.stopped,
    }


def two_bowls() -> Picture:
    """Figure 1.1: a path over two losses, under any of the chapter's schemes."""
    start = {"scheme": "equal"}
    return Picture(
        title="Two losses, one path",
        controls=[
            Choice("scheme", "scheme", BOWL_SCHEMES, "equal"),
            Slider("scale", "scale c of loss 2", 0.001, 1000, 1, log=True),
            Slider("shift", "shift b of loss 2", -2, 6, 0),
            Slider("gamma", "exponent γ of the power mean", -10, 10, 0),
            Slider("rate", "learning rate η", 0.001, 1, 0.075, log=True),
            Toggle("adam", "Adam instead of SGD"),
            Point("start", "start", (-0.4, 1.5), colour=COLOURS["ink"]),
        ],
        compute=bowls_state,
        panels=[
            Panel(
                "The plane of parameters. Drag the start.",
                _SPAN,
                _SPAN,
                [
                    Path(_rings(FIRST), "loss 1", TASKS[0], width=1),
                    Path(_rings(second_bowl()), "loss 2", TASKS[1], width=1),
                    Arrows("first arrow", "−g₁", TASKS[0], width=2),
                    Arrows("second arrow", "−g₂", TASKS[1], width=2),
                    Arrows("update", "step −u", COLOURS["green"], width=3),
                    Path("path", "path", COLOURS["ink"]),
                    Dots("end", "", COLOURS["ink"], shape="square"),
                ],
                x_label="θ₁",
                y_label="θ₂",
                size=(330, 330),
            ),
            Panel(
                "The weights along the path (cut off at 0.0001 and 10000)",
                (0, 60),
                (1e-4, 1e4),
                [
                    Path("first weight", "α₁", TASKS[0]),
                    Path("second weight", "α₂", TASKS[1], dashed=True),
                ],
                x_label="step",
                y_label="weight",
                size=(300, 330),
                log_y=True,
            ),
        ],
        readout=[
            Number("first loss", "loss 1 at the end"),
            Number("second loss", "loss 2 at the end, without c and b"),
        ],
        presets={
            "Loss 2 in other units (× 300)": {**start, "scale": 300, "adam": True},
            "… and the initial-state cure": {"scheme": "initial", "scale": 300, "adam": True},
            "Raise loss 2 by 5": {"scheme": "real-time", "shift": 5},
            "… and the gradient cure": {"scheme": "gradient norm", "shift": 5},
            "A loss that falls below 0": {"scheme": "real-time", "shift": -1.5, "start": (-0.4, 1.5)},
        },
        caption="Figure 1.1. Two losses as bowls over the plane of parameters, and the path of 60 steps from the start "
        "(drag it). The square is where it ends. Multiply loss 2 by c: under equal weights the path swings over to "
        "its bowl, although nothing about the two tasks has changed. (Under SGD the path diverges for a "
        "large c; under Adam it doesn't.)",
        alt="Two families of ellipses, blue around the point (−0.9, 0.3) and vermilion around (0.9, −0.5). A black "
        "path runs from the start near the top to a square between the two centres, where the weighted sum is "
        "smallest. Arrows at the start show both negative gradients and the step between them. A second panel "
        "shows the two weights over 60 steps on a logarithmic axis.",
    )
