"""The solvers at work, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Point, Steps
from gradbook.pareto_gradients.active_set import growing_faces
from gradbook.pareto_gradients.iterations import ITERATIONS
from gradbook.pareto_gradients.plane import min_norm

Array = NDArray[np.float64]
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
                width=380,
                height=380,
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
                width=300,
                height=380,
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
