"""The exercises of chapter 3: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.primary_auxiliary.exercises.coordinates import right_multipliers, solve_multipliers
from gradbook.primary_auxiliary.exercises.length import no_coefficient, solve_regularised
from gradbook.primary_auxiliary.exercises.multiplier import one_multiplier
from gradbook.primary_auxiliary.exercises.projection import solve_two, two_gradients
from gradbook.primary_auxiliary.exercises.stalling import stall

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
