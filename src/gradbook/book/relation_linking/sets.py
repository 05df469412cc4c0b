"""The four sets of annotated relations, each as train, dev and test, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gradbook.book.data.silver_relations import silver_cut
from gradbook.book.relation_linking.ambiguity import spurious
from gradbook.book.tables import Budget
from gradbook.extraction.annotated import Fact, RelationText, Triple
from gradbook.extraction.f1 import Match
from gradbook.extraction.relation_extractor import Occurrence, located
from gradbook.extraction.relation_files import read_casrel, read_duie, read_triple_objects
from gradbook.relation_linking import Relation

Parts = tuple[Sequence[RelationText], Sequence[RelationText], Sequence[RelationText]]


class RelationSet(NamedTuple):
    """Three parts without a common text, what a run on them gets, and which triples count as found."""

    train: Sequence[RelationText]
    dev: Sequence[RelationText]
    test: Sequence[RelationText]
    budget: Budget
    match: Match = "exact"


def load_set(name: str, data: str = "") -> RelationSet:
    """Return the set ``name``: silver, agr, webnlg or duie; all but the first are read from the folder ``data``.

    ``data`` holds agr_rel4, webnlg_star and duie with the files as their authors named them. Of agr and duie, which
    have no third part, the last texts of train are dev and the published dev is test. A text that stands in several
    parts (agr has 53) counts for the last of them. Records that can't be used are left out; the readers list them.
    Raises ValueError for another name, OSError if there is no such file.
    """
    folder = Path(data)
    if name == "silver":
        cut = silver_cut()
        return RelationSet(cut.train.sentences, cut.dev.sentences, cut.test.sentences, Budget(epochs=20))
    if name == "agr":
        train = read_triple_objects(folder / "agr_rel4" / "train_triples.json", bad="skip").sentences
        test = read_triple_objects(folder / "agr_rel4" / "val_triples.json", bad="skip").sentences
        return _set((train[:-300], train[-300:], test), Budget(epochs=12))
    if name == "webnlg":
        files = [folder / "webnlg_star" / f"{part}_triples.json" for part in ("train", "val", "test")]
        first, second, third = (read_casrel(file, bad="skip").sentences for file in files)
        return _set((first, second, third), Budget(epochs=30), "partial")
    if name == "duie":
        train = read_duie(folder / "duie" / "train_data.json", bad="skip").sentences
        test = read_duie(folder / "duie" / "dev_data.json", bad="skip").sentences
        return _set((train[:-200], train[-200:], test), Budget(epochs=10))
    raise ValueError(f"name must be silver, agr, webnlg or duie, got {name!r}")


def _set(parts: Parts, budget: Budget, match: Match = "exact") -> RelationSet:
    """The parts without the texts that a later part has."""
    train, dev, test = parts
    in_test = {text.text for text in test}
    in_dev = {text.text for text in dev} | in_test
    train = [text for text in train if text.text not in in_dev]
    return RelationSet(train, [text for text in dev if text.text not in in_test], test, budget, match)


def set_counts(parts: RelationSet) -> dict[str, object]:
    """Return the counts of a set, all three parts together."""
    texts = [text for part in parts[:3] for text in part]
    triples = [triple for text in texts for triple in text.triples]
    return {
        "texts": [len(part) for part in parts[:3]],
        "triples": len(triples),
        "predicates": len({triple.predicate for triple in triples}),
        "mean length": round(sum(len(text.tokens) for text in texts) / len(texts), 1),
        "longest": max(len(text.tokens) for text in texts),
        "repeated mentions": sum(repeated(text, triple) for text in texts for triple in text.triples),
        "spurious": {rule: sum(len(unwanted(text, rule)) for text in texts) for rule in ("nearest", "first")},
        "backwards": sum(int(fact.object < fact.subject) for text in texts for fact in located(text)),
    }


def repeated(text: RelationText, triple: Triple) -> bool:
    """Return whether the triple's subject or object stands more than once in the text."""
    return max(len(text.mentions(triple.subject)), len(text.mentions(triple.object))) > 1


def unwanted(text: RelationText, occurrence: Occurrence = "nearest") -> frozenset[Triple]:
    """Return the triples that perfect scores for the text's annotation decode to beside it."""
    facts = located(text, occurrence)
    names = sorted({fact.predicate for fact in facts})
    more = spurious(Relation(f.subject, names.index(f.predicate), f.object) for f in facts)
    found = (text.triple(Fact(r.subject, names[r.predicate], r.object)) for r in more)
    return frozenset(found) - text.triples
