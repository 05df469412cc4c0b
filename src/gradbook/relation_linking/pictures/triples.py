"""The four score maps of a text and the triples that they spell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.relation_linking.decoding import decode_relations
from gradbook.relation_linking.relations import OBJECT, SUBJECT, Relation
from gradbook.relation_linking.stored import ENGLISH, PREDICATES, load_model
from gradbook.training.modes import evaluating

Array = NDArray[np.float64]
KINDS = {"all predicates": PREDICATES, **{f"{p} ({ENGLISH[p]})": (p,) for p in PREDICATES}}
"""What the reader may choose to see, and the predicates that this stands for."""


class Maps(NamedTuple):
    """The scores of one text: entities (2, L, L), heads and tails (P, L, L), −inf where masked."""

    entities: Array
    heads: Array
    tails: Array


class Found(NamedTuple):
    """A relation and the smallest of its four scores."""

    relation: Relation
    score: float


@lru_cache(maxsize=256)
def maps_of(model: str, text: str) -> Maps:
    """Return the scores that the stored ``model`` gives a text."""
    linker = load_model(model).linker
    with torch.no_grad(), evaluating(linker):
        return Maps(*(part[0].numpy() for part in linker([text])))


def numbers_of(kind: str) -> list[int]:
    """Return the numbers of the predicates that a choice stands for."""
    return [PREDICATES.index(predicate) for predicate in KINDS[kind]]


@lru_cache(maxsize=256)
def found(model: str, text: str, kind: str, threshold: float) -> tuple[Found, ...]:
    """Return the triples all four of whose scores are above the threshold, the highest first."""
    maps = maps_of(model, text)
    entities, heads, tails = (torch.from_numpy(part).unsqueeze(0) for part in maps)
    (relations,) = decode_relations(entities, heads, tails, threshold)
    wanted = numbers_of(kind)
    kept = [Found(r, min(four(maps, r))) for r in relations if r.predicate in wanted]
    return tuple(sorted(kept, key=lambda one: (-one.score, one.relation)))


def cells(relation: Relation) -> tuple[tuple[int, int], ...]:
    """Return (row, column) of a relation's cell in the maps of subjects, objects, heads and tails."""
    s, _, o = relation
    return s, o, (s[0], o[0]), (s[1], o[1])


def four(maps: Maps, relation: Relation) -> list[float]:
    """Return the four scores of a relation: subject, object, head, tail."""
    s, o, head, tail = cells(relation)
    p = relation.predicate
    scores = maps.entities[SUBJECT][s], maps.entities[OBJECT][o], maps.heads[p][head], maps.tails[p][tail]
    return [float(score) for score in scores]


def in_order(triples: Sequence[Found], most: int) -> list[Found]:
    """Return the ``most`` highest triples in the order of the text."""
    return sorted(triples[:most], key=lambda one: (one.relation.subject, one.relation.object, one.relation.predicate))


def listed(text: str, triples: Sequence[Found], more: int) -> str:
    """Return for example "1 王芳 职务 校长 4.2; 2 …", and how many there are beside them."""
    words = [
        f"{k} {surface(text, r.subject)} {PREDICATES[r.predicate]} {surface(text, r.object)} {score:.1f}"
        for k, (r, score) in enumerate(triples, 1)
    ]
    return ("; ".join(words) or "nothing") + (f"; and {more} lower ones" if more else "")


def surface(text: str, place: tuple[int, int]) -> str:
    """Return what stands from the first to the last character of a span."""
    return text[place[0] : place[1] + 1]
