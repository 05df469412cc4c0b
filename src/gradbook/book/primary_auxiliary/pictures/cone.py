"""A primary gradient and two auxiliaries to drag, and the update nearest to the primary that harms neither."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, TASKS, Arrows, Number, Panel, Path, Picture, Point, clip_polygon
from gradbook.primary_auxiliary import BlockedWarning, auxiliary_multipliers, primary_direction

Array = NDArray[np.float64]

SPAN = (-2.2, 2.2)
_BOX = np.array([[-2.2, -2.2], [2.2, -2.2], [2.2, 2.2], [-2.2, 2.2]])


def solve(primary: Array, auxiliaries: Array) -> tuple[Array, Array]:
    """Return the multipliers λ (2,) and the update g_0 + Σ λ_i g_i (2,), exactly 0 where it is blocked."""
    rows, target = torch.from_numpy(auxiliaries), torch.from_numpy(primary)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BlockedWarning)  # the picture says so in words
        update = primary_direction(target, rows)
    return auxiliary_multipliers(rows @ rows.T, rows @ target).values.numpy(), update.numpy()


def cone(auxiliaries: Array) -> Array:
    """Return the outline of {u: ⟨u, g_i⟩ ≥ 0}, cut off at the panel's edge; a line where only a line is left."""
    corners = _BOX
    for gradient in auxiliaries:
        corners = clip_polygon(corners, gradient) if len(corners) else corners
    first, second = auxiliaries
    if first @ second < 0 and abs(first[0] * second[1] - first[1] * second[0]) < 1e-9:  # opposite: what is between
        along = np.array([-first[1], first[0]]) * 2.2 / np.abs(first).max()
        return np.stack([-along, along])
    return np.vstack([corners, corners[:1]]) if len(corners) > 2 else np.empty((0, 2))


def arrow(tip: Array, longest: float = 2.1) -> Array:
    """Return one arrow (1, 2, 2) from the origin, shortened where it would leave the panel."""
    length = float(np.hypot(*tip))
    return np.stack([np.zeros(2), tip * min(1.0, longest / length) if length > 0 else tip])[None]


def listed(values: Array, digits: int = 2) -> str:
    """The numbers with commas between them; what rounds to 0 has no sign."""
    return ", ".join(f"{round(float(value), digits) + 0.0:.{digits}f}" for value in values)


Pair = tuple[float, float]


def cone_state(g0: Pair, g1: Pair, g2: Pair) -> dict[str, Any]:
    """The feasible cone, the projection on it, and the plain sum."""
    primary, auxiliaries = np.array(g0), np.array([g1, g2])
    values, update = solve(primary, auxiliaries)
    total = primary + auxiliaries.sum(0)
    rising = [str(i + 1) for i in (0, 1) if auxiliaries[i] @ total < -1e-9]
    falls = float(primary @ total) < -1e-9
    note = ""
    if primary.any() and not update.any():
        note = "Blocked: every step that lowers the primary loss lets an auxiliary rise. The update is 0."
    elif falls or rising:
        words = ["the primary loss"] * falls + [f"auxiliary {i}" for i in rising]
        note = f"A step against the plain sum makes {' and '.join(words)} rise."
    return {
        "cone": cone(auxiliaries),
        "update": arrow(update),
        "sum": arrow(total),
        "correction": np.array([primary, update]),
        "multipliers": listed(values),
        "inner": listed(auxiliaries @ update),
        "sum inner": listed(np.array([primary @ total, *(auxiliaries @ total)])),
        "gain": float(update @ update),
        "note": note,
    }


def feasible_cone(figure: str = "Figure 3.1") -> Picture:
    """Figure 3.1, and the front page's picture: drag the gradients, see the projection."""
    return Picture(
        title="One primary gradient, two that must not suffer",
        controls=[
            Point("g0", "g₀", (0.9, 1.4), colour=TASKS[0], vector=True),
            Point("g1", "g₁", (0.3, -0.5), colour=TASKS[1], vector=True),
            Point("g2", "g₂", (1.2, 0.8), colour=TASKS[3], vector=True),
        ],
        compute=cone_state,
        panels=[
            Panel(
                "Gradients; the optimizer steps against the update",
                SPAN,
                SPAN,
                [
                    Path("cone", "no auxiliary rises", COLOURS["green"], width=0.5, fill=True),
                    Path("correction", "correction Σ λᵢgᵢ", COLOURS["orange"], width=2, dashed=True),
                    Arrows("sum", "plain sum", COLOURS["grey"], width=3),
                    Arrows("update", "update u", COLOURS["ink"], width=4),
                ],
                size=(420, 420),
            ),
        ],
        readout=[
            Number("multipliers", "λ₁, λ₂"),
            Number("inner", "⟨g₁,u⟩, ⟨g₂,u⟩"),
            Number("gain", "⟨g₀,u⟩ = ‖u‖²"),
            Number("sum inner", "g₀, g₁, g₂ with the plain sum"),
        ],
        presets={
            "No conflict": {"g0": (1.2, 0.9), "g1": (1.6, -0.4), "g2": (0.2, 1.5)},
            "The first auxiliary four times longer": {"g0": (0.9, 1.4), "g1": (1.2, -2.0), "g2": (1.2, 0.8)},
            "Both in the way, one multiplier is enough": {"g0": (-2, -1), "g1": (1, 0), "g2": (2, -1)},
            "Opposite auxiliaries": {"g0": (1.0, 1.2), "g1": (1.6, -0.8), "g2": (-0.8, 0.4)},
            "Blocked": {"g0": (1.2, 0.4), "g1": (-1.5, 0.6), "g2": (-0.9, -1.4)},
            "An auxiliary is zero": {"g1": (0, 0)},
        },
        caption=f"{figure}. Drag the gradients. The shaded cone holds the updates against which no auxiliary loss "
        "rises; the update u is the point of it nearest to the primary gradient g₀. The auxiliaries' lengths don't "
        "matter, only where they point. The plain sum listens to lengths: at the start it lets "
        "the first auxiliary rise; four times longer, that one pulls it into the cone.",
        alt="Three coloured arrows from the origin with handles at their tips: the primary gradient up and to the "
        "right, the first auxiliary, short, down and to the right, the second up and to the right. A shaded wedge "
        "between the lines at right angles to the auxiliaries; a black arrow along its edge, the update; a dashed "
        "line from the tip of the primary gradient to the tip of the update; and a grey arrow for the plain sum.",
    )
