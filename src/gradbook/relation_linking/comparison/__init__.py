"""GlobalPointer against Efficient GlobalPointer, and the losses against each other, on four sets of relations."""

from gradbook.global_pointer.comparison import Budget
from gradbook.relation_linking.comparison.models import POINTERS, build
from gradbook.relation_linking.comparison.runs import evaluate, fit, run

__all__ = ["POINTERS", "Budget", "build", "evaluate", "fit", "run"]
