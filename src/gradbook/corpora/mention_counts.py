"""How often the places of a relation are open: mentions that stand several times, share tokens, nest or cross."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product
from typing import NamedTuple

from gradbook.corpora.corpus import Corpus
from gradbook.corpora.relations import Mention, RelationText


class MentionCount(NamedTuple):
    """What a corpus of relations holds.

    ``subjects`` and ``objects``: different surfaces a text, added up. ``repeated_subjects``, ``repeated_objects``:
    those of them that stand more than once in their text. ``open_triples``: triples with one of these at least, so that
    a rule must say which place is meant. ``overlapping_texts``: with a triple whose subject and object share a token
    wherever they stand. ``nested_texts``, ``crossing_texts``: where a mention stands inside another, or across its
    edge. Where the annotation has places, only those are looked at for these three; else all that have the surface.
    """

    texts: int
    triples: int
    predicates: int
    subjects: int
    repeated_subjects: int
    objects: int
    repeated_objects: int
    open_triples: int
    overlapping_texts: int
    nested_texts: int
    crossing_texts: int


def count_mentions(corpus: Corpus[RelationText]) -> MentionCount:
    """Count triples, mentions, and what makes their places hard to tell."""
    rows = [_counted(text) for text in corpus]
    sums = [sum(column) for column in zip(*rows, strict=True)] if rows else [0] * 9
    return MentionCount(len(corpus), sums[0], len(corpus.labels), *sums[1:])


def _counted(text: RelationText) -> tuple[int, ...]:
    """The counts of one text, in the order of MentionCount without texts and predicates."""
    subjects, objects = {t.subject for t in text.triples}, {t.object for t in text.triples}
    repeated = {surface for surface in subjects | objects if len(text.mentions(surface)) > 1}
    open_triples = [t for t in text.triples if t.subject in repeated or t.object in repeated]
    places = sorted(_places(text))
    overlaps = [(a, b) for a, b in combinations(places, 2) if _overlap(a, b)]
    crossing = [(a, b) for a, b in overlaps if a[0] < b[0] and a[1] < b[1]]
    return (
        len(text.triples),
        len(subjects),
        len(subjects & repeated),
        len(objects),
        len(objects & repeated),
        len(open_triples),
        int(any(all(_overlap(s, o) for s, o in pairs) for pairs in _pairs(text))),
        int(len(overlaps) > len(crossing)),
        int(bool(crossing)),
    )


def _places(text: RelationText) -> set[Mention]:
    """Where the mentions of a text stand."""
    if text.facts is not None:
        return {place for fact in text.facts for place in (fact.subject, fact.object)}
    surfaces = {surface for triple in text.triples for surface in (triple.subject, triple.object)}
    return {place for surface in surfaces for place in text.mentions(surface)}


def _pairs(text: RelationText) -> Iterator[Iterable[tuple[Mention, Mention]]]:
    """For each triple, the places that its subject and object may have together; for each fact, those it has."""
    if text.facts is not None:
        yield from ([(fact.subject, fact.object)] for fact in text.facts)
        return
    for triple in text.triples:
        yield list(product(text.mentions(triple.subject), text.mentions(triple.object)))


def _overlap(first: Mention, second: Mention) -> bool:
    return first[0] <= second[1] and second[0] <= first[1]
