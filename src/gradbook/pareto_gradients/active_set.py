"""The exact solver behind chapters 2 and 3: a convex quadratic over the non-negative orthant, by active sets.

Sources: Wolfe, *Finding the nearest point in a polytope* (1976); Lawson & Hanson, *Solving least squares problems*
(1974), chapter 23; Kim & Park, *Fast nonnegative matrix factorization: an active-set-like method* (2011).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv

Array = NDArray[np.float64]
_EPSILON = float(np.finfo(np.float64).eps)
_VANISHES = 1e-290  # of the largest squared length: what is less has lost its digits
_EXCHANGES = 12  # more often than that, and exchanging is likely to go in a circle


def min_norm_combination(gramian: Array, summing: NDArray[np.bool_]) -> tuple[Array, int]:
    """Return the w ≥ 0 with the least wᵀKw whose entries in ``summing`` sum to 1, and the number of systems solved.

    With all entries in ``summing`` this is the point of a convex hull nearest to the origin (chapter 2); the entries
    outside it are free multipliers (chapter 3's hybrid). ``gramian`` K (n, n) holds the inner products of the
    columns; at least one entry is in ``summing``.

    The columns are lifted by one more coordinate, as Wolfe does: K + κ ccᵀ with c = 1 in ``summing`` and 0 outside.
    Its minimum y over y ≥ 0 without the sum, divided by cᵀy, is the minimum with it; and it exists where
    the hull holds the origin too. κ is the least squared length in ``summing``, so that neither term drowns.
    """
    if len(gramian) == 2 and summing.all():
        return np.array(altitude(gramian[0, 0], gramian[0, 1], gramian[1, 1])), 1
    lift = float(gramian.diagonal()[summing].min())
    if lift <= _VANISHES * float(gramian.diagonal().max()):  # a zero gradient is itself the nearest point
        weights = np.zeros(len(gramian))
        weights[np.flatnonzero(summing)[gramian.diagonal()[summing].argmin()]] = 1.0
        return weights, 0
    ones = summing.astype(np.float64)
    values, steps = nonnegative_quadratic(gramian / lift + np.outer(ones, ones), ones)
    return values / float(ones @ values), steps


def altitude(first: float, inner: float, second: float) -> tuple[float, float]:
    """Return α of the foot of the altitude, from ‖g_1‖², ⟨g_1, g_2⟩ and ‖g_2‖²: (2.12) of chapter 2."""
    ahead, behind = second - inner, first - inner
    if ahead <= 0 or behind <= 0:  # the foot lies at or beyond the shorter gradient
        return (0.5, 0.5) if first == second else (float(first < second), float(second < first))
    # Not 1 − α_1: a weight of 1e-17 on a gradient of norm 1e8 must not be rounded away.
    return float(ahead / (ahead + behind)), float(behind / (ahead + behind))


def growing_faces(gramian: Array) -> Iterator[Array]:
    """Yield Wolfe's way to the nearest point, for pictures: the weights (n,) on faces of the hull, one after the other.

    ``gramian`` (n, n) must have no zero on its diagonal.
    """
    ones = np.ones(len(gramian))
    unit, pull, scale = _unit_columns(gramian / gramian.diagonal().min() + 1, ones)
    for values in _grow_and_drop(unit, pull):
        yield values / scale / float((values / scale).sum())


def nonnegative_quadratic(matrix: Array, linear: Array) -> tuple[Array, int]:
    """Return the z ≥ 0 that minimises ½ zᵀMz − bᵀz, and the number of linear systems that it took.

    ``matrix`` M (n, n) is symmetric and positive semidefinite up to rounding, with the minimum finite; ``linear`` is
    b (n,). Every column is scaled to unit length first, so that lengths of 1e-8 and 1e8 may stand side by side. A
    column of length zero keeps z = 0.
    """
    unit, pull, scale = _unit_columns(matrix, linear)
    guess, steps = _exchange(unit, pull)
    if guess is not None:
        return guess / scale, steps
    path = list(_grow_and_drop(unit, pull))
    return path[-1] / scale, steps + len(path)


def _unit_columns(matrix: Array, linear: Array) -> tuple[Array, Array, Array]:
    """Return M and b for columns of length 1 (or 0), and the lengths that z is to be divided by."""
    lengths = np.sqrt(np.maximum(matrix.diagonal(), 0.0))
    scale = np.where(lengths > 0, lengths, 1.0)
    return matrix / scale / scale[:, None], np.where(lengths > 0, linear / scale, 0.0), scale


def _exchange(unit: Array, pull: Array) -> tuple[Array | None, int]:
    """Guess the set of positive entries and move all that are on the wrong side at once: a few systems, if it ends.

    Returns None where it doesn't end, or meets dependent columns.
    """
    positive, sizes = pull > 0, np.abs(unit)
    for step in range(_EXCHANGES):
        values = np.zeros(len(pull))
        columns = np.flatnonzero(positive)
        if len(columns):
            found = _equal_forces(unit, pull, columns)
            if found is None:
                return None, step
            values[columns] = found
        wrong = np.where(positive, values <= 0, _force(unit, sizes, pull, values) > 0)
        if not wrong.any():
            return values, step + 1
        positive ^= wrong
    return None, _EXCHANGES


def _grow_and_drop(unit: Array, pull: Array) -> Iterator[Array]:
    """Take in the column that pulls most, drop those that would turn negative, until none pulls: always ends."""
    values, sizes = np.zeros(len(pull)), np.abs(unit)
    positive: list[int] = []
    refused: list[int] = []
    for _ in range(10 * len(pull) + 10):
        force = _force(unit, sizes, pull, values)
        force[positive + refused] = 0.0
        newcomer = int(force.argmax())
        if force[newcomer] <= 0:
            break
        found = _equal_forces(unit, pull, [*positive, newcomer])
        if found is None or found[-1] <= 0:  # dependent on the others to rounding: it can't gain anything
            refused.append(newcomer)
            continue
        positive, refused = [*positive, newcomer], []
        while found is not None and found.min() <= 0:
            positive = _walk_to_the_wall(values, positive, found)
            found = _equal_forces(unit, pull, positive)
        if found is not None:
            values[positive] = found
        yield values.copy()
    yield values


def _walk_to_the_wall(values: Array, positive: list[int], aim: Array) -> list[int]:
    """Move ``values`` towards ``aim`` until the first of them is 0; return the columns that are still positive."""
    old = values[positive]
    falling = aim <= 0
    shares = np.where(falling, old / np.where(falling, old - aim, 1.0), np.inf)
    values[positive] = np.where(shares <= shares.min(), 0.0, old + shares.min() * (aim - old))
    return [i for i in positive if values[i] > 0]


def _force(unit: Array, sizes: Array, pull: Array, values: Array) -> Array:
    """How strongly each entry is drawn upwards, b − Mz; what rounding could make alone counts as 0."""
    force = pull - unit @ values
    rounding = 4 * (len(pull) + 4) * _EPSILON * (np.abs(pull) + sizes @ np.abs(values))
    return np.where(np.abs(force) > rounding, force, 0.0)


def _equal_forces(unit: Array, pull: Array, columns: list[int] | NDArray[np.int64]) -> Array | None:
    """Return the minimum over these columns without their signs; None if they are dependent."""
    some = np.asarray(columns, dtype=np.int64)
    _, found, info = dposv(unit[np.ix_(some, some)], pull[some])
    return None if info else found
