"""The three sets of annotated events, each as train, dev and test, what DuEE holds, and arguments from a list.

An argument that isn't in the text but on a list (DuEE-fin has such) becomes a role that the trigger's span carries.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from gradbook.book.data.bylines import byline_cut
from gradbook.book.data.meetings import meeting_cut
from gradbook.book.data.msra import Cut
from gradbook.book.event_linking.ceiling import spurious_events
from gradbook.book.tables import Budget
from gradbook.event_linking import TRIGGER, Argument, Event
from gradbook.extraction.annotated import EventText
from gradbook.extraction.event_files import read_duee
from gradbook.extraction.records import Corpus

Choices = Mapping[str, Sequence[str]]
# DuEE-fin: the stage of a listing is being prepared, suspended, begun, or ended.
DUEE_FIN_CHOICES: dict[str, tuple[str, ...]] = {"环节": ("筹备上市", "暂停上市", "正式上市", "终止上市")}


class ListedValue(NamedTuple):
    """A role and its value, one of a fixed list."""

    role: str
    value: str


class ChosenEvent(NamedTuple):
    """An event with arguments in the text, and what was chosen for the roles that aren't."""

    event: Event
    choices: frozenset[ListedValue] = frozenset()


def enumerated_roles(events: Iterable[ChosenEvent], choices: Choices) -> list[Event]:
    """Return the events with each choice as an argument of role "role=value" at the trigger's span.

    ``choices`` gives the list of values of each such role. Su, "GPLinker" for events (2022, kexue.fm/archives/8926).
    Raises ValueError for a role or value that isn't in ``choices``, a choice in an event that hasn't one trigger, or
    an argument that already has such a role.
    """
    return [_with_roles(chosen, choices) for chosen in events]


def restore_enumerated(events: Iterable[Event], choices: Choices) -> list[ChosenEvent]:
    """Return the events without the roles "role=value", and the choices that they stand for.

    Undoes ``enumerated_roles``. Where a decoded event has a choice but no trigger, the choice's span becomes the
    trigger. Raises ValueError for a role "role=value" whose value isn't in ``choices``.
    """
    return [_restored(event, choices) for event in events]


def _with_roles(chosen: ChosenEvent, choices: Choices) -> Event:
    event = chosen.event
    if taken := [argument for argument in event.arguments if _choice(argument, choices)]:
        raise ValueError(f"no argument must have an enumerated role already, got {min(taken)}")
    if not chosen.choices:
        return event
    if len(event.triggers) != 1:
        raise ValueError(f"an event with choices must have one trigger, got {len(event.triggers)} in {event}")
    for choice in chosen.choices:
        _check(choice, choices)
    start, end, _ = event.triggers[0]
    added = {Argument(start, end, f"{choice.role}={choice.value}") for choice in chosen.choices}
    return Event(event.type, event.arguments | added)


def _restored(event: Event, choices: Choices) -> ChosenEvent:
    found = {argument: choice for argument in event.arguments if (choice := _choice(argument, choices))}
    rest = event.arguments.difference(found)
    if found and not event.triggers:
        start, end, _ = min(found)
        rest |= {Argument(start, end, TRIGGER)}
    return ChosenEvent(Event(event.type, rest), frozenset(found.values()))


def _choice(argument: Argument, choices: Choices) -> ListedValue | None:
    """The choice that an argument stands for, if its role is an enumerated one."""
    role, equals, value = str(argument.role).partition("=")
    if not equals or role not in choices:
        return None
    choice = ListedValue(role, value)
    _check(choice, choices)
    return choice


def _check(choice: ListedValue, choices: Choices) -> None:
    if choice.role not in choices:
        raise ValueError(f"role must be one of {', '.join(choices)}, got {choice.role!r}")
    if choice.value not in choices[choice.role]:
        raise ValueError(f"{choice.role} must be one of {', '.join(choices[choice.role])}, got {choice.value!r}")


_SAMPLE, _DEV = 500, 1498  # texts in the two files
_TEST, _DEV_PART = 300, 200


class EventSet(NamedTuple):
    """Three parts without a common text, and what a run on them gets."""

    train: Sequence[EventText]
    dev: Sequence[EventText]
    test: Sequence[EventText]
    budget: Budget


def load_set(name: str, data: str = "") -> EventSet:
    """Return the set ``name``: bylines (silver), meetings (gold, by hand) or duee, read from the folder ``data``/duee.

    Raises ValueError for another name, OSError if there is no such file.
    """
    if name == "bylines":
        cut, budget = byline_cut(), Budget(epochs=10)
    elif name == "meetings":
        cut, budget = meeting_cut(), Budget(epochs=40, batch_size=8)
    elif name == "duee":
        cut, budget = duee_split(Path(data) / "duee"), Budget(epochs=20)
    else:
        raise ValueError(f"name must be bylines, meetings or duee, got {name!r}")
    return EventSet(cut.train.sentences, cut.dev.sentences, cut.test.sentences, budget)


def duee_split(folder: str | os.PathLike[str]) -> Cut[EventText]:
    """Return the fixed parts of what is public of DuEE 1.0: 1,498 texts to train, 200 dev and 300 test.

    ``folder`` holds sample_data.json, 500 texts of the official train part, dev.json and event_schema.json. Test is
    the last 300 of dev.json. What comes before, sample_data.json first, both in file order, is for training; its last
    200 are dev. The official train part is eight times as large, so scores can't be compared with published ones.

    Raises BadRecord (a ValueError) for records that can't be used, where an event that stands twice does no harm;
    ValueError if the files hold other numbers of texts, OSError if one isn't there.
    """
    schema = Path(folder) / "event_schema.json"
    sample, dev = (read_duee(Path(folder) / name, schema, "skip") for name in ("sample_data.json", "dev.json"))
    if (len(sample), len(dev)) != (_SAMPLE, _DEV):
        problems = "".join(f"\n{problem}" for problem in (*sample.problems, *dev.problems)[:5])
        expected = f"{_SAMPLE} usable texts in sample_data.json and {_DEV:,} in dev.json"
        raise ValueError(f"folder must have {expected}, got {len(sample):,} and {len(dev):,}{problems}")
    texts = sample.sentences + dev.sentences
    ends = (len(texts) - _TEST - _DEV_PART, len(texts) - _TEST)
    return Cut(*(Corpus(part) for part in (texts[: ends[0]], texts[ends[0] : ends[1]], texts[ends[1] :])))


def crowding(texts: Iterable[Iterable[Event]]) -> dict[str, int]:
    """Count the texts with two and with three events of one type, and with three that share nodes pairwise."""
    several = three = pairwise = 0
    for events in texts:
        by_type: dict[str, list[Event]] = {}
        for event in set(events):
            by_type.setdefault(str(event.type), []).append(event)
        most = max(map(len, by_type.values()), default=0)
        several, three = several + (most >= 2), three + (most >= 3)
        pairwise += any(_share(some) for same in by_type.values() for some in combinations(same, 3))
    return {"two of a type": several, "three of a type": three, "three that share nodes pairwise": pairwise}


def _share(events: Sequence[Event]) -> bool:
    return all(a.nodes & b.nodes for a, b in combinations(events, 2))


def spurious_facts(texts: Iterable[Iterable[Event]]) -> dict[str, dict[str, int]]:
    """Count the spurious events of position links by type, and by the two roles that one span has in their texts."""
    types: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    for events in texts:
        annotated = list(events)
        for found in spurious_events(annotated, "positions"):
            types[str(found.event.type)] += 1
            roles[", ".join(sorted(_two_roles(found.edges, annotated))) or "none"] += 1
    return {"types": dict(types), "roles": dict(roles)}


def _two_roles(edges: Iterable[tuple[Any, ...]], events: Sequence[Event]) -> set[str]:
    """The pairs of roles that an end of a false edge and an annotated argument of the same type have on one span."""
    return {
        "/".join(sorted((str(end.role), str(argument.role))))
        for edge in edges
        for end in edge
        for event in events
        for argument in event.arguments
        if event.type == end.type and (argument.start, argument.end) == (end.start, end.end)
        if argument.role != end.role and _holds_both(event, edge)
    }


def _holds_both(event: Event, edge: Iterable[Any]) -> bool:
    places = {(argument.start, argument.end) for argument in event.arguments}
    return all((end.start, end.end) in places for end in edge)


def part_facts(parts: EventSet) -> list[dict[str, Any]]:
    """Return by part its texts, events, types, pairs of type and role.

    Last the type with most events in test, and how many of these the part has.
    """
    names, counts = ("train", "dev", "test"), [_types(part) for part in parts[:3]]
    most = counts[2].most_common(1)[0][0]
    return [
        {
            "part": name,
            "texts": len(part),
            "events": count.total(),
            "types": len(count),
            "pairs": len({(event.type, a.role) for text in part for event in text.events for a in event.arguments}),
            "most in test": most,
            "of these": count[most],
        }
        for name, part, count in zip(names, parts[:3], counts, strict=True)
    ]


def _types(texts: Iterable[EventText]) -> Counter[str]:
    return Counter(str(event.type) for text in texts for event in text.events)
