"""Random numbers that the pictures share, drawn once: a slider then only takes more or fewer of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.residual_depth.arrays import scaled_weights
from gradbook.residual_depth.design import Design

Array = NDArray[Any]
BATCH = 4


@cache
def _usual(width: int, depth: int) -> tuple[Array, Array]:
    """Two matrices a layer, each (depth, width, width), of the usual size; float64: squares may grow to e^700."""
    first, second = np.random.default_rng([8, width]).standard_normal((2, depth, width, width))
    made = scaled_weights(Design("ffn"), (first, second))
    return made[0], made[1]


def weights(design: Design, depth: int, width: int, deepest: int) -> tuple[Array, ...]:
    """Return the initial weights of the first ``depth`` of ``deepest`` layers, the same numbers for all designs."""
    used = _usual(width, deepest)[: 2 if design.branch == "ffn" else 1]
    return tuple(matrix[:depth] if design.gain == 1 else design.gain * matrix[:depth] for matrix in used)


@cache
def inputs(width: int) -> Array:
    """Return x_0 (4, width), each row of mean 0 and second moment 1."""
    x = np.random.default_rng([88, width]).standard_normal((BATCH, width))
    x -= x.mean(-1, keepdims=True)
    return np.asarray(x / np.sqrt((x**2).mean(-1, keepdims=True)))


@cache
def _usual_teams(width: int, depth: int, seeds: int) -> tuple[Array, ...]:
    normals = np.random.default_rng([8, width, seeds]).standard_normal((2, depth, seeds, width, width))
    return scaled_weights(Design("ffn"), (normals[0], normals[1]))


def teams(design: Design, depth: int, width: int, deepest: int, seeds: int) -> tuple[Array, ...]:
    """Return ffn weights of ``seeds`` networks side by side, (depth, seeds, width, width) each."""
    return tuple(design.gain * matrix[:depth] for matrix in _usual_teams(width, deepest, seeds))
