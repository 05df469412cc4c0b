"""One training run and what is measured of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gradbook.corpora import Entity, Sentence
from gradbook.global_pointer.comparison.models import build
from gradbook.global_pointer.crf import CRFTagger
from gradbook.global_pointer.extractor import EntityExtractor
from gradbook.global_pointer.scores import Score, entity_score
from gradbook.training import History, train

LONG = 20  # characters: of MSRA's names only one in several thousand is longer


@dataclass(frozen=True)
class Budget:
    """What every head of a comparison gets: passes over the data, texts a step, the highest learning rate.

    The names are those of :func:`gradbook.training.train`.
    """

    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 3e-3


def fit(
    model: EntityExtractor,
    sentences: Sequence[Sentence],
    dev: Sequence[Sentence],
    budget: Budget,
    seed: int = 0,
    show: bool = True,
    checkpoint: Path | None = None,
    after_epoch: Callable[[int, EntityExtractor], None] | None = None,
) -> History:
    """Train ``model`` and leave it with the weights of the epoch that did best on ``dev`` (F1).

    A CRF learns the outermost of overlapping entities, the only ones it can carry.
    """
    flat = isinstance(model.head, CRFTagger)
    return train(
        model,
        [outermost(sentence) for sentence in sentences] if flat else list(sentences),
        **asdict(budget),
        seed=seed,
        evaluate=lambda m: evaluate(m, dev).f1,
        checkpoint=checkpoint,
        after_epoch=after_epoch,
        length=lambda sentence: len(sentence.text),
        show=show,
    )


def evaluate(model: EntityExtractor, sentences: Sequence[Sentence]) -> Score:
    """Return the model's score on ``sentences``."""
    return entity_score(model.extract([s.text for s in sentences]), [s.entities for s in sentences])


def outermost(sentence: Sentence) -> Sentence:
    """Return the sentence with only those entities that none of its others holds or, of two that cross, the first."""
    kept: list[Entity] = []
    for entity in sorted(sentence.entities, key=lambda e: (e.start - e.end, e.start)):
        if all(entity.end < other.start or other.end < entity.start for other in kept):
            kept.append(entity)
    return Sentence(sentence.text, frozenset(kept))


def inner(sentence: Sentence) -> frozenset[Entity]:
    """Return the entities that another one of the sentence holds or crosses: those a CRF never gives."""
    return sentence.entities - outermost(sentence).entities


def run(
    head: str,
    parts: tuple[Sequence[Sentence], Sequence[Sentence], Sequence[Sentence]],
    budget: Budget,
    seed: int,
    **options: object,
) -> dict[str, float | int | str]:
    """Train one head with one seed; return its F1 on dev and test and what else the chapter shows.

    ``parts``: train, dev and test. ``options`` go to :func:`build`.
    """
    train_part, dev, test = (list(part) for part in parts)
    labels = sorted({entity.label for sentence in train_part for entity in sentence.entities})
    model = build(head, labels, seed, **options)  # type: ignore[arg-type]
    history = fit(model, train_part, dev, budget, seed, show=False)
    found = model.extract([sentence.text for sentence in test])
    score = entity_score(found, [sentence.entities for sentence in test])
    nested = entity_score([f & inner(s) for f, s in zip(found, test, strict=True)], [inner(s) for s in test])
    wrong = [e.end - e.start + 1 for f, s in zip(found, test, strict=True) for e in f - s.entities]
    return {
        "head": head,
        "seed": seed,
        "dev": max(history.scores),
        "test": score.f1,
        "precision": score.precision,
        "recall": score.recall,
        "inner recall": nested.recall,
        "wrong": len(wrong),
        "wrong and long": sum(length > LONG for length in wrong),
        "best epoch": history.best_epoch or 0,
    }
