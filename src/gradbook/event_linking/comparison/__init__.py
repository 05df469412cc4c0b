"""GlobalPointer against Efficient GlobalPointer on three sets of events."""

from gradbook.event_linking.comparison.models import build
from gradbook.event_linking.comparison.runs import evaluate, fit, run

__all__ = ["build", "evaluate", "fit", "run"]
