"""Three gradients to drag and two sums of them, and the power mean of three losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import (
    COLOURS,
    TASKS,
    Arrows,
    Bars,
    Dots,
    Number,
    Panel,
    Path,
    Picture,
    Point,
    Predict,
    Slider,
    Toggle,
    clip_polygon,
    join_paths,
)

Array = NDArray[np.float64]


def short(vector: Array, length: float = 0.55) -> Array:
    """The vector with another length, to be drawn; a zero vector stays zero."""
    norm = float(np.hypot(*vector))
    return vector * (length / norm) if norm > 1e-12 else vector


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
                size=(420, 420),
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


_GAMMAS = np.linspace(-8, 8, 81)


def power_means(losses: Array, gammas: Array) -> Array:
    """Return L(γ) for every γ in ``gammas`` (m,), losses (n,) positive: plain numpy, for pictures."""
    logs = np.log(losses)
    means = np.full(len(gammas), logs.mean())
    away = np.abs(gammas) > 1e-9
    tilted = gammas[away, None] * logs
    top = tilted.max(axis=1)
    means[away] = (top + np.log(np.exp(tilted - top[:, None]).mean(axis=1))) / gammas[away]
    return np.asarray(np.exp(means))


def power_mean_state(
    gamma: float,
    guess: float,
    first: tuple[float, float],
    second: tuple[float, float],
    third: tuple[float, float],
) -> dict[str, Any]:
    """The mean of three losses for every exponent, and the weights that the present one implies."""
    losses = np.array([first[1], second[1], third[1]])
    mean = float(power_means(losses, np.array([gamma]))[0])
    weights = (losses / mean) ** (gamma - 1) / 3
    return {
        "curve": np.column_stack([_GAMMAS, power_means(losses, _GAMMAS)]),
        "here": np.array([[gamma, mean]]),
        "bounds": join_paths([[[-8, edge], [8, edge]] for edge in (losses.min(), losses.max())]),
        "level": np.array([[0.5, mean], [3.5, mean]]),
        "guess": np.array([[0.5, guess], [3.5, guess]]),
        "shares": weights * losses / mean,
        "mean": mean,
        "weights": ", ".join(f"{w:.3g}" for w in weights),
        "verdict": f"L(γ) is {mean:.3g}; you guessed {guess:.3g}, which is {guess / mean:.3g} times that.",
    }


def power_mean_weights() -> Picture:
    """Figure 1.2: what one exponent does to three losses."""

    def loss(name: str, label: str, place: int, value: float) -> Point:
        return Point(name, label, (place, value), (place, 0.01), (place, 100.0), colour=TASKS[place - 1], axis="y")

    return Picture(
        title="One exponent for three losses",
        controls=[
            Slider("gamma", "exponent γ", -8, 8, 0, step=0.05),
            Slider("guess", "my guess of L(γ)", 0.01, 100, 30, log=True),
            loss("first", "L₁", 1, 0.1),
            loss("second", "L₂", 2, 1.0),
            loss("third", "L₃", 3, 50.0),
        ],
        compute=power_mean_state,
        panels=[
            Panel(
                "Three losses (drag them up and down)",
                (0.5, 3.5),
                (0.01, 100),
                [
                    Path("guess", "my guess", COLOURS["grey"], dashed=True),
                    Path("level", "L(γ)", COLOURS["ink"], width=3),
                ],
                y_label="loss",
                size=(220, 270),
                log_y=True,
                x_ticks={1: "1", 2: "2", 3: "3"},
            ),
            Panel(
                "L(γ) for every γ",
                (-8, 8),
                (0.01, 100),
                [
                    Path("bounds", "smallest and largest loss", COLOURS["grey"], width=1, dashed=True),
                    Path("curve", "L(γ)", COLOURS["ink"]),
                    Dots("here", "here", COLOURS["orange"], 110),
                ],
                x_label="γ",
                size=(270, 270),
                log_y=True,
            ),
            Panel(
                "Share sᵢ of each task in the change of log L(γ)",
                (-0.5, 2.5),
                (0, 1),
                [Bars("shares", colours=TASKS[:3])],
                size=(190, 270),
                x_ticks={0: "1", 1: "2", 2: "3"},
            ),
        ],
        readout=[Number("weights", "weights ∂L(γ)/∂Lᵢ")],
        predict=Predict(
            "Where does the mean of the three losses lie for γ = 0? Set your guess, then reveal.",
            ["level", "curve", "here"],
        ),
        presets={
            "γ → −∞ looks at the smallest": {"gamma": -8},
            "γ → ∞ looks at the largest": {"gamma": 8},
            "One loss nearly 0": {"gamma": -1, "first": (1, 0.01)},
        },
        caption="Figure 1.2. Three losses that you can drag, their power mean for one exponent and for all, and the "
        "share of each in its relative change: equal at γ = 0, to the largest loss as γ grows, to the smallest as it "
        "falls.",
        alt="Three coloured dots at heights 0.1, 1 and 50 on a logarithmic axis with a level line for a guess; a "
        "rising curve of the power mean over γ from −8, near the smallest loss, to 8, near the largest, shown after "
        "the reveal; and three bars, each a third high at γ = 0.",
    )
