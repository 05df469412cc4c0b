"""Tags of single characters, B-LOC M-LOC E-LOC O, as spans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from gradbook.corpora.entities import Entity
from gradbook.corpora.lines import excerpt, undecodable

_BEGIN = ("B", "S")  # a name begins here
_GOES_ON = ("I", "M", "E")  # the name began before
_OPEN = ("B", "I", "M")  # the name may go on after
_LINE = re.compile("(.*)[ \t]([^ \t]*)", re.DOTALL)
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
    """Whether a sequence is legal shows between neighbours: a name that goes on here must be open there, and back."""
    for position, (before, after) in enumerate(pairwise([OUTSIDE, *rows, OUTSIDE])):
        same = before.prefix in _OPEN and after.prefix in _GOES_ON and before.label == after.label
        if closed and before.prefix in _OPEN and not same:
            yield position - 1, f"{_name(before)} doesn't go on to a tag E-{before.label}"
        if after.prefix in _GOES_ON and not same:
            yield position, f"{_name(after)} has no beginning: before it stands {_name(before)}"


def spans(rows: Sequence[Row]) -> frozenset[Entity]:
    """Return the entities of rows without a fault."""
    ends = [
        k for k, (row, after) in enumerate(pairwise([*rows, OUTSIDE])) if row.label and after.prefix not in _GOES_ON
    ]
    begins = [k for k, row in enumerate(rows) if row.prefix in _BEGIN]
    return frozenset(Entity(start, end, rows[start].label) for start, end in zip(begins, ends, strict=True))


def _name(row: Row) -> str:
    """The tag as it was written; O also stands for the edge of a sentence."""
    return f"{row.prefix}-{row.label}" if row.label else "O"
