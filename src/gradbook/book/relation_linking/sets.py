"""The four sets of annotated relations, each as train, dev and test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gradbook.corpora import RelationText, read_casrel, read_duie, read_triple_objects, silver_cut
from gradbook.global_pointer.comparison import Budget
from gradbook.relation_linking.comparison.runs import Parts
from gradbook.relation_linking.scores import Match


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
