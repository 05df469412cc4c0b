"""Files of annotated entities: one character and its tag a line, or JSON objects as CLUENER has them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradbook.extraction.annotated import Entity, Sentence
from gradbook.extraction.records import (
    Bad,
    Corpus,
    Problem,
    Record,
    check_bad,
    excerpt,
    gather,
    json_lines,
    json_object,
    judged,
    read_lines,
    string_of,
    twice,
    undecodable,
)

_GOES_ON = ("I", "M", "E")  # the name began before
_OPEN = ("B", "I", "M")  # the name may go on after
_LINE = re.compile("(.*)[ \t]([^ \t]*)", re.DOTALL)
_NAME = re.compile("[BS][IME]*")  # a legal one, in prefixes
_NAMED = re.compile("[^O]+")
_TAG = re.compile("O|([BIMES])-(.+)", re.DOTALL)


class Row(NamedTuple):
    """A line of a tagged file: prefix O, B, I, M, E or S, and a label except for O; or the reason why it's neither."""

    character: str = ""
    prefix: str = ""
    label: str = ""
    reason: str = ""


OUTSIDE = Row(prefix="O")


def parse_row(line: str) -> Row:
    """Read "character tag"; the last space or tab of the line parts them, so the character itself may be one."""
    if reason := undecodable(line):
        return Row(reason=reason)
    parts = _LINE.fullmatch(line)
    if parts is None or not parts[2]:
        return Row(reason=f"no tag in {excerpt(line)}")
    token, tag = parts[1], _TAG.fullmatch(parts[2])
    if not token:
        return Row(reason=f"no character in {excerpt(line)}")
    if len(token) > 1:
        return Row(reason=f"more than one character, {excerpt(token)}, with one tag")
    if tag is None:
        return Row(reason=f"unknown tag {excerpt(parts[2])}: expected O, or B-, I-, M-, E-, S- and a label")
    return Row(token, tag[1] or "O", tag[2] or "")


def faults(rows: Sequence[Row], closed: bool) -> Iterator[tuple[int, str]]:
    """Yield (position, reason) of what is illegal; ``closed`` says that a name ends only at a tag E or S.

    A row that can't be read is one fault; if there is any, the rest isn't judged.
    """
    unread = [(position, row.reason) for position, row in enumerate(rows) if row.reason]
    yield from unread or _illegal(rows, closed)


def _illegal(rows: Sequence[Row], closed: bool) -> Iterator[tuple[int, str]]:
    """Whether a sequence is legal shows between neighbours: a name that goes on here must be open there, and back.

    Only at names: two tags O side by side, most of a text, are legal.
    """
    padded = [OUTSIDE, *rows, OUTSIDE]
    for named in _NAMED.finditer(_prefixes(rows)):
        for position in range(named.start(), named.end() + 1):
            before, after = padded[position : position + 2]
            same = before.prefix in _OPEN and after.prefix in _GOES_ON and before.label == after.label
            if closed and before.prefix in _OPEN and not same:
                yield position - 1, f"{_name(before)} doesn't go on to a tag E-{before.label}"
            if after.prefix in _GOES_ON and not same:
                yield position, f"{_name(after)} has no beginning: before it stands {_name(before)}"


def spans(rows: Sequence[Row]) -> frozenset[Entity]:
    """Return the entities of rows without a fault."""
    names = _NAME.finditer(_prefixes(rows))
    return frozenset(Entity(name.start(), name.end() - 1, rows[name.start()].label) for name in names)


def _prefixes(rows: Sequence[Row]) -> str:
    """The prefixes of rows that can be read, a character each."""
    return "".join([row.prefix for row in rows])


def _name(row: Row) -> str:
    """The tag as it was written; O also stands for the edge of a sentence."""
    return f"{row.prefix}-{row.label}" if row.label else "O"


def read_tagged(path: str | os.PathLike[str], bad: Bad = "raise") -> Corpus[Sentence]:
    """Read a UTF-8 file of lines "character tag", parted by a space or a tab, with an empty line between sentences.

    Tags: O, or B-, I-, M-, E-, S- and a label. B begins a name, I and M go on, E ends it, S is a name of one
    character. Which scheme it is, the whole file says: if M, E or S occurs anywhere, a name ends only at E or S (BMES,
    BMEO, BIOES); otherwise it ends where its I tags do (BIO).

    Problems: a line without a character or a tag, with more than one character, with an unknown tag, or that isn't
    UTF-8; I, M or E that doesn't follow B, I or M of the same label; where E and S are used, B, I or M with no I, M or
    E of the same label after it. With ``bad="raise"`` they are raised, all together; with ``bad="skip"`` their
    sentences are left out whole and the problems listed in the corpus. Nothing is mended: what the annotator meant,
    nobody knows.

    Raises BadRecord (a ValueError) as said, ValueError for another ``bad``, OSError if there is no such file.
    """
    check_bad(bad)
    return gather(tagged_records(path), bad)


def tagged_records(path: str | os.PathLike[str]) -> list[Record[Sentence]]:
    """Return the sentences of a tagged file with the lines they begin at."""
    lines = read_lines(path)
    rows = {line: parse_row(line) for line in set(lines) if line}  # far fewer different lines than lines
    closed = any(row.prefix in ("M", "E", "S") for row in rows.values())
    return [
        _tagged_record(os.fspath(path), first, [rows[line] for line in block], closed)
        for first, block in _blocks(lines)
    ]


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that aren't empty, each with the number of its first line, from 1."""
    first = 0
    for end in [*(place for place, line in enumerate(lines) if not line), len(lines)]:
        if first < end:
            yield first + 1, lines[first:end]
        first = end + 1


def _tagged_record(file: str, first: int, rows: Sequence[Row], closed: bool) -> Record[Sentence]:
    if problems := tuple(Problem(file, first + position, reason) for position, reason in faults(rows, closed)):
        return Record(first, None, problems)
    return Record(first, Sentence("".join([row.character for row in rows]), spans(rows)))


def read_cluener(path: str | os.PathLike[str], bad: Bad = "raise") -> Corpus[Sentence]:
    """Read a UTF-8 file of lines {"text": …, "label": {type: {surface: [[start, end], …]}}}, ``end`` among the span.

    Other keys of a line are ignored, empty lines too. Problems: a line that isn't a JSON object, a key that stands
    twice in one, no text or no label, offsets that aren't two whole numbers inside the text or that don't spell the
    surface, a span that one type names twice. With ``bad="raise"`` they are raised, all together; with ``bad="skip"``
    their sentences are left out whole and the problems listed in the corpus.

    Raises BadRecord (a ValueError) as said, ValueError for another ``bad``, OSError if there is no such file.
    """
    check_bad(bad)
    return gather([_cluener_record(os.fspath(path), entry.line, entry.text) for entry in json_lines(path)], bad)


def _cluener_record(file: str, number: int, line: str) -> Record[Sentence]:
    """The record of one line."""
    try:
        text, found = _content(line)
    except ValueError as error:
        return judged(file, number, None, [str(error)])
    entities = [entry for entry in found if isinstance(entry, Entity)]
    reasons = [entry for entry in found if isinstance(entry, str)]
    reasons += [f"{entity} stands there twice" for entity in sorted(twice(entities))]
    return judged(file, number, None if reasons else Sentence(text, frozenset(entities)), reasons)


def _content(line: str) -> tuple[str, list[Entity | str]]:
    """The text of a line, and for each span in it the entity or the reason why it's none; ValueError if unreadable."""
    record = json_object(line)
    text = string_of(record, "text")
    return text, list(_spans(text, record.get("label")))


def _spans(text: str, label: object) -> Iterator[Entity | str]:
    """Each span that ``label`` names, or the reason why it isn't one."""
    if not isinstance(label, dict):
        yield f"label must be an object of types, got {excerpt(label)}"
        return
    for kind, surfaces in label.items():
        if not isinstance(surfaces, dict) or not kind:
            yield f"label {kind!r} must have a name and hold an object of surfaces, got {excerpt(surfaces)}"
            continue
        for surface, places in surfaces.items():
            if not isinstance(places, list) or not places:
                yield f"{kind} {surface!r} must have a list of places, got {excerpt(places)}"
                continue
            yield from (_span(text, kind, surface, place) for place in places)


def _span(text: str, kind: str, surface: str, place: object) -> Entity | str:
    """The entity at ``place``, which must be [start, end] and spell ``surface``, or the reason why there is none."""
    if not isinstance(place, list) or [type(offset) for offset in place] != [int, int]:
        return f"{kind} {surface!r} must have places [start, end], got {excerpt(place)}"
    start, end = place
    if not 0 <= start <= end < len(text):
        return f"{kind} {surface!r} at {place} isn't inside the text, 0 to {len(text) - 1}"
    if text[start : end + 1] != surface:
        return f"{kind} {surface!r} at {place}: there the text has {excerpt(text[start : end + 1])}"
    return Entity(start, end, kind)
