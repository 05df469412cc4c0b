"""From annotated text to relations with places: which occurrence of a mention is meant."""

from __future__ import annotations

from itertools import product
from typing import Literal, get_args

from gradbook.corpora.relations import Fact, Mention, RelationText

Occurrence = Literal["nearest", "first"]


def located(text: RelationText, occurrence: Occurrence = "nearest") -> frozenset[Fact]:
    """Return every triple of the text with the places of its subject and object.

    Where the annotation has places, those. Else a mention that stands several times is taken where the gap between
    subject and object is smallest ("nearest"; of equal gaps the first subject, then the first object), or where it
    stands first ("first", the rule of the article's code; on agr_rel4 it trains better models: chapter 5, Table 5.11).
    Subject and object at different places come before those that share a token. Raises ValueError for another rule.
    """
    check_occurrence(occurrence)
    if text.facts is not None:
        return text.facts
    found = set()
    for subject, predicate, object_ in text.triples:
        subjects, objects = text.mentions(subject), text.mentions(object_)
        if occurrence == "first":
            pair = subjects[0], objects[0]
        else:
            pair = min(product(subjects, objects), key=lambda p: (gap(*p), p))
        found.add(Fact(pair[0], predicate, pair[1]))
    return frozenset(found)


def check_occurrence(occurrence: str) -> None:
    """Raise ValueError unless ``occurrence`` is "nearest" or "first"."""
    if occurrence not in get_args(Occurrence):
        raise ValueError(f"occurrence must be 'nearest' or 'first', got {occurrence!r}")


def gap(first: Mention, second: Mention) -> float:
    """Return how many tokens lie between two mentions; infinity if they overlap."""
    before, behind = second[0] - first[1] - 1, first[0] - second[1] - 1
    distance = max(before, behind)
    return distance if distance >= 0 else float("inf")
