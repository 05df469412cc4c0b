"""Score maps and boxed sentences: what several pictures draw alike.

A map fills the unit square whatever the sentence's length: row i from the top is the first character of a span,
column j its last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.corpora import Entity
from gradbook.explore import COLOURS, HeatMap, Labels, Panel, Path, join_paths
from gradbook.explore.marks import Mark
from gradbook.global_pointer.stored import LABELS, load_model

Array = NDArray[np.float64]
ENDS = 10.0  # scores beyond ± this have the full colour
EDGE = 0.06  # room for the characters along the map, as a share of its side
KINDS = {"all types": LABELS, "LOC, places": ("LOC",), "ORG, organisations": ("ORG",), "PER, persons": ("PER",)}
"""What the reader may choose to see, and the labels that this stands for."""

TYPE_COLOURS = dict(zip(LABELS, (COLOURS["blue"], COLOURS["orange"], COLOURS["green"]), strict=True))
Found = tuple[Entity, float]  # a span and its score


@lru_cache(maxsize=256)
def scores_of(model: str, text: str) -> Array:
    """Return the scores (T, L, L) that the stored ``model`` gives a text, −inf where the start is after the end."""
    return np.asarray(load_model(model).scores(text).numpy())


def seen(scores: Array, kind: str) -> Any:
    """Return the map (L, L) of one type, or of all types each pair's highest score; what is masked stays blank."""
    numbers = [LABELS.index(label) for label in KINDS[kind]]
    return np.ma.masked_invalid(scores[numbers].max(0))


def found(scores: Array, kind: str, threshold: float) -> list[Found]:
    """Return the spans above the threshold with their scores, the highest first."""
    spans = [
        (Entity(int(i), int(j), label), float(scores[LABELS.index(label), i, j]))
        for label in KINDS[kind]
        for i, j in np.argwhere(scores[LABELS.index(label)] > threshold)
    ]
    return sorted(spans, key=lambda span: -span[1])


def outlines(spans: Iterable[Entity], length: int, label: str) -> Array:
    """Return the squares round the cells of the spans of one type, as one path; of two types the second is smaller."""
    inset = 0.08 * LABELS.index(label)
    low, high = inset, 1 - inset
    square = np.array([[low, low], [high, low], [high, high], [low, high], [low, low]])
    cells = [np.array([e.end, length - 1 - e.start]) + square for e in spans if e.label == label]
    return join_paths(cell / length for cell in cells)


def map_words(text: str) -> list[tuple[float, float, str]]:
    """Return the characters along the left and the upper edge."""
    places = (np.arange(len(text)) + 0.5) / len(text)
    across = [(float(x), 1 + EDGE / 2, c) for x, c in zip(places, text, strict=True)]
    return across + [(-EDGE / 2, float(1 - x), c) for x, c in zip(places, text, strict=True)]


def map_state(prefix: str, text: str, scores: Array, kind: str, threshold: float) -> dict[str, Any]:
    """Return what a panel of :func:`map_panel` draws."""
    spans = [entity for entity, _ in found(scores, kind, threshold)]
    return {
        f"{prefix} map": seen(scores, kind),
        f"{prefix} words": map_words(text),
        **{f"{prefix} {label}": outlines(spans, len(text), label) for label in LABELS},
    }


def map_panel(title: str, prefix: str, side: int, more: Sequence[Mark] = (), size: int = 13) -> Panel:
    """Return a panel with the map, the characters along its edges, outlined cells, and a scale of colours."""
    strip = np.linspace(-ENDS, ENDS, 101)[None, :]
    scale = [(0.06, 0.06, f"−{ENDS:.0f}"), (0.21, 0.06, "0"), (0.36, 0.06, f"{ENDS:.0f}")]
    return Panel(
        title,
        (-EDGE, 1.0),
        (0.0, 1 + EDGE),
        [
            HeatMap(f"{prefix} map", -ENDS, ENDS, colours="coolwarm", x=(0, 1), y=(0, 1)),
            HeatMap(strip, -ENDS, ENDS, colours="coolwarm", x=(0.06, 0.36), y=(0.09, 0.12)),
            Labels(scale, size=11, centred=True),
            Labels(f"{prefix} words", size=size, centred=True),
            *(Path(f"{prefix} {label}", label, TYPE_COLOURS[label], 2.5) for label in LABELS),
            *more,
        ],
        width=side,
        height=side,
        bare=True,
    )


def listed(text: str, spans: Sequence[Found], most: int = 8) -> str:
    """Return for example "LOC 北京 6.7; ORG 北京大学 6.0", in the order of the text; of many the highest."""
    shown = sorted(spans[:most])
    words = "; ".join(f"{e.label} {text[e.start : e.end + 1]} {score:.1f}" for e, score in shown)
    return (words or "nothing") + (f"; and {len(spans) - most} lower ones" if len(spans) > most else "")
