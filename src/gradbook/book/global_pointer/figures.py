"""The static figures and tables of chapter 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import torch
from matplotlib.figure import Figure
from torch import Tensor

from gradbook.book.explore import COLOURS, new_figure
from gradbook.book.global_pointer.measurements import formula_errors, head_sizes
from gradbook.book.global_pointer.models import EXAMPLES, load_model
from gradbook.book.tables import Rows
from gradbook.extraction.entity_extractor import EntityExtractor
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


QUOTED = {
    "People's Daily, test": (95.46, 95.51, 95.36),
    "CLUENER, validation": (79.51, 80.03, 80.66),
    "CLUENER, test": (78.70, 79.44, 80.04),
    "CMeEE, test": (64.39, 65.98, 66.54),
}
"""F1 in percent of CRF, GlobalPointer, Efficient GlobalPointer on BERT base, as kexue.fm/archives/8877 prints it."""


def size_rows(hidden_size: int, head_size: int, types: Sequence[int]) -> Rows:
    """Return a table's row for each number of types: the parameters of the three heads."""
    return [(f"{n}", *(f"{size:,}" for size in head_sizes(hidden_size, head_size, n).values())) for n in types]


def decoding_rows(bench: Mapping[str, Any]) -> Rows:
    """Return a row a case: spans found, and the times from all scores and by Viterbi in units of the bounds'."""
    return [
        (case, str(row["spans"]), "1", f"{row['scores']:.3g}", f"{row['viterbi']:.3g}")
        for case, row in bench["decoding"].items()
    ]


def card(ax: Any) -> None:
    """Draw the scores that the stored model gives a sentence, the highest of all types: red is a name."""
    scores = load_model("efficient").scores(EXAMPLES[0].text).amax(0)
    ax.imshow(scores.masked_fill(scores.isinf(), float("nan")).numpy(), cmap="coolwarm", vmin=-10, vmax=10)
