"""The tables and still figures of the comparisons: what the stored runs and benches say, as rows and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from matplotlib.figure import Figure

from gradbook.corpora import Sentence
from gradbook.explore import COLOURS, new_figure
from gradbook.global_pointer.comparison.runs import LONG, inner, outermost
from gradbook.global_pointer.extractor import EntityExtractor
from gradbook.global_pointer.fine_print import count_numbers, head_sizes
from gradbook.global_pointer.palette import HEAD_COLOURS
from gradbook.global_pointer.scores import entity_score

HEADS = ("CRF", "GlobalPointer", "Efficient GlobalPointer")
QUOTED = {
    "People's Daily, test": (95.46, 95.51, 95.36),
    "CLUENER, validation": (79.51, 80.03, 80.66),
    "CLUENER, test": (78.70, 79.44, 80.04),
    "CMeEE, test": (64.39, 65.98, 66.54),
}
"""F1 in percent of CRF, GlobalPointer, Efficient GlobalPointer on BERT base, as kexue.fm/archives/8877 prints it."""


def by_head(stored: Mapping[str, Any], key: str) -> dict[str, list[float]]:
    """Return the values of ``key``, one a seed, of every head of a stored comparison, in the book's order."""
    found = {head: [float(run[key]) for run in stored["runs"] if run["head"] == head] for head in HEADS}
    return {head: values for head, values in found.items() if values}


def mean_spread(values: Sequence[float], digits: int = 3) -> str:
    """Return "mean ± standard deviation" (over n − 1), or the only value."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    numbers = torch.tensor(values, dtype=torch.float64)
    return f"{numbers.mean():.{digits}f} ± {numbers.std():.{digits}f}"


def score_rows(stored: Mapping[str, Any], counts: bool = True, nested: bool = False) -> list[tuple[str, ...]]:
    """Return a row a head: F1, precision, recall, with ``nested`` the recall of inner names, and wrong spans.

    ``counts``: also the mean number of wrong spans and of wrong spans longer than 20 characters.
    """
    keys = ["test", "precision", "recall", *(["inner recall"] if nested else [])]
    rows = []
    for head in by_head(stored, "test"):
        cells = [mean_spread(by_head(stored, key)[head]) for key in keys]
        if counts:
            cells += [mean_spread(by_head(stored, key)[head], 0) for key in ("wrong", "wrong and long")]
        rows.append((head, *cells))
    return rows


def seed_by_seed(stored: Mapping[str, Any], first: str, second: str, other: Mapping[str, Any] | None = None) -> str:
    """Return the differences of test F1, head ``first`` minus head ``second``, seed by seed, with their mean.

    ``other``: where the second head's runs stand, if in another table.
    """
    a, b = by_head(stored, "test")[first], by_head(other or stored, "test")[second]
    return told_differences(a, b)


def told_differences(first: Sequence[float], second: Sequence[float]) -> str:
    """Return the mean of ``first`` minus ``second``, then each difference; ValueError if they aren't as many."""
    differences = [x - y for x, y in zip(first, second, strict=True)]
    return f"{sum(differences) / len(differences):+.3f}   by seed {', '.join(f'{d:+.3f}' for d in differences)}"


def draw_seeds(
    ax: Any, row: float, values: Sequence[float], colour: str, below: float = 0.25, fill: str = "full"
) -> None:
    """Draw mean and standard deviation in a row of ``ax``, every seed (small dots) ``below``; ``fill`` "none": open."""
    numbers = torch.tensor(values)
    spread = float(numbers.std()) if len(values) > 1 else 0.0
    ax.errorbar(float(numbers.mean()), row, xerr=spread, fmt="o", color=colour, fillstyle=fill, capsize=3)
    ax.plot(values, [row + below] * len(values), ".", color=colour, alpha=0.6)


def quoted_rows() -> list[tuple[str, ...]]:
    """Return the article's own table, a row a corpus."""
    return [(corpus, *(f"{score:.2f}" for score in scores)) for corpus, scores in QUOTED.items()]


def size_rows(hidden_size: int, head_size: int, types: Sequence[int]) -> list[tuple[str, ...]]:
    """Return a table's row for each number of types: the parameters of the three heads."""
    return [(f"{n}", *(f"{size:,}" for size in head_sizes(hidden_size, head_size, n).values())) for n in types]


def judged_row(name: str, model: EntityExtractor, sentences: Sequence[Sentence]) -> tuple[str, ...]:
    """Let ``model`` read ``sentences`` and return a table's row about it.

    Its name, the head's parameters, F1, precision, recall, the recall of outermost names and of those inside others,
    the number of wrong spans, and of those longer than 20 characters.
    """
    found = model.extract([sentence.text for sentence in sentences])
    score = entity_score(found, [sentence.entities for sentence in sentences])
    outer = entity_score(found, [outermost(sentence).entities for sentence in sentences])
    nested = entity_score(found, [inner(sentence) for sentence in sentences])
    wrong = [e.end - e.start + 1 for f, s in zip(found, sentences, strict=True) for e in f - s.entities]
    shares = (score.f1, score.precision, score.recall, outer.recall, nested.recall)
    counts = (len(wrong), sum(length > LONG for length in wrong))
    return name, f"{count_numbers(model.head):,}", *(f"{share:.3f}" for share in shares), *map(str, counts)


def joined_names(model: EntityExtractor, sentences: Sequence[Sentence]) -> tuple[int, int]:
    """Return how many wrong spans of ``model`` are longer than 20 characters, and how many of them join two names.

    That is: they run from the beginning of one annotated entity to the end of another.
    """
    found = model.extract([sentence.text for sentence in sentences])
    long = joining = 0
    for predicted, sentence in zip(found, sentences, strict=True):
        starts, ends = {e.start for e in sentence.entities}, {e.end for e in sentence.entities}
        wrong = [e for e in predicted - sentence.entities if e.end - e.start >= LONG]
        long += len(wrong)
        joining += sum(e.start in starts and e.end in ends for e in wrong)
    return long, joining


def scores_figure(tables: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the test F1 of every seed (small dots) with mean and standard deviation, one panel a table."""
    figure, axes = new_figure(9.5, 2.4, ncols=len(tables), squeeze=False, sharey=True)
    for ax, (title, stored) in zip(axes[0], tables.items(), strict=True):
        heads = by_head(stored, "test")
        for y, (head, values) in enumerate(heads.items()):
            draw_seeds(ax, y, values, COLOURS[HEAD_COLOURS[head]])
        ax.set(title=title, xlabel="F1", ylim=(len(heads) - 0.5, -0.5))
        ax.set_yticks(range(len(heads)), list(heads))
    return figure


def loss_rows(bench: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row a loss: time and memory in each case of the stored bench's ``losses``."""
    return _side_by_side(bench["losses"], ("time", "memory"))


def head_rows(bench: Mapping[str, Any], cases: Iterable[str], key: str) -> list[tuple[str, ...]]:
    """Return a row a head: ``key`` of the stored bench in each of ``cases``.

    ``key``: parameters, ratio (time in units of our Efficient GlobalPointer) or memory (peak MB).
    """
    return _side_by_side({case: bench["heads"][case] for case in cases}, (key,))


def decoding_rows(bench: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row a case: spans found, and the times from all scores and by Viterbi in units of the bounds'."""
    return [
        (case, str(row["spans"]), "1", f"{row['scores']:.3g}", f"{row['viterbi']:.3g}")
        for case, row in bench["decoding"].items()
    ]


def _side_by_side(cases: Mapping[str, Mapping[str, Mapping[str, float]]], keys: Sequence[str]) -> list[tuple[str, ...]]:
    first = next(iter(cases.values()))
    return [(name, *(_short(case[name][key]) for case in cases.values() for key in keys)) for name in first]


def _short(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
