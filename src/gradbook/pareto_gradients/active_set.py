"""The exact solver behind chapters 2 and 3: a convex quadratic over the non-negative orthant, by active sets.

One method for two kinds of input. Inner products are enough, and cost nothing to work with, but they square the
condition number κ of the columns: the answer's combination of columns is right to about κ²ε, ε = 2.2e-16. From the
columns themselves it is right to about κε.

Sources: Wolfe, *Finding the nearest point in a polytope* (1976); Lawson & Hanson, *Solving least squares problems*
(1974), chapter 23; Kim & Park, *Fast nonnegative matrix factorization: an active-set-like method* (2011).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgeqp3, dorgqr, dposv, dtrtrs

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
    problem, scale = _from_products(gramian / gramian.diagonal().min() + 1, ones)
    for values in grow_and_drop(problem):
        yield values / scale / float((values / scale).sum())


def nonnegative_quadratic(matrix: Array, linear: Array) -> tuple[Array, int]:
    """Return the z ≥ 0 that minimises ½ zᵀMz − bᵀz, and the number of linear systems that it took.

    ``matrix`` M (n, n) is symmetric and positive semidefinite up to rounding, with the minimum finite; ``linear`` is
    b (n,). Every column is scaled to unit length first, so that lengths of 1e-8 and 1e8 may stand side by side. A
    column of length zero keeps z = 0.
    """
    problem, scale = _from_products(matrix, linear)
    values, steps = _solved(problem)
    return values / scale, steps


def nonnegative_least_squares(columns: Array, target: Array) -> tuple[Array, int]:
    """Return the z ≥ 0 that minimises ‖Cz − t‖, and the number of linear systems that it took.

    ``columns`` C (m, n) have length 1 or 0, and those of length 0 keep z = 0; ``target`` is t (m,). The same as
    :func:`nonnegative_quadratic` for M = CᵀC and b = Cᵀt, from the columns themselves.
    """
    return _solved(Columns(columns, target))


def _solved(problem: Products | Columns) -> tuple[Array, int]:
    guess, steps = exchange(problem)
    if guess is not None:
        return guess, steps
    path = list(grow_and_drop(problem))
    return path[-1], steps + len(path)


@dataclass(frozen=True)
class Products:
    """M and b for columns of length 1 or 0."""

    matrix: Array
    sizes: Array  # |M|
    pull: Array

    def force(self, values: Array) -> Array:
        """How strongly each entry is drawn upwards, b − Mz; what rounding could make alone counts as 0."""
        force = self.pull - self.matrix @ values
        rounding = 4 * (len(force) + 4) * _EPSILON * (np.abs(self.pull) + self.sizes @ np.abs(values))
        return np.where(np.abs(force) > rounding, force, 0.0)

    def equal_forces(self, columns: list[int] | NDArray[np.int64]) -> Array | None:
        """Return the minimum over these columns without their signs; None if they are dependent."""
        some = np.asarray(columns, dtype=np.int64)
        _, found, info = dposv(self.matrix[some[:, None], some], self.pull[some])
        return None if info else found


@dataclass(frozen=True)
class Columns:
    """The columns C of length 1 or 0 themselves, and t."""

    columns: Array
    target: Array

    @property
    def pull(self) -> Array:
        """Cᵀt."""
        return self.force(np.zeros(self.columns.shape[1]))

    def force(self, values: Array) -> Array:
        """Cᵀ(t − Cz) for z that solves :meth:`equal_forces`; what rounding could make alone counts as 0.

        t − Cz is t without its part in the span of the columns that z uses: found so, it doesn't suffer from a large z.
        """
        rest = self.target
        if values.any():
            basis, _, _ = pivoted_qr(self.columns[:, np.flatnonzero(values)])
            for _ in range(2):
                rest = rest - basis @ (basis.T @ rest)
        force = rest @ self.columns
        return np.where(np.abs(force) > self._rounding() * np.sqrt(self.target @ self.target), force, 0.0)

    def equal_forces(self, columns: list[int] | NDArray[np.int64]) -> Array | None:
        """By QR, the column farthest from the span of those before it next: the last distance tells dependence."""
        if len(columns) > len(self.columns):
            return None
        basis, triangle, order = pivoted_qr(self.columns[:, columns])
        if abs(triangle[-1, -1]) <= self._rounding():
            return None
        found = np.empty(len(columns))
        found[order] = dtrtrs(triangle, basis.T @ self.target)[0]
        return found

    def _rounding(self) -> float:
        return 4 * (sum(self.columns.shape) + 4) * _EPSILON


def pivoted_qr(columns: Array) -> tuple[Array, Array, NDArray[np.int64]]:
    """Return Q (m, k), R in an upper triangle (k, k), and which of the k ≤ m columns comes at which place.

    At each place comes the column that is farthest from the span of those before it, by |R_ii|.
    """
    packed, order, tau, _, _ = dgeqp3(columns)
    return dorgqr(packed, tau)[0], packed[: len(order)], order - 1


def _from_products(matrix: Array, linear: Array) -> tuple[Products, Array]:
    """Return the problem for columns of length 1 (or 0), and the lengths that z is to be divided by."""
    lengths = np.sqrt(np.maximum(matrix.diagonal(), 0.0))
    scale = np.where(lengths > 0, lengths, 1.0)
    unit = matrix / scale / scale[:, None]
    return Products(unit, np.abs(unit), np.where(lengths > 0, linear / scale, 0.0)), scale


def exchange(problem: Products | Columns) -> tuple[Array | None, int]:
    """Guess the set of positive entries and move all that are on the wrong side at once: a few systems, if it ends.

    Returns None where it doesn't end, or meets dependent columns.
    """
    pull = problem.pull
    positive, steps = pull > 0, 0
    for _ in range(_EXCHANGES):
        values = np.zeros(len(pull))
        columns = np.flatnonzero(positive)
        if len(columns):
            found = problem.equal_forces(columns)
            if found is None:
                return None, steps
            values[columns], steps = found, steps + 1
        wrong = np.where(positive, values <= 0, problem.force(values) > 0)
        if not wrong.any():
            return values, steps
        positive ^= wrong
    return None, steps


def grow_and_drop(problem: Products | Columns) -> Iterator[Array]:
    """Take in the column that pulls most, drop those that would turn negative, until none pulls: always ends."""
    values = np.zeros(len(problem.pull))
    positive: list[int] = []
    refused: list[int] = []
    for _ in range(10 * len(values) + 10):
        force = problem.force(values)
        force[positive + refused] = 0.0
        newcomer = int(force.argmax())
        if force[newcomer] <= 0:
            break
        found = problem.equal_forces([*positive, newcomer])
        if found is None or found[-1] <= 0:  # dependent on the others to rounding: it can't gain anything
            refused.append(newcomer)
            continue
        positive, refused = [*positive, newcomer], []
        while found is not None and found.min() <= 0:
            positive = _walk_to_the_wall(values, positive, found)
            found = problem.equal_forces(positive)
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
