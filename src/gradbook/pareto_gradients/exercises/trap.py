"""Exercise 2.5: an example."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.exercises import Exercise, Mistake, Wrong
from gradbook.pareto_gradients.plane import at_features, direction, min_norm

Array = NDArray[np.float64]
_STRETCH = 3.0


def _pair(answer: Any) -> Array:
    rows = np.asarray(answer, dtype=float)
    if rows.shape != (2, 2):
        raise Wrong(f"Two gradients in the plane are asked for, an array of shape (2, 2); this has shape {rows.shape}.")
    if not np.isfinite(rows).all() or (np.abs(rows).max(axis=1) == 0).any():
        raise Wrong("Both gradients must be finite and not zero.")
    return rows


def _is_raised(answer: Any) -> None:
    rows = _pair(answer)
    inner = rows @ direction("MGDA-UB", rows, _STRETCH)
    if not (inner < -1e-9).any():
        raise Wrong(f"The inner products with MGDA-UB's update are {inner[0]:.3g} and {inner[1]:.3g}: no loss rises.")


def _kind(answer: Any) -> str:
    """Known mistakes of an example are kinds, not values."""
    rows = np.asarray(answer, dtype=float)
    if rows.shape != (2, 2):
        return "one" if rows.ndim < 2 or len(rows) == 1 else "another shape"
    if (np.abs(rows).max(axis=1) == 0).any():
        return "zero"
    if rows[0] @ rows[1] >= 0:
        return "no conflict"
    return "corner" if min_norm(at_features(rows, _STRETCH)).min() < 1e-12 else "between"


astray = Exercise(
    name="Exercise 2.5",
    prompt="The shared part is H(θ) = (3θ₁, θ₂). Find two gradients g₁, g₂ in the plane of θ, as a list of two "
    "vectors, for which a step against MGDA-UB's update makes a loss rise.",
    properties=[_is_raised],
    solution=[[1.5, -0.1], [-0.7, 1.0]],
    mistakes=[
        Mistake(
            [[1.0, 0.2], [0.5, 1.0]],
            "These two agree, and so every average of them suits both. Let them conflict: ⟨g₁, g₂⟩ < 0.",
        ),
        Mistake(
            [[0.3, 1.0], [0.3, -1.0]],
            "They conflict, but the bound mixes both, and well. Make it give most of the weight to one: let "
            "that one lie mostly along θ₁, where the shared part makes it look three times shorter than it is.",
        ),
        Mistake([[1.0, 2.0]], "That is one gradient; two are asked for."),
        Mistake([[1.0, 0.0], [0.0, 0.0]], "A zero gradient is itself the nearest point, and then u = 0."),
        Mistake([[1.0, 0.0, 0.0], [-1.0, 0.0, 1.0]], "The plane has two coordinates."),
    ],
    same=lambda a, b: _kind(a) == _kind(b),
    hint="∇_H L is g with its first entry divided by 3. The bound favours gradients that are short there.",
)
