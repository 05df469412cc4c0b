"""Three gradients to drag, and two sums of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import (
    COLOURS,
    TASKS,
    Arrows,
    Number,
    Panel,
    Path,
    Picture,
    Point,
    Predict,
    Toggle,
    clip_polygon,
)
from gradbook.loss_weighting.pictures.arrows import short

Array = NDArray[np.float64]

_SPAN = (-2.0, 2.0)

_BOX = np.array([[-2.0, -2.0], [2.0, -2.0], [2.0, 2.0], [-2.0, 2.0]])


def gradients_state(
    g1: tuple[float, float],
    g2: tuple[float, float],
    g3: tuple[float, float],
    two: bool,
    guess: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """The sum, the sum of normalised gradients, and the cone of the directions against which no loss rises."""
    gradients = np.array([g1, g2] if two else [g1, g2, g3])
    norms = np.hypot(*gradients.T)
    cone = _BOX
    for gradient in gradients:
        cone = clip_polygon(cone, gradient) if len(cone) else cone
    units = gradients / np.where(norms > 1e-9, norms, 1)[:, None]
    total, normalised = gradients.sum(0), units.sum(0)
    shown = short(normalised, min(float(np.hypot(*normalised)), 1.9))
    cosines = _cosines(units, normalised)
    rising = [str(i + 1) for i, c in enumerate(cosines) if c < -1e-9]
    note = f"A step against the normalised sum makes loss {' and '.join(rising)} rise." if rising else ""
    if zero := [str(i + 1) for i, norm in enumerate(norms) if norm <= 1e-9]:
        note = f"Gradient {' and '.join(zero)} is zero and cannot be normalised; it is left out here."
    state = {
        "cone": np.vstack([cone, cone[:1]]) if len(cone) > 2 else np.empty((0, 2)),
        "sum": np.stack([np.zeros(2), short(total, min(float(np.hypot(*total)), 1.9))])[None],
        "normalised": np.stack([np.zeros(2), shown])[None],
        "cosines": ", ".join(f"{c:.2f}" for c in cosines),
        "sum cosines": ", ".join(f"{c:.2f}" for c in _cosines(units, total)),
        "note": note,
    }
    if guess is not None:
        between = _cosines(np.array([guess]), normalised)[0] / max(float(np.hypot(*guess)), 1e-9)
        angle = np.degrees(np.arccos(np.clip(between, -1, 1)))
        state["verdict"] = f"Your guess is {angle:.0f}° off the sum of the normalised gradients."
    return state


def _cosines(rows: Array, direction: Array) -> Array:
    length = float(np.hypot(*direction))
    return np.asarray(rows @ direction / length if length > 1e-9 else np.zeros(len(rows)))


def three_gradients(figure: str = "Figure 1.3", predict: bool = True) -> Picture:
    """Figure 1.3, and the front page's picture: task gradients to drag, and what two sums make of them."""
    guess = [Point("guess", "my guess", (-0.5, -0.5), colour=COLOURS["orange"], vector=True)] if predict else []
    asked = Predict(
        'Where does the sum of the normalised gradients point? Drag the yellow arrow, "my guess", then reveal.',
        ["normalised"],
    )
    return Picture(
        title="Drag the gradients",
        controls=[
            Point("g1", "g₁", (1.6, 0.2), colour=TASKS[0], vector=True),
            Point("g2", "g₂", (-0.4, 0.9), colour=TASKS[1], vector=True),
            Point("g3", "g₃", (0.4, 0.4), colour=TASKS[3], vector=True),
            *guess,
            Toggle("two", "two tasks only (without g₃)"),
        ],
        compute=gradients_state,
        panels=[
            Panel(
                "Gradients of three tasks; the optimizer steps against the update",
                _SPAN,
                _SPAN,
                [
                    Path("cone", "no loss rises", COLOURS["green"], width=0.5, fill=True),
                    Arrows("sum", "plain sum", COLOURS["grey"], width=3),
                    Arrows("normalised", "normalised sum", COLOURS["ink"], width=4),
                ],
                width=420,
                height=420,
            ),
        ],
        readout=[
            Number("cosines", "cosines of the gradients with the normalised sum"),
            Number("sum cosines", "with the plain sum"),
        ],
        predict=asked if predict else None,
        presets={
            "One is ten times longer": {"g1": (1.6, 0.2), "g2": (-0.06, 0.14), "g3": (0.11, 0.11)},
            "Two against one": {"g1": (1.5, 0), "g2": (-1, 0.35), "g3": (-1, -0.25)},
            "Opposite": {"g1": (1.2, 0.5), "g2": (-1.2, -0.5), "two": True},
            "One is zero": {"g3": (0, 0)},
        },
        caption=f"{figure}. Drag the gradients of three tasks; the optimizer steps against the update. The shaded cone "
        "holds the updates against which no loss rises. The normalised sum (each gradient divided by its length, then "
        "added) never leaves it with two tasks; with three it can: try “Two against one”.",
        alt="Three coloured arrows from the origin of a plane with handles at their tips; a shaded wedge of the "
        "directions that have a non-negative inner product with all three; a grey arrow for the plain sum, which "
        "leans towards the longest gradient; and "
        + (
            "a yellow arrow to set as a guess; a black one for the normalised sum appears with Reveal."
            if predict
            else "a black one for the normalised sum."
        ),
    )
