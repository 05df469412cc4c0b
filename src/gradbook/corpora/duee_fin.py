"""Files of DuEE-fin, events in financial documents: one JSON object a line, without offsets.

Han et al., DuEE-Fin: a large-scale dataset for document-level event extraction (NLPCC 2022). The layout is the one
that the baseline in PaddleNLP reads (examples/information_extraction/DuEE/duee_fin_data_prepare.py).
"""

from __future__ import annotations

import os

from gradbook.corpora.corpus import Bad, Corpus, check_bad
from gradbook.corpora.enumerated import Choice, ChosenEvent, enumerated_roles
from gradbook.corpora.event_records import Content, Found, as_found, check_known, event_corpus, list_of, string_of
from gradbook.corpora.event_schemas import EventSchema, read_event_schema
from gradbook.corpora.event_texts import EventText
from gradbook.corpora.events import TRIGGER, Argument
from gradbook.corpora.json_records import json_lines
from gradbook.corpora.lines import excerpt


def read_duee_fin(
    path: str | os.PathLike[str], schema: str | os.PathLike[str], bad: Bad = "raise"
) -> Corpus[EventText]:
    """Read a UTF-8 file of lines {"title": …, "text": …, "event_list": [event, …]}, where an event is

    {"event_type": …, "trigger": …, "arguments": [{"role": …, "argument": …}, …]}. The text of a document is its title,
    if it has one, a line feed, and its text. A document without event_list has no events.

    The file doesn't say where a mention stands. It is put where its characters stand first, in the title or further
    down; that may be another mention of it, or the middle of a longer word. An event may lack a trigger.

    ``schema``: a file as ``read_event_schema`` reads it. A role with enum_items isn't in the text: its value becomes a
    role "role=value" of the trigger's span, see ``enumerated_roles``; ``restore_enumerated`` undoes it.

    Problems: as ``read_duee``, except what concerns offsets and a missing trigger; and a mention that isn't in its
    text, a value that the schema doesn't list, a value in an event without a trigger.

    Raises as ``read_duee``. No file of DuEE-fin was at hand; the reader is tested on made-up records.
    """
    check_bad(bad)
    known = read_event_schema(schema)

    def event_of(text: str, named: Content) -> Found:
        return _event(text, named, known)

    return event_corpus(path, json_lines(path), _text, event_of, bad, empty=True)


def _text(content: Content) -> str:
    text, title = string_of(content, "text"), content.get("title", "")
    if not isinstance(title, str):
        raise ValueError(f"title must be a string, got {excerpt(title)}")
    return f"{title}\n{text}" if title else text


def _event(text: str, named: Content, schema: EventSchema) -> Found:
    kind = string_of(named, "event_type")
    check_known(schema, kind)
    triggers = [_first(text, string_of(named, "trigger"), TRIGGER)] if named.get("trigger", "") != "" else []
    arguments, choices = list(triggers), []
    for argument in list_of(named, "arguments"):
        role, mention = string_of(argument, "role"), string_of(argument, "argument")
        check_known(schema, kind, role)
        if schema[kind][role]:
            choices.append(Choice(role, mention))
        else:
            arguments.append(_first(text, mention, role))
    if choices and not triggers:
        raise ValueError(f"an event with a value for {choices[0].role!r} must have a trigger, got none")
    return _chosen(as_found(kind, arguments), choices, schema)


def _chosen(found: Found, choices: list[Choice], schema: EventSchema) -> Found:
    """The event with roles for its choices."""
    if found.event is None or not choices:
        return found
    (event,) = enumerated_roles([ChosenEvent(found.event, frozenset(choices))], _values(schema[str(found.event.type)]))
    twice = "" if len(set(choices)) == len(choices) else f"one of {excerpt(choices)} stands twice in one event"
    return Found(event, found.reason or twice)


def _values(roles: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {role: values for role, values in roles.items() if values}


def _first(text: str, mention: str, role: str) -> Argument:
    start = text.find(mention)
    if start < 0:
        raise ValueError(f"{role} {excerpt(mention)} doesn't stand in the text")
    return Argument(start, start + len(mention) - 1, role)
