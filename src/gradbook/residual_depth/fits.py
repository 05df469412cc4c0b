"""Straight lines through measured growth, with the uncertainty that seeds give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Slope:
    """A slope and its standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ± {self.error:.2f}".replace("-", "−")


def fit_slope(x: ArrayLike, y: ArrayLike) -> Slope:
    """Return the least-squares slope of y over x, the mean of one fit a seed, with its standard error.

    ``x`` (D,), ``y`` (S, D) with a row for each of S ≥ 2 independent seeds. Raises ValueError for other shapes, fewer
    than two places or seeds, places that are all the same, and numbers that aren't finite.
    """
    places, rows = _finite("x", x), _finite("y", y)
    if places.ndim != 1 or len(places) < 2 or np.ptp(places) == 0:
        raise ValueError(f"x must be one row of at least two different places, got shape {places.shape}")
    if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] != len(places):
        raise ValueError(f"y must have shape (S, {len(places)}) with S ≥ 2 seeds, got {rows.shape}")
    off = places - places.mean()
    slopes = rows @ off / (off @ off)
    return Slope(float(slopes.mean()), float(slopes.std(ddof=1) / len(slopes) ** 0.5))


def fit_exponent(depths: ArrayLike, values: ArrayLike) -> Slope:
    """Return k of values ∝ depth^k, from ``values`` (S, D), all positive; raises as :func:`fit_slope` does."""
    return fit_slope(np.log(_positive("depths", depths)), np.log(_positive("values", values)))


def fit_growth(depths: ArrayLike, values: ArrayLike) -> Slope:
    """Return c of values ∝ e^{c √depth}, from ``values`` (S, D), all positive; raises as :func:`fit_slope` does."""
    return fit_slope(np.sqrt(_positive("depths", depths)), np.log(_positive("values", values)))


def _finite(name: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}")
    return array


def _positive(name: str, values: ArrayLike) -> NDArray[Any]:
    array = _finite(name, values)
    if not (array > 0).all():
        raise ValueError(f"{name} must be positive, got {array.min()}")
    return array
