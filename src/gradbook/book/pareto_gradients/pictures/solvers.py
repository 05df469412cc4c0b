"""MGDA's love of small gradients, and the solvers at work, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import (
    COLOURS,
    TASKS,
    Choice,
    Dots,
    Number,
    Panel,
    Path,
    Picture,
    Point,
    Predict,
    Slider,
    Steps,
)
from gradbook.book.pareto_gradients.measurements import min_norm
from gradbook.pareto_gradients.active_set import altitude, growing_faces
from gradbook.pareto_gradients.iterations import ITERATIONS

Array = NDArray[np.float64]
_LENGTHS = np.logspace(-2, 2, 161)


def first_weight(length: Array | float, angle: float) -> Array:
    """Return α_1 for gradients of lengths ``length`` and 1 at ``angle`` degrees: (2.12)."""
    cosine = np.cos(np.radians(angle))
    return np.asarray(np.vectorize(lambda c: altitude(c * c, c * cosine, 1.0)[0])(length))


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
                size=(310, 280),
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
                size=(310, 280),
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


_LAST = 60
_FLOOR = 1e-12
_SHOWN = dict(zip(ITERATIONS, ("vermilion", "orange", "purple", "green"), strict=True))


def solver_state(
    method: str, step: int, g1: tuple[float, float], g2: tuple[float, float], g3: tuple[float, float]
) -> dict[str, Any]:
    """Where each iteration is after ``step`` steps, and how far it is from the nearest point."""
    gradients = np.array([g1, g2, g3])
    gramian = gradients @ gradients.T
    best = min_norm(gradients)
    scale = max(float(gramian.diagonal().max()), 1e-12)
    places = {name: _walk(start(gramian), gradients, step) for name, start in ITERATIONS.items()}
    zero = bool(gramian.diagonal().min() < 1e-12)
    exact = (best @ gradients)[None] if zero else _walk(growing_faces(gramian), gradients, step)
    nothing = np.empty((0, 2))
    state: dict[str, Any] = {
        "hull": np.vstack([gradients, gradients[:1]]),
        "nearest": (best @ gradients)[None],
        "exact": exact,
        "active_set error": _errors(exact, best @ gradients, scale),
    }
    for name, path in places.items():
        state[f"{name} path"] = path if name == method else nothing
        state[f"{name} here"] = path[-1:] if name == method else nothing
        state[f"{name} error"] = _errors(path, best @ gradients, scale)
    u = places[method][-1]
    state["gap"] = max(float(u @ u - (gradients @ u).min()), 0.0)
    state["off"] = max(float(u @ u - (best @ gradients) @ (best @ gradients)), 0.0)
    state["note"] = "A zero gradient is itself the nearest point." if zero else ""
    return state


def _walk(iteration: Iterator[Array], gradients: Array, step: int) -> Array:
    return np.array([weights @ gradients for weights in islice(iteration, step + 1)])


def _errors(path: Array, nearest: Array, scale: float) -> Array:
    """The squared distance of each place from the nearest point, in units of the longest gradient's square."""
    off = ((path - nearest) ** 2).sum(1) / scale
    steps = np.arange(len(path), dtype=float)
    if len(path) < 3 and off[-1] < _FLOOR:  # a method that has ended stays where it is
        off, steps = np.append(off, off[-1]), np.append(steps, steps[-1] + 1)
    return np.column_stack([steps, np.clip(off, _FLOOR, 1.0)])


def solver_steps() -> Picture:
    """Figure 2.2: the article's iterations and the active set on the way to the nearest point."""
    return Picture(
        title="On the way to the nearest point",
        controls=[
            Choice("method", "iteration", tuple(ITERATIONS), "frank_wolfe"),
            Steps("step", "steps", _LAST, 30, interval_ms=250),
            Point("g1", "g₁", (1.6, 0.5), colour=COLOURS["grey"], vector=True),
            Point("g2", "g₂", (-1.4, 0.6), colour=COLOURS["grey"], vector=True),
            Point("g3", "g₃", (0.2, 1.7), colour=COLOURS["grey"], vector=True),
        ],
        compute=solver_state,
        panels=[
            Panel(
                "The plane of gradients (drag them)",
                (-2, 2),
                (-2, 2),
                [
                    Path("hull", "hull", COLOURS["sky"], width=1, fill=True),
                    Path("exact", "active set", COLOURS["ink"], width=4, opacity=0.5),
                    *(Path(f"{name} path", "", COLOURS[colour], 1.5) for name, colour in _SHOWN.items()),
                    *(Dots(f"{name} here", "", COLOURS[colour], 50) for name, colour in _SHOWN.items()),
                    Dots("nearest", "nearest point", COLOURS["ink"], 70, shape="diamond"),
                ],
                size=(380, 380),
            ),
            Panel(
                "Squared distance to it (in units of the longest ‖g‖²)",
                (0, _LAST),
                (_FLOOR, 1),
                [
                    *(Path(f"{name} error", name, COLOURS[colour], 2) for name, colour in _SHOWN.items()),
                    Path("active_set error", "active set", COLOURS["ink"], 3, dashed=True),
                ],
                x_label="step",
                size=(300, 380),
                log_y=True,
            ),
        ],
        readout=[
            Number("off", "true error ‖u‖² − ‖u*‖²", ".2e"),
            Number("gap", "duality gap", ".2e"),
        ],
        presets={
            "Optimum on an edge: zig-zag": {"step": 60},
            "Averaging circles in": {"method": "averaging", "step": 60},
            "Optimum inside the hull": {"g1": (1.5, 0.4), "g2": (-1.3, 0.9), "g3": (-0.2, -1.6), "step": 60},
            "Optimum at a corner": {"g1": (0.5, 0.4), "g2": (1.0, 1.8), "g3": (1.9, 0.9), "step": 20},
            "Collinear": {"g1": (0.4, 0.5), "g2": (0.8, 1.0), "g3": (1.4, 1.75)},
        },
        caption="Figure 2.2. Press play. The active set (thick) walks to the nearest point on ever larger faces and is "
        "done in one or two steps here; the iteration of your choice takes its own way. Right: all methods, in the "
        "colours of their paths, on a logarithmic scale.",
        alt="Left: a triangle of three gradients; a thick path along a corner and the lower edge to the point of it "
        "that is nearest to the origin and a zig-zag path there from the triangle's middle. Right: "
        "the squared distance from the nearest point against the step; the dashed line of the active set falls to the "
        "bottom at once, three iterations fall slowly, the exponentiated one faster.",
    )
