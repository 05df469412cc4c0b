"""Descents on a landscape of two losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, TASKS, Dots, Number, Panel, Path, Picture, Point, Slider, contour_lines
from gradbook.pareto_gradients.landscape import STARTS, descend, losses

Array = NDArray[np.float64]
_SPAN = (-10.0, 10.0)
_GRID = np.linspace(*_SPAN, 101)
_HEIGHTS = losses(*np.meshgrid(_GRID, _GRID))
_STEPS = 400
_STYLES = {
    "sum": ("grey", 2.0, False),
    "normalised sum": ("orange", 2.5, False),
    "MGDA": ("ink", 3.0, False),
    "MGDA-UB": ("sky", 2.0, True),
}


def pareto_front() -> Array:
    """The places (m, 2) where α g_1 + (1 − α) g_2 = 0: between the bottoms of the two bowls."""
    rows = np.linspace(-11, -7, 801)
    places = []
    for x in np.linspace(-7, 7, 57):
        first, second = losses(np.full_like(rows, x), rows)
        share = (x + 7) / 14  # at which the two slopes along x cancel
        places.append((x, rows[(share * first + (1 - share) * second).argmin()]))
    return np.array(places)


_FRONT = pareto_front()
_FRONT_LOSSES = np.column_stack(losses(_FRONT[:, 0], _FRONT[:, 1]))


def trajectories_state(start: tuple[float, float], rate: float, stretch: float) -> dict[str, Any]:
    """The paths of all methods over the plane, and the same paths as pairs of losses."""
    state: dict[str, Any] = {}
    ends = []
    for name in _STYLES:
        path = descend(name, start, rate, _STEPS, stretch)
        # Every fourth place draws the same line, for a quarter of the message to the browser.
        state[name] = np.clip(path.places[::4], -10, 10)
        state[f"{name} losses"] = path.losses[::4]
        ends.append(f"{name} ({path.losses[-1, 0]:.1f}, {path.losses[-1, 1]:.1f})")
    state["ends"] = np.array([state[name][-1] for name in _STYLES])
    state["end losses"] = np.array([state[f"{name} losses"][-1] for name in _STYLES])
    state["words"] = "; ".join(ends)
    return state


def trajectories() -> Picture:
    """Figure 2.4: four methods on the landscape of the PCGrad and CAGrad papers."""
    levels = [-16, -8, 4, 7]
    return Picture(
        title=f"{_STEPS} steps of Adam from one start",
        controls=[
            Slider("rate", "learning rate η", 0.01, 1, 0.1, log=True),
            Slider("stretch", "stretch s of the shared part (MGDA-UB)", 0.1, 10, 4.7, log=True),
            Point("start", "start", STARTS["left"], (-9.5, -9.5), (9.5, 9.5), colour=COLOURS["vermilion"]),
        ],
        compute=trajectories_state,
        panels=[
            Panel(
                "The plane of parameters. Drag the start.",
                _SPAN,
                _SPAN,
                [
                    Path(contour_lines(_GRID, _GRID, _HEIGHTS[0], levels), "loss 1", TASKS[0], 0.8, opacity=0.6),
                    Path(contour_lines(_GRID, _GRID, _HEIGHTS[1], levels), "loss 2", TASKS[1], 0.8, opacity=0.6),
                    Path(_FRONT, "Pareto front", COLOURS["green"], 5, opacity=0.5),
                    *(Path(name, name, COLOURS[c], w, dashed=d) for name, (c, w, d) in _STYLES.items()),
                    Dots("ends", "", COLOURS["ink"], 40, shape="square"),
                ],
                x_label="θ₁",
                y_label="θ₂",
                width=380,
                height=380,
            ),
            Panel(
                "The same paths as pairs of losses",
                (-22, 12),
                (-22, 12),
                [
                    Path(_FRONT_LOSSES, "Pareto front", COLOURS["green"], 5, opacity=0.5),
                    *(Path(f"{name} losses", name, COLOURS[c], w, dashed=d) for name, (c, w, d) in _STYLES.items()),
                    Dots("end losses", "", COLOURS["ink"], 40, shape="square"),
                ],
                x_label="loss 1",
                y_label="loss 2",
                width=300,
                height=380,
            ),
        ],
        readout=[Number("words", "losses at the end")],
        presets={
            "From below": {"start": STARTS["below"]},
            "From the right": {"start": STARTS["right"]},
            "Small steps from the right": {"start": STARTS["right"], "rate": 0.051},
            "Encoder stretched the other way": {"stretch": 0.1},
        },
        caption="Figure 2.4. Two losses with narrow grooves above and a common floor below. Green: the Pareto front, "
        "where neither loss can fall without the other rising. The sum may be caught in a groove for long; in many "
        "more steps it slides along the front to the middle, where the others stop at the places of the front that "
        "they meet first. Where MGDA-UB goes depends on the stretch of the shared part.",
        alt="Left: contours of two losses over a square, two steep valleys above and two wide bowls below; four "
        "paths run from the upper left down towards a horizontal green line, the Pareto front; the normalised sum's "
        "ends just above it, those of MGDA and MGDA-UB a little higher and farther right, the sum's far above. "
        "Right: the same four paths in the plane of both losses, ending near the green curve.",
    )
