"""The exercises of chapter 7: their checkers, solutions, and the mistakes that have a hint of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, number_near, returned_array, same_number, same_on
from gradbook.book.step_sizes.positive import descent_in_logits, simplex_exponentiated, simplex_projected

Array = NDArray[np.float64]
_GAIN_CASES = (
    (np.array([[1.0, 0.5], [0.5, -0.4], [0.2, 0.3]]), 0.5),
    (np.array([[0.3, -1.0, 2.0], [0.2, -0.8, -1.5], [0.1, -0.6, 1.2], [-0.1, -0.5, -1.0]]), 0.2),
    (np.array([[2.0, 1.0]]), 1.0),
)


def solve_gains(gradients: Array, gamma: float) -> Array:
    """The reference, (7.10)."""
    return np.asarray(np.exp(gamma * (gradients[:-1] * gradients[1:]).sum(0)))


def _without_exp(gradients: Array, gamma: float) -> Array:
    return np.asarray(gamma * (gradients[:-1] * gradients[1:]).sum(0))


def _last_only(gradients: Array, gamma: float) -> Array:
    last = gradients[-2] * gradients[-1] if len(gradients) > 1 else np.zeros(gradients.shape[1])
    return np.asarray(np.exp(gamma * last))


def _common(gradients: Array, gamma: float) -> Array:
    return np.full(gradients.shape[1], np.exp(gamma * (gradients[:-1] * gradients[1:]).sum()))


def _gains_agree(answer: Callable[..., Any]) -> None:
    for gradients, gamma in _GAIN_CASES:
        truth = solve_gains(gradients, gamma)
        told = f"For gradients of shape {gradients.shape} it returns shape {{found}}, not {{shape}}."
        found = returned_array(answer, truth.shape, gradients, gamma, told=told)
        if not np.allclose(found, truth, rtol=1e-6):
            raise Wrong(
                f"For the gradients {gradients.tolist()} and γ = {gamma:g} it returns {np.round(found, 4).tolist()}; "
                f"the gains are {np.round(truth, 4).tolist()}."
            )


gains = Exercise(
    name="Exercise 7.2",
    prompt="Write gains(gradients, gamma): from all gradients so far, a numpy array (t, d), oldest first, to the gains "
    "ν (d,) that the meta rule has learned from ν = 1. A single gradient leaves ν at 1.",
    properties=[_gains_agree],
    solution=solve_gains,
    mistakes=[
        Mistake(
            lambda gradients, gamma: np.exp(gamma * (gradients**2).sum(0)),
            "Each gradient is multiplied with the one before it, not with itself.",
        ),
        Mistake(_without_exp, "That is log ν: the exponential is missing."),
        Mistake(
            lambda gradients, gamma: 1 + _without_exp(gradients, gamma),
            "That adds; exponentiated gradient multiplies, so that ν can't become negative.",
        ),
        Mistake(_last_only, "All products since the start count, not only the last: (7.10)."),
        Mistake(_common, "Every parameter has a gain of its own: sum over time, not over the parameters."),
        Mistake(
            lambda gradients, gamma: solve_gains(gradients, -gamma), "The sign: gradients that agree let the step grow."
        ),
    ],
    same=same_on(_GAIN_CASES),
    hint="(7.10): the sum over time of g_{k−1} ⊙ g_k, times γ, exponentiated.",
)


balance = Exercise(
    name="Exercise 7.3",
    prompt="The loss is L = 2x², the base rate η = 0.1, and there is no noise. At which ν do successive gradients stop "
    "having the same sign, so that ν stops growing?",
    properties=[number_near(2.5)],
    solution=2.5,
    mistakes=[
        Mistake(5.0, "There gradient descent begins to diverge. Growth stops where one step leads to the bottom."),
        Mistake(0.4, "That is ηh, the other way up."),
        Mistake(0.25, "That is 1/h. The base rate multiplies ν: it is ην that must be 1/h."),
        Mistake(10.0, "That is 1/η: the curvature counts too."),
        Mistake(1.25, "Is the curvature of 2x² really 8? Differentiate twice."),
        Mistake(0.5, "That is 1/h for h = 2, without η: the curvature is the second derivative of 2x²."),
    ],
    same=same_number,
    hint="By (7.11) the next gradient is (1 − ηνh) times this one, with h = L″.",
)

unit = Exercise(
    name="Exercise 7.4",
    prompt="A loss is measured in another unit, which makes it 10 times larger, and η is divided by 10. By what must γ "
    "be multiplied for the gains ν to stay as they were?",
    properties=[number_near(0.01)],
    solution=0.01,
    mistakes=[
        Mistake(0.1, "That is what η is multiplied by. In γ g_{t−1} g_t there are two gradients."),
        Mistake(10.0, "The gradients grew: γ must shrink."),
        Mistake(100.0, "The right power, the wrong way: the gradients grew, γ must shrink."),
        Mistake(1.0, "Then the exponent γ g_{t−1} g_t would be 100 times larger."),
    ],
    same=same_number,
    hint="What happens to g_{t−1} ⊙ g_t in (7.9) when both gradients are 10 times larger?",
)

product = Exercise(
    name="Exercise 7.5",
    prompt="On L = x² with noise σ = 0.5 in the gradient, gradient descent with η = 0.1 and ν = 1 has become "
    "stationary. What is E[g_{t−1} g_t]?",
    properties=[number_near(-1 / 36)],
    solution=-1 / 36,
    mistakes=[
        Mistake(1 / 36, "The sign: the noise of one step is corrected by the next, so successive gradients disagree."),
        Mistake(-0.25 * 0.1 / 1.9, "The curvature of x² is 2, not 1: a = ηνh = 0.2."),
        Mistake(-0.05, "That is −aσ²: the denominator 2 − a is missing."),
        Mistake(-0.025, "That is −aσ²/2, good for small steps only: the denominator is 2 − a."),
        Mistake(-1 / 9, "σ² is missing."),
        Mistake(-1 / 18, "The noise enters squared."),
        Mistake(0.0, "Without memory it would be 0; but x carries the noise of one step into the next gradient."),
    ],
    same=lambda a, b: abs(float(a) - float(b)) <= 1e-3 * max(abs(float(a)), abs(float(b)), 1e-3),
    hint="(7.12) with a = ηνh; the curvature of x² is 2.",
)


_CASES = (
    (np.array([0.5, 0.3, 0.2]), np.array([1.0, -2.0, 0.5]), 0.3),
    (np.array([0.9, 0.05, 0.05]), np.array([0.2, 0.1, -0.4]), 2.0),
    (np.array([0.25, 0.75]), np.array([3.0, 3.0]), 1.0),
    (np.array([0.5, 0.5]), np.array([-1000.0, 500.0]), 2.0),
    (np.array([0.2, 0.8]), np.array([2000.0, 2001.0]), 1.0),
)


def _naive(weights: Array, gradient: Array, rate: float) -> Array:
    grown = weights * np.exp(-rate * gradient)
    return np.asarray(grown / grown.sum())


def _forgets(weights: Array, gradient: Array, rate: float) -> Array:
    grown = np.exp(-rate * (gradient - gradient.min()))
    return np.asarray(grown / grown.sum())


def _found(answer: Callable[..., Any], weights: Array, gradient: Array, rate: float) -> Array:
    told = "It returns shape {found} for weights of shape {shape}."
    with np.errstate(all="ignore"):
        return returned_array(answer, weights.shape, weights, gradient, rate, told=told)


def _row(values: Array) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"


def _agrees(answer: Callable[..., Any]) -> None:
    for weights, gradient, rate in _CASES:
        found, truth = _found(answer, weights, gradient, rate), simplex_exponentiated(weights, gradient, rate)
        told = f"From α = {_row(weights)} with g = {_row(gradient)} and η = {rate:g} it goes to {_row(found)}"
        if not np.isfinite(found).all():
            raise Wrong(f"{told}.")
        if abs(found.sum() - 1) > 1e-9:
            raise Wrong(f"{told}, whose sum is {found.sum():.4g}.")
        if not np.allclose(found, truth, atol=1e-9):
            raise Wrong(f"{told}; exponentiated gradient goes to {_row(truth)}.")


simplex_step = Exercise(
    name="Exercise 7.1",
    prompt="Write step(weights, gradient, rate): one step of exponentiated gradient on the simplex (7.5), from numpy "
    "arrays α (n,) and g (n,) to the new α, for gradients of any size.",
    properties=[_agrees],
    solution=simplex_exponentiated,
    mistakes=[
        Mistake(
            _naive,
            "Right, but exp leaves the range of floats for large gradients. A constant added to all of g changes "
            "nothing after the division: take one that makes the largest exponent 0.",
        ),
        Mistake(
            lambda weights, gradient, rate: simplex_exponentiated(weights, -gradient, rate),
            "The sign: weights with a large gradient must shrink.",
        ),
        Mistake(
            lambda weights, gradient, rate: weights * np.exp(-rate * gradient),
            "Divide by the sum, or the weights leave the simplex.",
        ),
        Mistake(_forgets, "The old weights must be factors: α ⊙ exp(−η g)."),
        Mistake(simplex_projected, "That adds and projects. Here the weights are multiplied by exp(−η g)."),
        Mistake(
            descent_in_logits, "That is plain descent on the logits, with a factor α in the exponent: (7.2), not (7.5)."
        ),
    ],
    same=same_on(_CASES),
    hint="α ⊙ exp(−η g), divided by its sum; subtract the smallest g first.",
)


ALL = (simplex_step, gains, balance, unit, product)
"""The chapter's exercises in order."""
