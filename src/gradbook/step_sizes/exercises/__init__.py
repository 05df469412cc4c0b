"""The exercises of chapter 7: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.step_sizes.exercises.gains import gains
from gradbook.step_sizes.exercises.numbers import balance, product, unit
from gradbook.step_sizes.exercises.simplex_step import simplex_step

ALL = (simplex_step, gains, balance, unit, product)
"""The chapter's exercises in order."""

__all__ = ["ALL", "balance", "gains", "product", "simplex_step", "unit"]
