"""The exercises of chapter 1: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.book.loss_weighting.exercises.directions import invariant_direction, solve_direction, trap
from gradbook.book.loss_weighting.exercises.losses import exponent, reference, solve_mean, stable_mean

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
