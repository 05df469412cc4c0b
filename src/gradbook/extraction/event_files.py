"""Files of annotated events, as DuEE 1.0 of the LIC competitions has them: a schema, and one JSON object a line."""

from __future__ import annotations

import os

from gradbook.event_linking import TRIGGER, Argument, Event
from gradbook.extraction.annotated import EventText
from gradbook.extraction.records import (
    Bad,
    Corpus,
    Entry,
    Record,
    check_bad,
    excerpt,
    gather,
    json_lines,
    judged,
    read_schema,
    string_of,
    twice,
)

Content = dict[str, object]
EventSchema = dict[str, dict[str, tuple[str, ...]]]
"""By type, its roles; by role, the values it can have if they are on a list, () if they stand in the text."""


def read_event_schema(path: str | os.PathLike[str]) -> EventSchema:
    """Read a UTF-8 file of lines {"event_type": …, "role_list": [{"role": …}, …]}; return {type: {role: values}}.

    DuEE-fin has a role {"role": "环节", "enum_items": [value, …]} (the stage of a listing), whose value isn't in the
    text. The schema names no triggers. Other keys are ignored.

    Raises BadRecord (a ValueError) for a line that isn't an object, has no type or no list of roles, or whose type or
    role stands there twice; OSError if there is no such file.
    """
    schema: EventSchema = {}

    def add(record: Content) -> None:
        kind, roles = _roles(record)
        if kind in schema:
            raise ValueError(f"type {excerpt(kind)} stands there twice")
        schema[kind] = roles

    read_schema(path, add)
    return schema


def _roles(record: Content) -> tuple[str, dict[str, tuple[str, ...]]]:
    """The type and the roles of one line."""
    kind, listed = string_of(record, "event_type"), record.get("role_list")
    if not isinstance(listed, list):
        raise ValueError(f"role_list must be a list, got {excerpt(listed)}")
    roles = dict(_role(named) for named in listed)
    if len(roles) < len(listed):
        raise ValueError(f"a role of type {excerpt(kind)} stands there twice")
    return kind, roles


def _role(named: object) -> tuple[str, tuple[str, ...]]:
    if not isinstance(named, dict) or not isinstance(named.get("role"), str) or named["role"] in ("", TRIGGER):
        raise ValueError(
            f'role_list must hold objects {{"role": name}}, the name not {TRIGGER!r}, got {excerpt(named)}'
        )
    values = named.get("enum_items", [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise ValueError(f"enum_items must be a list of strings that aren't empty, got {excerpt(values)}")
    return named["role"], tuple(values)


def read_duee(
    path: str | os.PathLike[str], schema: str | os.PathLike[str] | None = None, bad: Bad = "raise"
) -> Corpus[EventText]:
    """Read a UTF-8 file of lines {"text": …, "event_list": [event, …]}, where an event is

    {"event_type": …, "trigger": …, "trigger_start_index": …, "arguments": [argument, …]} and an argument
    {"role": …, "argument": …, "argument_start_index": …}. The trigger becomes the argument with role ``TRIGGER``; an
    event without arguments has its trigger alone. Other keys are ignored, so are the aliases of an argument: the
    published files leave them empty.

    ``schema``: a file as ``read_event_schema`` reads it; a type or role that it doesn't name is a problem.

    Problems: a line that isn't a JSON object, a key that stands twice in one, no text, no list of events, an event
    without a type or trigger, a missing key, a mention that isn't at its offset, an unknown type or role, an argument
    with the trigger's role, an event or argument that stands twice. Of each event the first is said. With
    ``bad="raise"`` they are raised, all together; with ``bad="skip"`` they are listed in the corpus and their texts
    left out whole, except that a text with nothing worse than an event or argument twice is kept, with it once.

    Raises BadRecord (a ValueError) as said, and always for a schema that can't be read; ValueError for another
    ``bad``, OSError if there is no such file.
    """
    check_bad(bad)
    known = None if schema is None else read_event_schema(schema)
    return gather([_record(os.fspath(path), entry, known) for entry in json_lines(path)], bad)


def _record(file: str, entry: Entry, schema: EventSchema | None) -> Record[EventText]:
    """The record of one line. What stands there twice is a problem, but costs nothing: the text stays, with it once."""
    try:
        content = entry.content()
        text, listed = string_of(content, "text"), _objects(content, "event_list")
    except ValueError as error:
        return judged(file, entry.line, None, [str(error)])
    events: list[Event] = []
    reasons = []
    for named in listed:
        try:
            kind, arguments = _event(text, named, schema)
        except ValueError as error:
            reasons.append(str(error))
            continue
        reasons += [f"{one} stands twice in one event of type {excerpt(kind)}" for one in twice(arguments)[:1]]
        events.append(Event(kind, frozenset(arguments)))
    reasons += [f"{excerpt(event, 120)} stands there twice" for event in twice(events)]
    whole = EventText(text, frozenset(events)) if len(events) == len(listed) else None
    return judged(file, entry.line, whole, reasons)


def _objects(record: Content, key: str) -> list[Content]:
    """The list of objects under ``key``; ValueError if there is none, or it holds something else."""
    value = record.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list, got {excerpt(value)}")
    if wrong := [entry for entry in value if not isinstance(entry, dict)]:
        raise ValueError(f"{key} must hold objects, got {excerpt(wrong[0])}")
    return value


def _event(text: str, named: Content, schema: EventSchema | None) -> tuple[str, list[Argument]]:
    """The type and arguments of one entry of event_list; ValueError with the reason why it is no event."""
    kind = string_of(named, "event_type")
    if schema is not None and kind not in schema:
        raise ValueError(f"unknown type {excerpt(kind)}: the schema doesn't name it")
    arguments = [_argument(text, named, "trigger", TRIGGER)]
    for argument in _objects(named, "arguments"):
        role = string_of(argument, "role")
        if schema is not None and role not in schema[kind]:
            raise ValueError(f"unknown role {excerpt(role)}: the schema doesn't name it for type {excerpt(kind)}")
        if role == TRIGGER:
            raise ValueError(f"role must not be {TRIGGER!r}, which is the trigger's, got {excerpt(argument)}")
        arguments.append(_argument(text, argument, "argument", role))
    return kind, arguments


def _argument(text: str, record: Content, key: str, role: str) -> Argument:
    """The argument whose mention is under ``key``; ValueError if it doesn't stand where the record says."""
    mention, start = string_of(record, key), record.get(f"{key}_start_index")
    if type(start) is not int or start < 0:
        raise ValueError(f"{key}_start_index must be a whole number ≥ 0, got {excerpt(start)} for {excerpt(mention)}")
    if not text.startswith(mention, start):
        there = (
            f"there is {excerpt(text[start : start + len(mention)])}" if mention in text else "nor anywhere in the text"
        )
        raise ValueError(f"{key} {excerpt(mention)} doesn't stand at {start}, {there}")
    return Argument(start, start + len(mention) - 1, role)
