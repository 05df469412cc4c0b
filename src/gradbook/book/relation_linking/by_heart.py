"""Where the article's loss breaks in training: ``python -m gradbook.relation_linking.by_heart``.

A few silver sentences are learned by heart, by the exact loss (sparse or dense) and by the article's formula, from
scores that are rounded to float32, float16 or bfloat16 as mixed precision has them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch

from gradbook.checks import check_sizes
from gradbook.corpora import RelationText, silver_cut
from gradbook.global_pointer.stored import STORED
from gradbook.relation_linking.comparison import build, evaluate
from gradbook.relation_linking.extractor import RelationExtractor
from gradbook.relation_linking.linker import RelationLinker
from gradbook.tasks.runs import Row, add_options, fill_table, named
from gradbook.training import train

SENTENCES, EPOCHS, EVERY = 100, 80, 8
PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
METHODS = {
    "float32": ("sparse", "dense", "article"),
    "float16": ("sparse", "article"),
    "bfloat16": ("sparse", "article"),
}
"""The losses by precision; the dense one is the sparse one once its table is read, so it is run in one of them."""


def jobs(seeds: int) -> Iterator[Row]:
    """All runs, those of a seed together."""
    for seed in range(seeds):
        for precision, methods in METHODS.items():
            for method in methods:
                yield {"precision": precision, "method": method, "seed": seed}


def round_scores(linker: RelationLinker, precision: str) -> None:
    """Let every pointer of ``linker`` hand out its scores rounded to ``precision``; gradients come back as they were.

    Only what asks for the scores is touched: neither the efficient pointers' own loss nor their decoding does. Raises
    ValueError for a precision that is none of ``PRECISIONS``.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    for pointer in linker.pointers:
        pointer.register_forward_hook(lambda module, given, scores: scores.to(PRECISIONS[precision]))


def run(
    method: str,
    precision: str,
    seed: int,
    texts: Sequence[RelationText],
    test: Sequence[RelationText],
    epochs: int = EPOCHS,
    every: int = EVERY,
    hidden: int = 64,
) -> dict[str, Any]:
    """Learn ``texts`` by heart: no dropout, no weight decay, a constant rate; return what the chapter shows of it.

    Every ``every`` epochs, over all ``texts``: the loss as training sees it ("seen"), as it is ("true", computed
    exactly from unrounded scores), and the highest score of a pair. At the end F1 on ``texts`` ("learned") and on
    ``test``, and the share of all steps whose loss was below 0, which it never is. Raises ValueError for a ``method``
    or ``precision`` that there is none of, and for sizes below 1.
    """
    check_sizes(epochs=epochs, every=every)
    model = build("Efficient GlobalPointer", texts, seed, method, joint=True, hidden=hidden, dropout=0.0)
    round_scores(model.linker, precision)
    curves: dict[str, list[float]] = {"seen": [], "true": [], "highest": []}

    def look(epoch: int, model: RelationExtractor) -> None:
        if (epoch + 1) % every == 0:
            found = (float(model(texts).mean()), true_loss(model, texts), highest_score(model, texts))
            for curve, value in zip(curves.values(), found, strict=True):
                curve.append(float(f"{value:.4g}"))

    history = train(
        model,
        list(texts),
        epochs=epochs,
        batch_size=20,
        weight_decay=0.0,
        schedule="constant",
        seed=seed,
        after_epoch=look,
        length=lambda text: len(text.text),
        show=False,
    )
    below = sum(loss < 0 for loss in history.step_losses) / len(history.step_losses)
    learned, found = evaluate(model, texts).f1, evaluate(model, test).f1
    return {"every": every, **curves, "steps below 0": below, "learned": learned, "test": found}


@torch.no_grad()
def true_loss(model: RelationExtractor, texts: Sequence[RelationText]) -> float:
    """Return the mean loss of ``texts`` by the pointers' own way, which never rounds a score."""
    relations = [model.relations(text) for text in texts]
    return float(model.linker.loss([text.text for text in texts], relations, "own", model.joint).mean())


@torch.no_grad()
def highest_score(model: RelationExtractor, texts: Sequence[RelationText]) -> float:
    """Return the highest score of all pairs and types in ``texts``."""
    return max(float(scores.max()) for scores in model.linker([text.text for text in texts]))


def work(epochs: int | None, job: Row) -> Row:
    """One run in a process of its own."""
    torch.set_num_threads(1)
    cut = silver_cut()
    return run(**job, texts=cut.train.sentences[:SENTENCES], test=cut.test.sentences, epochs=epochs or EPOCHS)


def main() -> None:
    """Run every loss in every precision with every seed and write chapters/stored/05-by-heart.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    asked = parser.parse_args()
    file, ending = named("05-by-heart", asked.epochs)
    facts = {
        "command": f"python -m gradbook.relation_linking.by_heart{ending}",
        "epochs": asked.epochs or EPOCHS,
        "sentences": SENTENCES,
    }
    todo = list(jobs(asked.seeds))
    fill_table(STORED / f"{file}.json", facts, todo, partial(work, asked.epochs), asked.workers, asked.resume)


if __name__ == "__main__":  # the worker processes import this file too
    main()
