"""Files of annotated relations: DuIE's JSON lines, and JSON arrays of texts with triples in two layouts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from gradbook.extraction.annotated import RelationText, Triple
from gradbook.extraction.records import (
    Bad,
    Corpus,
    Entry,
    Record,
    check_bad,
    excerpt,
    gather,
    json_array,
    json_lines,
    judged,
    read_schema,
    string_of,
    twice,
)

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
    record = {"subject": subject, "predicate": predicate, "object": object_}
    try:
        return Triple(*(string_of(record, key) for key in record))
    except ValueError as error:
        return str(error)


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
        text, found = RelationText(string_of(content, "text"), frozenset(), words=words), list(triples(content))
    except ValueError as error:
        return judged(file, entry.line, None, [str(error)])
    named = [triple for triple in found if isinstance(triple, Triple)]
    faults = [reason for reason in found if isinstance(reason, str)]
    faults += [reason for triple in dict.fromkeys(named) if (reason := text.fault(triple))]
    doubles = [f"{triple} stands there twice" for triple in twice(named)]
    whole = None if faults else RelationText(text.text, frozenset(named), words=words)
    return judged(file, entry.line, whole, [*faults, *doubles])


_VALUE = "@value"  # the slot that every object of version 2.0 has


def read_duie(
    path: str | os.PathLike[str], schema: str | os.PathLike[str] | None = None, bad: Bad = "raise"
) -> Corpus[RelationText]:
    """Read a UTF-8 file of lines {"text": …, "spo_list": [{"subject": …, "predicate": …, "object": …}, …]}.

    In version 1.0 ``object`` is a string. In 2.0 it is an object {"@value": …, "inWork": …}: each slot becomes a triple
    of its own, "@value" with the predicate itself, another slot with "predicate_slot" (配音_inWork: dubs, in the work).
    Which two slots belonged together is lost where a subject has several. Each triple says for itself which it is.
    Types, word tags and other keys are ignored. Surfaces are taken as they stand: nothing is stripped, no capitals
    changed. DuIE wrote some mentions in small letters; then they aren't in their text, which is a problem.

    ``schema``: a file of lines {"predicate": …, "object_type": …}; a predicate that it doesn't name is a problem.

    Problems: a line that isn't a JSON object, a key that stands twice in one, no text, no list of triples, a subject,
    predicate or object that isn't a string or is empty, a mention that isn't in its text, an unknown predicate, a
    triple that is named twice. With ``bad="raise"`` they are raised, all together; with ``bad="skip"`` they are listed
    in the corpus and their texts left out whole, except that a text with nothing worse than a triple twice is kept.

    Raises BadRecord (a ValueError) as said, and always for a schema that can't be read; ValueError for another
    ``bad``, OSError if there is no such file.
    """
    check_bad(bad)
    known = None if schema is None else read_predicates(schema)

    def triples(record: dict[str, object]) -> Found:
        for triple in (t for named in list_of(record, "spo_list") for t in _triples(named)):
            unknown = known is not None and not isinstance(triple, str) and triple.predicate not in known
            yield f"unknown predicate {excerpt(triple[1])}: the schema doesn't name it" if unknown else triple

    return relation_corpus(path, json_lines(path), triples, bad)


def read_predicates(path: str | os.PathLike[str]) -> frozenset[str]:
    """Return the predicates that a schema file of DuIE names, "predicate_slot" for further slots of an object.

    Raises BadRecord for lines that aren't objects with a predicate and an object_type, a string or an object of slots.
    """
    return frozenset(chain.from_iterable(read_schema(path, _predicates)))


def _predicates(record: dict[str, object]) -> list[str]:
    """The predicates of one line of a schema."""
    predicate, kind = string_of(record, "predicate"), record.get("object_type")
    if not isinstance(kind, str | dict):
        raise ValueError(f"object_type must be a string or an object of slots, got {excerpt(kind)}")
    return [_slot(predicate, slot) for slot in (kind if isinstance(kind, dict) else [_VALUE])]


def _triples(named: object) -> Found:
    """The triples of one entry of spo_list: one, or as many as its object has slots."""
    if not isinstance(named, dict):
        yield f"spo_list must hold objects, got {excerpt(named)}"
        return
    for slot, value in _slots(named.get("object")):
        triple = as_triple(named.get("subject"), named.get("predicate"), value)
        yield triple if isinstance(triple, str) else triple._replace(predicate=_slot(triple.predicate, slot))


def _slots(value: object) -> Iterator[tuple[str, object]]:
    """The slots of an object; a string, or anything that isn't one, fills the only slot."""
    if not isinstance(value, dict):
        yield _VALUE, value
        return
    yield _VALUE, value.get(_VALUE)
    yield from ((slot, surface) for slot, surface in value.items() if slot != _VALUE)


def _slot(predicate: str, slot: str) -> str:
    return predicate if slot == _VALUE else f"{predicate}_{slot}"


def read_casrel(path: str | os.PathLike[str], bad: Bad = "raise", words: bool = True) -> Corpus[RelationText]:
    """Read a UTF-8 file [{"text": …, "triple_list": [[subject, predicate, object], …]}, …].

    Wei et al., CasRel (ACL 2020, arXiv 1909.03227) gave WebNLG and NYT this layout; of names, their starred variants
    WebNLG* and NYT* keep the last word only. ``words``: tokens are what stands between single spaces, as there; else
    they are characters. Other keys are ignored.

    Problems: what isn't a JSON array, an entry that isn't an object, a key that stands twice in one, no text, an empty
    word, no list of triples of three strings that aren't empty, a mention that isn't a run of whole tokens of its
    text, a triple that is named twice. With ``bad="raise"`` they are raised, all together; with ``bad="skip"`` they
    are listed in the corpus and their texts left out whole, except that a text with nothing worse than a triple twice
    is kept. What stands behind the place where an array breaks off is one problem.

    Raises BadRecord (a ValueError) as said, ValueError for another ``bad``, OSError if there is no such file.
    """
    check_bad(bad)
    return relation_corpus(path, json_array(path), _lists, bad, words)


def read_triple_objects(path: str | os.PathLike[str], bad: Bad = "raise", words: bool = False) -> Corpus[RelationText]:
    """Read a UTF-8 file [{"text": …, "triples": [{"subject": …, "relation": …, "object": …}, …]}, …].

    Types of subject and object and other keys are ignored. Otherwise as ``read_casrel``, tokens being characters.
    """
    check_bad(bad)
    return relation_corpus(path, json_array(path), _objects, bad, words)


def _lists(record: dict[str, object]) -> Found:
    for named in list_of(record, "triple_list"):
        if isinstance(named, list) and len(named) == 3:
            yield as_triple(*named)
        else:
            yield f"a triple must be [subject, predicate, object], got {excerpt(named)}"


def _objects(record: dict[str, object]) -> Found:
    for named in list_of(record, "triples"):
        if isinstance(named, dict):
            yield as_triple(named.get("subject"), named.get("relation"), named.get("object"))
        else:
            yield f"a triple must be an object, got {excerpt(named)}"
