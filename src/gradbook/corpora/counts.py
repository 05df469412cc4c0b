"""How often entities hold or cross each other."""

from __future__ import annotations

from typing import NamedTuple

from gradbook.corpora.corpus import Corpus
from gradbook.corpora.entities import Sentence, crossing_pairs, overlapping_pairs


class NestedCount(NamedTuple):
    """Sentences with entities that overlap, and pairs of entities that do."""

    sentences: int
    pairs: int


def overlapping(corpus: Corpus[Sentence]) -> tuple[Sentence, ...]:
    """Return the sentences in which two entities share a character."""
    return tuple(sentence for sentence in corpus if sentence.nested)


def count_nested(corpus: Corpus[Sentence]) -> NestedCount:
    """Count the sentences in which entities overlap, and the pairs that do; one in another, or across its edge."""
    counts = [len(overlapping_pairs(sentence)) for sentence in overlapping(corpus)]
    return NestedCount(len(counts), sum(counts))


def count_crossing(corpus: Corpus[Sentence]) -> NestedCount:
    """Count the sentences in which entities cross, and the pairs that do: they overlap, neither holds the other.

    Where there are none, an Efficient GlobalPointer can express the annotation: see ``expressible``.
    """
    counts = [len(crossing_pairs(sentence)) for sentence in overlapping(corpus)]
    return NestedCount(sum(count > 0 for count in counts), sum(counts))
