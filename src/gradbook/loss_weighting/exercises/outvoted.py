"""Exercise 1.5: an example."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.exercises import Exercise, Mistake, Wrong
from gradbook.loss_weighting.exercises.invariance import solve_direction

Array = NDArray[np.float64]


def _conflicting(answer: Any) -> None:
    rows = np.asarray(answer, dtype=float)
    if rows.ndim != 2 or len(rows) != 3:
        raise Wrong(f"Three gradients are asked for, an array of shape (3, d); this has shape {rows.shape}.")
    if not np.isfinite(rows).all() or (np.linalg.norm(rows, axis=1) == 0).any():
        raise Wrong("Every gradient must be finite and not zero.")
    update = solve_direction(rows)
    inner = rows @ update
    if (inner < -1e-9).sum() < 2:
        told = "One loss rises" if (inner < -1e-9).any() else "No loss rises"
        raise Wrong(
            f"{told}: the inner products with the normalised sum are "
            + ", ".join(f"{value:.3g}" for value in inner)
            + "."
        )


def _same_arrays(a: Any, b: Any) -> bool:
    """Known mistakes of an example are kinds, not values: the kind is told by the number of rows that conflict."""
    return _kind(np.asarray(a, dtype=float)) == _kind(np.asarray(b, dtype=float))


def _kind(rows: Array) -> str:
    if rows.ndim != 2:
        return "no matrix"
    if len(rows) != 3:
        return "two" if len(rows) == 2 else "another number"
    if (np.linalg.norm(rows, axis=1) == 0).any():
        return "zero"
    if (rows @ solve_direction(rows) < -1e-9).sum() == 1:
        return "one"
    if (rows @ rows.sum(axis=0) < 0).any():
        return "only the plain sum conflicts"
    return "agree"


trap = Exercise(
    name="Exercise 1.5",
    prompt="Find three gradients, as a list of three vectors, for which a step against the sum of the normalised "
    "gradients makes two of the losses rise.",
    properties=[_conflicting],
    solution=[[1.0, 0.0], [-0.26, 0.97], [-0.26, -0.97]],
    mistakes=[
        Mistake(
            [[1.0, 0.0], [-0.1, 0.2], [0.0, 1.0]],
            "No task is outvoted yet. Let two of them nearly cancel each other, and the third point against both.",
        ),
        Mistake(
            [[10.0, 0.0], [-1.0, 0.5], [0.2, 1.0]],
            "The plain sum makes a loss rise here, but normalising took "
            "the long gradient's weight away. Lengths don't matter: turn "
            "the arrows.",
        ),
        Mistake(
            [[1.0, 0.0], [-1.0, 0.1], [-1.0, -0.1]],
            "Here two outvote the third, and one loss rises. Turn the two away from each other until they nearly "
            "cancel: then the third decides against both.",
        ),
        Mistake([[1.0, 0.0], [-1.0, 0.1]], "With two it can't be done: ⟨g₁, u⟩ = ‖g₁‖(1 + cos) is never negative."),
        Mistake([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]], "A zero gradient can't be normalised."),
    ],
    same=_same_arrays,
    hint="Two that nearly oppose each other leave little in the sum; what does the third do to both?",
)
