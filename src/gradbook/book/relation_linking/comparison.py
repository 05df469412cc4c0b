"""GlobalPointer against Efficient GlobalPointer, and the losses against each other, on four sets of relations.

``python -m gradbook.book.relation_linking.comparison NAME …`` trains every model with every seed and writes the tables.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from gradbook.book.global_pointer.comparison import Budget
from gradbook.book.relation_linking.sets import Parts, RelationSet, load_set, set_counts
from gradbook.book.stored import STORED, Row, add_options, fill_table, named, write_table
from gradbook.extraction.annotated import RelationText
from gradbook.extraction.characters import Characters
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.f1 import Match, Score, triple_score
from gradbook.extraction.jieba_vectors import jieba_embedding
from gradbook.extraction.relation_extractor import Occurrence, RelationExtractor
from gradbook.extraction.training import History, train
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


def fit(
    model: RelationExtractor,
    texts: Sequence[RelationText],
    dev: Sequence[RelationText],
    budget: Budget,
    seed: int = 0,
    show: bool = True,
    checkpoint: Path | None = None,
    after_epoch: Callable[[int, RelationExtractor], object] | None = None,
) -> History:
    """Train ``model`` and leave it with the weights of the epoch that did best on ``dev`` (F1 of exact triples)."""
    return train(
        model,
        list(texts),
        **asdict(budget),
        seed=seed,
        evaluate=lambda m: evaluate(m, dev).f1,
        checkpoint=checkpoint,
        after_epoch=after_epoch,
        length=lambda text: len(text.tokens),
        show=show,
    )


def evaluate(model: RelationExtractor, texts: Sequence[RelationText], match: Match = "exact") -> Score:
    """Return the model's score on ``texts``."""
    found = model.extract([text.text for text in texts])
    predicted = [frozenset(text.triple(fact) for fact in facts) for facts, text in zip(found, texts, strict=True)]
    return triple_score(predicted, [text.triples for text in texts], match)


def run(
    pointer: str, parts: Parts, budget: Budget, seed: int, match: Match = "exact", **options: Any
) -> dict[str, Any]:
    """Train one pointer with one seed on ``parts`` (train, dev, test); return what the chapter shows of it.

    ``options`` go to :func:`build`. Raises ValueError as that does.
    """
    texts, dev, test = parts
    model = build(pointer, texts, seed, **options)
    begun = time.process_time()
    history = fit(model, texts, dev, budget, seed, show=False)
    minutes = (time.process_time() - begun) / 60
    score = evaluate(model, test, match)
    return {
        "dev": max(history.scores),
        "test": score.f1,
        "precision": score.precision,
        "recall": score.recall,
        "best epoch": history.best_epoch or 0,
        "CPU minutes": round(minutes, 1),
    }


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
