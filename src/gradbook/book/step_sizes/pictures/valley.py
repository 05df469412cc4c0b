"""A valley L = ½ θᵀHθ in the plane, five optimizers that go down it, and the step sizes that one of them learns.

In numpy: fast enough to follow the reader's hand; tests tie each way down to torch's and the book's optimizers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradbook.book.descent import Rule, adam, gradient_descent, momentum
from gradbook.book.explore import COLOURS, Dots, Number, Panel, Path, Picture, Point, Slider, contour_lines

Array = NDArray[np.float64]
FAR = 1e3
"""A descent that gets this far from the bottom has diverged and is broken off."""


class Descent(NamedTuple):
    """Places (m, 2), the factors ν (m, 2) that multiplied the base rate, and whether it diverged, ending early."""

    places: Array
    gains: Array
    diverged: bool


def hessian(condition: float, angle: float) -> Array:
    """Return H (2, 2): curvature 1/``condition`` along the floor, at ``angle`` degrees to the right, and 1 across."""
    turn = math.radians(angle)
    flat, steep = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    return np.asarray(np.outer(steep, steep) + np.outer(flat, flat) / condition)


def loss(matrix: Array, places: Array) -> Array:
    """Return ½ θᵀHθ of places (…, 2)."""
    return np.asarray(np.einsum("...i,ij,...j->...", places, matrix, places) / 2)


Step = Callable[[Array], tuple[Array, Array]]
"""From a gradient (2,) to the change of the place (2,) and the factors ν (2,)."""


def without_gains(rule: Rule) -> Step:
    """Return the step of an optimizer that multiplies all entries by its rate, ν = 1 or none to speak of."""
    return lambda g: (-rule(g), np.ones(2))


def hypergradient(rate: float, gamma: float) -> Step:
    """η ← η + β ⟨g', g⟩ with β = γη₀: for small γ the step of the common factor ν is that of the meta rule."""
    previous, gain = np.zeros(2), 1.0

    def step(g: Array) -> tuple[Array, Array]:
        nonlocal gain
        gain = max(gain + gamma * float(previous @ g), 0.0)
        previous[:] = g
        return -rate * gain * g, np.full(2, gain)

    return step


def meta(rate: float, gamma: float, bound: float = 10.0, largest: float = 40 * math.log(2)) -> Step:
    """ν ← ν ⊙ exp(γ g' ⊙ g), θ ← θ − η ν ⊙ g: (7.9) and (7.7)."""
    previous, log_gain = np.zeros(2), np.zeros(2)

    def step(g: Array) -> tuple[Array, Array]:
        change = np.clip(gamma * previous * g, -bound, bound)
        log_gain[:] = np.clip(log_gain + change, -largest, largest)
        previous[:] = g
        gain = np.exp(log_gain)
        return -rate * gain * g, gain

    return step


METHODS: dict[str, Callable[[float, float], Step]] = {
    "gradient descent": lambda rate, gamma: without_gains(gradient_descent(rate)),
    "momentum": lambda rate, gamma: without_gains(momentum(rate)),
    "Adam": lambda rate, gamma: without_gains(adam(rate)),
    "hypergradient": hypergradient,
    "meta": meta,
}


def descend(
    method: str,
    matrix: Array,
    start: tuple[float, float],
    rate: float,
    gamma: float,
    noise: Array,
    scale: float = 1.0,
) -> Descent:
    """Go down from ``start`` for as many steps as ``noise`` (steps, 2) has rows.

    A row of ``noise`` is added to the gradient Hθ, and both are multiplied by ``scale``, the loss's unit.
    """
    step = METHODS[method](rate, gamma)
    place = np.array(start, dtype=float)
    places, gains = [place], [np.ones(2)]
    for row in noise:
        move, gain = step(scale * (matrix @ place + row))
        place = place + move
        places.append(place)
        gains.append(gain)
        if not abs(place).max() < FAR:
            return Descent(np.array(places), np.array(gains), True)
    return Descent(np.array(places), np.array(gains), False)


def typical_end(
    method: str, condition: float, angle: float, rate: float, gamma: float, steps: int = 60, starts: int = 8
) -> float:
    """Return the loss after ``steps`` noiseless steps, the geometric mean over ``starts`` starts evenly on a circle.

    The starts turn with the valley, so that a method that knows no axes gives the same at every angle. Infinite if one
    diverges.
    """
    matrix = hessian(condition, angle)
    turns = math.radians(angle) + 0.3 + 2 * math.pi / starts * np.arange(starts)
    runs = [
        descend(method, matrix, (1.8 * math.cos(t), 1.8 * math.sin(t)), rate, gamma, np.zeros((steps, 2)))
        for t in turns
    ]
    ends = [math.inf if run.diverged else float(loss(matrix, run.places[-1])) for run in runs]
    return float(np.exp(np.mean(np.log(ends))))


STEPS = 60
_SPAN = (-2.0, 2.0)
_GRID = np.linspace(*_SPAN, 81)
_PLACES = np.stack(np.meshgrid(_GRID, _GRID), axis=-1)
_LEVELS = [0.02, 0.1, 0.3, 0.7, 1.3]
_NOISE = np.random.default_rng(7).standard_normal((STEPS, 2))
_FLOOR = 1e-6
_STYLES = {
    "gradient descent": ("grey", 2.0, False),
    "momentum": ("sky", 1.5, False),
    "Adam": ("orange", 1.5, False),
    "hypergradient": ("green", 2.0, True),
    "meta": ("vermilion", 3.0, False),
}


def valley_state(
    condition: float, angle: float, rate: float, gamma: float, noise: float, unit: float, start: tuple[float, float]
) -> dict[str, Any]:
    """The five descents, their losses, and the gains of the meta rule and of hypergradient descent."""
    matrix = hessian(condition, angle)
    state: dict[str, Any] = {"contours": contour_lines(_GRID, _GRID, loss(matrix, _PLACES), _LEVELS)}
    words, far = [], []
    for name in METHODS:
        run = descend(name, matrix, start, rate, gamma, noise * _NOISE, unit)
        heights = loss(matrix, run.places)
        times = np.arange(len(heights))
        state[name] = np.clip(run.places, -3, 3)
        state[f"{name} loss"] = np.column_stack([times, np.clip(heights, _FLOOR, 10)])
        words.append(f"{name} {heights[-1]:.1e}")
        if run.diverged:
            far.append(name)
        if name in ("meta", "hypergradient"):
            gains = np.clip(run.gains, 1e-3, 1e3)
            state[f"{name} gains"] = [np.column_stack([times, column]) for column in gains.T]
    state["ν₁"], state["ν₂"] = state.pop("meta gains")
    state["ν of all"] = state.pop("hypergradient gains")[0]
    state["words"] = "; ".join(words)
    state["note"] = f"Diverged: {', '.join(far)}." if far else ""
    return state


def five_ways_down() -> Picture:
    """Figure 7.1: gradient descent, momentum, Adam, hypergradient descent and the meta rule in a valley."""
    return Picture(
        title=f"{STEPS} steps of five optimizers with the same base rate",
        controls=[
            Slider("condition", "condition number of the valley", 1, 100, 10, log=True),
            Slider("angle", "angle of its floor, in degrees", 0, 90, 0, step=1),
            Slider("rate", "base rate η", 0.01, 10, 0.1, log=True),
            Slider("gamma", "γ, the rate of the step sizes", 0.01, 100, 1, log=True),
            Slider("noise", "noise σ of the gradients", 0, 1, 0, step=0.05),
            Slider("unit", "unit: the loss times", 0.1, 10, 1, log=True),
            Point("start", "start", (-1.7, 1.2), (-1.95, -1.95), (1.95, 1.95), colour=COLOURS["vermilion"]),
        ],
        compute=valley_state,
        panels=[
            Panel(
                "The valley. Drag the start.",
                _SPAN,
                _SPAN,
                [
                    Path("contours", "", COLOURS["blue"], 0.7, opacity=0.5),
                    *(Path(name, name, COLOURS[c], w, dashed=d) for name, (c, w, d) in _STYLES.items()),
                    Dots(np.zeros((1, 2)), "", COLOURS["ink"], 50, shape="cross"),
                ],
                x_label="θ₁",
                y_label="θ₂",
                size=(360, 360),
            ),
            Panel(
                "The learned gains ν, factors of η",
                (0, STEPS),
                (1e-3, 1e3),
                [
                    Path("ν of all", "hypergradient", COLOURS["green"], 2, dashed=True),
                    Path("ν₁", "meta, ν of θ₁", COLOURS["vermilion"], 3),
                    Path("ν₂", "meta, ν of θ₂", COLOURS["purple"], 3),
                ],
                x_label="step",
                size=(240, 360),
                log_y=True,
            ),
            Panel(
                "The loss (without its unit), same colours",
                (0, STEPS),
                (_FLOOR, 10),
                [Path(f"{n} loss", "", COLOURS[c], w, dashed=d) for n, (c, w, d) in _STYLES.items()],
                x_label="step",
                size=(240, 360),
                log_y=True,
            ),
        ],
        readout=[Number("words", "loss at the end")],
        presets={
            "A long valley": {"condition": 100},
            "Turned by 45°": {"angle": 45},
            "Noise": {"noise": 0.5, "gamma": 0.3},
            "The loss times 10": {"unit": 10, "rate": 0.01},
            "γ too large": {"gamma": 100},
            "η too large": {"rate": 2.2},
        },
        caption="Figure 7.1. Five optimizers with one base rate, too small for this valley. The meta rule (red) learns "
        "a gain ν, a factor of the base rate, for each of the two parameters. That of the steep one grows within a few "
        "steps to nearly 10, where a single step goes to the floor, and stays there; that of the flat one, whose "
        "gradients are small, grows slowly.",
        alt="Left: ellipses of equal loss, long from left to right, and five paths from the upper left towards the "
        "cross in the middle; the red path of the meta rule falls straight to the floor and then goes along it, "
        "farther than gradient descent and less far than the others. Middle: the gains on a logarithmic axis; "
        "the purple one of the steep parameter jumps to nearly 10 and stays, the red one of the flat parameter rises "
        "slowly to 2. Right: the losses fall, those of momentum and Adam in waves.",
    )
