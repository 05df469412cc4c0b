"""What the runs by heart show: the table and the still figure of ``python -m gradbook.relation_linking.by_heart``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradbook.explore import COLOURS, new_figure
from gradbook.global_pointer.comparison_figures import mean_spread

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
