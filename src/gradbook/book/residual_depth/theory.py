"""What theory says of sizes through the layers, in closed form or by the exact law of one layer.

All follow from one fact: for Gaussian W and any x, the entries of xW are independent Gaussians of variance ‖x‖² times
that of W's entries, whatever the direction of x. Numbers in brackets are the equations of chapter 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma
from scipy.stats import binom

from gradbook.checks import check_sizes

Array = NDArray[np.float64]
RELU_PUSH = math.pi**-0.5
"""E[relu(h)] for h of variance 2, the branch's mean for inputs of second moment 1: what pushes at every layer."""

RELU_RATE = 2 * RELU_PUSH
"""c of q_N ≈ cosh²(½ c √N) ≈ ¼ e^{c √N} (8.18), the second moment behind N relu branches with ε = 1/√N."""


def relu_moments(depth: int, scale: float) -> tuple[Array, Array]:
    """Return q_0 … q_N and m_0 … m_N, second moment and mean of x_l's entries, for relu branches of infinite width.

    (8.17), from q_0 = 1, m_0 = 0. Raises ValueError for a depth that isn't a whole number ≥ 1; where q leaves float64
    the rest is infinite.
    """
    check_sizes(depth=depth)
    q, m = [1.0], [0.0]
    for _ in range(depth):
        push = scale * RELU_PUSH * q[-1] ** 0.5
        q.append((1 + scale**2) * q[-1] + 2 * m[-1] * push)  # floats, whose sums overflow to infinity in silence
        m.append(m[-1] + push)
    return np.array(q), np.array(m)


def mean_free_moments(depth: int, scale: float) -> Array:
    """Return E q_0 … E q_N = (1 + ε²)^l for branches of mean zero, exact at every width: (8.10).

    Raises ValueError for a depth that isn't a whole number ≥ 1.
    """
    check_sizes(depth=depth)
    with np.errstate(over="ignore"):
        return np.asarray((1 + scale**2) ** np.arange(depth + 1.0))


@dataclass(frozen=True)
class LogNormal:
    """log q_N of plain nets: mean and standard deviation of those that live, and the share that is dead (q = 0)."""

    mean: float
    deviation: float
    dead: float


def plain_sizes(depth: int, width: int) -> LogNormal:
    """Return the law of log q_N for x' = relu(xW), W of variance 2/n, q_0 = 1: (8.20), exact in mean and deviation.

    A layer multiplies q by (2/n) χ²_K, where K of the n entries are positive, K binomial(n, ½). For large n the mean is
    about −5N/2n and the variance 5N/n. Raises ValueError for sizes that aren't whole numbers ≥ 1.
    """
    check_sizes(depth=depth, width=width)
    k = np.arange(1, width + 1)
    share = binom.pmf(k, width, 0.5) / (1 - 0.5**width)
    log_mean = digamma(k / 2) + np.log(2) + np.log(2 / width)
    mean = float(share @ log_mean)
    variance = float(share @ polygamma(1, k / 2) + share @ log_mean**2 - mean**2)
    return LogNormal(depth * mean, (depth * variance) ** 0.5, float(-np.expm1(depth * np.log1p(-(0.5**width)))))


def plain_log_factors(depth: int, width: int, seeds: int, rng: np.random.Generator) -> Array:
    """Draw log(q_{l+1}/q_l) of plain relu nets, (seeds, depth), by the exact law of one layer; −∞ where one dies.

    Raises ValueError for sizes that aren't whole numbers ≥ 1.
    """
    check_sizes(depth=depth, width=width, seeds=seeds)
    positive = rng.binomial(width, 0.5, (seeds, depth))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(2 * rng.standard_gamma(positive / 2) * 2 / width))


def residual_log_factors(scale: float, depth: int, width: int, seeds: int, rng: np.random.Generator) -> Array:
    """Draw log(q_{l+1}/q_l) of x' = x + ε relu(xW₁)W₂, (seeds, depth), by the exact law of one layer.

    The branch is √(S/n) ‖x‖ times a standard normal vector, S = (2/n) χ²_K as in a plain layer: a part along x and the
    rest across it. Raises ValueError for sizes that aren't whole numbers ≥ 1.
    """
    check_sizes(depth=depth, width=width, seeds=seeds)
    positive = rng.binomial(width, 0.5, (seeds, depth))
    size = 2 * rng.standard_gamma(positive / 2) * 2 / width
    along = 1 + scale * np.sqrt(size / width) * rng.standard_normal((seeds, depth))
    across = 2 * rng.standard_gamma((width - 1) / 2, (seeds, depth)) / width if width > 1 else 0.0
    return np.asarray(np.log(along**2 + scale**2 * size * across))


def vector_log_factors(
    scale: float, push: float, depth: int, dimension: int, seeds: int, rng: np.random.Generator
) -> Array:
    """Draw log(‖v_{l+1}‖/‖v_l‖) of v' = v(I + ε(μI + J)), (seeds, depth): J random with entries of variance 1/n.

    ``push`` μ is the part of the branch that goes the same way at every layer. In n dimensions vJ is a random vector of
    about v's length, of which the part 1/√n lies along v. Raises ValueError for sizes that aren't whole numbers ≥ 1.
    """
    check_sizes(depth=depth, dimension=dimension, seeds=seeds)
    along = 1 + scale * (push + rng.standard_normal((seeds, depth)) / dimension**0.5)
    across = 2 * rng.standard_gamma((dimension - 1) / 2, (seeds, depth)) / dimension if dimension > 1 else 0.0
    return np.asarray(np.log(np.maximum(along**2 + scale**2 * across, 1e-300)) / 2)
