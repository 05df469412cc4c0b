"""One training run and what is measured of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradbook.corpora import RelationText
from gradbook.global_pointer import Score
from gradbook.global_pointer.comparison import Budget
from gradbook.relation_linking.comparison.models import build
from gradbook.relation_linking.extractor import RelationExtractor
from gradbook.relation_linking.scores import Match, triple_score
from gradbook.training import History, train

Parts = tuple[Sequence[RelationText], Sequence[RelationText], Sequence[RelationText]]


def fit(
    model: RelationExtractor,
    texts: Sequence[RelationText],
    dev: Sequence[RelationText],
    budget: Budget,
    seed: int = 0,
    show: bool = True,
    checkpoint: Path | None = None,
    after_epoch: Callable[[int, RelationExtractor], object] | None = None,
) -> History:
    """Train ``model`` and leave it with the weights of the epoch that did best on ``dev`` (F1 of exact triples)."""
    return train(
        model,
        list(texts),
        **asdict(budget),
        seed=seed,
        evaluate=lambda m: evaluate(m, dev).f1,
        checkpoint=checkpoint,
        after_epoch=after_epoch,
        length=lambda text: len(text.tokens),
        show=show,
    )


def evaluate(model: RelationExtractor, texts: Sequence[RelationText], match: Match = "exact") -> Score:
    """Return the model's score on ``texts``."""
    found = model.extract([text.text for text in texts])
    predicted = [frozenset(text.triple(fact) for fact in facts) for facts, text in zip(found, texts, strict=True)]
    return triple_score(predicted, [text.triples for text in texts], match)


def run(
    pointer: str, parts: Parts, budget: Budget, seed: int, match: Match = "exact", **options: Any
) -> dict[str, Any]:
    """Train one pointer with one seed on ``parts`` (train, dev, test); return what the chapter shows of it.

    ``options`` go to :func:`build`. Raises ValueError as that does.
    """
    texts, dev, test = parts
    model = build(pointer, texts, seed, **options)
    begun = time.process_time()
    history = fit(model, texts, dev, budget, seed, show=False)
    minutes = (time.process_time() - begun) / 60
    score = evaluate(model, test, match)
    return {
        "dev": max(history.scores),
        "test": score.f1,
        "precision": score.precision,
        "recall": score.recall,
        "best epoch": history.best_epoch or 0,
        "CPU minutes": round(minutes, 1),
    }
