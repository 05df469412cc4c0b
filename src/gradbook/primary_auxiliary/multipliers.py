"""The multipliers λ of the auxiliary gradients, from inner products alone: non-negative least squares.

With two ways to find them one coordinate at a time, in turn and the article's, kept to be shown.

Source: kexue.fm/archives/8907 (Su Jianlin, 2022), 主次型 and 迭代求解; numbers in
brackets are the equations of chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradbook.pareto_gradients.active_set import nonnegative_quadratic
from gradbook.pareto_gradients.min_norm import checked_gramian

Array = NDArray[np.float64]


def resolved(gramian: Array, inner_products: Array, values: Array, index: int) -> float:
    """Return the best λ_τ, τ = ``index``, while the other multipliers stay: the formula (3.7) of one auxiliary.

    The others count as part of the primary gradient. A zero gradient keeps λ = 0.
    """
    square = float(gramian[index, index])
    if square <= 0:
        return 0.0
    slope = float(inner_products[index] + gramian[index] @ values)
    return max(float(values[index]) - slope / square, 0.0)


def in_turn(gramian: Array, inner_products: Array) -> Iterator[Array]:
    """Yield λ from 0 on, re-solving coordinates 0, 1, …, n − 1, 0, …: cyclic coordinate descent, which converges."""
    values = np.zeros(len(inner_products))
    yield values.copy()
    while True:
        for i in range(len(values)):
            values[i] = resolved(gramian, inner_products, values, i)
            yield values.copy()


def most_violated(gramian: Array, inner_products: Array) -> Iterator[Array]:
    """Yield λ from 0 on, re-solving τ = argmin_i ⟨g_i, u⟩ each time, as the article does: (3.8).

    Ends when that coordinate doesn't move any more. This can be a wrong point: a multiplier that has become too large
    is not lowered, because its ⟨g_i, u⟩ is positive and never the smallest.
    """
    values = np.zeros(len(inner_products))
    yield values.copy()
    while True:
        index = int((inner_products + gramian @ values).argmin())
        new = resolved(gramian, inner_products, values, index)
        if abs(new - values[index]) <= 1e-15 * max(new, float(values[index])):
            return
        values[index] = new
        yield values.copy()


ITERATIONS: dict[str, Callable[[Array, Array], Iterator[Array]]] = {"cyclic": in_turn, "article": most_violated}
METHODS = ("active_set", *ITERATIONS)
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Multipliers:
    """Multipliers λ (n,), the squared length of the correction ‖Σ λ_i g_i‖², a certificate, and the steps taken.

    The length of u = g_0 + Σ λ_i g_i itself would need ‖g_0‖, which the solver isn't told. ``residual`` is
    max_i |min(λ_i ‖g_i‖, ⟨g_i, u⟩ / ‖g_i‖)| divided by max_i |⟨g_i, g_0⟩| / ‖g_i‖: it doesn't depend on the scale of
    any gradient, and is 0 only at the optimum. ``steps`` counts linear systems ("active_set") or coordinates
    re-solved. ``converged`` is False if the residual is above the tolerance.
    """

    values: Tensor
    squared_norm: float
    residual: float
    steps: int
    converged: bool = True


def auxiliary_multipliers(
    gramian: Tensor,
    inner_products: Tensor,
    method: str = "active_set",
    tolerance: float = TOLERANCE,
    max_steps: int = 10_000,
) -> Multipliers:
    """Return the λ ≥ 0 that minimise ½ ‖g_0 + Σ λ_i g_i‖²: (3.4).

    ``gramian`` (n, n) holds the inner products ⟨g_i, g_j⟩ of the auxiliary gradients, ``inner_products`` (n,) those
    with the primary gradient, ⟨g_i, g_0⟩. ``method`` is "active_set"; "cyclic", one coordinate after the other, until
    the residual is at most ``tolerance`` or ``max_steps`` coordinates were re-solved; or "article", the article's
    choice of the coordinate (3.8), kept to be shown: it can stall at a wrong point, and then says so by ``converged`` =
    False. λ comes in the dtype and on the device of ``gramian``; a zero auxiliary gradient gets λ = 0.

    The active set is as exact as inner products allow: in float64 they are right to ε = 2.2e-16, so u = g_0 + Σ λ_i g_i
    is to about κ²ε ‖g_0‖, where κ is the condition number of the auxiliaries at length 1. Auxiliaries that are parallel
    or opposite to one part in 1e8 they can't tell apart; the vectors can (``primary_direction``, κε).

    Raises the errors of :func:`gradbook.pareto_gradients.min_norm.checked_gramian`; TypeError for inner products that
    are no floating point tensor; ValueError for inner products of another shape, NaN or infinite, or not 0 with a zero
    gradient, for an unknown method, a tolerance or cap ≤ 0, and for λ beyond the range of the dtype. Inner products
    that no vector g_0 can have are not looked for: they end in a large residual.
    """
    matrix = checked_gramian(gramian)
    linear = _checked_inner_products(inner_products, matrix)
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if not tolerance > 0 or not max_steps >= 1:
        raise ValueError(f"tolerance must be > 0 and max_steps ≥ 1, got {tolerance} and {max_steps}")
    if method == "active_set":
        values, steps = nonnegative_quadratic(matrix, -linear)
    else:
        values, steps = _iterate(method, matrix, linear, tolerance, max_steps)
    found = torch.from_numpy(values).to(gramian)
    if not bool(torch.isfinite(found).all()):
        raise ValueError(f"a multiplier is too large for {gramian.dtype}: pass the inner products in float64")
    left = residual(matrix, linear, values)
    return Multipliers(found, max(float(values @ matrix @ values), 0.0), left, steps, left <= tolerance)


def residual(gramian: Array, inner_products: Array, values: Array) -> float:
    """Return how far λ = ``values`` is from the conditions (3.5), free of all scales; 0 at the optimum."""
    norms = np.sqrt(gramian.diagonal())
    some = norms > 0
    slack = inner_products + gramian @ values
    return violation((values * norms)[some], (slack[some] / norms[some]), inner_products[some] / norms[some])


def violation(values: Array, slack: Array, pull: Array) -> float:
    """Return max_i |min(λ_i, ⟨g_i, u⟩)| / max_i |⟨g_i, g_0⟩| for auxiliaries of length 1; 0 where nothing is asked."""
    most = np.abs(pull).max(initial=0.0)
    if most <= 0:
        return float("inf") if values.any() else 0.0
    return float(np.abs(np.minimum(values, slack)).max() / most)


def _iterate(method: str, gramian: Array, linear: Array, tolerance: float, max_steps: int) -> tuple[Array, int]:
    """Follow an iteration to its end, to the tolerance, or to the cap."""
    steps = -1
    for values in islice(ITERATIONS[method](gramian, linear), max_steps + 1):
        steps += 1
        if residual(gramian, linear, values) <= tolerance:
            break
    return values, steps


def _checked_inner_products(inner_products: Tensor, gramian: Array) -> Array:
    if not isinstance(inner_products, Tensor) or not inner_products.is_floating_point():
        kind = inner_products.dtype if isinstance(inner_products, Tensor) else type(inner_products).__name__
        raise TypeError(f"inner_products must be a floating point tensor, got {kind}")
    if inner_products.shape != (len(gramian),):
        raise ValueError(f"inner_products must have shape ({len(gramian)},), got {tuple(inner_products.shape)}")
    linear: Array = inner_products.detach().to("cpu", torch.float64).numpy()
    if not np.isfinite(linear).all():
        i = int(np.flatnonzero(~np.isfinite(linear))[0])
        raise ValueError(f"inner_products must be finite, got {linear[i]} at {i}")
    odd = np.flatnonzero((gramian.diagonal() <= 0) & (linear != 0))
    if len(odd):
        raise ValueError(
            f"inner_products[{odd[0]}] must be 0, as auxiliary {odd[0] + 1} is zero; got {linear[odd[0]]:g}"
        )
    return linear
