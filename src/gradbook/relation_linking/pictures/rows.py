"""Relations among a few tokens, one below the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, Labels, Panel, Path, join_paths
from gradbook.relation_linking.relations import Place, Relation

Array = NDArray[np.float64]
TOKENS = 4
COLOURS_OF = (COLOURS["blue"], COLOURS["orange"])
"""Of relation 1 and 2."""


def words(relation: Relation) -> str:
    """Return for example "1–2 → 3": first and last token of subject and object."""
    return " → ".join(str(a) if a == b else f"{a}–{b}" for a, b in (relation.subject, relation.object))


def rows_of(given: list[Relation], more: list[Relation]) -> dict[str, Any]:
    """Return the tokens and boxes of all relations, a row each, subjects with full lines and objects dashed."""
    state: dict[str, Any] = {"numbers": [(t, 4.8, str(t)) for t in range(1, TOKENS + 1)]}
    for name, rows in (("row 0", given[:1]), ("row 1", given[1:]), ("row spurious", more)):
        first = {"row 0": 4, "row 1": 3, "row spurious": 2}[name]
        spots = [(r, float(first - k)) for k, r in enumerate(rows)]
        state[f"{name} subjects"] = join_paths(bar(r.subject, y + 0.14) for r, y in spots)
        state[f"{name} objects"] = join_paths(bar(r.object, y - 0.14) for r, y in spots)
        state[f"{name} words"] = [(5.4, y, words(r)) for r, y in spots]
    return state


def bar(place: Place, height: float) -> Array:
    """Return a flat box over the tokens of a span."""
    left, right = place[0] - 0.38, place[1] + 0.38
    low, high = height - 0.1, height + 0.1
    return np.array([[left, low], [right, low], [right, high], [left, high], [left, low]])


def rows_panel() -> Panel:
    """Return the panel with a row a relation."""
    colours = {"row 0": COLOURS_OF[0], "row 1": COLOURS_OF[1], "row spurious": COLOURS["vermilion"]}
    names = {"row 0": "relation 1", "row 1": "relation 2", "row spurious": "nobody gave it"}
    kinds = (("subjects", False, 3.0), ("objects", True, 2.0))
    paths = [
        Path(f"{row} {kind}", names[row] if kind == "subjects" else "", colour, width, dashed=dashed)
        for row, colour in colours.items()
        for kind, dashed, width in kinds
    ]
    texts = [Labels(f"{row} words", size=13, centred=True) for row in colours]
    return Panel(
        "Subject (full box) → object (dashed)",
        (0.3, 6.4),
        (0.4, 5.2),
        [*paths, *texts, Labels("numbers", size=14, centred=True)],
        width=260,
        height=250,
        bare=True,
    )
