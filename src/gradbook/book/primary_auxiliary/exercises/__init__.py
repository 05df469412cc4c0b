"""The exercises of chapter 3: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.book.primary_auxiliary.exercises.multipliers import (
    one_multiplier,
    right_multipliers,
    solve_multipliers,
    solve_two,
    two_gradients,
)
from gradbook.book.primary_auxiliary.exercises.steps import no_coefficient, solve_regularised, stall

ALL = (one_multiplier, two_gradients, right_multipliers, no_coefficient, stall)
"""The chapter's exercises in order."""

__all__ = [
    "ALL",
    "no_coefficient",
    "one_multiplier",
    "right_multipliers",
    "solve_multipliers",
    "solve_regularised",
    "solve_two",
    "stall",
    "two_gradients",
]
