"""The exercises of chapter 2: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.pareto_gradients.exercises.functions import step, two_weights
from gradbook.pareto_gradients.exercises.numbers import foot, gap
from gradbook.pareto_gradients.exercises.trap import astray

ALL = (foot, two_weights, gap, step, astray)
"""The chapter's exercises in order."""

__all__ = ["ALL", "astray", "foot", "gap", "step", "two_weights"]
