"""One training run of chapters 4 to 6: the same budget for every model, the epoch chosen on dev, measured on test."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from gradbook.extraction.training import History, train

Parts = tuple[Sequence[Any], Sequence[Any], Sequence[Any]]
"""Annotated texts: train, dev and test."""


@dataclass(frozen=True)
class Budget:
    """What every model of a comparison gets: passes over the data, texts a step, the highest learning rate.

    The names are those of :func:`gradbook.extraction.training.train`.
    """

    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 3e-3


def fit(
    model: nn.Module,
    texts: Sequence[Any],
    dev: Sequence[Any],
    budget: Budget,
    score: Callable[[Any, Sequence[Any]], float],
    **options: Any,
) -> History:
    """Train ``model`` and leave it with the weights of the epoch that did best on ``dev`` by ``score(model, dev)``.

    ``options``, such as ``seed``, go to :func:`gradbook.extraction.training.train`. Texts of like length share a batch.
    """
    return train(
        model,
        list(texts),
        **asdict(budget),
        evaluate=lambda model: score(model, dev),
        length=lambda text: len(getattr(text, "tokens", text.text)),
        **options,
    )


def outcome(
    model: nn.Module,
    parts: Parts,
    budget: Budget,
    seed: int,
    score: Callable[[Any, Sequence[Any]], float],
    measure: Callable[[Any, Sequence[Any]], dict[str, Any]],
) -> dict[str, Any]:
    """Fit ``model`` on ``parts``; return a row: its best ``score`` on dev, and what ``measure(model, test)`` gives."""
    texts, dev, test = parts
    begun = time.process_time()
    history = fit(model, texts, dev, budget, score, seed=seed, show=False)
    minutes = (time.process_time() - begun) / 60
    best = {"best epoch": history.best_epoch or 0, "CPU minutes": round(minutes, 1)}
    return {"dev": max(history.scores), **measure(model, test), **best}
