"""Weight decay and the rule without a coefficient on one loss over a plane, where the length of θ can be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Dots, Number, Panel, Path, Picture, Point, Slider, Toggle, contour_lines

Array = NDArray[np.float64]
Pair = tuple[float, float]

_SPAN = (-2.0, 2.0)
_STEPS = 60
_CENTRE = np.array([1.4, 0.7])
_CURVATURE = np.array([1.0, 0.35])
_GRID = np.linspace(*_SPAN, 50)
_TURN = np.linspace(0, 2 * np.pi, 73)


def loss_at(place: Array) -> float:
    """A bowl whose lowest point has length 1.57."""
    return float((_CURVATURE * (place - _CENTRE) ** 2).sum() / 2)


_RINGS = contour_lines(
    _GRID, _GRID, [[loss_at(np.array([x, y])) for x in _GRID] for y in _GRID], (0.05, 0.2, 0.5, 1.0, 2.0)
)


def plain(place: Array, gradient: Array) -> Array:
    """The gradient as it is."""
    return gradient


def free(place: Array, gradient: Array) -> Array:
    """Equation (3.11): g + relu(−⟨g, θ⟩)/‖θ‖² θ."""
    return gradient + _share(place, gradient) * place


def as_printed(place: Array, gradient: Array) -> Array:
    """The article's formula without its last factor: g + relu(−⟨g, θ⟩)/‖θ‖², a number added to every entry."""
    return gradient + _share(place, gradient)


def _share(place: Array, gradient: Array) -> float:
    square = float(place @ place)
    return max(-float(gradient @ place), 0.0) / square if square > 0 else 0.0


def descend(start: Pair, rate: float, rule: Callable[[Array, Array], Array], steps: int = _STEPS) -> Array:
    """Return the path (≤ steps + 1, 2) of gradient descent with the rule, until it leaves the neighbourhood."""
    place = np.array(start, dtype=float)
    path = [place]
    for _ in range(steps):
        place = place - rate * rule(place, _CURVATURE * (place - _CENTRE))
        if np.abs(place).max() > 20:
            break
        path.append(place)
    return np.array(path)


def growth_state(rate: float, decay: float, printed: bool, start: Pair) -> dict[str, Any]:
    """Three paths, or four, and the length of θ along each."""
    rules = {
        "plain": plain,
        "decay": lambda place, gradient: gradient + decay * place,
        "free": free,
    }
    paths = {name: descend(start, rate, rule) for name, rule in rules.items()}
    paths["printed"] = descend(start, rate, as_printed) if printed else np.empty((0, 2))
    state: dict[str, Any] = {"circle": float(np.hypot(*start)) * np.column_stack([np.cos(_TURN), np.sin(_TURN)])}
    for name, path in paths.items():
        lengths = np.hypot(*path.T)
        state[name] = path
        state[f"{name} length"] = np.column_stack([np.arange(len(path), dtype=float), lengths])
    ends = [paths[name][-1] for name in rules]
    state["ends"] = np.array(ends)
    state["lengths"] = ", ".join(f"{np.hypot(*end):.2f}" for end in ends)
    state["losses"] = ", ".join(f"{loss_at(end):.2f}" for end in ends)
    state["note"] = ""
    if len(paths["decay"]) <= _STEPS:
        state["note"] = "Weight decay diverges: the product of η and the coefficient is too large."
    elif printed and len(paths["printed"]) <= _STEPS:
        state["note"] = "The formula as printed runs away: without θ the correction is no projection."
    elif not np.hypot(*start):
        state["note"] = "θ = 0 has no direction to grow in: the first step is free, and its length is then the limit."
    return state


def coefficient_free() -> Picture:
    """Figure 3.3: L2 regularisation with a coefficient and without."""
    colours = {
        "plain": COLOURS["grey"],
        "decay": COLOURS["vermilion"],
        "free": COLOURS["green"],
        "printed": COLOURS["purple"],
    }
    names = {"plain": "no regularisation", "decay": "weight decay", "free": "no coefficient", "printed": "as printed"}
    return Picture(
        title="Three ways down one bowl",
        controls=[
            Slider("decay", "weight decay coefficient", 0.001, 1, 0.3, log=True),
            Slider("rate", "learning rate η", 0.01, 1, 0.2, log=True),
            Toggle("printed", "and the formula as printed, without the factor θ"),
            Point("start", "start", (0.5, -0.8), colour=COLOURS["ink"]),
        ],
        compute=growth_state,
        panels=[
            Panel(
                "The plane of parameters. Drag the start.",
                _SPAN,
                _SPAN,
                [
                    Path(_RINGS, "the loss", COLOURS["light"], width=1),
                    Path("circle", "‖θ‖ of the start", COLOURS["sky"], width=1, dashed=True),
                    *(Path(name, names[name], colour) for name, colour in colours.items()),
                    Dots("ends", "", COLOURS["ink"], 40, shape="square"),
                ],
                x_label="θ₁",
                y_label="θ₂",
                size=(330, 330),
            ),
            Panel(
                "The length ‖θ‖ along the paths",
                (0, _STEPS),
                (0, 2.5),
                [Path(f"{name} length", names[name], colour) for name, colour in colours.items()],
                x_label="step",
                y_label="‖θ‖",
                size=(300, 330),
            ),
        ],
        readout=[
            Number("lengths", "‖θ‖ at the end: plain, weight decay, no coefficient"),
            Number("losses", "loss at the end"),
        ],
        presets={
            "Start long: what is lost in length isn't won back": {"start": (-1.8, 0.6)},
            "A coefficient three times larger": {"decay": 0.91},
            "A large step lets ‖θ‖ grow after all": {"rate": 1.0, "start": (0.5, -0.8)},
            "Without the factor θ": {"printed": True},
            "θ = 0": {"start": (0, 0)},
        },
        caption="Figure 3.3. Gradient descent on one bowl from one start: plain, with weight decay, and with ½‖θ‖² as "
        "an auxiliary loss that must not rise. The last keeps close to the circle of its own length, leaving it by 8 % "
        "here, and needs no coefficient; weight decay stops at a length that its coefficient decides. Squares: "
        "where the paths end.",
        alt="Left: rings of a bowl around (1.4, 0.7), a dashed circle through the start at (0.5, −0.8) and three paths "
        "of 60 steps. The grey one goes to the centre of the rings, the orange one, weight decay, stops short of it, "
        "and the green one slides along the circle to where the bowl is lowest on it. Right: "
        "the lengths of θ over the steps; grey grows, orange levels out, green stays nearly constant.",
    )
