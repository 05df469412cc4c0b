"""Relations as places in a text, and the index tensors that the losses take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gradbook.global_pointer import Span, span_positives

SUBJECT, OBJECT = 0, 1  # the two types of the entity scores
Place = tuple[int, int]


class Relation(NamedTuple):
    """Predicate number ``predicate`` between two spans (start, end) of tokens, both included, counted from 0."""

    subject: Place
    predicate: int
    object: Place


class Positives(NamedTuple):
    """What must score above 0, each (B, M, 3) int64 of (type, start, end), filled up with −1.

    ``entities``: type 0 subjects, 1 objects. ``heads`` and ``tails``: type is the predicate, start the subject's first
    (last) token, end the object's, which may well stand before it.
    """

    entities: Tensor
    heads: Tensor
    tails: Tensor


def relation_positives(sentences: Sequence[Iterable[Relation]], device: torch.device | str = "cpu") -> Positives:
    """Return the three kinds of pairs that the relations of B sentences are made of, each pair once.

    Su, "GPLinker" (2022, kexue.fm/archives/8888). Raises TypeError for something else than a Relation, ValueError for
    one whose numbers aren't whole, below 0, or whose span ends before it starts.
    """
    checked = [_checked(b, relations) for b, relations in enumerate(sentences)]
    entities = [
        {Span(*r.subject, SUBJECT) for r in relations} | {Span(*r.object, OBJECT) for r in relations}
        for relations in checked
    ]
    heads = [{Span(r.subject[0], r.object[0], r.predicate) for r in relations} for relations in checked]
    tails = [{Span(r.subject[1], r.object[1], r.predicate) for r in relations} for relations in checked]
    return Positives(*(span_positives(spans, device) for spans in (entities, heads, tails)))


def _checked(sentence: int, relations: Iterable[Relation]) -> list[Relation]:
    found = list(relations)
    for relation in found:
        if not isinstance(relation, Relation):
            raise TypeError(f"sentences[{sentence}] must hold Relation(subject, predicate, object), got {relation!r}")
        for name, place in (("subject", relation.subject), ("object", relation.object)):
            if not isinstance(place, tuple) or len(place) != 2:
                raise ValueError(f"sentences[{sentence}]: {name} must be a pair (start, end), got {relation}")
        numbers = (*relation.subject, relation.predicate, *relation.object)
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError(f"sentences[{sentence}] must hold relations of whole numbers ≥ 0, got {relation}")
        for name, (start, end) in (("subject", relation.subject), ("object", relation.object)):
            if start > end:
                raise ValueError(f"sentences[{sentence}]: a {name} must not end before it starts, got {relation}")
    return found
