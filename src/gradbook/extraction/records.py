"""Reading annotated files record by record: the lines and JSON objects of a file, and what a reader hands back."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar, get_args


def read_lines(path: str | os.PathLike[str]) -> list[str]:
    """Return the lines of a file, without their ends: a line feed, with or without a carriage return before it.

    Nothing else ends a line: Unicode has other separators, and in annotated text they are characters like any other.
    Bytes that aren't UTF-8 become lone surrogates, which no UTF-8 can hold; ``undecodable`` finds them.
    """
    text = Path(path).read_bytes().removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    lines = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
    return lines if lines[-1] else lines[:-1]


def undecodable(line: str) -> str:
    """Return the reason why a line from ``read_lines`` isn't text, "" if it is."""
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        return f"not UTF-8: {excerpt(line.encode('utf-8', 'surrogateescape'))}"
    return ""


def excerpt(value: object, longest: int = 60) -> str:
    """Return ``repr(value)``, cut where it gets too long for a message."""
    shown = repr(value)
    return shown if len(shown) <= longest else f"{shown[:longest]}…"


_SPACE = " \t\n\r"
_DECODER = json.JSONDecoder()


class Entry(NamedTuple):
    """What begins at ``line``, counted from 1; with a ``reason`` it is no entry but the rest of a broken file."""

    line: int
    text: str
    reason: str = ""

    def content(self) -> dict[str, object]:
        """Return the JSON object that stands here; ValueError with the reason if it is none."""
        if self.reason:
            raise ValueError(self.reason)
        return json_object(self.text)


def json_lines(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """Yield the lines of a UTF-8 file that aren't empty."""
    numbered = enumerate(read_lines(path), start=1)
    return (Entry(number, line) for number, line in numbered if line.strip())


def json_array(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """Yield the entries of a UTF-8 file that is one JSON array; where it breaks off, the rest is one last entry."""
    text = "\n".join(read_lines(path))
    place, line, before = _after_space(text, 0), 1, "["
    counted = 0  # characters whose line ends are in ``line``
    while text[place : place + 1] == before:  # "[" before the first entry, "," before each other
        place = _after_space(text, place + 1)
        if before == "[" and text[place : place + 1] == "]":
            before = ","
            break
        line, counted = line + text.count("\n", counted, place), place
        try:
            _, end = _DECODER.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError) as error:  # RecursionError: brackets in brackets in brackets
            yield Entry(line, text[place:], f"not JSON: {error}; the rest of the file can't be read")
            return
        yield Entry(line, text[place:end])
        place, before = _after_space(text, end), ","
    rest = text[place:].rstrip(_SPACE)
    if rest != "]" or before == "[":
        expected = "a JSON array" if before == "[" else "a comma or the end of the array"
        yield Entry(line + text.count("\n", counted, place), rest, f"expected {expected}, got {excerpt(rest)}")


def json_object(text: str) -> dict[str, object]:
    """Return the JSON object that ``text`` spells; ValueError with the reason if it is none, or a key comes twice."""
    if reason := undecodable(text):
        raise ValueError(reason)
    try:
        record = json.loads(text, object_pairs_hook=_object)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"expected a JSON object, got {excerpt(record)}")
    return record


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object. Python's reader keeps the last of two values of one key; here that would drop labels."""
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {excerpt(next(key for key in keys if keys.count(key) > 1))} stands there twice")
    return content


def _after_space(text: str, place: int) -> int:
    while text[place : place + 1] and text[place] in _SPACE:
        place += 1
    return place


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
T = TypeVar("T")
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
        examples = {type(entry): entry for entry in self.sentences}
        kinds = {kind: hasattr(entry, "labels") for kind, entry in examples.items()}
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


def judged(file: str, line: int, whole: S | None, reasons: Iterable[str]) -> Record[S]:
    """Return the record at ``line`` with its text, if that can be used, and a problem for each reason."""
    return Record(line, whole, tuple(Problem(file, line, reason) for reason in reasons))


def string_of(record: Mapping[str, object], key: str) -> str:
    """Return the string under ``key``; ValueError if there is none, or it is empty."""
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} must be a string that isn't empty, got {excerpt(value)}")
    return value


def twice(entries: Sequence[T]) -> list[T]:
    """Return what stands more than once among ``entries``, each once and in order."""
    return [entry for entry in dict.fromkeys(entries) if entries.count(entry) > 1]


def read_schema(path: str | os.PathLike[str], read: Callable[[dict[str, object]], T]) -> list[T]:
    """Return what ``read`` makes of each JSON object of a UTF-8 file, one a line.

    Raises BadRecord for all lines that aren't objects or for which ``read`` raises ValueError; OSError without a file.
    """
    found, problems = [], []
    for entry in json_lines(path):
        try:
            found.append(read(entry.content()))
        except ValueError as error:
            problems.append(Problem(os.fspath(path), entry.line, str(error)))
    if problems:
        raise BadRecord(problems)
    return found


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
