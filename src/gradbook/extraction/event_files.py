"""Files of DuEE 1.0, the events of the LIC competitions: one JSON object a line.

Li et al., DuEE: a large-scale dataset for Chinese event extraction in real-world scenarios (NLPCC 2020).
"""

from __future__ import annotations

import os
from pathlib import Path

from gradbook.corpora.corpus import Bad, Corpus, check_bad
from gradbook.corpora.cuts import Cut
from gradbook.corpora.event_records import Content, Found, as_found, check_known, event_corpus, list_of, string_of
from gradbook.corpora.event_schemas import EventSchema, read_event_schema
from gradbook.corpora.event_texts import EventText
from gradbook.corpora.events import TRIGGER, Argument
from gradbook.corpora.json_records import json_lines
from gradbook.corpora.lines import excerpt

_SAMPLE, _DEV = 500, 1498  # texts in the two files
_TEST, _DEV_PART = 300, 200


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

    def event_of(text: str, named: Content) -> Found:
        return _event(text, named, known)

    return event_corpus(path, json_lines(path), lambda content: string_of(content, "text"), event_of, bad)


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


def _event(text: str, named: Content, schema: EventSchema | None) -> Found:
    kind = string_of(named, "event_type")
    check_known(schema, kind)
    arguments = [_argument(text, named, "trigger", TRIGGER)]
    for argument in list_of(named, "arguments"):
        role = string_of(argument, "role")
        check_known(schema, kind, role)
        if role == TRIGGER:
            raise ValueError(f"role must not be {TRIGGER!r}, which is the trigger's, got {excerpt(argument)}")
        arguments.append(_argument(text, argument, "argument", role))
    return as_found(kind, arguments)


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
