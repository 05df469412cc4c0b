"""Exercise 1.3: a function."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.exercises import Exercise, Mistake, Wrong, returned

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


def _mean_without_limit(losses: Sequence[float], gamma: float) -> float:
    return solve_mean(losses, gamma) if gamma else math.nan


def _sum_for_mean(losses: Sequence[float], gamma: float) -> float:
    with np.errstate(all="ignore"):
        return solve_mean(losses, gamma) * float(np.float64(len(losses)) ** (1 / gamma) if gamma else 1.0)


def _never_tilted(losses: Sequence[float], gamma: float) -> float:
    return float(np.mean(losses))


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
        Mistake(_mean_without_limit, "γ = 0 divides by zero, but has a limit: the geometric mean."),
        Mistake(_sum_for_mean, "A mean of equal numbers must be that number: divide the sum by n inside the root."),
        Mistake(_never_tilted, "That is the arithmetic mean whatever γ is."),
    ],
    same=_same_means,
    hint="Take logarithms first: log L(γ) = (1/γ) log((1/n) Σ exp(γ log L_i)). For γ = 0, where 1/γ has no value, "
    "return the limit, the geometric mean.",
)
