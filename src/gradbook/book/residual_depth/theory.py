"""What theory says of sizes through the layers, and small experiments that hold it against many stacks, in numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma
from scipy.stats import binom

from gradbook.book.residual_depth.arrays import backward, forward, scaled_weights
from gradbook.checks import check_sizes
from gradbook.residual_depth import Design
from gradbook.residual_depth.stack import sublayer_constants

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


_AT_ONCE = 2_000_000  # entries of weights: what stays in the processor's cache is worked on several times as fast


def draw(
    design: Design, depth: int, width: int, seeds: Sequence[int], rows: int = 4
) -> tuple[tuple[Array, ...], Array]:
    """Return the weights (N, S, n, n) of a stack a seed and their inputs (S, rows, n), rows of second moment 1."""
    drawn = [np.random.default_rng([seed, depth, width]) for seed in seeds]
    matrices = 2 if design.branch == "ffn" else 1
    normals = [np.stack([rng.standard_normal((depth, width, width)) for rng in drawn], axis=1) for _ in range(matrices)]
    x = np.stack([rng.standard_normal((rows, width)) for rng in drawn])
    x -= x.mean(-1, keepdims=True)
    return scaled_weights(design, normals), x / np.sqrt((x**2).mean(-1, keepdims=True))


def readouts(seeds: Sequence[int], rows: int, width: int) -> Array:
    """Return a normal ∂L/∂x_N (S, rows, n) for each seed."""
    return np.stack([np.random.default_rng([7, seed, width]).standard_normal((rows, width)) for seed in seeds])


def _by_few(measure: Callable[[range], Array], depth: int, width: int, seeds: int) -> Array:
    """Return ``measure`` (S, …) of all seeds, taken of a few at a time."""
    few = max(1, _AT_ONCE // (depth * width**2))
    found = np.concatenate([measure(range(seeds)[first : first + few]) for first in range(0, seeds, few)])
    found.setflags(write=False)
    return found


@cache
def sizes(design: Design, depth: int, width: int, seeds: int, rows: int = 4) -> tuple[Array, Array]:
    """Return the second moments and the means of the entries of x_l (rows, n), both (S, N + 1)."""

    def measure(few: range) -> Array:
        states = forward(design, *draw(design, depth, width, few, rows)).states
        return np.stack([((s**2).mean((-2, -1)), s.mean((-2, -1))) for s in states]).transpose(2, 1, 0)

    second, mean = _by_few(measure, depth, width, seeds).swapaxes(0, 1)
    return second, mean


def ends(branch: str, depths: Sequence[int], width: int = 64, seeds: int = 4) -> Array:
    """Return q_N with ε = 1/√N for every depth, (S, D)."""
    columns = [sizes(Design(branch, depth**-0.5), depth, width, seeds)[0][:, -1] for depth in depths]
    return np.stack(columns, axis=1)


@cache
def squared_gradients(design: Design, depth: int, width: int, seeds: int) -> Array:
    """Return ‖∇L‖² for a random readout of length 1 as loss, (S,)."""

    def measure(few: range) -> Array:
        weights, x = draw(design, depth, width, few)
        v = readouts(few, *x.shape[1:])
        v /= np.sqrt((v**2).sum((-2, -1), keepdims=True))
        _, gradients = backward(design, weights, forward(design, weights, x), v)
        total: Any = sum((g**2).sum((0, -2, -1)) for g in gradients)
        return np.asarray(total)

    return _by_few(measure, depth, width, seeds)


@cache
def output_and_gradient(design: Design, depth: int, width: int, seeds: int) -> tuple[Array, Array]:
    """Return the mean squares of x_N and of ∂L/∂x_0, both (S,), for one input and a ∂L/∂x_N of mean square 1."""

    def measure(few: range) -> Array:
        weights, x = draw(design, depth, width, few, rows=1)
        passed = forward(design, weights, x)
        v = readouts(few, 1, width)
        deltas, _ = backward(design, weights, passed, v / np.sqrt((v**2).mean(-1, keepdims=True)))
        return np.stack([(end**2).mean((-2, -1)) for end in (passed.states[-1], deltas[0])], axis=1)

    output, gradient = _by_few(measure, depth, width, seeds).T
    return output, gradient


def branch_share(design: Design, depth: int, width: int, seeds: int) -> Array:
    """Return ‖x_N − x_N^0‖² / ‖x_N‖², (S,): what all branches together change of the output.

    x_N^0 is the output with every branch taken away.
    """
    weights, x = draw(design, depth, width, range(seeds))
    whole = forward(design, weights, x).states[-1]
    bare = forward(replace(design, scale=0.0), weights, x).states[-1]
    share: Any = ((whole - bare) ** 2).sum((-2, -1)) / (whole**2).sum((-2, -1))
    return np.asarray(share)


def deepnorm_design(sublayers: int, optimizer: str) -> Design:
    """Return DeepNorm with the article's constants for a stack of ``sublayers`` ffn layers (half a block each).

    Raises ValueError for ``sublayers`` that isn't a whole number ≥ 1 and for an unknown optimizer.
    """
    alpha, gain = sublayer_constants(sublayers, optimizer)
    return Design("ffn", norm="post", skip=alpha, gain=gain)


def misplaced_alpha(sublayers: int, optimizer: str) -> Design:
    """Return DeepNorm with α on the wrong side: Norm(x + α f(x)) instead of Norm(α x + f(x))."""
    right = deepnorm_design(sublayers, optimizer)
    return Design("ffn", norm="post", skip=1.0, scale=right.skip, gain=right.gain)


VARIANTS: dict[str, Callable[[int], Design]] = {
    "plain": lambda depth: Design("ffn", skip=0.0),
    "plain, normed": lambda depth: Design("ffn", skip=0.0, norm="post"),
    "ε = 1": lambda depth: Design("ffn"),
    "ε = 1/√N": lambda depth: Design("ffn", scale=depth**-0.5),
    "ε = 1/N": lambda depth: Design("ffn", scale=1 / depth),
    "ε = 1/√N, relu branch": lambda depth: Design("relu", scale=depth**-0.5),
    "Post-LN": lambda depth: Design("ffn", norm="post"),
    "Pre-LN": lambda depth: Design("ffn", norm="pre"),
    "DeepNorm (SGD)": lambda depth: deepnorm_design(depth, "sgd"),
    "DeepNorm (Adam)": lambda depth: deepnorm_design(depth, "adam"),
    "DeepNorm (LAMB)": lambda depth: deepnorm_design(depth, "lamb"),
}
"""By name: from the number of sub-layers to the design of each."""

PREDICTED: dict[str, tuple[float, float, float]] = {
    "plain, normed": (1.0, 1.0, 1.0),
    "Post-LN": (1.0, 1.0, 1.0),
    "ε = 1/√N": (0.0, 0.5, 0.5),
    "ε = 1/N": (-1.0, 0.0, 0.0),
    "Pre-LN": (0.0, 0.5, 0.5),
    "DeepNorm (SGD)": (0.0, 0.5, 0.25),
    "DeepNorm (Adam)": (-1.0, 0.0, -0.5),
    "DeepNorm (LAMB)": (0.0, 0.5, 0.0),
}
"""The power of N by which the loss moves in one small step of SGD, Adam and LAMB, for a branch of mean zero."""
