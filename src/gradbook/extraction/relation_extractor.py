"""A relation linker and the predicates' names together: from annotated texts to losses, from texts to relations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from gradbook.extraction.annotated import Fact, Mention, RelationText
from gradbook.extraction.encoders import by_length
from gradbook.relation_linking import Relation, RelationLinker
from gradbook.relation_linking.linker import METHODS

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


class RelationExtractor(nn.Module):
    """Finds the relations of a text.

    ``linker`` scores ``len(predicates)`` predicates. In training, ``occurrence`` says where a mention is that stands
    several times (:func:`located`), ``method`` and ``joint`` how the loss is made
    (:meth:`RelationLinker.loss`). Raises ValueError if names and linker don't fit, a name stands twice, or there is no
    such ``occurrence`` or ``method``; TypeError for names that aren't a collection of strings.
    """

    def __init__(
        self,
        linker: RelationLinker,
        predicates: Sequence[str],
        occurrence: Occurrence = "nearest",
        method: str = "own",
        joint: bool = False,
    ) -> None:
        super().__init__()
        if isinstance(predicates, str) or not all(isinstance(name, str) for name in predicates):
            raise TypeError(f"predicates must be a collection of strings, got {predicates!r}")
        check_occurrence(occurrence)
        if len(predicates) != linker.num_predicates or len(set(predicates)) != len(predicates):
            raise ValueError(f"predicates must be {linker.num_predicates} different names, got {list(predicates)}")
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
        self.linker, self.predicates = linker, tuple(predicates)
        self.occurrence, self.method, self.joint = occurrence, method, joint

    def forward(self, texts: Sequence[RelationText]) -> Tensor:
        """Return the loss (B,) of every text; ValueError for a predicate that is none of ``predicates``."""
        relations = [self.relations(text) for text in texts]
        return self.linker.loss([text.text for text in texts], relations, self.method, self.joint)

    def relations(self, text: RelationText) -> set[Relation]:
        """Return the text's annotation as relations; ValueError if it is in words and the encoder not, or reversed."""
        unit = getattr(self.linker.encoder, "unit", "characters")
        if (unit == "words") != text.words:
            raise ValueError(
                f"texts must be cut into {unit} as the encoder does, got words={text.words}: {text.text!r}"
            )
        numbers = {name: number for number, name in enumerate(self.predicates)}
        for triple in text.triples:
            if triple.predicate not in numbers:
                known = f"{triple.predicate!r}, got {list(self.predicates)}"
                raise ValueError(f"predicates must hold {known}; the text {text.text!r} has {triple}")
        return {Relation(f.subject, numbers[f.predicate], f.object) for f in located(text, self.occurrence)}

    @torch.no_grad()
    def extract(self, texts: Sequence[str], threshold: float = 0.0, batch_size: int = 64) -> list[frozenset[Fact]]:
        """Return the relations of every text with their places, those above ``threshold``.

        Raises TypeError for a single text, ValueError for a text longer than the encoder's limit.
        """
        return by_length(
            texts, lambda batch: [self._facts(r) for r in self.linker.decode(batch, threshold)], batch_size
        )

    def _facts(self, relations: set[Relation]) -> frozenset[Fact]:
        return frozenset(Fact(r.subject, self.predicates[r.predicate], r.object) for r in relations)
