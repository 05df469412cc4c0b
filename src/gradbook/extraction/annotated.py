"""A text and the relations in it: triples by their surfaces, and where known the places of both mentions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

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
