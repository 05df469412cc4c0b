"""Where the article's loss breaks in training, as table and figure.

``python -m gradbook.book.relation_linking.by_heart`` measures it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradbook.book.data.silver_relations import silver_cut
from gradbook.book.explore import COLOURS, new_figure
from gradbook.book.relation_linking.comparison import build, evaluate
from gradbook.book.stored import STORED, Row, add_options, fill_table, named
from gradbook.book.tables import mean_spread
from gradbook.checks import check_sizes
from gradbook.extraction.annotated import RelationText
from gradbook.extraction.relation_extractor import RelationExtractor
from gradbook.extraction.training import train
from gradbook.relation_linking import RelationLinker

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
    """Run every loss in every precision with every seed and write stored/05-by-heart.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    asked = parser.parse_args()
    file, ending = named("05-by-heart", asked.epochs)
    facts = {
        "command": f"python -m gradbook.book.relation_linking.by_heart{ending}",
        "epochs": asked.epochs or EPOCHS,
        "sentences": SENTENCES,
    }
    todo = list(jobs(asked.seeds))
    fill_table(STORED / f"{file}.json", facts, todo, partial(work, asked.epochs), asked.workers, asked.resume)


if __name__ == "__main__":  # the worker processes import this file too
    main()


LOSSES = {"sparse": "exact, sparse", "dense": "exact, dense", "article": "article's formula"}
"""By method of a run: what tables and figures call its loss."""
_PANELS = {"seen": "the loss as training sees it", "true": "the loss as it is", "highest": "the highest score"}
_COLOURS = {"float32": "orange", "float16": "vermilion", "bfloat16": "purple"}


def heart_rows(stored: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row a precision and loss, means and standard deviations of the seeds.

    At the last pass: the loss as training sees it, the loss as it is, the highest score; then the share of steps with a
    loss below 0, F1 on what was learned, and F1 on test.
    """
    rows = []
    for precision, method, runs in _groups(stored):
        last = [
            mean_spread([run[key][-1] for run in runs], digits) for key, digits in zip(_PANELS, (2, 2, 1), strict=True)
        ]
        below = f"{sum(run['steps below 0'] for run in runs) / len(runs):.0%}"
        scores = [mean_spread([run[key] for run in runs]) for key in ("learned", "test")]
        rows.append((precision, LOSSES[method], *last, below, *scores))
    return rows


def differences(stored: Mapping[str, Any], key: str, precision: str) -> list[float]:
    """Return ``key`` of the exact loss minus that of the article's formula, seed by seed, in one precision.

    Raises ValueError if the two haven't as many runs, or there is none.
    """
    values = {method: [run[key] for run in runs] for p, method, runs in _groups(stored) if p == precision}
    if "sparse" not in values or "article" not in values:
        raise ValueError(f"precision must have runs of both losses, got {precision!r}")
    return [x - y for x, y in zip(values["sparse"], values["article"], strict=True)]


def heart_figure(stored: Mapping[str, Any]) -> Figure:
    """Draw both losses and the highest score over the passes, a line a run; the exact loss in one colour for all."""
    figure, axes = new_figure(10.0, 3.2, ncols=len(_PANELS))
    for ax, (key, title) in zip(axes, _PANELS.items(), strict=True):
        for precision, method, runs in _groups(stored):
            for run in runs:
                passes = [run["every"] * (k + 1) for k in range(len(run[key]))]
                ax.plot(passes, run[key], color=COLOURS[_colour(method, precision)], linewidth=1.2)
        ax.set(title=title, xlabel="passes")
    axes[0].axhline(0.0, color=COLOURS["grey"], linestyle=":", linewidth=1)
    axes[1].set_yscale("log")
    names = {"exact, any precision": "blue", **{f"article's, {name}": colour for name, colour in _COLOURS.items()}}
    handles = [Line2D([], [], color=COLOURS[colour], label=name) for name, colour in names.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=9, frameon=False)
    return figure


def _groups(stored: Mapping[str, Any]) -> Iterator[tuple[str, str, Sequence[Mapping[str, Any]]]]:
    """The runs of each precision and method, by seed, in the table's order."""
    kinds = dict.fromkeys((run["precision"], run["method"]) for run in stored["runs"])
    for precision, method in kinds:
        runs = [run for run in stored["runs"] if (run["precision"], run["method"]) == (precision, method)]
        yield precision, method, sorted(runs, key=lambda run: int(run["seed"]))


def _colour(method: str, precision: str) -> str:
    return _COLOURS[precision] if method == "article" else "blue"
