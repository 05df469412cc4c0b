"""Projections and cones in the plane, in plain numpy: what the pictures of gradients share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import clip_polygon
from gradbook.pareto_gradients.active_set import nonnegative_quadratic

Array = NDArray[np.float64]

SPAN = (-2.2, 2.2)
_BOX = np.array([[-2.2, -2.2], [2.2, -2.2], [2.2, 2.2], [-2.2, 2.2]])


def multipliers(primary: Array, auxiliaries: Array) -> Array:
    """Return the λ ≥ 0 for which ``primary`` + Σ λ_i ``auxiliaries``_i is shortest."""
    return nonnegative_quadratic(auxiliaries @ auxiliaries.T, -(auxiliaries @ primary))[0]


def update_of(primary: Array, auxiliaries: Array, values: Array) -> Array:
    """Return g_0 + Σ λ_i g_i, exactly 0 where only rounding is left."""
    found = primary + values @ auxiliaries
    size = float(np.hypot(*primary)) + float(values @ np.hypot(*auxiliaries.T))
    return np.asarray(found if np.hypot(*found) > 1e-12 * size else np.zeros(2))


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
