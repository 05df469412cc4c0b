"""The exercises of chapter 8: their checkers, solutions, and the mistakes that have a hint of their own."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from math import pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import (
    Exercise,
    Mistake,
    Wrong,
    number_near,
    returned,
    returned_array,
    same_number,
    same_on,
)

Array = NDArray[np.float64]

fall = Exercise(
    name="Exercise 8.1",
    prompt="Each of 400 layers has a gradient of length 0.1. How far does one step of SGD with η = 0.01 lower the "
    "loss, to first order?",
    properties=[number_near(0.04)],
    solution=0.04,
    mistakes=[
        Mistake(0.4, "The lengths add up squared: ‖∇L‖² is the sum of the layers' ‖∂L/∂θ_l‖²."),
        Mistake(1e-4, "That is one layer. All 400 are stepped at once."),
        Mistake(16.0, "The layers' gradients stand at right angles to each other: add the squares, not the lengths."),
        Mistake(-0.04, "That is ΔL, which is negative. The question is how far the loss falls."),
        Mistake(4.0, "That is ‖∇L‖². The step is η times the gradient."),
    ],
    same=same_number,
    hint="ΔL = −η‖∇L‖² (8.1), and ‖∇L‖² is a sum over the layers.",
)

growth = Exercise(
    name="Exercise 8.2",
    prompt="100 layers, ε = 0.1, in one dimension, and every layer pushes the same way with slope 1. By which factor "
    "does v grow?",
    properties=[number_near(1.1**100)],
    solution=1.1**100,
    mistakes=[
        Mistake(1.01**50, "That is the law of pushes at right angles, (1 + ε²)^(N/2). Here all go the same way."),
        Mistake(1.01**100, "That is the law of squares for pushes at right angles. Here all go the same way."),
        Mistake(2.718281828**10, "e^{εN} is an upper bound; the layers multiply 1 + ε."),
        Mistake(11.0, "1 + εN adds up what multiplies."),
    ],
    same=same_number,
    hint="(8.9): every layer multiplies by 1 + ε.",
)


NAMES = ("sgd", "adam", "lamb")


def _case(seed: int, sizes: tuple[float, float]) -> tuple[list[Array], list[Array]]:
    rng = np.random.default_rng(seed)
    return [size * rng.standard_normal((2, 3)) for size in sizes], [rng.standard_normal((2, 3)) for _ in sizes]


_CASES = (
    ([np.array([[3.0, 4.0]])], [np.array([[1.0, -2.0]])]),
    _case(1, (1.0, 1.0)),
    _case(2, (0.1, 5.0)),
)


def solve_increment(weights: list[Array], gradients: list[Array], optimizer: str) -> float:
    """The reference: ⟨∇L, Δθ⟩ / η."""
    total = 0.0
    for w, g in zip(weights, gradients, strict=True):
        if optimizer == "sgd":
            total += float((g**2).sum())
        else:
            size = np.linalg.norm(w) / np.sqrt(g.size) if optimizer == "lamb" else 1.0
            total += float(size * np.abs(g).sum())
    return -total


def _lengths(weights: list[Array], gradients: list[Array], optimizer: str) -> float:
    if optimizer == "sgd":
        return -float(sum(np.linalg.norm(g) for g in gradients))
    return solve_increment(weights, gradients, optimizer)


def _two_norm(weights: list[Array], gradients: list[Array], optimizer: str) -> float:
    if optimizer == "adam":
        return -float(np.sqrt(sum((g**2).sum() for g in gradients)))
    return solve_increment(weights, gradients, optimizer)


def _untrusted(weights: list[Array], gradients: list[Array], optimizer: str) -> float:
    if optimizer == "lamb":
        return -float(sum(np.linalg.norm(w) * np.abs(g).sum() for w, g in zip(weights, gradients, strict=True)))
    return solve_increment(weights, gradients, optimizer)


def _one_tensor(weights: list[Array], gradients: list[Array], optimizer: str) -> float:
    joined = [np.concatenate([part.ravel() for part in parts]) for parts in (weights, gradients)]
    return solve_increment([joined[0]], [joined[1]], optimizer)


def _agrees(answer: Callable[..., Any]) -> None:
    for name in NAMES:
        for weights, gradients in _CASES:
            given = deepcopy((weights, gradients))
            found, truth = float(returned(answer, *given, name)), solve_increment(weights, gradients, name)
            if not np.isclose(found, truth, rtol=1e-6):
                shown = [g.round(2).tolist() for g in gradients]
                raise Wrong(f"For {name} and the gradients {shown} it returns {found:.5g}; it should be {truth:.5g}.")


increment = Exercise(
    name="Exercise 8.3",
    prompt="Write increment(weights, gradients, optimizer): from two lists of numpy arrays, one array a matrix, to "
    "⟨∇L, Δθ⟩/η for the first step of 'sgd', 'adam' or 'lamb'.",
    properties=[_agrees],
    solution=solve_increment,
    mistakes=[
        Mistake(
            lambda weights, gradients, optimizer: -solve_increment(weights, gradients, optimizer),
            "The step goes against the gradient: the increment is negative.",
        ),
        Mistake(_lengths, "For SGD the inner product of the gradient with itself is the squared length."),
        Mistake(_two_norm, "Adam's first step is −η times the sign of g, and ⟨g, sign g⟩ is the sum of |g|."),
        Mistake(_untrusted, "LAMB divides Adam's step by its length: that of a sign is √(number of entries)."),
        Mistake(_one_tensor, "LAMB measures every matrix by itself, not all of them together."),
    ],
    same=same_on([(*case, name) for case in _CASES for name in NAMES], rtol=1e-9),
    hint="⟨g, Δθ⟩ with Δθ/η = −g, −sign g, or −‖θ_l‖ sign g / ‖sign g‖ for each matrix.",
)


_DEPTH, _WIDTH = 256, 64
_LIMIT = 8.0  # a branch of mean zero that keeps the size of x ends at e


@cache
def _numbers() -> tuple[Array, Array]:
    rng = np.random.default_rng(85)
    return rng.standard_normal(_WIDTH), rng.standard_normal((_DEPTH, _WIDTH, _WIDTH)) * (2 / _WIDTH) ** 0.5


def _relu(x: Array, matrix: Array) -> Array:
    return np.maximum(x @ matrix, 0)


def solve_branch(x: Array, matrix: Array) -> Array:
    """One of many: relu minus its mean."""
    return np.asarray(_relu(x, matrix) - _relu(x, matrix).mean())


def _apply(answer: Callable[..., Any], x: Array, matrix: Array) -> Array:
    f = returned_array(answer, x.shape, x, matrix, told="It returns shape {found}; x has shape {shape}.")
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


def _same_branch(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
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
        Mistake(
            lambda x, matrix: np.abs(x @ matrix) / 2**0.5,
            "|xW| is never negative: it pushes along (1, 1, …, 1) at every layer, more than relu.",
        ),
        Mistake(
            lambda x, matrix: _relu(x, matrix) * np.where(np.arange(len(x)) % 2, 1.0, -1.0),
            "With fixed signs all layers push along (1, −1, 1, …): the entries' mean is gone, the layers still agree.",
        ),
        Mistake(
            lambda x, matrix: 0.05 * _relu(x, matrix),
            "A small branch is a smaller ε in disguise. Keep its size and take away its mean.",
        ),
        Mistake(
            lambda x, matrix: x @ np.tanh(matrix),
            "x goes through a matrix and nothing else, whatever was done to W: put relu or tanh around x @ W.",
        ),
        Mistake(lambda x, matrix: np.zeros_like(x), "A branch that is 0 leaves x alone, and learns nothing."),
        Mistake(
            lambda x, matrix: _relu(x, matrix) - 0.1,
            "The mean of relu grows with x: take away the mean that it has, not a fixed number.",
        ),
    ],
    same=_same_branch,
    hint="relu(xW) pushes along (1, …, 1), always the same way. Take that part out of it, or use an odd function.",
)


_LAYERS = ((1.0, 0.0, 0.1), (2.0, 0.5, 0.25), (9.0, 2.5, 1.0), (0.5, -0.3, 0.5))


def _push(q: float) -> float:
    return sqrt(q / pi)


def solve_layer(q: float, m: float, scale: float) -> tuple[float, float]:
    """The reference: q' = (1 + ε²) q + 2 ε m √(q/π), m' = m + ε √(q/π)."""
    return (1 + scale**2) * q + 2 * scale * m * _push(q), m + scale * _push(q)


def _moments_agree(answer: Callable[..., Any]) -> None:
    for case in _LAYERS:
        told = "It returns shape {found}; the two numbers q' and m' are asked for."
        found = returned_array(answer, (2,), *case, told=told)
        truth = solve_layer(*case)
        if not np.allclose(found, truth, rtol=1e-6):
            q, m, scale = case
            raise Wrong(
                f"For q = {q:g}, m = {m:g}, ε = {scale:g} it returns ({found[0]:.5g}, {found[1]:.5g}); it should be "
                f"({truth[0]:.5g}, {truth[1]:.5g})."
            )


moments = Exercise(
    name="Exercise 8.4",
    prompt="Write layer(q, m, scale): from the second moment q and the mean m of x's entries to (q', m') after one "
    "layer x + ε relu(xW), W's entries independent Gaussians of variance 2/n and n large.",
    properties=[_moments_agree],
    solution=solve_layer,
    mistakes=[
        Mistake(
            lambda q, m, scale: ((1 + scale**2) * q, m + scale * _push(q)),
            "The cross term 2ε E[x f] is missing: the entries of x and of f both have a mean.",
        ),
        Mistake(
            lambda q, m, scale: ((1 + scale**2) * q + 2 * scale * m * _push(q / 2), m + scale * _push(q / 2)),
            "The entries of xW have variance 2q, so relu's mean is √(2q)/√(2π) = √(q/π).",
        ),
        Mistake(
            lambda q, m, scale: (q + 2 * scale * m * _push(q), m + scale * _push(q)),
            "The branch's own square is missing: E f² = q, times ε².",
        ),
        Mistake(
            lambda q, m, scale: (solve_layer(q, m, scale)[0], m),
            "Each layer adds ε √(q/π) to the mean: that is where the explosion begins.",
        ),
        Mistake(
            lambda q, m, scale: solve_layer(q, m, scale)[::-1],
            "The second moment comes first, then the mean.",
        ),
        Mistake(
            lambda q, m, scale: ((1 + scale**2) * q + scale * m * _push(q), m + scale * _push(q)),
            "The square of a sum has the cross term twice.",
        ),
    ],
    same=same_on(_LAYERS, rtol=1e-9),
    hint="Square x + εf and take the mean: E x² = q, E f = √(q/π), E f² = q, and E[x f] = m · E f.",
)


ALL = (fall, growth, increment, moments, mended)
"""The chapter's exercises in order."""
