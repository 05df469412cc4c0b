"""The static figures and tables of chapter 5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradbook.book.explore import COLOURS, new_figure
from gradbook.book.global_pointer.figures import HEAD_COLOURS, draw_seeds, mean_spread, told_differences
from gradbook.book.global_pointer.measurements import count_numbers
from gradbook.book.relation_linking.measurements import cancelled
from gradbook.book.relation_linking.models import ENGLISH
from gradbook.extraction.annotated import RelationText, Triple
from gradbook.extraction.f1 import Score, triple_score
from gradbook.extraction.relation_extractor import RelationExtractor
from gradbook.relation_linking import Relation, relation_positives

PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
_COLOURS = ("blue", "vermilion", "green")


def cancellation_figure(highest: float = 18.0) -> Figure:
    """Draw the relative error of 1 − e^{b−a} over the score of the label that holds, in three precisions.

    Dots: every step rounded as well as can be; lines: what (5.8) expects of it at most, up to an error of 1, where
    nothing is left.
    """
    scores = [k / 4 for k in range(int(4 * highest) + 1)]
    figure, ax = new_figure(6.5, 3.6)
    for (name, dtype), colour in zip(PRECISIONS.items(), _COLOURS, strict=True):
        rows = [cancelled(score, dtype) for score in scores]
        bound = [(score, row.expected) for score, row in zip(scores, rows, strict=True) if row.expected <= 1]
        ax.semilogy(*zip(*bound, strict=True), "-", color=COLOURS[colour], linewidth=1, label=name)
        shown = [(score, row.error) for score, row in zip(scores, rows, strict=True) if row.error > 0]
        ax.semilogy(*zip(*shown, strict=True), ".", color=COLOURS[colour], markersize=4)
    ax.axhline(1.0, color=COLOURS["grey"], linestyle=":", linewidth=1)
    ax.set(xlabel="score of the label that holds", ylabel="relative error", ylim=(1e-9, 10))
    ax.legend(handles=[*ax.get_legend_handles_labels()[0], *_kinds()], fontsize=9)
    return figure


def _kinds() -> list[Line2D]:
    """What dots and lines stand for, for the legend."""
    grey = COLOURS["grey"]
    return [
        Line2D([], [], color=grey, linestyle="", marker=".", label="measured"),
        Line2D([], [], color=grey, linewidth=1, label="(5.8), at most"),
    ]


POINTERS = ("GlobalPointer", "Efficient GlobalPointer")
QUOTED = {"CasRel": 82.20, "GPLinker, GlobalPointer": 82.72, "GPLinker, Efficient GlobalPointer": 82.68}
"""F1 in percent on LIC2019 with BERT base, as kexue.fm/archives/8888 prints it."""
RECALLED = 83.7  # F1 in percent on WebNLG*, the figure remembered for CasRel with an LSTM encoder; not checked


def by_option(stored: Mapping[str, Any], key: str, option: str = "pointer") -> dict[str, list[float]]:
    """Return the values of ``key``, one a seed, by what ``option`` was in the runs of a stored comparison.

    Pointers come in the book's order, others as they stand in the table. Raises ValueError without such an option.
    """
    if not all(option in run for run in stored["runs"]):
        raise ValueError(f"option must stand in every run of the table, got {option!r}")
    found: dict[str, list[float]] = {name: [] for name in POINTERS} if option == "pointer" else {}
    for run in sorted(stored["runs"], key=lambda run: int(run["seed"])):
        found.setdefault(str(run[option]), []).append(float(run[key]))
    return {name: values for name, values in found.items() if values}


def beside(stored: Mapping[str, Any], base: Mapping[str, Any], option: str, value: object) -> dict[str, Any]:
    """Return the table ``stored``, in which ``option`` varies, with the runs of ``base``, which all had ``value``.

    Of those only the Efficient GlobalPointer's with a seed that the table has too. Raises ValueError for another number
    of epochs: then the runs can't be set beside each other.
    """
    if stored["epochs"] != base["epochs"]:
        raise ValueError(f"base must have {stored['epochs']} epochs like stored, got {base['epochs']}")
    seeds = {run["seed"] for run in stored["runs"]}
    usual = [{**run, option: value} for run in base["runs"] if run["pointer"] == POINTERS[1] and run["seed"] in seeds]
    return {**stored, "runs": [*usual, *stored["runs"]]}


def by_size(*tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the runs of ``tables`` as one table; the option "model" names the pointer and the size of its queries.

    Raises ValueError for tables with another number of epochs, which can't be set beside each other.
    """
    if len({table["epochs"] for table in tables}) != 1:
        raise ValueError(f"tables must have the same number of epochs, got {[table['epochs'] for table in tables]}")
    runs = [{**run, "model": f"{run['pointer']}, {run['head_size']}"} for table in tables for run in table["runs"]]
    return {**tables[0], "runs": runs}


def score_rows(stored: Mapping[str, Any], option: str = "pointer") -> list[tuple[str, ...]]:
    """Return a row for each value of ``option``: F1, precision, recall on test, and the best epoch."""
    columns = [by_option(stored, key, option) for key in ("test", "precision", "recall")]
    epochs = by_option(stored, "best epoch", option)
    return [
        (name, *(mean_spread(column[name]) for column in columns), mean_spread(epochs[name], 0)) for name in columns[0]
    ]


def seed_by_seed(stored: Mapping[str, Any], first: str, second: str, option: str = "pointer") -> str:
    """Return the differences of test F1, ``first`` minus ``second``, seed by seed, with their mean.

    Raises ValueError if the two haven't as many runs.
    """
    scores = by_option(stored, "test", option)
    return told_differences(scores[first], scores[second])


def quoted_rows() -> list[tuple[str, str]]:
    """Return the article's own table, a row a model."""
    return [(name, f"{score:.2f}") for name, score in QUOTED.items()]


def count_rows(counts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row a set of the stored counts: texts, those to learn from, triples, predicates, tokens a text.

    Then the tokens of the longest text, triples with a mention that stands several times, those whose object stands
    first, and spurious triples with mentions located by either rule.
    """
    return [
        (
            name,
            f"{sum(row['texts']):,}",
            f"{row['texts'][0]:,}",
            *(f"{row[key]:,}" for key in ("triples", "predicates")),
            f"{row['mean length']:.0f}",
            *(f"{row[key]:,}" for key in ("longest", "repeated mentions", "backwards")),
            *(f"{row['spurious'][rule]:,}" for rule in ("nearest", "first")),
        )
        for name, row in counts["sets"].items()
    ]


def judged_row(name: str, model: RelationExtractor, texts: Sequence[RelationText]) -> tuple[str, ...]:
    """Let ``model`` read ``texts`` and return a table's row: name, parameters of the three pointers, then the scores.

    The scores are F1, precision and recall of exact triples, then F1 by predicate, in the order of ``stored.ENGLISH``.
    """
    found = model.extract([text.text for text in texts])
    predicted = [{text.triple(fact) for fact in facts} for facts, text in zip(found, texts, strict=True)]

    def score(kept: Sequence[str]) -> Score:
        return triple_score(_kept(predicted, kept), _kept([text.triples for text in texts], kept))

    whole = score(model.predicates)
    shares = [whole.f1, whole.precision, whole.recall, *(score([predicate]).f1 for predicate in ENGLISH)]
    size = sum(count_numbers(pointer) for pointer in model.linker.pointers)
    return name, f"{size:,}", *(f"{share:.3f}" for share in shares)


def _kept(sides: Iterable[Iterable[Triple]], predicates: Sequence[str]) -> list[set[Triple]]:
    return [{triple for triple in triples if triple.predicate in predicates} for triples in sides]


def scores_figure(tables: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the test F1 of every seed (small dots) with mean and standard deviation, one panel a table."""
    figure, axes = new_figure(9.5, 2.2, ncols=len(tables), squeeze=False)
    for k, (ax, (title, stored)) in enumerate(zip(axes[0], tables.items(), strict=True)):
        scores = by_option(stored, "test")
        for y, (pointer, values) in enumerate(scores.items()):
            draw_seeds(ax, y, values, COLOURS[HEAD_COLOURS[pointer]])
        ax.set(title=title, xlabel="F1", ylim=(len(scores) - 0.4, -0.6))
        ax.margins(x=0.3)
        ax.set_yticks(range(len(scores)), [name.replace(" ", "\n") for name in scores] if not k else [""] * len(scores))
    return figure


def decoding_rows(bench: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row a case of the stored bench: subjects and objects, predicates, tokens, relations found, then times.

    Those are the milliseconds of loops and of gathering, and how many times longer the loops take; the cases are
    grouped by what varies, named in the first cell.
    """
    return [
        (
            varied,
            f"{row['candidates']} × {row['candidates']}",
            *(f"{row[key]:,}" for key in ("predicates", "length", "relations")),
            *(f"{row[key]:,.3g}" for key in ("nested loops", "gathering", "ratio")),
        )
        for varied, rows in bench["decoding"].items()
        for row in rows
    ]


def card(ax: Any) -> None:
    """Draw the four cells that must score above 0 for one triple: two spans, the pair of heads, the pair of tails."""
    entities, heads, tails = relation_positives([[Relation((1, 2), 0, (5, 7))]])
    cells = torch.zeros(9, 9)
    for colour, (_, first, second) in enumerate([*entities[0].tolist(), *heads[0].tolist(), *tails[0].tolist()], 1):
        cells[first, second] = min(colour, 3)  # one colour for both links
    ax.imshow(cells.numpy(), cmap="cividis")
