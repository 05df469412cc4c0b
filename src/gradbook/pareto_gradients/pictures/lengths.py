"""MGDA's love of small gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, TASKS, Dots, Panel, Path, Picture, Predict, Slider

Array = NDArray[np.float64]
_LENGTHS = np.logspace(-2, 2, 161)


def first_weight(length: Array | float, angle: float) -> Array:
    """Return α_1 for gradients of lengths ``length`` and 1 at ``angle`` degrees: (2.12)."""
    cosine = np.cos(np.radians(angle))
    c = np.asarray(length, dtype=float)
    across = c**2 - 2 * c * cosine + 1
    return np.asarray(np.clip((1 - c * cosine) / np.maximum(across, 1e-12), 0, 1))


def _cosines(length: Array | float, angle: float) -> tuple[Array, Array]:
    """The cosines of u with g_1 and g_2: whose loss falls how fast, per length of step and of gradient."""
    c, turn = np.asarray(length, dtype=float), np.radians(angle)
    weight = first_weight(c, angle)
    along, across = weight * c + (1 - weight) * np.cos(turn), (1 - weight) * np.sin(turn)
    size = np.maximum(np.hypot(along, across), 1e-12)
    return np.asarray(along / size), np.asarray((along * np.cos(turn) + across * np.sin(turn)) / size)


def lengths_state(length: float, angle: float, guess: float) -> dict[str, Any]:
    """The weights and the cosines for every length of the first gradient, and for the present one."""
    weight = float(first_weight(length, angle))
    first, second = _cosines(_LENGTHS, angle)
    here = [float(value) for value in _cosines(length, angle)]
    half = float(np.cos(np.radians(angle / 2)))
    return {
        "weight": np.column_stack([_LENGTHS, first_weight(_LENGTHS, angle)]),
        "here": np.array([[length, weight]]),
        "guess": np.array([[0.01, guess], [100.0, guess]]),
        "first cosine": np.column_stack([_LENGTHS, first]),
        "second cosine": np.column_stack([_LENGTHS, second]),
        "both": np.array([[length, here[0]], [length, here[1]]]),
        "fair": np.array([[0.01, half], [100.0, half]]),
        "note": "At 180° the hull holds the origin: u = 0, and its cosines mean nothing." if angle == 180 else "",
        "verdict": f"α₁ is {weight:.3f}; you guessed {guess:.2f}. The cosines of u with g₁ and g₂ are "
        f"{abs(here[0]):.2f} and {abs(here[1]):.2f}.",
    }


def love_of_small_gradients() -> Picture:
    """Figure 2.3: who is listened to when one gradient is longer than the other."""
    return Picture(
        title="Two gradients of different length",
        controls=[
            Slider("length", "length of g₁ (g₂ has length 1)", 0.01, 100, 10, log=True),
            Slider("angle", "angle between them, in degrees", 0, 180, 120),
            Slider("guess", "my guess of α₁", 0, 1, 0.9, step=0.01),
        ],
        compute=lengths_state,
        panels=[
            Panel(
                "Weight of the first task",
                (0.01, 100),
                (-0.03, 1.03),
                [
                    Path("guess", "my guess", COLOURS["grey"], dashed=True),
                    Path("weight", "α₁ of MGDA", TASKS[0], 3),
                    Dots("here", "here", COLOURS["orange"], 100),
                ],
                x_label="length of g₁",
                width=310,
                height=280,
                log_x=True,
            ),
            Panel(
                "Cosine of the update with each gradient",
                (0.01, 100),
                (-0.03, 1.03),
                [
                    Path("fair", "with both, normalised first", COLOURS["grey"], dashed=True),
                    Path("first cosine", "with g₁", TASKS[0], 3),
                    Path("second cosine", "with g₂", TASKS[1], 3, dashed=True),
                    Dots("both", "here", COLOURS["orange"], 100),
                ],
                x_label="length of g₁",
                width=310,
                height=280,
                log_x=True,
            ),
        ],
        predict=Predict(
            "The first gradient is ten times longer than the second. What weight does it get? Set your guess, "
            "then reveal.",
            ["weight", "here", "first cosine", "second cosine", "both"],
        ),
        presets={
            "A hundred times longer": {"length": 100},
            "A hundred times shorter": {"length": 0.01},
            "Nearly the same direction": {"angle": 20, "length": 2},
            "Opposite": {"angle": 180},
        },
        caption="Figure 2.3. Weight and influence of a task against the length of its gradient, drawn once revealed: "
        "to which of two gradients does MGDA listen?",
        alt="Two panels over the length of the first gradient, from 0.01 to 100 on a logarithmic axis, empty before "
        "the reveal. The weight of the first task falls from 1 to 0. The cosine of the update with the first "
        "gradient falls from 0.87 to 0, the cosine with the second one rises the other way; both cross where the "
        "lengths are equal, on a dashed line at the height that normalising first gives to both.",
    )
