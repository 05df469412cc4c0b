"""The static figures and tables of chapter 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import torch
from matplotlib.figure import Figure
from torch import Tensor

from gradbook.book.explore import COLOURS, new_figure
from gradbook.book.global_pointer.comparison import LONG, inner, outermost
from gradbook.book.global_pointer.measurements import count_numbers, formula_errors, head_sizes
from gradbook.book.global_pointer.models import EXAMPLES, load_model
from gradbook.extraction.annotated import Sentence
from gradbook.extraction.entity_extractor import EntityExtractor
from gradbook.extraction.f1 import entity_score
from gradbook.global_pointer import EfficientGlobalPointer


class Candidates(NamedTuple):
    """Of one text: how many pairs there are, how many pass the bound (4.11), how many are found for some type."""

    pairs: int
    candidates: int
    found: int


@torch.no_grad()
def count_candidates(model: EntityExtractor, texts: Iterable[str], batch_size: int = 64) -> list[Candidates]:
    """Return for every text what the bound leaves of its pairs, in the order of the texts' lengths."""
    head = cast(EfficientGlobalPointer, model.head)
    ordered = sorted(texts, key=len)
    counts = []
    for first in range(0, len(ordered), batch_size):
        hidden, mask = model.encoder(ordered[first : first + batch_size])
        counts += _counted(head, hidden, mask)
    return counts


def _counted(head: EfficientGlobalPointer, hidden: Tensor, mask: Tensor) -> list[Candidates]:
    spans, starts, ends = head.parts(hidden)
    allowed = head.allowed(mask)
    bound = spans + starts.amax(1).unsqueeze(2) + ends.amax(1).unsqueeze(1)
    found = [len({(span.start, span.end) for span in spans}) for spans in head.decode(hidden, mask)]
    passed = ((bound > 0) & allowed).sum((1, 2)).tolist()
    return [Candidates(*row) for row in zip(allowed.sum((1, 2)).tolist(), passed, found, strict=True)]


def candidates_figure(counts: Sequence[Candidates]) -> Figure:
    """Draw, over the number of pairs of a text, how many of them pass the bound and how many are spans."""
    figure, ax = new_figure(6.5, 3.6)
    pairs = [row.pairs for row in counts]
    ax.loglog(pairs, pairs, "-", color=COLOURS["grey"], linewidth=1, label="all pairs")
    ax.loglog(pairs, [row.candidates or 0.5 for row in counts], ".", color=COLOURS["blue"], label="pass the bound")
    ax.loglog(pairs, [row.found or 0.5 for row in counts], ".", color=COLOURS["vermilion"], label="are found", ms=3)
    ax.set(xlabel="pairs of a sentence, n(n + 1)/2", ylabel="pairs (none: at 0.5)")
    ax.legend(fontsize=9)
    return figure


def formula_figure() -> Figure:
    """Draw the loss of one label that holds, at a growing score: exact, and by the article's sparse formula."""
    scores = [k / 2 for k in range(0, 81)]
    rows = [formula_errors(score) for score in scores]
    figure, ax = new_figure(6.5, 3.2)
    ax.plot(scores, [row[1] for row in rows], color=COLOURS["vermilion"], label="the article's formula, float32")
    ax.plot(scores, [row[2] for row in rows], color=COLOURS["blue"], label="gradbook, float32", linewidth=3)
    ax.plot(scores, [row[0] for row in rows], ":", color=COLOURS["ink"], label="exact")
    ax.set(xlabel="score of the label that holds", ylabel="loss")
    ax.legend(fontsize=9)
    return figure


HEAD_COLOURS = {"CRF": "grey", "GlobalPointer": "blue", "Efficient GlobalPointer": "vermilion"}
"""Names of ``gradbook.book.explore.COLOURS``, by the head's name."""


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


def card(ax: Any) -> None:
    """Draw the scores that the stored model gives a sentence, the highest of all types: red is a name."""
    scores = load_model("efficient").scores(EXAMPLES[0].text).amax(0)
    ax.imshow(scores.masked_fill(scores.isinf(), float("nan")).numpy(), cmap="coolwarm", vmin=-10, vmax=10)
