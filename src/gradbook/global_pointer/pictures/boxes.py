"""A sentence on one line with its spans in boxes, nested boxes inside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.corpora import Entity
from gradbook.explore import Labels, Panel, Path, join_paths
from gradbook.global_pointer.pictures.maps import TYPE_COLOURS, Array, Found
from gradbook.global_pointer.stored import LABELS

WIDTH, HEIGHT = 470, 175  # pixels; y counts them from below
_LINE = 42.0  # the height of the sentence
_DEEPEST = 6


def levels(spans: Sequence[Entity]) -> dict[Entity, int]:
    """Return each span's level: one above the highest of the shorter spans (or the equal one) that it overlaps."""
    found: dict[Entity, int] = {}
    for span in sorted(spans, key=lambda e: (e.end - e.start, e)):
        under = [level for e, level in found.items() if e.start <= span.end and span.start <= e.end]
        found[span] = 1 + max(under, default=0)
    return found


def fitting(spans: Sequence[Found]) -> dict[Entity, int]:
    """Return the levels of those spans, the highest scores first, that fit above each other, thirty at most."""
    kept: list[Entity] = []
    placed: dict[Entity, int] = {}
    for span, _ in spans[:30]:
        tried = levels([*kept, span])
        if max(tried.values()) <= _DEEPEST:
            kept, placed = [*kept, span], tried
    return placed


def boxes_state(text: str, spans: Sequence[Found]) -> dict[str, Any]:
    """Return what the panel of :func:`boxes_panel` draws."""
    placed = fitting(spans)
    width = 1 / len(text)
    state: dict[str, Any] = {
        "line": [((i + 0.5) * width, _LINE, c) for i, c in enumerate(text)],
        "names": [(e.start * width + 14 / WIDTH, _top(level) + 8, e.label) for e, level in placed.items()],
        "boxes drawn": len(placed),
    }
    for label in LABELS:
        boxes = [_box(e, level, width) for e, level in placed.items() if e.label == label]
        state[f"box {label}"] = join_paths(boxes)
    return state


def _top(level: int) -> float:
    return _LINE + 14 + 18 * (level - 1)


def _box(span: Entity, level: int, width: float) -> Array:
    left, right = span.start * width + 1.5 / WIDTH, (span.end + 1) * width - 1.5 / WIDTH
    low, high = _LINE - 14 - 4 * (level - 1), _top(level)
    return np.array([[left, low], [right, low], [right, high], [left, high], [left, low]])


def boxes_panel(title: str) -> Panel:
    """Return the panel with the sentence, its boxes, and their labels above the boxes' left corners."""
    return Panel(
        title,
        (0.0, 1.0),
        (0.0, float(HEIGHT)),
        [
            *(Path(f"box {label}", label, TYPE_COLOURS[label], 2.5) for label in LABELS),
            Labels("line", size=14, centred=True),
            Labels("names", size=11, centred=True),
        ],
        width=WIDTH,
        height=HEIGHT,
        bare=True,
    )
