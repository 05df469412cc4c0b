"""The three heads on real text: the same encoder, the same budget, several seeds."""

from gradbook.global_pointer.comparison.models import HEADS, build
from gradbook.global_pointer.comparison.runs import Budget, fit, outermost, run

__all__ = ["HEADS", "Budget", "build", "fit", "outermost", "run"]
