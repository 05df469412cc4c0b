"""A primary gradient and two auxiliaries to drag: the update that harms neither, and the article's way to it."""

from __future__ import annotations

import warnings
from itertools import islice
from typing import Any

import numpy as np
import torch
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
    Predict,
    Steps,
    clip_polygon,
    contour_lines,
)
from gradbook.primary_auxiliary import BlockedWarning, auxiliary_multipliers, primary_direction
from gradbook.primary_auxiliary.multipliers import in_turn, most_violated

Array = NDArray[np.float64]
Pair = tuple[float, float]

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


_STEPS = 12
_REACH = (0.0, 3.0)
_GRID = np.linspace(*_REACH, 31)
_MESH = np.stack(np.meshgrid(_GRID, _GRID), axis=-1)
_LEVELS = (0.02, 0.1, 0.3, 0.7, 1.4, 2.8)


def stall_state(g0: Pair, g1: Pair, g2: Pair, step: int, guess: Pair) -> dict[str, Any]:
    """Both paths up to ``step``, the contours of ½‖u‖² over (λ₁, λ₂), and the optimum."""
    primary, auxiliaries = np.array(g0), np.array([g1, g2])
    products, inner = auxiliaries @ auxiliaries.T, auxiliaries @ primary
    whole = np.array(list(islice(most_violated(products, inner), _STEPS + 1)))
    article, turn = whole[: step + 1], np.array(list(islice(in_turn(products, inner), step + 1)))
    updates = primary + article @ auxiliaries
    best, exact = solve(primary, auxiliaries)
    heights = ((primary + _MESH @ auxiliaries) ** 2).sum(-1) / 2
    lowest = float(exact @ exact) / 2
    scale = float(primary @ primary) / 2 or 1.0
    gap = float(updates[-1] @ updates[-1]) / 2 - lowest
    stopped = step >= len(whole) - 1 and len(whole) <= _STEPS
    return {
        "cone": cone(auxiliaries),
        "iterates": updates,
        "turned": primary + turn @ auxiliaries,
        "exact": arrow(exact),
        "article": article,
        "turn": turn,
        "best": best[None],
        "contours": contour_lines(_GRID, _GRID, heights, [lowest + scale * level for level in _LEVELS]),
        "values": listed(article[-1]),
        "slopes": listed(auxiliaries @ updates[-1]),
        "height": float(updates[-1] @ updates[-1]) / 2,
        "note": _note(stopped, gap > 1e-9 * scale, article[-1], auxiliaries @ updates[-1], best, primary, exact),
        "verdict": f"The lowest point is λ = ({listed(best)}), where ½‖u‖² = {lowest:.3g}; your guess is "
        f"{float(np.hypot(*(best - guess))):.2f} away from it.",
    }


def _note(stopped: bool, wrong: bool, values: Array, slopes: Array, best: Array, primary: Array, exact: Array) -> str:
    if stopped and wrong:
        (where,) = (
            np.flatnonzero((values > 0) & (slopes > 1e-9))[:1] if ((values > 0) & (slopes > 1e-9)).any() else (0,)
        )
        return (
            f"The article's iteration has stopped at λ = ({listed(values)}), a wrong point: "
            f"⟨g{'₁₂'[where]},u⟩ = {slopes[where]:.2f} although λ{'₁₂'[where]} = {values[where]:.2f} is not 0."
        )
    if not exact.any() and primary.any():
        return "Blocked: the lowest point is u = 0, and no step serves the primary loss."
    if best.max() > _REACH[1]:
        return (
            f"The lowest point λ = ({listed(best)}) lies outside the right-hand panel: short auxiliaries need large λ."
        )
    return ""


def stalling_iteration() -> Picture:
    """Figure 3.2: where always picking the most violated constraint ends."""
    return Picture(
        title="Which constraint next?",
        controls=[
            Steps("step", "steps taken", _STEPS, value=2, interval_ms=800),
            Point("g0", "g₀", (-2.0, -1.0), colour=TASKS[0], vector=True),
            Point("g1", "g₁", (1.0, 0.0), colour=TASKS[1], vector=True),
            Point("g2", "g₂", (2.0, -1.0), colour=TASKS[3], vector=True),
            Point("guess", "my guess", (1.5, 1.5), (0.0, 0.0), (3.0, 3.0), panel=1, colour=COLOURS["orange"]),
        ],
        compute=stall_state,
        panels=[
            Panel(
                "Gradients and iterates u",
                SPAN,
                SPAN,
                [
                    Path("cone", "no auxiliary rises", COLOURS["green"], width=0.5, fill=True),
                    Arrows("exact", "exact u", COLOURS["green"], width=3),
                    Path("turned", "in turn", COLOURS["green"], width=2, dashed=True),
                    Path("iterates", "the article's u", COLOURS["ink"], width=2),
                    Dots("iterates", "", COLOURS["ink"], 40),
                ],
                size=(320, 320),
            ),
            Panel(
                "The multipliers and lines of equal ½‖u‖²",
                (-0.15, 3.0),
                (-0.15, 3.0),
                [
                    Path("contours", "½‖u‖²", COLOURS["grey"], width=1),
                    Path("turn", "in turn", COLOURS["green"], width=2, dashed=True),
                    Path("article", "the article's λ", COLOURS["ink"], width=2.5),
                    Dots("article", "", COLOURS["ink"], 40),
                    Dots("best", "lowest", COLOURS["green"], 110, shape="diamond"),
                ],
                x_label="λ₁",
                y_label="λ₂",
                size=(320, 320),
            ),
        ],
        readout=[
            Number("values", "the article's λ₁, λ₂"),
            Number("slopes", "⟨g₁,u⟩, ⟨g₂,u⟩"),
            Number("height", "½‖u‖²"),
        ],
        predict=Predict(
            "The article's iteration ends after two steps (move them back and forth). Is that where ½‖u‖² is lowest? "
            "Drag the orange dot to where you think it is, then reveal.",
            ["contours", "best", "exact", "turn", "turned"],
        ),
        presets={
            "The stall": {"g0": (-2, -1), "g1": (1, 0), "g2": (2, -1), "step": 12},
            "Halve g₂: the stall is gone": {"g0": (-2, -1), "g1": (1, 0), "g2": (1, -0.5), "step": 12},
            "The same two in the other order": {"g0": (-2, -1), "g1": (2, -1), "g2": (1, 0), "step": 12},
            "Blocked": {"g0": (-1.5, 0.3), "g1": (0.8, -1.2), "g2": (0.9, 1.0), "step": 12},
            "An auxiliary is zero": {"g0": (-2, -1), "g1": (0, 0), "g2": (2, -1), "step": 1},
        },
        caption="Figure 3.2. Two auxiliaries, two multipliers. The black path re-solves the multiplier of the most "
        "violated constraint, as the article does; the green one takes them in turn (shown after the reveal). The "
        "black one raises λ₂ first, then λ₁, and stops: λ₂ is now too large, but a constraint that is more than "
        "satisfied is never picked. Halving g₂ changes nothing about the problem, and cures the path.",
        alt="Left: three gradients with handles and the black path of the article's updates, from the tip of the "
        "primary gradient at (−2, −1) by way of (−0.8, −1.6) to (0, −1.6), on the edge of the shaded cone. Right: the "
        "plane of both multipliers; the black path goes from (0, 0) up to (0, 0.6) and across to (0.8, 0.6), where it "
        "ends; an orange dot is the guess. After the reveal, lines of equal height, a green diamond at the lowest "
        "point (2, 0), and on the left a green arrow, the exact update (0, −1).",
    )
