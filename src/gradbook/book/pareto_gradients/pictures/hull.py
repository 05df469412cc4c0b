"""Three gradients to drag, their hull, and five updates; descents on a landscape of two losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import (
    COLOURS,
    TASKS,
    Arrows,
    Dots,
    Number,
    Panel,
    Path,
    Picture,
    Point,
    Slider,
    Toggle,
    clip_polygon,
    contour_lines,
)
from gradbook.book.pareto_gradients.measurements import (
    DIRECTIONS,
    STARTS,
    descend,
    direction,
    losses,
    min_norm,
    rising,
    units,
)

Array = NDArray[np.float64]
_SPAN = (-2.0, 2.0)
_BOX = np.array([[-2.0, -2.0], [2.0, -2.0], [2.0, 2.0], [-2.0, 2.0]])


def hull_state(
    g1: tuple[float, float],
    g2: tuple[float, float],
    g3: tuple[float, float],
    unit: bool,
    stretch: float,
) -> dict[str, Any]:
    """The hull of the gradients (or of their unit vectors), its nearest point, and the other updates."""
    raw = np.array([g1, g2, g3])
    gradients = units(raw) if unit else raw
    weights = min_norm(gradients)
    nearest = weights @ gradients
    cone = _BOX
    for gradient in raw:
        cone = clip_polygon(cone, gradient) if len(cone) else cone
    names = {"sum": "sum", "normalised": "normalised sum", "bound": "MGDA-UB"}
    state: dict[str, Any] = {
        "cone": np.vstack([cone, cone[:1]]) if len(cone) > 2 else np.empty((0, 2)),
        "hull": np.vstack([gradients, gradients[:1]]),
        "nearest": _arrow(nearest),
        "foot": nearest[None],
        "weights": ", ".join(f"{w:.2f}" for w in weights),
        "length": float(np.hypot(*nearest)),
        "note": "",
    }
    for key, name in names.items():
        state[key] = _arrow(direction(name, raw, stretch))
    drawn = [name for name in DIRECTIONS if name != ("MGDA" if unit else "normalised MGDA")]
    worse = {name: rising(raw, direction(name, raw, stretch)) for name in drawn}
    state["rising"] = "; ".join(f"{name}: {_list(tasks)}" for name, tasks in worse.items())
    if state["length"] < 1e-9:
        state["note"] = "u = 0: the hull holds the origin. No step lowers all three losses: Pareto stationary."
    return state


def _arrow(vector: Array, longest: float = 1.9) -> Array:
    """An arrow (1, 2, 2) from the origin; a sum may be longer than the panel and is shortened."""
    length = float(np.hypot(*vector))
    return np.stack([np.zeros(2), vector * min(1.0, longest / max(length, 1e-12))])[None]


def _list(tasks: list[int]) -> str:
    return ", ".join(str(task) for task in tasks) or "none"


def hull_of_gradients() -> Picture:
    """Figure 2.1: the nearest point of three gradients' hull, and the other updates."""
    return Picture(
        title="The hull and its nearest point",
        controls=[
            Point("g1", "g₁", (1.7, -0.5), colour=TASKS[0], vector=True),
            Point("g2", "g₂", (-0.3, 1.1), colour=TASKS[1], vector=True),
            Point("g3", "g₃", (1.3, 1.2), colour=TASKS[3], vector=True),
            Toggle("unit", "normalise the gradients first"),
            Slider("stretch", "stretch s of the shared part (MGDA-UB)", 0.1, 10, 3, log=True),
        ],
        compute=hull_state,
        panels=[
            Panel(
                "Drag the gradients; the optimizer steps against the update",
                _SPAN,
                _SPAN,
                [
                    Path("cone", "no loss rises", COLOURS["green"], width=0.5, fill=True),
                    Path("hull", "hull of the gradients", COLOURS["sky"], width=1.5, fill=True),
                    Arrows("sum", "sum", COLOURS["grey"], width=2.5),
                    Arrows("normalised", "normalised sum", COLOURS["orange"], width=2.5),
                    Arrows("bound", "MGDA-UB", COLOURS["sky"], width=2.5),
                    Arrows("nearest", "MGDA: nearest point u", COLOURS["ink"], width=4),
                    Dots("foot", "", COLOURS["ink"], 50),
                ],
                size=(440, 440),
            ),
        ],
        readout=[
            Number("weights", "weights α"),
            Number("length", "length of u"),
            Number("rising", "losses that rise"),
        ],
        presets={
            "Two outvote one": {"g1": (1.5, 0.0), "g2": (-1.0, 0.35), "g3": (-1.0, 0.9)},
            "One long, one short": {"g1": (1.9, 0.3), "g2": (-0.1, 0.3), "g3": (1.8, 0.8)},
            "Hull holds the origin": {"g1": (1.4, -0.6), "g2": (-1.2, -0.5), "g3": (0.1, 1.3)},
            "Opposite": {"g1": (1.2, 0.6), "g2": (-1.2, -0.6), "g3": (0.5, 1.2)},
            "One is zero": {"g3": (0, 0)},
            "The bound leads astray": {"g1": (1.5, -0.1), "g2": (-0.7, 1.0), "g3": (1.3, 0.7), "stretch": 9.1},
        },
        caption="Figure 2.1. Three task gradients to drag. The triangle is their convex hull, all weighted averages "
        "of the three; the black arrow points to its point nearest to the origin: the update u of MGDA. It always "
        "lies in the green cone of updates that let no loss rise; the sums may leave it. The light-blue arrow, "
        "MGDA-UB, is a cheaper variant with one more control, s; it comes later.",
        alt="Coloured arrows from the origin to the three corners of a triangle. A black arrow points to the "
        "triangle's point nearest to the origin, on the side between the first two gradients; a green wedge around "
        "it holds all updates that let no loss rise. Thinner arrows show the sum, the sum of the normalised "
        "gradients, and the upper bound's update.",
    )


_WIDE = (-10.0, 10.0)
_GRID = np.linspace(*_WIDE, 101)
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
                _WIDE,
                _WIDE,
                [
                    Path(contour_lines(_GRID, _GRID, _HEIGHTS[0], levels), "loss 1", TASKS[0], 0.8, opacity=0.6),
                    Path(contour_lines(_GRID, _GRID, _HEIGHTS[1], levels), "loss 2", TASKS[1], 0.8, opacity=0.6),
                    Path(_FRONT, "Pareto front", COLOURS["green"], 5, opacity=0.5),
                    *(Path(name, name, COLOURS[c], w, dashed=d) for name, (c, w, d) in _STYLES.items()),
                    Dots("ends", "", COLOURS["ink"], 40, shape="square"),
                ],
                x_label="θ₁",
                y_label="θ₂",
                size=(380, 380),
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
                size=(300, 380),
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
