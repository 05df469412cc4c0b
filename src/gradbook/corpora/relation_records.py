"""What the readers of annotated relations share: from a JSON object to a text, or to the reasons why it is none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from gradbook.corpora.corpus import Bad, Corpus, Problem, Record, gather
from gradbook.corpora.json_records import Entry
from gradbook.corpora.lines import excerpt
from gradbook.corpora.relations import RelationText, Triple

Found = Iterator[Triple | str]  # each triple of a record, or the reason why it's none


def relation_corpus(
    path: str | os.PathLike[str],
    entries: Iterable[Entry],
    triples: Callable[[dict[str, object]], Found],
    bad: Bad,
    words: bool = False,
) -> Corpus[RelationText]:
    """Return the corpus of all entries; ``triples`` finds those of one record.

    A triple that a record names twice is a problem, but costs nothing: the text stays, with the triple once. Any other
    problem leaves its text out whole.
    """
    file = os.fspath(path)
    return gather([_record(file, entry, triples, words) for entry in entries], bad)


def as_triple(subject: object, predicate: object, object_: object) -> Triple | str:
    """Return the triple, or the reason why the three can't be one."""
    for name, value in (("subject", subject), ("predicate", predicate), ("object", object_)):
        if not isinstance(value, str) or not value:
            return f"{name} must be a string that isn't empty, got {excerpt(value)}"
    return Triple(str(subject), str(predicate), str(object_))


def list_of(record: dict[str, object], key: str) -> list[object]:
    """Return the list under ``key``; ValueError if there is none."""
    value = record.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list of triples, got {excerpt(value)}")
    return value


def _record(
    file: str, entry: Entry, triples: Callable[[dict[str, object]], Found], words: bool
) -> Record[RelationText]:
    """The record of one entry."""
    try:
        content = entry.content()
        text, found = RelationText(_text(content), frozenset(), words=words), list(triples(content))
    except ValueError as error:
        return Record(entry.line, None, (Problem(file, entry.line, str(error)),))
    named = [triple for triple in found if isinstance(triple, Triple)]
    faults = [reason for reason in found if isinstance(reason, str)]
    faults += [reason for triple in dict.fromkeys(named) if (reason := text.fault(triple))]
    doubles = [f"{triple} stands there twice" for triple in dict.fromkeys(named) if named.count(triple) > 1]
    problems = tuple(Problem(file, entry.line, reason) for reason in [*faults, *doubles])
    whole = None if faults else RelationText(text.text, frozenset(named), words=words)
    return Record(entry.line, whole, problems)


def _text(content: dict[str, object]) -> str:
    text = content.get("text")
    if not isinstance(text, str) or not text:
        raise ValueError(f"text must be a string that isn't empty, got {excerpt(text)}")
    return text
