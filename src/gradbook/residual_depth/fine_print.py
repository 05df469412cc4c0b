"""Small experiments behind the fine print: many stacks at once, in numpy, reproducible by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.residual_depth.arrays import backward, forward, scaled_weights
from gradbook.residual_depth.design import Design

Array = NDArray[np.float64]


def draw(design: Design, depth: int, width: int, seeds: int, rows: int = 4) -> tuple[tuple[Array, ...], Array]:
    """Return the weights (N, S, n, n) of ``seeds`` stacks and their inputs (S, rows, n), rows of second moment 1."""
    drawn = [np.random.default_rng([seed, depth, width]) for seed in range(seeds)]
    matrices = 2 if design.branch == "ffn" else 1
    normals = [np.stack([rng.standard_normal((depth, width, width)) for rng in drawn], axis=1) for _ in range(matrices)]
    x = np.stack([rng.standard_normal((rows, width)) for rng in drawn])
    x -= x.mean(-1, keepdims=True)
    return scaled_weights(design, normals), x / np.sqrt((x**2).mean(-1, keepdims=True))


def sizes(design: Design, depth: int, width: int, seeds: int, rows: int = 4) -> tuple[Array, Array]:
    """Return the second moments and the means of the entries of x_l (rows, n), both (S, N + 1)."""
    weights, x = draw(design, depth, width, seeds, rows)
    states = forward(design, weights, x).states
    return np.stack([(s**2).mean((-2, -1)) for s in states], 1), np.stack([s.mean((-2, -1)) for s in states], 1)


def ends(branch: str, depths: Sequence[int], width: int = 64, seeds: int = 4) -> Array:
    """Return q_N with ε = 1/√N for every depth, (S, D)."""
    columns = [sizes(Design(branch, depth**-0.5), depth, width, seeds)[0][:, -1] for depth in depths]
    return np.stack(columns, axis=1)


def squared_gradients(design: Design, depth: int, width: int, seeds: int) -> Array:
    """Return ‖∇L‖² for a random readout of length 1 as loss, (S,)."""
    weights, x = draw(design, depth, width, seeds)
    passed = forward(design, weights, x)
    v = np.random.default_rng([7, width]).standard_normal(x.shape)
    v /= np.sqrt((v**2).sum((-2, -1), keepdims=True))
    _, gradients = backward(design, weights, passed, v)
    total: Any = sum((g**2).sum((0, -2, -1)) for g in gradients)
    return np.asarray(total)


def output_and_gradient(design: Design, depth: int, width: int, seeds: int) -> tuple[Array, Array]:
    """Return the mean squares of x_N and of ∂L/∂x_0, both (S,), for one input and a ∂L/∂x_N of mean square 1."""
    weights, x = draw(design, depth, width, seeds, rows=1)
    passed = forward(design, weights, x)
    v = np.random.default_rng([7, width]).standard_normal(x.shape)
    deltas, _ = backward(design, weights, passed, v / np.sqrt((v**2).mean(-1, keepdims=True)))
    return (passed.states[-1] ** 2).mean((-2, -1)), (deltas[0] ** 2).mean((-2, -1))


def branch_share(design: Design, depth: int, width: int, seeds: int) -> Array:
    """Return ‖x_N − x_N^0‖² / ‖x_N‖², (S,): what all branches together change of the output.

    x_N^0 is the output with every branch taken away.
    """
    weights, x = draw(design, depth, width, seeds)
    whole = forward(design, weights, x).states[-1]
    bare = forward(replace(design, scale=0.0), weights, x).states[-1]
    share: Any = ((whole - bare) ** 2).sum((-2, -1)) / (whole**2).sum((-2, -1))
    return np.asarray(share)
