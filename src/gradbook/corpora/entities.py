"""A text and the named entities in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, order=True)
class Entity:
    """Characters ``start`` to ``end`` of a text, ``end`` among them, and what they name. Ordered by start, then end."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Sentence:
    """A text and its entities, which may hold each other or overlap.

    Raises ValueError if the text is empty, or if an entity isn't inside the text or has no label; TypeError for
    fields of other types, a list of entities among them: it could name one twice.
    """

    text: str
    entities: frozenset[Entity]

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"text must be a str, got {type(self.text).__name__}")
        if not self.text:
            raise ValueError("text must hold at least one character, got ''")
        if not isinstance(self.entities, frozenset):
            raise TypeError(f"entities must be a frozenset, got {type(self.entities).__name__}")
        for entity in self.entities:
            if not isinstance(entity, Entity):
                raise TypeError(f"entities must hold Entity objects, got {entity!r}")
            self._check(entity)

    @property
    def labels(self) -> frozenset[str]:
        """The labels of the entities."""
        return frozenset(entity.label for entity in self.entities)

    @property
    def nested(self) -> bool:
        """True if two entities share a character."""
        return bool(overlapping_pairs(self))

    def surface(self, entity: Entity) -> str:
        """Return the entity's characters; ValueError if it isn't inside the text. It needn't be one of ``entities``."""
        self._check(entity)
        return self.text[entity.start : entity.end + 1]

    def _check(self, entity: Entity) -> None:
        """Raise ValueError unless the entity has a label and lies inside the text."""
        start, end, label = entity.start, entity.end, entity.label
        if type(start) is not int or type(end) is not int or not 0 <= start <= end < len(self.text):
            bounds = f"whole numbers 0 ≤ start ≤ end < {len(self.text)}"
            raise ValueError(f"{entity} must lie inside its text, {bounds}; the text is {self.text!r}")
        if not isinstance(label, str) or not label:
            raise ValueError(f"{entity} must have a label, a str that isn't empty; the text is {self.text!r}")


def overlapping_pairs(sentence: Sentence) -> list[tuple[Entity, Entity]]:
    """Return the pairs of entities that share at least one character, in order; a span with two labels is a pair."""
    pairs = combinations(sorted(sentence.entities), 2)
    return [(first, second) for first, second in pairs if second.start <= first.end]


def crossing_pairs(sentence: Sentence) -> list[tuple[Entity, Entity]]:
    """Return the pairs that overlap without one holding the other, in order."""
    return [(a, b) for a, b in overlapping_pairs(sentence) if a.start < b.start and a.end < b.end]
