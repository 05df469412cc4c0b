"""Stored results: tables of measured numbers and small models, and the many training runs that fill a table.

A table is JSON, every list of numbers on one line. All of them lie in this folder and are shipped with the package.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from torch import Tensor

STORED = Path(__file__).resolve().parent
"""Where all stored tables and models lie."""


def stored_table(name: str) -> dict[str, Any]:
    """Return the stored table ``name``, for example 01-learning-rates; FileNotFoundError if there is none."""
    table: dict[str, Any] = json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))
    return table


def rounded(values: Tensor) -> list[float]:
    """Return the entries of a vector (n,) with four decimals: a network's score has no more that mean something."""
    return [round(value, 4) for value in values.tolist()]


def write_table(path: Path, table: Mapping[str, Any]) -> None:
    """Write ``table`` to ``path`` as JSON, indented by one space, every list of numbers on one line.

    The text is ASCII: other characters are escaped. Raises ValueError for a NaN or infinite number and TypeError for
    what JSON doesn't know, both before the file is touched.
    """
    try:
        text = json.dumps(table, indent=1, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"table for {path.name} must hold finite numbers: {error}") from error
    text = re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda row: f"[{' '.join(row[1].split())}]", text)
    path.write_text(text + "\n", encoding="utf-8")


Row = dict[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what every command asks for that fills tables: --seeds, --workers, --epochs, --resume."""
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, help="another number of passes; the table's name then ends in it")
    parser.add_argument("--resume", action="store_true", help="keep the runs that the table holds already")


def named(name: str, epochs: int | None) -> tuple[str, str]:
    """Return what a table's file and its command end in, when it is made with another number of passes or not."""
    return (f"{name}-{epochs}", f" --epochs {epochs}") if epochs else (name, "")


def fill_table(
    path: Path,
    facts: Mapping[str, Any],
    jobs: Sequence[Row],
    work: Callable[[Row], Row],
    workers: int = 2,
    resume: bool = False,
) -> None:
    """Run ``work(job)`` for every job and write ``facts`` and the rows, under "runs", to ``path`` after each.

    A row is the job and what ``work`` returned, numbers of that with four decimals; rows come in the order of the jobs.
    ``resume`` keeps the rows that the table holds and runs only the jobs that none of them is of. ``work`` must be
    importable: each process imports it anew. Raises ValueError if a table to resume was made with other facts.
    """
    rows = _known_rows(path, facts) if resume and path.exists() else []
    missing = [job for job in jobs if not any(job.items() <= row.items() for row in rows)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for job, found in zip(missing, pool.map(work, missing), strict=True):
            row = job | {key: round(value, 4) if isinstance(value, float) else value for key, value in found.items()}
            print(path.stem, row, flush=True)
            rows.append(row)  # written at once: an interrupted table can be resumed
            write_table(path, {**facts, "runs": rows})


def _known_rows(path: Path, facts: Mapping[str, Any]) -> list[Row]:
    """The rows of a table that was made with the same facts."""
    table = json.loads(path.read_text(encoding="utf-8"))
    for name, fact in facts.items():
        if table.get(name, fact) != fact:
            raise ValueError(f"{path.name} must be of the same {name} to be resumed, {fact!r}, got {table[name]!r}")
    rows: list[Row] = table["runs"]
    return rows
