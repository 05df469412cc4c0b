"""Files with one character and its tag a line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby

from gradbook.corpora.corpus import Bad, Corpus, Problem, Record, check_bad, gather
from gradbook.corpora.entities import Sentence
from gradbook.corpora.lines import read_lines
from gradbook.corpora.tags import Row, faults, parse_row, spans


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
    return [_record(os.fspath(path), first, [rows[line] for line in block], closed) for first, block in _blocks(lines)]


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that aren't empty, each with the number of its first line, from 1."""
    for filled, run in groupby(enumerate(lines, start=1), key=lambda numbered: bool(numbered[1])):
        if filled:
            block = list(run)
            yield block[0][0], [line for _, line in block]


def _record(file: str, first: int, rows: Sequence[Row], closed: bool) -> Record[Sentence]:
    problems = tuple(Problem(file, first + position, reason) for position, reason in faults(rows, closed))
    if problems:
        return Record(first, None, problems)
    return Record(first, Sentence("".join(row.character for row in rows), spans(rows)))
