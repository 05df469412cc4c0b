"""Files of DuIE, the relations of the LIC competitions: one JSON object a line.

Li et al., DuIE: a large-scale Chinese dataset for information extraction (NLPCC 2019). Version 1.0 was the data of
LIC2019, version 2.0 of LIC2020; there an object may have several slots.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from gradbook.corpora.corpus import Bad, BadRecord, Corpus, Problem, check_bad
from gradbook.corpora.json_records import Entry, json_lines
from gradbook.corpora.lines import excerpt
from gradbook.corpora.relation_records import Found, as_triple, list_of, relation_corpus
from gradbook.corpora.relations import RelationText

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
    found: set[str] = set()
    problems = []
    for entry in json_lines(path):
        try:
            found.update(_predicates(entry))
        except ValueError as error:
            problems.append(Problem(os.fspath(path), entry.line, str(error)))
    if problems:
        raise BadRecord(problems)
    return frozenset(found)


def _predicates(entry: Entry) -> list[str]:
    """The predicates of one line of a schema."""
    record = entry.content()
    predicate, kind = record.get("predicate"), record.get("object_type")
    if not isinstance(predicate, str) or not predicate:
        raise ValueError(f"predicate must be a string that isn't empty, got {excerpt(predicate)}")
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
