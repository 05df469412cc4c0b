"""What counts as found: precision, recall and F1 of entities, of triples, of whole events and their arguments."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeVar, get_args

import numpy as np
from scipy.optimize import linear_sum_assignment

from gradbook.event_linking import TRIGGER, Event
from gradbook.event_linking.events import Label
from gradbook.extraction.annotated import Entity, Triple


class Score(NamedTuple):
    """Counts, and what they make; a score of nothing predicted and nothing there is 0."""

    correct: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        """The share of the predicted entities that are right."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """The share of the annotated entities that were found."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.correct / (self.predicted + self.gold) if self.correct else 0.0


def entity_score(predicted: Sequence[Iterable[Entity]], gold: Sequence[Iterable[Entity]]) -> Score:
    """Return the micro-averaged score: an entity counts if start, end and label are all right.

    Raises ValueError if the two have different numbers of sentences.
    """
    if len(predicted) != len(gold):
        raise ValueError(f"predicted and gold must have as many sentences, got {len(predicted)} and {len(gold)}")
    pairs = [(frozenset(p), frozenset(g)) for p, g in zip(predicted, gold, strict=True)]
    return Score(sum(len(p & g) for p, g in pairs), sum(len(p) for p, _ in pairs), sum(len(g) for _, g in pairs))


Match = Literal["exact", "partial"]


def triple_score(
    predicted: Sequence[Iterable[Triple]], gold: Sequence[Iterable[Triple]], match: Match = "exact"
) -> Score:
    """Return the micro-averaged score over texts; a triple counts once a text, by its surfaces, wherever it stands.

    "exact": subject, predicate and object are equal (LIC2019's measure, without its list of aliases). "partial": of
    subject and object only the last word is compared, the convention of the sets NYT* and WebNLG*, which annotate no
    more than that word. Raises ValueError for another ``match``, for another number of texts on one side, and for
    "partial" with a subject or object without a word; TypeError for something else than a Triple.
    """
    if match not in get_args(Match):
        raise ValueError(f"match must be 'exact' or 'partial', got {match!r}")
    if len(predicted) != len(gold):
        raise ValueError(f"predicted and gold must have as many texts, got {len(predicted)} and {len(gold)}")
    pairs = [(_counted(p, match), _counted(g, match)) for p, g in zip(predicted, gold, strict=True)]
    return Score(sum(len(p & g) for p, g in pairs), sum(len(p) for p, _ in pairs), sum(len(g) for _, g in pairs))


def _counted(triples: Iterable[Triple], match: Match) -> set[Triple]:
    found = list(triples)
    for triple in found:
        if not isinstance(triple, Triple):
            raise TypeError(f"each text must have a collection of Triple objects, got {triple!r} in one")
    return set(found) if match == "exact" else {_last_words(triple) for triple in found}


def _last_words(triple: Triple) -> Triple:
    subject, object_ = triple.subject.split(), triple.object.split()
    if not subject or not object_:
        raise ValueError(f"subject and object must have a word to be compared, got {triple}")
    return Triple(subject[-1], triple.predicate, object_[-1])


Matching = Literal["best", "once"]
_Items = TypeVar("_Items")
_Item = TypeVar("_Item")


class RoleArgument(NamedTuple):
    """What the official measure sees of an argument: type of event, role, and the words; ``aliases`` count as well."""

    type: Label
    role: Label
    mention: str
    aliases: frozenset[str] = frozenset()


class OverlapScore(NamedTuple):
    """The sum of the arguments' scores, each from 0 to 1, and the numbers of arguments; nothing found is 0."""

    overlap: float
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        """The mean score of the predicted arguments."""
        return self.overlap / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """The sum of scores over the number of annotated arguments; above 1 if many predictions share one of them."""
        return self.overlap / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.overlap / (self.predicted + self.gold) if self.overlap else 0.0


def event_score(predicted: Sequence[Iterable[Event]], gold: Sequence[Iterable[Event]]) -> Score:
    """Return the micro-averaged score of whole events: type and all arguments, with places, roles and trigger.

    An event counts once a text. Raises ValueError if the two have different numbers of texts, TypeError for something
    else than events.
    """
    pairs = [(_checked(p, Event), _checked(g, Event)) for p, g in _texts(predicted, gold)]
    return Score(sum(len(p.keys() & g) for p, g in pairs), sum(len(p) for p, _ in pairs), sum(len(g) for _, g in pairs))


def role_arguments(text: str, events: Iterable[Event]) -> set[RoleArgument]:
    """Return the arguments of a text's events by their words, triggers left out, each once.

    Two events of one type count as one here. Raises ValueError for an argument outside the text.
    """
    found = set()
    for event in events:
        for start, end, role in sorted(event.arguments, key=lambda argument: -argument.end):
            if end >= len(text):
                raise ValueError(f"arguments must lie inside {len(text)} characters, got end {end} in {event}")
            if role != TRIGGER:
                found.add(RoleArgument(event.type, role, text[start : end + 1]))
    return found


def argument_score(
    predicted: Sequence[Iterable[RoleArgument]], gold: Sequence[Iterable[RoleArgument]], matching: Matching = "best"
) -> OverlapScore:
    """Return DuEE's measure: how many characters of the annotated arguments were found, all texts together.

    A predicted argument scores the best character F1 (see ``mention_f1``) among the annotated arguments of the same
    text, type and role, their aliases included; 0 if there is none. Precision is the sum of the scores over the
    number of predicted arguments, recall the same sum over the number of annotated ones. The definition is the one
    published with the baseline of the LIC2021 contest (PaddleNLP, examples/information_extraction/DuEE/README.md);
    the script that computed the leaderboard isn't public. Places, triggers, and which arguments make an event
    together play no part in it.

    By these words, "best", two predictions may score on one annotated argument, and recall may pass 1. "once" lets
    each annotated argument be used by one prediction, in the best assignment.

    Raises ValueError for another ``matching`` or different numbers of texts, TypeError for other arguments.
    """
    if matching not in get_args(Matching):
        raise ValueError(f"matching must be 'best' or 'once', got {matching!r}")
    pairs = [(list(_checked(p, RoleArgument)), list(_checked(g, RoleArgument))) for p, g in _texts(predicted, gold)]
    total = sum(_overlap(p, g, matching) for p, g in pairs)
    return OverlapScore(total, sum(len(p) for p, _ in pairs), sum(len(g) for _, g in pairs))


def mention_f1(predicted: str, gold: str) -> float:
    """Return 2 c / (m + n): c characters are in both, each as often as in the one that has it less often.

    m and n are the lengths. Upper and lower case are the same, as the definition asks; order plays no part.
    """
    first, second = Counter(predicted.lower()), Counter(gold.lower())
    size = first.total() + second.total()
    return 2 * (first & second).total() / size if size else 0.0


def _overlap(predicted: list[RoleArgument], gold: list[RoleArgument], matching: Matching) -> float:
    """The sum of the scores in one text."""
    slots: dict[tuple[Label, Label], tuple[list[RoleArgument], list[RoleArgument]]] = defaultdict(lambda: ([], []))
    for side, arguments in enumerate((predicted, gold)):
        for argument in arguments:
            slots[argument.type, argument.role][side].append(argument)
    total = 0.0
    for found, there in slots.values():
        if found and there:
            scores = np.array([[_argument_f1(p, g) for g in there] for p in found])
            best = scores.max(1) if matching == "best" else scores[linear_sum_assignment(scores, maximize=True)]
            total += float(best.sum())
    return total


def _argument_f1(predicted: RoleArgument, gold: RoleArgument) -> float:
    return max(mention_f1(predicted.mention, mention) for mention in {gold.mention, *gold.aliases})


def _checked(items: Iterable[_Item], kind: type[_Item]) -> dict[_Item, None]:
    """The items of a text, each once, in their order."""
    found = dict.fromkeys(items)
    for item in found:
        if not isinstance(item, kind):
            raise TypeError(f"each text must have a collection of {kind.__name__} objects, got {item!r} in one")
    return found


def _texts(predicted: Sequence[_Items], gold: Sequence[_Items]) -> Iterator[tuple[_Items, _Items]]:
    if len(predicted) != len(gold):
        raise ValueError(f"predicted and gold must have as many texts, got {len(predicted)} and {len(gold)}")
    return zip(predicted, gold, strict=True)
