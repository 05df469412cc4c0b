"""Annotation without its text: places in characters, and a hash that says which text they belong to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gradbook.corpora.corpus import Bad, Corpus, Problem, Record, check_bad, gather
from gradbook.corpora.event_texts import EventText
from gradbook.corpora.events import Argument, Event
from gradbook.corpora.lines import excerpt

_DIGITS = 16


def text_hash(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_DIGITS]


def write_standoff(path: Path, texts: Iterable[EventText], kind: str, facts: Mapping[str, Any]) -> None:
    """Write the events of texts, all of type ``kind``, to a JSON file that holds nothing of the texts.

    The file is ASCII: the ``facts``, "type", "roles", and in "sentences" one line for each text, in order, with its
    hash and its events, each a list of [start, end, number of the role]. ``read_standoff`` puts them together again.

    Raises ValueError for an event of another type, a text that comes twice, a NaN in the facts, or facts
    of a name that the file has already; nothing is written.
    """
    texts = list(texts)
    if wrong := [text for text in texts if text.labels - {kind}]:
        raise ValueError(f"events must be of type {kind!r}, got {sorted(wrong[0].labels)} in {wrong[0].text!r}")
    if taken := sorted({"type", "roles", "sentences"} & facts.keys()):
        raise ValueError(f"facts must have names of their own, got {taken[0]!r}, which the file has already")
    hashes = [text_hash(text.text) for text in texts]
    if len(set(hashes)) < len(hashes):
        raise ValueError("texts must differ, got one twice")
    roles = sorted({role for text in texts for role in text.roles})
    head = {**facts, "type": kind, "roles": roles}
    fields = [f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in head.items()]
    lines = [
        f'  {{"sha256": "{digest}", "events": {json.dumps(_numbers(text, roles))}}}'
        for digest, text in zip(hashes, texts, strict=True)
    ]
    fields.append(' "sentences": [\n' + ",\n".join(lines) + "\n ]")
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n", encoding="utf-8")


def read_standoff(path: Path, texts: Iterable[str], bad: Bad = "raise") -> Corpus[EventText]:
    """Return the annotated texts of a file as ``write_standoff`` writes it, in its order.

    ``texts``: where the annotated ones are looked up, by their hash; there may be others. Problems: a hash that no
    text has or that stands there twice; an event that doesn't lie in its text, stands there twice, or has no role of
    the list. Raises BadRecord (a ValueError) for them unless ``bad`` is "skip", ValueError for a file that isn't of
    this kind, OSError if there is none.
    """
    check_bad(bad)
    written = path.read_text(encoding="utf-8")
    table = json.loads(written)
    lists = isinstance(table, dict) and all(isinstance(table.get(name), list) for name in ("roles", "sentences"))
    if not lists or not isinstance(table.get("type"), str):
        raise ValueError(f"{path.name} must hold a type, roles and sentences, got {excerpt(written)}")
    first = written[: written.index('"sentences"')].count("\n") + 2  # one line each from here on
    known = {text_hash(text): text for text in texts}
    return gather(_records(path.name, table, first, known), bad)


def _numbers(text: EventText, roles: list[str]) -> list[list[list[int]]]:
    return [
        sorted([start, end, roles.index(str(role))] for start, end, role in event.arguments)
        for event in sorted(text.events)
    ]


def _records(file: str, table: dict[str, Any], first: int, known: dict[str, str]) -> Iterator[Record[EventText]]:
    left = dict(known)
    for line, entry in enumerate(table["sentences"], start=first):
        try:
            yield Record(line, _joined(entry, left, table["type"], table["roles"]))
            del left[entry["sha256"]]
        except (ValueError, TypeError, KeyError) as error:
            yield Record(line, None, (Problem(file, line, f"{type(error).__name__}: {error}"),))


def _joined(entry: dict[str, Any], known: dict[str, str], kind: str, roles: list[str]) -> EventText:
    digest = entry["sha256"]
    if digest not in known:
        raise ValueError(f"no sentence has the hash {excerpt(digest)}, or another line has it")
    names = dict(enumerate(roles))
    if any(type(number) is not int for event in entry["events"] for argument in event for number in argument):
        raise TypeError("arguments must be three whole numbers")
    events = [[Argument(start, end, names[role]) for start, end, role in event] for event in entry["events"]]
    found = frozenset(Event(kind, frozenset(arguments)) for arguments in events)
    if len(found) < len(events) or any(len(set(arguments)) < len(arguments) for arguments in events):
        raise ValueError("an event or an argument stands there twice")
    return EventText(known[digest], found)
