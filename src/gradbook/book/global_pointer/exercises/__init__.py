"""The exercises of chapter 4: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.global_pointer.exercises.gradient import loss_gradient, solve_gradient
from gradbook.global_pointer.exercises.parameters import count_parameters, solve_parameters
from gradbook.global_pointer.exercises.separable import solve_separable, two_types
from gradbook.global_pointer.exercises.sums import pair_sums, solve_sums
from gradbook.global_pointer.exercises.turning import solve_turned, turn

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
