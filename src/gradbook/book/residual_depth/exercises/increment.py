"""Exercises 8.1, 8.2 and 8.3: two growth laws, and the first-order increment of three optimizers."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, number_near, returned, same_number, same_on

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


Array = NDArray[np.float64]
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
