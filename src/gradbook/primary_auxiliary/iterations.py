"""Two ways to find the multipliers one coordinate at a time: in turn, and the article's.

Source: kexue.fm/archives/8907 (Su Jianlin, 2022), 迭代求解; numbers in brackets are the equations of chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

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
"""The iterations by the name that :func:`gradbook.primary_auxiliary.auxiliary_multipliers` knows them by."""
