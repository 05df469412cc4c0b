"""The exercises of chapter 8: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.book.residual_depth.exercises.branch import mended, moments
from gradbook.book.residual_depth.exercises.increment import fall, growth, increment

ALL = (fall, growth, increment, moments, mended)
"""The chapter's exercises in order."""

__all__ = ["ALL", "fall", "growth", "increment", "mended", "moments"]
