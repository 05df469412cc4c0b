"""Annotated texts: entities in a sentence, triples with or without their places, events with their arguments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

from gradbook.event_linking import Argument, Event


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
        places = sorted((entity.start, entity.end) for entity in self.entities)
        return any(after[0] <= before[1] for before, after in pairwise(places))  # if any two overlap, neighbours do

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


Mention = tuple[int, int]


class Triple(NamedTuple):
    """What the annotation says of a text: ``subject`` stands in ``predicate`` to ``object``; all three as written."""

    subject: str
    predicate: str
    object: str


class Fact(NamedTuple):
    """A triple with places: the first and last token of subject and object, both included, counted from 0."""

    subject: Mention
    predicate: str
    object: Mention


@dataclass(frozen=True)
class RelationText:
    """A text, its triples, and their places where the annotation has them; None where it only has surfaces.

    Tokens are the characters or, with ``words``, what stands between single spaces. A text may have no triples.
    Raises ValueError for an empty text or word, a subject or object that isn't a run of whole tokens of the text, a
    predicate that isn't a str or is empty, and facts that lie outside the text or spell other triples; TypeError for
    fields of other types.
    """

    text: str
    triples: frozenset[Triple]
    facts: frozenset[Fact] | None = None
    words: bool = False

    def __post_init__(self) -> None:
        self._check_types()
        if not self.text or "" in self.tokens:
            expected = "words between single spaces" if self.words else "at least one character"
            raise ValueError(f"text must hold {expected}, got {self.text!r}")
        for triple in sorted(self.triples, key=repr):
            if reason := self.fault(triple):
                raise ValueError(f"{reason}; the text is {self.text!r}")
        if self.facts is not None and (spelled := {self.triple(fact) for fact in self.facts}) != self.triples:
            wrong = min(spelled ^ self.triples)
            raise ValueError(f"facts must spell exactly the triples, not so for {wrong}; the text is {self.text!r}")

    @property
    def tokens(self) -> tuple[str, ...]:
        """The characters, or the words."""
        return tuple(self.text.split(" ") if self.words else self.text)

    @property
    def labels(self) -> frozenset[str]:
        """The predicates."""
        return frozenset(triple.predicate for triple in self.triples)

    def surface(self, mention: Mention) -> str:
        """Return what stands at a mention; ValueError if it isn't inside the text."""
        tokens = self.tokens
        whole = isinstance(mention, tuple) and [type(place) for place in mention] == [int, int]
        if not whole or not 0 <= mention[0] <= mention[1] < len(tokens):
            bounds = f"two whole numbers 0 ≤ first ≤ last < {len(tokens)}"
            raise ValueError(f"a mention must be {bounds}, got {mention!r}; the text is {self.text!r}")
        return (" " if self.words else "").join(tokens[mention[0] : mention[1] + 1])

    def mentions(self, surface: str) -> list[Mention]:
        """Return all places where a surface stands as whole tokens, in order, overlapping ones too.

        Raises ValueError for an empty surface, which would stand everywhere.
        """
        if not surface:
            raise ValueError("surface must hold at least one character, got ''")
        if surface not in self.text:
            return []
        wanted, tokens = tuple(surface.split(" ") if self.words else surface), self.tokens
        firsts = range(len(tokens) - len(wanted) + 1)
        return [(k, k + len(wanted) - 1) for k in firsts if tokens[k : k + len(wanted)] == wanted]

    def triple(self, fact: Fact) -> Triple:
        """Return the triple that a fact spells; ValueError if it lies outside the text."""
        return Triple(self.surface(fact.subject), fact.predicate, self.surface(fact.object))

    def fault(self, triple: Triple) -> str:
        """Return the reason why this can't be a triple of the text, "" if it can."""
        for role, value in zip(Triple._fields, triple, strict=True):
            if not isinstance(value, str) or not value:
                return f"{role} must be a str that isn't empty, got {value!r} in {triple}"
        for role, surface in (("subject", triple.subject), ("object", triple.object)):
            if not self.mentions(surface):
                how = " as whole words" if self.words else ""
                hint = (
                    ", only in other capitals"
                    if surface not in self.text and surface.lower() in self.text.lower()
                    else ""
                )
                return f"{role} {surface!r} of {triple} doesn't stand in the text{how}{hint}"
        return ""

    def _check_types(self) -> None:
        for name, kind in (("text", str), ("triples", frozenset), ("words", bool)):
            if not isinstance(getattr(self, name), kind):
                raise TypeError(f"{name} must be a {kind.__name__}, got {type(getattr(self, name)).__name__}")
        if not isinstance(self.facts, frozenset | None):
            raise TypeError(f"facts must be a frozenset or None, got {type(self.facts).__name__}")
        self._check_entries("triples", self.triples, Triple)
        self._check_entries("facts", self.facts or (), Fact)

    @staticmethod
    def _check_entries(name: str, entries: Iterable[object], kind: type) -> None:
        for entry in entries:
            if not isinstance(entry, kind):
                raise TypeError(f"{name} must hold {kind.__name__} objects, got {entry!r}")


@dataclass(frozen=True)
class EventText:
    """A text and its events; their arguments count characters. A text may have no events.

    Types and roles are names here, never numbers. Raises ValueError if the text is empty or an argument isn't inside
    it; TypeError for fields of other types, a list of events among them: it could name one twice.
    """

    text: str
    events: frozenset[Event]

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"text must be a str, got {type(self.text).__name__}")
        if not self.text:
            raise ValueError("text must hold at least one character, got ''")
        if not isinstance(self.events, frozenset):
            raise TypeError(f"events must be a frozenset, got {type(self.events).__name__}")
        for event in self.events:
            self._check(event)

    @property
    def labels(self) -> frozenset[str]:
        """The types of the events."""
        return frozenset(str(event.type) for event in self.events)

    @property
    def roles(self) -> frozenset[str]:
        """The roles that occur, the trigger's among them."""
        return frozenset(str(argument.role) for event in self.events for argument in event.arguments)

    def surface(self, argument: Argument) -> str:
        """Return the argument's characters; ValueError if it isn't inside the text. It needn't be of ``events``."""
        if not 0 <= argument.start <= argument.end < len(self.text):
            bounds = f"0 ≤ start ≤ end < {len(self.text)}"
            raise ValueError(f"{argument} must lie inside its text, {bounds}; the text is {self.text!r}")
        return self.text[argument.start : argument.end + 1]

    def _check(self, event: Event) -> None:
        """Raise unless this is an event with names as labels and all arguments inside the text."""
        if not isinstance(event, Event):
            raise TypeError(f"events must hold Event objects, got {event!r}")
        for label in (event.type, *(argument.role for argument in event.arguments)):
            if not isinstance(label, str):
                raise TypeError(f"types and roles must be str, got {label!r} in {event}; the text is {self.text!r}")
        last = max(event.arguments, key=lambda argument: argument.end)
        if last.end >= len(self.text):
            raise ValueError(
                f"{last} must lie inside its text of {len(self.text)} characters, in {event}; the text is {self.text!r}"
            )
