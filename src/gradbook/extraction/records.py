"""What a reader hands back: the annotated texts it could read, and every record it could not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar, get_args

Bad = Literal["raise", "skip"]
_SHOWN = 5  # problems in the message of an error


class Annotated(Protocol):
    """A text and what people or rules say about it: a Sentence with entities, a RelationText with triples."""

    @property
    def text(self) -> str:
        """The text as it stands in its file."""

    @property
    def labels(self) -> frozenset[str]:
        """The labels that occur in the annotation."""


S = TypeVar("S", bound=Annotated)
S_co = TypeVar("S_co", bound=Annotated, covariant=True)


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
class Corpus(Generic[S_co]):
    """Annotated texts of one kind in the order of their file, and the problems of those that were left out.

    A problem that costs nothing, a triple that is named twice, is listed too, though its text stays.
    Raises TypeError for fields that aren't tuples, or that hold something else.
    """

    sentences: tuple[S_co, ...]
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        kinds = {type(entry): hasattr(entry, "labels") for entry in self.sentences}
        if not isinstance(self.sentences, tuple) or len(kinds) > 1 or not all(kinds.values()):
            expected = next((kind.__name__ for kind, annotated in kinds.items() if annotated), "Annotated")
            got = f"{type(self.sentences).__name__} of {', '.join(kind.__name__ for kind in kinds)}"
            raise TypeError(f"sentences must be a tuple of {expected} objects, got {got}")
        if not isinstance(self.problems, tuple) or not all(isinstance(entry, Problem) for entry in self.problems):
            raise TypeError(f"problems must be a tuple of Problem objects, got {type(self.problems).__name__}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur, sorted: the types of entities, the predicates of relations."""
        return tuple(sorted({label for sentence in self.sentences for label in sentence.labels}))

    def __len__(self) -> int:
        return len(self.sentences)

    def __iter__(self) -> Iterator[S_co]:
        return iter(self.sentences)


@dataclass(frozen=True)
class Record(Generic[S_co]):
    """What stands in a file from ``line`` on: an annotated text, or the problems that keep it from being one."""

    line: int
    sentence: S_co | None
    problems: tuple[Problem, ...] = ()


def check_bad(bad: str) -> None:
    """Raise ValueError unless ``bad`` is "raise" or "skip"."""
    if bad not in get_args(Bad):
        raise ValueError(f'bad must be "raise" or "skip", got {bad!r}')


def gather(records: Iterable[Record[S]], bad: Bad) -> Corpus[S]:
    """Return the corpus of all records without a problem; with ``bad="raise"``, BadRecord if there is one."""
    records = list(records)
    problems = tuple(problem for record in records for problem in record.problems)
    if problems and bad == "raise":
        raise BadRecord(problems)
    sentences = tuple(record.sentence for record in records if record.sentence is not None)
    return Corpus(sentences, problems)
