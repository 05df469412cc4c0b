"""What the stored sweep over base rates says: curves, seeds, and how wide the good range is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
STORED = Path(__file__).resolve().parents[3] / "chapters" / "stored"
COLOUR_OF = {
    "SGD": ("grey", False),
    "momentum": ("sky", False),
    "Adam": ("orange", False),
    "hypergradient": ("green", True),
    "meta": ("vermilion", False),
    "meta, normalised": ("purple", False),
    "meta, Amid et al.": ("blue", True),
}
"""By name of an optimizer its colour, and whether its line is dashed."""


@cache
def stored_table() -> Mapping[str, Any]:
    """Return the sweep that ``python -m gradbook.step_sizes.comparison`` stored."""
    found: Mapping[str, Any] = json.loads((STORED / "07-sensitivity.json").read_text(encoding="utf-8"))
    return found


def runs(table: Mapping[str, Any], name: str, place: int) -> tuple[str, Mapping[str, Any]]:
    """Return γ, as a word, and the runs of an optimizer with its ``place``-th γ; the only one where there is one."""
    choices = list(table["optimizers"][name].items())
    gamma, found = choices[min(place, len(choices) - 1)]
    return gamma, found


def means(table: Mapping[str, Any], name: str, place: int, moment: str) -> Array:
    """Return the mean loss of all seeds by rate (rates,); infinite where a seed diverged."""
    rows = runs(table, name, place)[1]["losses"][moment]
    return np.array([math.inf if None in row else float(np.mean(row)) for row in rows])


def curve(table: Mapping[str, Any], name: str, place: int, moment: str) -> Array:
    """Return the points (rate, mean loss), NaN rows where a seed diverged."""
    losses = means(table, name, place, moment)
    points = np.column_stack([table["rates"], losses])
    points[~np.isfinite(losses)] = np.nan
    return points


def dots(table: Mapping[str, Any], name: str, place: int, moment: str) -> Array:
    """Return the points (rate, loss) of every seed that did not diverge."""
    rows = runs(table, name, place)[1]["losses"][moment]
    pairs = zip(table["rates"], rows, strict=True)
    return np.array([(rate, loss) for rate, row in pairs for loss in row if loss is not None])


def good_decades(table: Mapping[str, Any], name: str, place: int, moment: str, below: float = 0.5) -> float:
    """Return how many decades of rates have a mean loss under ``below``: a third for each rate of the sweep."""
    return float((means(table, name, place, moment) < below).sum()) / 3
