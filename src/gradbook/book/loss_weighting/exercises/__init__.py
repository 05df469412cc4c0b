"""The exercises of chapter 1: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.loss_weighting.exercises.entropy import reference
from gradbook.loss_weighting.exercises.invariance import invariant_direction, solve_direction
from gradbook.loss_weighting.exercises.outvoted import trap
from gradbook.loss_weighting.exercises.overflow import solve_mean, stable_mean
from gradbook.loss_weighting.exercises.tilt import exponent

ALL = (reference, exponent, stable_mean, invariant_direction, trap)
"""The chapter's exercises in order."""

__all__ = [
    "ALL",
    "exponent",
    "invariant_direction",
    "reference",
    "solve_direction",
    "solve_mean",
    "stable_mean",
    "trap",
]
