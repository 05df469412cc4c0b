"""How well entities were found: precision, recall and F1 over exact spans, all sentences together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gradbook.corpora import Entity


class Score(NamedTuple):
    """Counts, and what they make; a score of nothing predicted and nothing there is 0."""

    correct: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        """The share of the predicted entities that are right."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """The share of the annotated entities that were found."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.correct / (self.predicted + self.gold) if self.correct else 0.0


def entity_score(predicted: Sequence[Iterable[Entity]], gold: Sequence[Iterable[Entity]]) -> Score:
    """Return the micro-averaged score: an entity counts if start, end and label are all right.

    Raises ValueError if the two have different numbers of sentences.
    """
    if len(predicted) != len(gold):
        raise ValueError(f"predicted and gold must have as many sentences, got {len(predicted)} and {len(gold)}")
    pairs = [(frozenset(p), frozenset(g)) for p, g in zip(predicted, gold, strict=True)]
    return Score(sum(len(p & g) for p, g in pairs), sum(len(p) for p, _ in pairs), sum(len(g) for _, g in pairs))
