"""The exercises of chapter 4: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.book.global_pointer.exercises.scores import (
    count_parameters,
    loss_gradient,
    pair_sums,
    solve_gradient,
    solve_parameters,
    solve_sums,
)
from gradbook.book.global_pointer.exercises.spans import solve_separable, solve_turned, turn, two_types

ALL = (count_parameters, loss_gradient, turn, pair_sums, two_types)
"""The chapter's exercises in order."""

__all__ = [
    "ALL",
    "count_parameters",
    "loss_gradient",
    "pair_sums",
    "solve_gradient",
    "solve_parameters",
    "solve_separable",
    "solve_sums",
    "solve_turned",
    "turn",
    "two_types",
]
