"""One training run and what is measured of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradbook.corpora import EventText
from gradbook.event_linking.comparison.models import build
from gradbook.event_linking.extractor import EventExtractor
from gradbook.event_linking.scores import Matching, OverlapScore, argument_score, event_score, role_arguments
from gradbook.global_pointer import Score
from gradbook.relation_linking.comparison import Budget
from gradbook.training import History, train

Parts = tuple[Sequence[EventText], Sequence[EventText], Sequence[EventText]]


def fit(
    model: EventExtractor,
    texts: Sequence[EventText],
    dev: Sequence[EventText],
    budget: Budget,
    seed: int = 0,
    show: bool = True,
    checkpoint: Path | None = None,
    after_epoch: Callable[[int, EventExtractor], object] | None = None,
) -> History:
    """Train ``model`` and leave it with the weights of the epoch that did best on ``dev``.

    Best is the mean of both F1s that :func:`evaluate` gives, of arguments and of whole events.
    """
    return train(
        model,
        list(texts),
        **asdict(budget),
        seed=seed,
        evaluate=lambda m: sum(score.f1 for score in evaluate(m, dev)) / 2,
        checkpoint=checkpoint,
        after_epoch=after_epoch,
        length=lambda text: len(text.text),
        show=show,
    )


def evaluate(
    model: EventExtractor, texts: Sequence[EventText], matching: Matching = "once"
) -> tuple[OverlapScore, Score]:
    """Return DuEE's score of arguments and the score of whole events; too many events in a text count as none.

    As published (``matching="best"``) the first rewards a model for many spans around one argument, even with an F1
    above 1; an epoch must not be chosen by that. So here each annotated argument is used once.
    """
    found = model.extract([text.text for text in texts], too_many="none")
    words = [role_arguments(text.text, events) for text, events in zip(texts, found, strict=True)]
    gold = [role_arguments(text.text, text.events) for text in texts]
    return argument_score(words, gold, matching), event_score(found, [text.events for text in texts])


def run(pointer: str, parts: Parts, budget: Budget, seed: int, **options: Any) -> dict[str, Any]:
    """Train one pointer with one seed on ``parts`` (train, dev, test); return what the chapter shows of it.

    ``options`` go to :func:`build`.
    """
    texts, dev, test = parts
    model = build(pointer, texts, seed, **options)
    history = fit(model, texts, dev, budget, seed, show=False)
    arguments, events = evaluate(model, test)
    return {
        "dev": max(history.scores),
        "arguments": arguments.f1,
        "argument precision": arguments.precision,
        "argument recall": arguments.recall,
        "events": events.f1,
        "event precision": events.precision,
        "event recall": events.recall,
        "arguments, as published": evaluate(model, test, "best")[0].f1,
        "best epoch": history.best_epoch or 0,
    }
