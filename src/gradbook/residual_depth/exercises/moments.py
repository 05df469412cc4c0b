"""Exercise 8.4: the recursion of the relu branch."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt
from typing import Any

import numpy as np

from gradbook.exercises import Exercise, Mistake, Wrong, returned

_CASES = ((1.0, 0.0, 0.1), (2.0, 0.5, 0.25), (9.0, 2.5, 1.0), (0.5, -0.3, 0.5))


def solve_layer(q: float, m: float, scale: float) -> tuple[float, float]:
    """The reference: q' = (1 + ε²) q + 2 ε m √(q/π), m' = m + ε √(q/π)."""
    push = sqrt(q / pi)
    return (1 + scale**2) * q + 2 * scale * m * push, m + scale * push


def _no_cross(q: float, m: float, scale: float) -> tuple[float, float]:
    return (1 + scale**2) * q, m + scale * sqrt(q / pi)


def _half_variance(q: float, m: float, scale: float) -> tuple[float, float]:
    push = sqrt(q / (2 * pi))
    return (1 + scale**2) * q + 2 * scale * m * push, m + scale * push


def _no_square(q: float, m: float, scale: float) -> tuple[float, float]:
    push = sqrt(q / pi)
    return q + 2 * scale * m * push, m + scale * push


def _mean_stays(q: float, m: float, scale: float) -> tuple[float, float]:
    return solve_layer(q, m, scale)[0], m


def _single_cross(q: float, m: float, scale: float) -> tuple[float, float]:
    push = sqrt(q / pi)
    return (1 + scale**2) * q + scale * m * push, m + scale * push


def _swapped(q: float, m: float, scale: float) -> tuple[float, float]:
    second, mean = solve_layer(q, m, scale)
    return mean, second


def _agrees(answer: Callable[..., Any]) -> None:
    for case in _CASES:
        found = np.asarray(returned(answer, *case), dtype=float)
        if found.shape != (2,):
            raise Wrong(f"It returns shape {found.shape}; the two numbers q' and m' are asked for.")
        truth = solve_layer(*case)
        if not np.allclose(found, truth, rtol=1e-6):
            q, m, scale = case
            raise Wrong(
                f"For q = {q:g}, m = {m:g}, ε = {scale:g} it returns ({found[0]:.5g}, {found[1]:.5g}); it should be "
                f"({truth[0]:.5g}, {truth[1]:.5g})."
            )


def _same(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(np.allclose(a(*case), b(*case), rtol=1e-9) for case in _CASES)


moments = Exercise(
    name="Exercise 8.4",
    prompt="Write layer(q, m, scale): from the second moment q and the mean m of x's entries to (q', m') after one "
    "layer x + ε relu(xW), W's entries independent Gaussians of variance 2/n and n large.",
    properties=[_agrees],
    solution=solve_layer,
    mistakes=[
        Mistake(_no_cross, "The cross term 2ε E[x f] is missing: the entries of x and of f both have a mean."),
        Mistake(_half_variance, "The entries of xW have variance 2q, so relu's mean is √(2q)/√(2π) = √(q/π)."),
        Mistake(_no_square, "The branch's own square is missing: E f² = q, times ε²."),
        Mistake(_mean_stays, "Each layer adds ε √(q/π) to the mean: that is where the explosion begins."),
        Mistake(_swapped, "The second moment comes first, then the mean."),
        Mistake(_single_cross, "The square of a sum has the cross term twice."),
    ],
    same=_same,
    hint="Square x + εf and take the mean: E x² = q, E f = √(q/π), E f² = q, and E[x f] = m · E f.",
)
