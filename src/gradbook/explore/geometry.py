"""Shapes as arrays of points: what marks draw.

A path is an array (m, 2) of x and y; a row of NaN lifts the pen. Everything here is a pure function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import contourpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
PEN_UP = np.full((1, 2), np.nan)


def join_paths(paths: Iterable[ArrayLike]) -> Array:
    """Join paths (m_i, 2) into one, with the pen lifted between them; no paths give an empty (0, 2)."""
    pieces: list[Array] = []
    for path in paths:
        pieces += [np.asarray(path, dtype=float).reshape(-1, 2), PEN_UP]
    return np.concatenate(pieces[:-1]) if pieces else np.empty((0, 2))


def contour_lines(x: ArrayLike, y: ArrayLike, heights: ArrayLike, levels: Sequence[float]) -> Array:
    """Return the lines of equal height as one path.

    ``x`` (p,) and ``y`` (q,) span the grid and ``heights`` is (q, p); ``levels`` are the heights to draw.
    """
    generator = contourpy.contour_generator(np.asarray(x), np.asarray(y), np.asarray(heights))
    return join_paths(np.asarray(line) for level in levels for line in generator.lines(level))


def arrow_outline(tail: ArrayLike, tip: ArrayLike, head: float) -> Array:
    """Return one arrow as a path: the shaft, then a triangular head of length ``head`` (shorter on short arrows).

    An arrow of length 0 is its single point: nothing is drawn and nothing is NaN.
    """
    start, end = np.asarray(tail, dtype=float), np.asarray(tip, dtype=float)
    length = float(np.hypot(*(end - start)))
    if length < 1e-12:
        return start[None, :]
    along = (end - start) / length * min(head, 0.6 * length)
    across = np.array([-along[1], along[0]]) * 0.45
    neck = end - along
    return np.stack([start, neck, neck + across, end, neck - across, neck])


def clip_polygon(polygon: ArrayLike, normal: ArrayLike) -> Array:
    """Return the part of a convex polygon (m, 2) where ⟨normal, point⟩ ≥ 0 (Sutherland and Hodgman's cut)."""
    corners = np.asarray(polygon, dtype=float)
    heights = corners @ np.asarray(normal, dtype=float)
    kept: list[Array] = []
    for i in range(len(corners)):
        here, there = heights[i - 1], heights[i]
        if (here >= 0) != (there >= 0):
            kept.append(corners[i - 1] + (corners[i] - corners[i - 1]) * here / (here - there))
        if there >= 0:
            kept.append(corners[i])
    return np.array(kept).reshape(-1, 2)
