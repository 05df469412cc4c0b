"""GlobalPointer against Efficient GlobalPointer on three sets of events.

``python -m gradbook.book.event_linking.comparison NAME …`` trains every model with every seed and writes the tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import torch

from gradbook.book.event_linking.ceiling import Coding, ceiling
from gradbook.book.event_linking.sets import EventSet, crowding, load_set, part_facts, spurious_facts
from gradbook.book.relation_linking.comparison import EFFICIENT, POINTERS
from gradbook.book.stored import STORED, Row, add_options, fill_table, named, write_table
from gradbook.book.tables import Budget, Parts, count_numbers, outcome
from gradbook.event_linking import TRIGGER, Event, EventLinker
from gradbook.event_linking.events import Label
from gradbook.extraction.annotated import EventText
from gradbook.extraction.characters import Characters
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.event_extractor import EventExtractor
from gradbook.extraction.event_files import read_duee
from gradbook.extraction.f1 import Matching, OverlapScore, Score, argument_score, event_score, role_arguments
from gradbook.extraction.jieba_vectors import jieba_embedding


def classes_of(texts: Sequence[EventText]) -> list[tuple[Label, Label]]:
    """Return the pairs (type, role) in ``texts``, sorted, every type's trigger among them."""
    events = [event for text in texts for event in text.events]
    pairs = {(event.type, argument.role) for event in events for argument in event.arguments}
    return sorted(pairs | {(event.type, TRIGGER) for event in events}, key=str)


def build(
    pointer: str,
    texts: Sequence[EventText],
    seed: int = 0,
    method: str = "own",
    joint: bool = False,
    classes: Sequence[tuple[Label, Label]] | None = None,
    frozen: bool = False,
    head_size: int = 64,
) -> EventExtractor:
    """Return an untrained extractor for ``classes``, or those in the training ``texts``.

    Characters get jieba's vectors, trained further unless ``frozen``; then a BiLSTM of 2 × 128, three pointers. Raises
    ValueError for another name of a pointer, ModuleNotFoundError without jieba.
    """
    if pointer not in POINTERS:
        raise ValueError(f"pointer must be one of {', '.join(POINTERS)}, got {pointer!r}")
    torch.manual_seed(seed)
    characters = None if frozen else Characters.from_texts([text.text for text in texts])
    embedding = jieba_embedding(characters, frozen=frozen)
    encoder = TextEncoder(embedding, BiLSTM(embedding.size))
    linker = EventLinker(encoder, classes or classes_of(texts), POINTERS[pointer], head_size)
    return EventExtractor(linker, method, joint)


Found = Sequence[Iterable[Event]]


def evaluate(
    model: EventExtractor, texts: Sequence[EventText], matching: Matching = "once"
) -> tuple[OverlapScore, Score]:
    """Return DuEE's score of arguments and the score of whole events; too many events in a text count as none.

    As published (``matching="best"``) the first rewards a model for many spans around one argument, even with an F1
    above 1; an epoch must not be chosen by that. So here each annotated argument is used once.
    """
    return judged(model.extract([text.text for text in texts], too_many="none"), texts, matching)


def judged(found: Found, texts: Sequence[EventText], matching: Matching = "once") -> tuple[OverlapScore, Score]:
    """Return both scores of the events that were found in ``texts``."""
    words = [role_arguments(text.text, events) for text, events in zip(texts, found, strict=True)]
    gold = [role_arguments(text.text, text.events) for text in texts]
    return argument_score(words, gold, matching), event_score(found, [text.events for text in texts])


def mean_f1(model: EventExtractor, texts: Sequence[EventText]) -> float:
    """Return the mean of both F1s, of arguments and of whole events, by which the epoch is chosen."""
    return sum(score.f1 for score in evaluate(model, texts)) / 2


def run(pointer: str, parts: Parts, budget: Budget, seed: int, **options: Any) -> dict[str, Any]:
    """Train one pointer with one seed on ``parts`` (train, dev, test); return what the chapter shows of it.

    ``options`` go to :func:`build`.
    """
    return outcome(build(pointer, parts[0], seed, **options), parts, budget, seed, mean_f1, measured)


def measured(model: EventExtractor, test: Sequence[EventText]) -> dict[str, float]:
    """Return F1, precision and recall on ``test``, of arguments and of whole events."""
    found = model.extract([text.text for text in test], too_many="none")
    arguments, events = judged(found, test)
    return {
        "arguments": arguments.f1,
        "argument precision": arguments.precision,
        "argument recall": arguments.recall,
        "events": events.f1,
        "event precision": events.precision,
        "event recall": events.recall,
        "arguments, as published": judged(found, test, "best")[0].f1,
    }


def judged_row(
    name: str, model: EventExtractor, texts: Sequence[EventText], found: Found | None = None
) -> tuple[str, ...]:
    """Let ``model`` read ``texts`` and return a table's row: name, parameters of the three pointers, six scores.

    These are F1, precision and recall of arguments by DuEE's measure, then of whole events. Only events of types that
    are annotated in ``texts`` are judged: others may be there, unmarked. Too many events in a text count as none.
    ``found``: what it finds, if that is known.
    """
    types = {event.type for text in texts for event in text.events}
    found = model.extract([text.text for text in texts], too_many="none") if found is None else found
    scores = judged([[event for event in events if event.type in types] for events in found], texts)
    shares = [share for score in scores for share in (score.f1, score.precision, score.recall)]
    return name, f"{count_numbers(*model.linker.pointers):,}", *(f"{share:.3f}" for share in shares)


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

    See :mod:`gradbook.book.event_linking.sets` for the counts beside the codings.
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
    """Run what the command line asks for, two runs at a time, and write stored/06-NAME.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=list(FILES))
    parser.add_argument("--data", default="", help="folder with duee")
    parser.add_argument("--pointers", nargs="+", choices=list(POINTERS), default=list(POINTERS))
    add_options(parser)
    asked = parser.parse_args()
    for table in asked.tables:
        file, ending = named(FILES[table], asked.epochs)
        command = f"python -m gradbook.book.event_linking.comparison {table}{ending}"
        path = STORED / f"{file}.json"
        if table == "ceiling":
            write_table(path, {"command": command, **ceilings(Path(asked.data) / "duee")})
            continue
        facts = {"command": command, "epochs": asked_set(table, asked.data, asked.epochs).budget.epochs}
        todo = list(jobs(table, asked.pointers, asked.seeds))
        fill_table(path, facts, todo, partial(work, table, asked.data, asked.epochs), asked.workers, asked.resume)
