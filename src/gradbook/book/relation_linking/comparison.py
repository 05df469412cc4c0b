"""GlobalPointer against Efficient GlobalPointer, and the losses against each other, on four sets of relations.

``python -m gradbook.book.relation_linking.comparison NAME …`` trains every model with every seed and writes the tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import nn

from gradbook.book.relation_linking.sets import RelationSet, load_set, set_counts
from gradbook.book.stored import STORED, Row, add_options, fill_table, named, write_table
from gradbook.book.tables import Budget, Parts, count_numbers, outcome
from gradbook.extraction.annotated import Fact, RelationText, Triple
from gradbook.extraction.characters import Characters
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.f1 import Match, Score, triple_score
from gradbook.extraction.jieba_vectors import jieba_embedding
from gradbook.extraction.relation_extractor import Occurrence, RelationExtractor
from gradbook.extraction.words import WordEmbedding, Words
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer
from gradbook.relation_linking import RelationLinker

POINTERS = {"GlobalPointer": GlobalPointer, "Efficient GlobalPointer": EfficientGlobalPointer}


def build(
    pointer: str,
    texts: Sequence[RelationText],
    seed: int = 0,
    method: str = "own",
    joint: bool = False,
    occurrence: Occurrence = "nearest",
    hidden: int = 128,
    dropout: float = 0.3,
    head_size: int = 64,
) -> RelationExtractor:
    """Return an untrained extractor for the predicates in the training ``texts``: vectors, a BiLSTM, three pointers.

    Characters get jieba's vectors, trained further; words get random ones and a convolution over their letters: nothing
    pretrained. Raises ValueError for another name of a pointer, ModuleNotFoundError without jieba.
    """
    if pointer not in POINTERS:
        raise ValueError(f"pointer must be one of {', '.join(POINTERS)}, got {pointer!r}")
    torch.manual_seed(seed)
    vectors = word_embedding(texts) if texts[0].words else character_embedding(texts)
    encoder = TextEncoder(vectors, BiLSTM(int(vectors.size), hidden), dropout)  # type: ignore[arg-type]
    predicates = sorted({triple.predicate for text in texts for triple in text.triples})
    linker = RelationLinker(encoder, len(predicates), POINTERS[pointer], head_size)
    return RelationExtractor(linker, predicates, occurrence, method, joint)


def character_embedding(texts: Sequence[RelationText]) -> nn.Module:
    """Return jieba's vectors of the characters in ``texts``, to be trained further."""
    return jieba_embedding(Characters.from_texts([text.text for text in texts]), frozen=False)


def word_embedding(texts: Sequence[RelationText]) -> nn.Module:
    """Return random vectors of the words in ``texts`` beside a convolution over their letters."""
    return WordEmbedding(Words.from_texts([text.text for text in texts]))


Found = Sequence[Iterable[Fact]]


def evaluate(model: RelationExtractor, texts: Sequence[RelationText], match: Match = "exact") -> Score:
    """Return the model's score on ``texts``."""
    found = model.extract([text.text for text in texts])
    return triple_score(_triples(found, texts), [text.triples for text in texts], match)


def f1(model: RelationExtractor, texts: Sequence[RelationText]) -> float:
    """Return the model's F1 of exact triples on ``texts``, by which the epoch is chosen."""
    return evaluate(model, texts).f1


def run(
    pointer: str, parts: Parts, budget: Budget, seed: int, match: Match = "exact", **options: Any
) -> dict[str, Any]:
    """Train one pointer with one seed on ``parts`` (train, dev, test); return what the chapter shows of it.

    ``options`` go to :func:`build`. Raises ValueError as that does.
    """
    model = build(pointer, parts[0], seed, **options)
    return outcome(model, parts, budget, seed, f1, partial(measured, match=match))


def measured(model: RelationExtractor, test: Sequence[RelationText], match: Match = "exact") -> dict[str, float]:
    """Return F1, precision and recall on ``test``."""
    score = evaluate(model, test, match)
    return {"test": score.f1, "precision": score.precision, "recall": score.recall}


def judged_row(
    name: str, model: RelationExtractor, texts: Sequence[RelationText], found: Found | None = None
) -> tuple[str, ...]:
    """Let ``model`` read ``texts`` and return a table's row: name, parameters of the three pointers, then the scores.

    The scores are F1, precision and recall of exact triples, then F1 by predicate, in the model's order.
    ``found``: what it finds, if that is known.
    """
    predicted = _triples(model.extract([text.text for text in texts]) if found is None else found, texts)

    def score(kept: Sequence[str]) -> Score:
        return triple_score(_kept(predicted, kept), _kept([text.triples for text in texts], kept))

    whole = score(model.predicates)
    shares = [whole.f1, whole.precision, whole.recall, *(score([predicate]).f1 for predicate in model.predicates)]
    return name, f"{count_numbers(*model.linker.pointers):,}", *(f"{share:.3f}" for share in shares)


def _triples(found: Found, texts: Sequence[RelationText]) -> list[set[Triple]]:
    return [{text.triple(fact) for fact in facts} for facts, text in zip(found, texts, strict=True)]


def _kept(sides: Iterable[Iterable[Triple]], predicates: Sequence[str]) -> list[set[Triple]]:
    return [{triple for triple in triples if triple.predicate in predicates} for triples in sides]


SETS = ("silver", "agr", "webnlg", "duie")
EFFICIENT = "Efficient GlobalPointer"
SLIM, USUAL = (16,), (64,)


class Table(NamedTuple):
    """What is trained on which set: what varies, and the passes if not those of the set."""

    set: str
    varied: dict[str, tuple[Any, ...]]
    epochs: int | None = None


TABLES = {
    **{name: Table(name, {"pointer": tuple(POINTERS)}) for name in SETS},
    "webnlg": Table("webnlg", {"pointer": (EFFICIENT,)}),
    "duie": Table("duie", {"pointer": tuple(POINTERS), "head_size": SLIM}),
    "slim": Table("webnlg", {"pointer": tuple(POINTERS), "head_size": SLIM}, epochs=5),
    "duie-64": Table("duie", {"pointer": (EFFICIENT,), "head_size": USUAL}),
    "slim-64": Table("webnlg", {"pointer": (EFFICIENT,), "head_size": USUAL}, epochs=5),
    "methods": Table("silver", {"pointer": (EFFICIENT,), "method": ("dense", "article")}),
    "occurrence": Table("agr", {"pointer": (EFFICIENT,), "occurrence": ("first",)}),
    "joint": Table("webnlg", {"pointer": (EFFICIENT,), "joint": (False,)}),
}
"""By name. Where predicates are many, GlobalPointer's queries and keys have 16 numbers in place of 64: with 64 it has
three million on duie, eleven on webnlg. The other's have 16 beside it, and 64 in a table of its own. The last three
hold what the table of their set has otherwise."""


def jobs(table: str, pointers: tuple[str, ...], seeds: int) -> Iterator[Row]:
    """All runs of one table, those of a seed together."""
    varied = {**TABLES[table].varied}
    varied["pointer"] = tuple(pointer for pointer in varied["pointer"] if pointer in pointers)
    for seed in range(seeds):
        for values in product(*varied.values()):
            yield {**dict(zip(varied, values, strict=True)), "seed": seed}


def table_set(table: str, data: str, epochs: int | None) -> RelationSet:
    """Return the set of a table, with the budget that was asked for."""
    found = load_set(TABLES[table].set, data)
    asked = epochs or TABLES[table].epochs
    return found._replace(budget=replace(found.budget, epochs=asked)) if asked else found


def work(table: str, data: str, epochs: int | None, job: Row) -> Row:
    """One run in a process of its own."""
    torch.set_num_threads(1)
    part = table_set(table, data, epochs)
    options: Row = {"joint": True} | job
    return run(parts=part[:3], budget=part.budget, match=part.match, **options)


def main() -> None:
    """Run what the command line asks for, two runs at a time, and write stored/05-NAME.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=[*TABLES, "counts"])
    parser.add_argument("--data", default="", help="folder with agr_rel4, webnlg_star and duie")
    parser.add_argument("--pointers", nargs="+", choices=list(POINTERS), default=list(POINTERS))
    add_options(parser)
    asked = parser.parse_args()
    for table in asked.tables:
        file, ending = named(f"05-{table}", asked.epochs)
        command = f"python -m gradbook.book.relation_linking.comparison {table}{ending}"
        path = STORED / f"{file}.json"
        if table == "counts":
            sets = {name: set_counts(load_set(name, asked.data)) for name in SETS}
            write_table(path, {"command": command, "sets": sets})
            continue
        facts = {"command": command, "epochs": table_set(table, asked.data, asked.epochs).budget.epochs}
        todo = list(jobs(table, asked.pointers, asked.seeds))
        fill_table(path, facts, todo, partial(work, table, asked.data, asked.epochs), asked.workers, asked.resume)
