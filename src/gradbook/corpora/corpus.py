"""What a reader hands back: the sentences it could read, and every record it could not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from gradbook.corpora.entities import Sentence

Bad = Literal["raise", "skip"]
_SHOWN = 5  # problems in the message of an error


@dataclass(frozen=True)
class Problem:
    """Why a record can't be used; ``line`` counts from 1. As a str: "file:line: reason"."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class BadRecord(ValueError):
    """A file has records that can't be used; ``problems`` holds all, the message their number and the first five."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        rest = [f"… and {count - _SHOWN} more"] if count > _SHOWN else []
        title = "1 problem" if count == 1 else f"{count} problems"
        super().__init__("\n".join([title, *map(str, self.problems[:_SHOWN]), *rest]))


@dataclass(frozen=True)
class Corpus:
    """Sentences in the order of their file, and the problems of those that were left out. TypeError if not tuples."""

    sentences: tuple[Sentence, ...]
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in (("sentences", Sentence), ("problems", Problem)):
            field: object = getattr(self, name)
            if not isinstance(field, tuple) or not all(isinstance(entry, kind) for entry in field):
                raise TypeError(f"{name} must be a tuple of {kind.__name__} objects, got {type(field).__name__}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(sorted({entity.label for sentence in self.sentences for entity in sentence.entities}))

    def __len__(self) -> int:
        return len(self.sentences)

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.sentences)


@dataclass(frozen=True)
class Record:
    """What stands in a file from ``line`` on: a sentence, or the problems that keep it from being one."""

    line: int
    sentence: Sentence | None
    problems: tuple[Problem, ...] = ()


def check_bad(bad: str) -> None:
    """Raise ValueError unless ``bad`` is "raise" or "skip"."""
    if bad not in get_args(Bad):
        raise ValueError(f'bad must be "raise" or "skip", got {bad!r}')


def gather(records: Iterable[Record], bad: Bad) -> Corpus:
    """Return the corpus of all records without a problem; with ``bad="raise"``, BadRecord if there is one."""
    records = list(records)
    problems = tuple(problem for record in records for problem in record.problems)
    if problems and bad == "raise":
        raise BadRecord(problems)
    sentences = tuple(record.sentence for record in records if record.sentence is not None)
    return Corpus(sentences, problems)
