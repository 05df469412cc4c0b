"""Schemas of the DuEE competitions: which types of events there are, and which roles each has."""

from __future__ import annotations

import os

from gradbook.corpora.corpus import BadRecord, Problem
from gradbook.corpora.events import TRIGGER
from gradbook.corpora.json_records import Entry, json_lines
from gradbook.corpora.lines import excerpt

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
    problems = []
    for entry in json_lines(path):
        try:
            kind, roles = _roles(entry)
            if kind in schema:
                raise ValueError(f"type {excerpt(kind)} stands there twice")
            schema[kind] = roles
        except ValueError as error:
            problems.append(Problem(os.fspath(path), entry.line, str(error)))
    if problems:
        raise BadRecord(problems)
    return schema


def _roles(entry: Entry) -> tuple[str, dict[str, tuple[str, ...]]]:
    """The type and the roles of one line."""
    record = entry.content()
    kind, listed = record.get("event_type"), record.get("role_list")
    if not isinstance(kind, str) or not kind:
        raise ValueError(f"event_type must be a string that isn't empty, got {excerpt(kind)}")
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
