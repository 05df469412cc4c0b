"""What the readers of annotated events share: from a JSON object to a text, or to the reasons why it is none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gradbook.corpora.corpus import Bad, Corpus, Problem, Record, gather
from gradbook.corpora.event_schemas import EventSchema
from gradbook.corpora.event_texts import EventText
from gradbook.corpora.events import Argument, Event
from gradbook.corpora.json_records import Entry
from gradbook.corpora.lines import excerpt

Content = dict[str, object]


class Found(NamedTuple):
    """An event of a record; ``reason``: what is wrong with it. Without an event the whole text can't be used."""

    event: Event | None
    reason: str = ""


def event_corpus(
    path: str | os.PathLike[str],
    entries: Iterable[Entry],
    text_of: Callable[[Content], str],
    event_of: Callable[[str, Content], Found],
    bad: Bad,
    empty: bool = False,
) -> Corpus[EventText]:
    """Return the corpus of all entries; ``event_of`` makes the event of one entry of event_list, or raises ValueError.

    ``empty``: a record without event_list has no events; else that is a problem. An event or an argument that stands
    twice is a problem, but costs nothing: the text stays, with it once. Any other problem leaves its text out whole.
    """
    file = os.fspath(path)

    def record(entry: Entry) -> Record[EventText]:
        try:
            content = entry.content()
            text = text_of(content)
            named = [] if empty and "event_list" not in content else list_of(content, "event_list")
        except ValueError as error:
            return Record(entry.line, None, (Problem(file, entry.line, str(error)),))
        return _record(file, entry.line, text, [_found(text, event, event_of) for event in named])

    return gather(map(record, entries), bad)


def as_found(kind: str, arguments: list[Argument]) -> Found:
    """Return the event of this type; an argument that stands in the list twice is said and taken once."""
    twice = [argument for argument in dict.fromkeys(arguments) if arguments.count(argument) > 1]
    event = Event(kind, frozenset(arguments))
    return Found(event, f"{twice[0]} stands twice in one event of type {excerpt(kind)}" if twice else "")


def string_of(record: Content, key: str) -> str:
    """Return the string under ``key``; ValueError if there is none, or it is empty."""
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} must be a string that isn't empty, got {excerpt(value)}")
    return value


def list_of(record: Content, key: str) -> list[Content]:
    """Return the list of objects under ``key``; ValueError if there is none, or it holds something else."""
    value = record.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list, got {excerpt(value)}")
    if wrong := [entry for entry in value if not isinstance(entry, dict)]:
        raise ValueError(f"{key} must hold objects, got {excerpt(wrong[0])}")
    return value


def check_known(schema: EventSchema | None, kind: str, role: str = "") -> None:
    """Raise ValueError if there is a schema and it doesn't name the type, or the role of this type."""
    if schema is not None and kind not in schema:
        raise ValueError(f"unknown type {excerpt(kind)}: the schema doesn't name it")
    if schema is not None and role and role not in schema[kind]:
        raise ValueError(f"unknown role {excerpt(role)}: the schema doesn't name it for type {excerpt(kind)}")


def _found(text: str, named: Content, event_of: Callable[[str, Content], Found]) -> Found:
    try:
        return event_of(text, named)
    except ValueError as error:
        return Found(None, str(error))


def _record(file: str, line: int, text: str, found: list[Found]) -> Record[EventText]:
    events = [one.event for one in found if one.event is not None]
    reasons = [one.reason for one in found if one.reason]
    reasons += [f"{excerpt(event, 120)} stands there twice" for event in _twice(events)]
    whole = EventText(text, frozenset(events)) if len(events) == len(found) else None
    return Record(line, whole, tuple(Problem(file, line, reason) for reason in reasons))


def _twice(events: list[Event]) -> Iterator[Event]:
    return (event for event in dict.fromkeys(events) if events.count(event) > 1)
