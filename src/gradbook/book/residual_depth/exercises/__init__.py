"""The exercises of chapter 8: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.residual_depth.exercises.branch import mended
from gradbook.residual_depth.exercises.increment import increment
from gradbook.residual_depth.exercises.moments import moments
from gradbook.residual_depth.exercises.numbers import fall, growth

ALL = (fall, growth, increment, moments, mended)
"""The chapter's exercises in order."""

__all__ = ["ALL", "fall", "growth", "increment", "mended", "moments"]
