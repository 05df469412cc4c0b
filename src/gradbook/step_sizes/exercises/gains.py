"""Exercise 7.2: the learned step sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.exercises import Exercise, Mistake, Wrong, returned

Array = NDArray[np.float64]
_CASES = (
    (np.array([[1.0, 0.5], [0.5, -0.4], [0.2, 0.3]]), 0.5),
    (np.array([[0.3, -1.0, 2.0], [0.2, -0.8, -1.5], [0.1, -0.6, 1.2], [-0.1, -0.5, -1.0]]), 0.2),
    (np.array([[2.0, 1.0]]), 1.0),
)


def solve_gains(gradients: Array, gamma: float) -> Array:
    """The reference, (7.10)."""
    return np.asarray(np.exp(gamma * (gradients[:-1] * gradients[1:]).sum(0)))


def _squares(gradients: Array, gamma: float) -> Array:
    return np.asarray(np.exp(gamma * (gradients**2).sum(0)))


def _without_exp(gradients: Array, gamma: float) -> Array:
    return np.asarray(gamma * (gradients[:-1] * gradients[1:]).sum(0))


def _additive(gradients: Array, gamma: float) -> Array:
    return 1 + _without_exp(gradients, gamma)


def _last_only(gradients: Array, gamma: float) -> Array:
    last = gradients[-2] * gradients[-1] if len(gradients) > 1 else np.zeros(gradients.shape[1])
    return np.asarray(np.exp(gamma * last))


def _common(gradients: Array, gamma: float) -> Array:
    return np.full(gradients.shape[1], np.exp(gamma * (gradients[:-1] * gradients[1:]).sum()))


def _falling(gradients: Array, gamma: float) -> Array:
    return solve_gains(gradients, -gamma)


def _agrees(answer: Callable[..., Any]) -> None:
    for gradients, gamma in _CASES:
        truth = solve_gains(gradients, gamma)
        found = np.asarray(returned(answer, gradients.copy(), gamma), dtype=float)
        if found.shape != truth.shape:
            raise Wrong(f"For gradients of shape {gradients.shape} it returns shape {found.shape}, not {truth.shape}.")
        if not np.allclose(found, truth, rtol=1e-6):
            raise Wrong(
                f"For the gradients {gradients.tolist()} and γ = {gamma:g} it returns {np.round(found, 4).tolist()}; "
                f"the gains are {np.round(truth, 4).tolist()}."
            )


def _same(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    """True if two answers return the same on all cases."""
    return all(np.allclose(a(*case), b(*case)) for case in _CASES)


gains = Exercise(
    name="Exercise 7.2",
    prompt="Write gains(gradients, gamma): from all gradients so far, a numpy array (t, d), oldest first, to the gains "
    "ν (d,) that the meta rule has learned from ν = 1. A single gradient leaves ν at 1.",
    properties=[_agrees],
    solution=solve_gains,
    mistakes=[
        Mistake(_squares, "Each gradient is multiplied with the one before it, not with itself."),
        Mistake(_without_exp, "That is log ν: the exponential is missing."),
        Mistake(_additive, "That adds; exponentiated gradient multiplies, so that ν can't become negative."),
        Mistake(_last_only, "All products since the start count, not only the last: (7.10)."),
        Mistake(_common, "Every parameter has a gain of its own: sum over time, not over the parameters."),
        Mistake(_falling, "The sign: gradients that agree let the step grow."),
    ],
    same=_same,
    hint="(7.10): the sum over time of g_{k−1} ⊙ g_k, times γ, exponentiated.",
)
