"""Comparisons: what every model of one gets, how it is trained, and the tables and figures that its runs make."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import nn

from gradbook.book.explore import COLOURS, new_figure
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


Stored = Mapping[str, Any]
Rows = list[tuple[str, ...]]

HEAD_COLOURS = {"CRF": "grey", "GlobalPointer": "blue", "Efficient GlobalPointer": "vermilion"}
"""The heads in the book's order, with their colours in all pictures and figures: names of ``COLOURS``."""
SCORES = ("test", "precision", "recall")
"""F1, precision and recall on test, as most runs name them."""


def by_option(stored: Stored, key: str, option: str = "pointer") -> dict[str, list[float]]:
    """Return the values of ``key``, one a seed, by what ``option`` was in the runs of a stored comparison.

    Heads come in the book's order, others as they stand in the table. Raises ValueError without such an option.
    """
    if not all(option in run for run in stored["runs"]):
        raise ValueError(f"option must stand in every run of the table, got {option!r}")
    found: dict[str, list[float]] = {name: [] for name in HEAD_COLOURS}
    for run in sorted(stored["runs"], key=lambda run: int(run["seed"])):
        found.setdefault(str(run[option]), []).append(float(run[key]))
    return {name: values for name, values in found.items() if values}


def beside(stored: Stored, base: Stored, option: str, value: object) -> dict[str, Any]:
    """Return the table ``stored``, in which ``option`` varies, with the runs of ``base``, which all had ``value``.

    Of those only the Efficient GlobalPointer's with a seed that the table has too. Raises ValueError for another number
    of epochs: then the runs can't be set beside each other.
    """
    if stored["epochs"] != base["epochs"]:
        raise ValueError(f"base must have {stored['epochs']} epochs like stored, got {base['epochs']}")
    seeds, efficient = {run["seed"] for run in stored["runs"]}, list(HEAD_COLOURS)[-1]
    usual = [{**run, option: value} for run in base["runs"] if run["pointer"] == efficient and run["seed"] in seeds]
    return {**stored, "runs": [*usual, *stored["runs"]]}


def by_size(*tables: Stored) -> dict[str, Any]:
    """Return the runs of ``tables`` as one table; the option "model" names the pointer and the size of its queries.

    Raises ValueError for tables with another number of epochs, which can't be set beside each other.
    """
    if len({table["epochs"] for table in tables}) != 1:
        raise ValueError(f"tables must have the same number of epochs, got {[table['epochs'] for table in tables]}")
    runs = [{**run, "model": f"{run['pointer']}, {run['head_size']}"} for table in tables for run in table["runs"]]
    return {**tables[0], "runs": runs}


def mean_spread(values: Sequence[float], digits: int = 3) -> str:
    """Return "mean ± standard deviation" (over n − 1), or the only value."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    numbers = torch.tensor(values, dtype=torch.float64)
    return f"{numbers.mean():.{digits}f} ± {numbers.std():.{digits}f}"


def score_rows(
    stored: Stored, option: str = "pointer", scores: Sequence[str] = SCORES, counts: Sequence[str] = ("best epoch",)
) -> Rows:
    """Return a row for each value of ``option``: mean and spread of the ``scores``, then of the ``counts``, rounded."""
    columns = [(by_option(stored, key, option), digits) for keys, digits in ((scores, 3), (counts, 0)) for key in keys]
    return [(name, *(mean_spread(column[name], digits) for column, digits in columns)) for name in columns[0][0]]


def seed_by_seed(stored: Stored, first: str, second: str, key: str = "test", option: str = "pointer") -> str:
    """Return the differences of ``key``, ``first`` minus ``second``, told as ``told_differences`` does."""
    values = by_option(stored, key, option)
    return told_differences(values[first], values[second])


def told_differences(first: Sequence[float], second: Sequence[float]) -> str:
    """Return the mean of ``first`` minus ``second``, then each difference; ValueError if they aren't as many."""
    differences = [x - y for x, y in zip(first, second, strict=True)]
    return f"{sum(differences) / len(differences):+.3f}   by seed {', '.join(f'{d:+.3f}' for d in differences)}"


def quoted_rows(quoted: Mapping[str, Sequence[float]]) -> Rows:
    """Return the numbers of an article, in percent, a row a name."""
    return [(name, *(f"{score:.2f}" for score in scores)) for name, scores in quoted.items()]


def side_by_side(cases: Mapping[str, Mapping[str, Mapping[str, float]]], keys: Sequence[str]) -> Rows:
    """Return a row for each name of a bench: in each case its ``keys``, by case, name and key as they are stored."""
    first = next(iter(cases.values()))
    return [(name, *(short(case[name][key]) for case in cases.values() for key in keys)) for name in first]


def short(value: float) -> str:
    """Return a number with three digits, or all of its digits before the point; a whole number as it is."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def count_numbers(*modules: nn.Module) -> int:
    """Return how many numbers the modules learn."""
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def scores_figure(
    tables: Mapping[str, Stored], option: str = "pointer", keys: Sequence[str] = ("test",), height: float = 2.2
) -> Figure:
    """Draw every seed (small dots) and above it mean and standard deviation, a row a head, one panel a table.

    Of two ``keys`` the second is drawn below the first, as open circles. ``height`` in inches.
    """
    figure, axes = new_figure(9.5, height, ncols=len(tables), squeeze=False)
    for k, (ax, (title, stored)) in enumerate(zip(axes[0], tables.items(), strict=True)):
        for n, key in enumerate(keys):
            shift, below = 0.36 * n - 0.18 * (len(keys) - 1), 0.25 if len(keys) == 1 else 0.14
            values = by_option(stored, key, option)
            for y, (name, seeds) in enumerate(values.items()):
                _draw_seeds(ax, y + shift, seeds, COLOURS[HEAD_COLOURS[name]], below, "none" if n else "full")
        ax.set(title=title, xlabel="F1", ylim=(len(values) - 0.4, -0.6))
        ax.margins(x=0.3)
        ax.set_yticks(range(len(values)), [name.replace(" ", "\n") for name in values] if not k else [""] * len(values))
    return figure


def _draw_seeds(ax: Any, row: float, values: Sequence[float], colour: str, below: float, fill: str) -> None:
    """Draw mean and standard deviation in a row of ``ax``, every seed ``below``."""
    numbers = torch.tensor(values)
    spread = float(numbers.std()) if len(values) > 1 else 0.0
    ax.errorbar(float(numbers.mean()), row, xerr=spread, fmt="o", color=colour, fillstyle=fill, capsize=3)
    ax.plot(values, [row + below] * len(values), ".", color=colour, alpha=0.6)
