"""Exercise 8.5: mend the branch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.exercises import Exercise, Mistake, Wrong, returned

Array = NDArray[np.float64]
_DEPTH, _WIDTH = 256, 64
_LIMIT = 8.0  # a branch of mean zero that keeps the size of x ends at e


@cache
def _numbers() -> tuple[Array, Array]:
    rng = np.random.default_rng(85)
    return rng.standard_normal(_WIDTH), rng.standard_normal((_DEPTH, _WIDTH, _WIDTH)) * (2 / _WIDTH) ** 0.5


def solve_branch(x: Array, matrix: Array) -> Array:
    """One of many: relu minus its mean."""
    f = np.maximum(x @ matrix, 0)
    return np.asarray(f - f.mean())


def _relu(x: Array, matrix: Array) -> Array:
    return np.maximum(x @ matrix, 0)


def _absolute(x: Array, matrix: Array) -> Array:
    return np.asarray(np.abs(x @ matrix) / 2**0.5)


def _small(x: Array, matrix: Array) -> Array:
    return 0.05 * _relu(x, matrix)


def _linear(x: Array, matrix: Array) -> Array:
    return np.asarray(x @ np.tanh(matrix))


def _nothing(x: Array, matrix: Array) -> Array:
    return np.zeros_like(x)


def _fixed_shift(x: Array, matrix: Array) -> Array:
    return _relu(x, matrix) - 0.1


def _signed(x: Array, matrix: Array) -> Array:
    return _relu(x, matrix) * np.where(np.arange(len(x)) % 2, 1.0, -1.0)


def _apply(answer: Callable[..., Any], x: Array, matrix: Array) -> Array:
    f = np.asarray(returned(answer, x.copy(), matrix.copy()), dtype=float)
    if f.shape != x.shape:
        raise Wrong(f"It returns shape {f.shape}; x has shape {x.shape}.")
    if not np.isfinite(f).all():
        raise Wrong("It returns NaN or infinite entries.")
    return f


def _is_a_branch(answer: Callable[..., Any]) -> None:
    x, matrices = _numbers()
    f = _apply(answer, x, matrices[0])
    size = float((f**2).mean() / (x**2).mean())
    if not 0.1 <= size <= 10:
        raise Wrong(f"f must be about as large as x; its mean square is {size:.2g} times that of x.")
    if np.allclose(_apply(answer, x, -matrices[0]), f) and np.allclose(_apply(answer, x, matrices[1]), f):
        raise Wrong("f doesn't depend on W.")
    other = x[::-1]
    together = _apply(answer, x + other, matrices[0])
    if np.allclose(together, f + _apply(answer, other, matrices[0])):
        raise Wrong("f is linear in x: a stack of it is one matrix, however deep.")


def _stays(answer: Callable[..., Any]) -> None:
    x, matrices = _numbers()
    start = float((x**2).mean())
    for layer, matrix in enumerate(matrices, 1):
        x = x + _apply(answer, x, matrix) / _DEPTH**0.5
        if (x**2).mean() > _LIMIT * start:
            raise Wrong(f"At layer {layer} of {_DEPTH} the mean square of x is more than {_LIMIT:g} times as large.")


def _same(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    x, matrices = _numbers()
    return all(np.allclose(a(x, matrix), b(x, matrix), rtol=1e-6) for matrix in matrices[:3])


mended = Exercise(
    name="Exercise 8.5",
    prompt="Write branch(x, W), its mean square within a factor of 10 of x's and not linear in x, with one matrix W "
    "(64, 64) of variance 2/64, drawn anew for each layer, so that 256 layers x + branch(x, W)/16 leave the mean "
    "square of x below 8 times what it was.",
    properties=[_is_a_branch, _stays],
    solution=solve_branch,
    mistakes=[
        Mistake(_relu, "This is the branch that explodes: its entries have a positive mean at every layer."),
        Mistake(_absolute, "|xW| is never negative: it pushes along (1, 1, …, 1) at every layer, more than relu."),
        Mistake(
            _signed,
            "With fixed signs all layers push along (1, −1, 1, …): the entries' mean is gone, the layers still agree.",
        ),
        Mistake(_small, "A small branch is a smaller ε in disguise. Keep its size and take away its mean."),
        Mistake(
            _linear, "x goes through a matrix and nothing else, whatever was done to W: put relu or tanh around x @ W."
        ),
        Mistake(_nothing, "A branch that is 0 leaves x alone, and learns nothing."),
        Mistake(_fixed_shift, "The mean of relu grows with x: take away the mean that it has, not a fixed number."),
    ],
    same=_same,
    hint="relu(xW) pushes along (1, …, 1), always the same way. Take that part out of it, or use an odd function.",
)
