"""The four score maps of a text, the triples that they spell, and these as arcs from subject to object."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Labels, Panel, Path, arrow_outline, join_paths
from gradbook.book.relation_linking.models import ENGLISH, PREDICATES, load_model
from gradbook.checks import evaluating
from gradbook.relation_linking import Relation, decode_relations
from gradbook.relation_linking.relations import OBJECT, SUBJECT, Place

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


WIDTH, HEIGHT = 480, 270  # pixels; x and y count them
PREDICATE_COLOURS = dict(zip(PREDICATES, (COLOURS["orange"], COLOURS["blue"], COLOURS["purple"]), strict=True))
LIT = COLOURS["green"]
_LINE, _FLOOR = 40.0, 60.0  # the heights of the sentence and of the arcs' feet


def arcs_state(text: str, triples: Sequence[Found], lit: Relation | None) -> dict[str, Any]:
    """Return what the panel of :func:`arcs_panel` draws."""
    step = WIDTH / len(text)
    state: dict[str, Any] = {"line": [((i + 0.5) * step, _LINE, c) for i, c in enumerate(text)]}
    for number, predicate in enumerate(PREDICATES):
        own = [arc(one.relation, step) for one in triples if one.relation.predicate == number]
        state[f"arc {predicate}"] = join_paths(own)
    mentions = sorted({place for one in triples for place in (one.relation.subject, one.relation.object)})
    state["mentions"] = join_paths(underline(place, step) for place in mentions)
    state["lit boxes"] = (
        join_paths(box(place, step) for place in (lit.subject, lit.object)) if lit else np.empty((0, 2))
    )
    state["lit arc"] = arc(lit, step) if lit else np.empty((0, 2))
    state["lit words"] = _words(text, lit) if lit else []
    return state


def _ends(relation: Relation, step: float) -> tuple[float, float]:
    """Where an arc begins and ends; each predicate a little beside the others, so that arcs of one person part."""
    shift = (relation.predicate - 1) * min(5.0, step / 5)
    left, right = (step * (sum(place) + 1) / 2 for place in (relation.subject, relation.object))
    return left + shift, right + shift


def arc(relation: Relation, step: float) -> Array:
    """Return half an ellipse from subject to object, with an arrow head at the object."""
    left, right = _ends(relation, step)
    angle = np.linspace(0, np.pi, 33)
    curve = np.column_stack(
        [(left + right) / 2 + (left - right) / 2 * np.cos(angle), _FLOOR + height(relation, step) * np.sin(angle)]
    )
    return np.vstack([curve[:-1], arrow_outline(curve[-3], curve[-1], 9.0)])


def height(relation: Relation, step: float) -> float:
    """Return how high an arc rises: more, the further apart its ends are."""
    left, right = _ends(relation, step)
    return 22 + 140 * abs(right - left) / WIDTH + 4 * relation.predicate


def _words(text: str, relation: Relation) -> list[tuple[float, float, str]]:
    """What the chosen triple says, above all arcs."""
    predicate = PREDICATES[relation.predicate]
    subject, object_ = (surface(text, place) for place in (relation.subject, relation.object))
    return [(WIDTH / 2, HEIGHT - 14.0, f"{subject} – {predicate} ({ENGLISH[predicate]}) → {object_}")]


def underline(place: Place, step: float) -> Array:
    """Return a line under a mention."""
    return np.array([[place[0] * step + 2, _LINE - 15], [(place[1] + 1) * step - 2, _LINE - 15]])


def box(place: Place, step: float) -> Array:
    """Return a box round a mention."""
    left, right, low, high = place[0] * step + 1, (place[1] + 1) * step - 1, _LINE - 12, _FLOOR - 6
    return np.array([[left, low], [right, low], [right, high], [left, high], [left, low]])


def arcs_panel(title: str) -> Panel:
    """Return the panel with the sentence, its mentions underlined, an arc a triple, and the chosen one."""
    return Panel(
        title,
        (0.0, float(WIDTH)),
        (0.0, float(HEIGHT)),
        [
            *(Path(f"arc {p}", f"{p} ({ENGLISH[p]})", colour, 2.5) for p, colour in PREDICATE_COLOURS.items()),
            Path("mentions", "", COLOURS["grey"], 2),
            Path("lit arc", "the chosen triple", LIT, 4),
            Path("lit boxes", "", LIT, 3),
            Labels("line", size=14, centred=True),
            Labels("lit words", size=13, centred=True),
        ],
        size=(WIDTH, HEIGHT),
        bare=True,
    )
