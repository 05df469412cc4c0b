"""Files of CLUENER: one JSON object a line.

Xu et al., CLUENER2020: fine-grained named entity recognition dataset and benchmark for Chinese (arXiv 2001.04351).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from gradbook.corpora.corpus import Bad, Corpus, Problem, Record, check_bad, gather
from gradbook.corpora.entities import Entity, Sentence
from gradbook.corpora.json_records import json_lines, json_object
from gradbook.corpora.lines import excerpt


def read_cluener(path: str | os.PathLike[str], bad: Bad = "raise") -> Corpus[Sentence]:
    """Read a UTF-8 file of lines {"text": …, "label": {type: {surface: [[start, end], …]}}}, ``end`` among the span.

    Other keys of a line are ignored, empty lines too. Problems: a line that isn't a JSON object, a key that stands
    twice in one, no text or no label, offsets that aren't two whole numbers inside the text or that don't spell the
    surface, a span that one type names twice. With ``bad="raise"`` they are raised, all together; with ``bad="skip"``
    their sentences are left out whole and the problems listed in the corpus.

    Raises BadRecord (a ValueError) as said, ValueError for another ``bad``, OSError if there is no such file.
    """
    check_bad(bad)
    return gather([_record(os.fspath(path), entry.line, entry.text) for entry in json_lines(path)], bad)


def _record(file: str, number: int, line: str) -> Record[Sentence]:
    """The record of one line."""
    try:
        text, found = _content(line)
    except ValueError as error:
        return Record(number, None, (Problem(file, number, str(error)),))
    entities = [entry for entry in found if isinstance(entry, Entity)]
    reasons = [entry for entry in found if isinstance(entry, str)]
    reasons += [f"{entity} stands there twice" for entity in sorted(set(entities)) if entities.count(entity) > 1]
    problems = tuple(Problem(file, number, reason) for reason in reasons)
    return Record(number, None if problems else Sentence(text, frozenset(entities)), problems)


def _content(line: str) -> tuple[str, list[Entity | str]]:
    """The text of a line, and for each span in it the entity or the reason why it's none; ValueError if unreadable."""
    record = json_object(line)
    text, label = record.get("text"), record.get("label")
    if not isinstance(text, str) or not text:
        raise ValueError(f"text must be a string that isn't empty, got {excerpt(text)}")
    return text, list(_spans(text, label))


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
