"""Exercises 1.1, 1.2 and 1.3: a reference loss, an exponent, and a mean that never overflows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.book.exercises import Exercise, Mistake, Wrong, number_near, returned, same_number

_SHARES = (0.7, 0.1, 0.1, 0.1)

reference = Exercise(
    name="Exercise 1.1",
    prompt="Four classes have the frequencies 0.7, 0.1, 0.1, 0.1. What cross-entropy does a model reach that knows "
    "the frequencies but doesn't look at its input?",
    properties=[number_near(-sum(p * math.log(p) for p in _SHARES))],
    solution=-sum(p * math.log(p) for p in _SHARES),
    mistakes=[
        Mistake(
            math.log(4),
            "That is the initial state: log K, for a model that finds all classes equally likely.",
        ),
        Mistake(
            -sum(p * math.log2(p) for p in _SHARES),
            "That is in bits. Losses in torch use the natural logarithm.",
        ),
        Mistake(sum(p * math.log(p) for p in _SHARES), "The logarithm of a frequency is negative; a loss is not."),
        Mistake(-math.log(0.7), "That is the loss on examples of the first class only. Average over all classes."),
    ],
    same=same_number,
    hint="Always predicting the frequencies p costs −log p_k on an example of class k. How often does class k come?",
)


exponent = Exercise(
    name="Exercise 1.2",
    prompt="Two losses stand at 1 and 4. For which exponent γ does the power mean give the second task a weight "
    "∂L(γ)/∂L_2 exactly 8 times the first's?",
    properties=[number_near(2.5)],
    solution=2.5,
    mistakes=[
        Mistake(1.5, "The weight goes with the loss to the power γ − 1, not γ."),
        Mistake(3.0, "4^(γ−1) is 16 at γ = 3. Which power of 4 is 8?"),
        Mistake(-0.5, "The sign: for γ < 1 the larger loss gets the smaller weight."),
        Mistake(2.0, "That is the exponent at which the larger loss weighs 4 times as much."),
    ],
    same=same_number,
    hint="Divide the two weights (1/n)(L_i/L(γ))^(γ−1): the mean cancels.",
)


_MEAN_CASES: list[tuple[tuple[float, ...], float]] = [
    ((1.0, 4.0), 1.0),
    ((1.0, 4.0), 2.0),
    ((1.0, 4.0), -1.0),
    ((1.0, 4.0), 0.0),
    ((1.0, 100.0), 0.0),
    ((1e-3, 2e-3), -200.0),
    ((50.0, 60.0), 300.0),
    ((0.2, 0.3, 7.0), 1e-9),
]


def solve_mean(losses: Sequence[float], gamma: float) -> float:
    """The reference: the power mean by way of logarithms."""
    logs = np.log(losses)
    if gamma == 0:
        return float(np.exp(logs.mean()))
    top = (gamma * logs).max()
    return float(np.exp((top + np.log(np.exp(gamma * logs - top).mean())) / gamma))


def _naive_mean(losses: Sequence[float], gamma: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.mean(np.power(losses, gamma)) ** (1 / gamma)) if gamma else solve_mean(losses, 0)


def _sum_for_mean(losses: Sequence[float], gamma: float) -> float:
    with np.errstate(all="ignore"):
        return solve_mean(losses, gamma) * float(np.float64(len(losses)) ** (1 / gamma) if gamma else 1.0)


def _close(value: Any, truth: float, relative: float = 1e-6) -> bool:
    return bool(np.isfinite(value)) and abs(float(value) - truth) <= relative * abs(truth)


def _mean_agrees(answer: Callable[..., Any]) -> None:
    for losses, gamma in _MEAN_CASES:
        value = returned(answer, list(losses), gamma)
        if not _close(value, solve_mean(losses, gamma)):
            raise Wrong(f"For the losses {list(losses)} and γ = {gamma:g} it returns {float(value):.6g}.")


def _number_or_nan(function: Callable[..., Any], *arguments: Any) -> float:
    try:
        return float(function(*arguments))
    except ArithmeticError:  # Python raises where numpy returns inf or nan
        return math.nan


def _same_means(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    for losses, gamma in _MEAN_CASES:
        first, second = _number_or_nan(a, list(losses), gamma), _number_or_nan(b, list(losses), gamma)
        if not (_close(first, second, 1e-9) or (not np.isfinite(first) and not np.isfinite(second))):
            return False
    return True


stable_mean = Exercise(
    name="Exercise 1.3",
    prompt="Write mean(losses, gamma), the power mean of a list of positive numbers, so that it survives "
    "mean([0.001, 0.002], -200) and mean([50, 60], 300), and is the geometric mean for gamma = 0.",
    properties=[_mean_agrees],
    solution=solve_mean,
    mistakes=[
        Mistake(
            _naive_mean,
            "The powers leave the range of float64. Work with logarithms: log L(γ) is a logsumexp, "
            "and the largest term can be taken out of it before exp.",
        ),
        Mistake(
            lambda losses, gamma: solve_mean(losses, gamma) if gamma else math.nan,
            "γ = 0 divides by zero, but has a limit: the geometric mean.",
        ),
        Mistake(_sum_for_mean, "A mean of equal numbers must be that number: divide the sum by n inside the root."),
        Mistake(lambda losses, gamma: float(np.mean(losses)), "That is the arithmetic mean whatever γ is."),
    ],
    same=_same_means,
    hint="Take logarithms first: log L(γ) = (1/γ) log((1/n) Σ exp(γ log L_i)). For γ = 0, where 1/γ has no value, "
    "return the limit, the geometric mean.",
)
