"""Two decoders that find the same relations: how often each looks links up, and how long it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.explore import COLOURS, Bars, Choice, Dots, Number, Panel, Path, Picture, Slider
from gradbook.global_pointer.stored import STORED
from gradbook.relation_linking.decoding import decode_relations, nested_loops
from gradbook.relation_linking.pictures.planted import counted, planted_scores

Array = NDArray[np.float64]
Table = Mapping[str, Sequence[Mapping[str, float]]]  # what varies, a row a case
WAYS = {"gathering": COLOURS["blue"], "nested loops": COLOURS["vermilion"]}
VARIED = {
    "the number of candidates": ("candidates", "50 predicates, 128 tokens"),
    "the number of predicates": ("predicates", "10 subjects and 10 objects, 128 tokens"),
    "the length": ("length", "10 subjects and 10 objects, 50 predicates"),
}
"""By what the reader may choose: the key in the table, and what stays as it is."""

LIVE_PREDICATES, LIVE_LENGTH = 10, 48
_COUNTS = (1, 2, 3, 5, 8, 12, 20, 30)


def measured() -> Table:
    """Return the measured decoders of chapters/stored/05-bench.json; nothing if it isn't there."""
    path = STORED / "05-bench.json"
    if not path.exists():
        return {}
    table: Table = json.loads(path.read_text(encoding="utf-8"))["decoding"]
    return table


@lru_cache(maxsize=256)
def raced(candidates: int) -> tuple[int, bool, tuple[int, int]]:
    """Decode one text both ways: how many relations, whether both sets are equal, how many lookups each took."""
    scores = planted_scores(candidates, LIVE_PREDICATES, LIVE_LENGTH)
    ours, theirs = counted(decode_relations, scores), counted(nested_loops, scores)
    return len(ours.relations), ours.relations == theirs.relations, (ours.lookups, theirs.lookups)


def decoding_state(table: Table, varied: str, candidates: float) -> dict[str, Any]:
    """The measured times of both ways, and one text decoded here and now."""
    key, fixed = VARIED[varied]
    rows = table.get(key, [])
    number, equal, lookups = raced(int(candidates))
    state: dict[str, Any] = {
        way: np.array([(row[key], row[way]) for row in rows], dtype=float).reshape(-1, 2) for way in WAYS
    }
    ratios = ", ".join(f"× {row['ratio']:.2g} at {row[key]:.0f}" for row in rows)
    return {
        **state,
        "few": np.array([lookups[0]], dtype=float),
        "many": np.array([lookups[1]], dtype=float),
        "ratios": f"{ratios or 'not measured'} ({fixed})",
        "lookups": f"{lookups[0]} by gathering, {lookups[1]:,} by nested loops",
        "relations": f"{number}, {'the same set' if equal else 'NOT the same set'} both ways",
        "note": "" if rows else "The times have not been measured on this machine.",
    }


def _range(table: Table) -> tuple[float, float]:
    """The powers of ten around all that was measured."""
    values = [row[way] for rows in table.values() for row in rows for way in WAYS]
    if not values:
        return 0.1, 100.0
    return float(10.0 ** np.floor(np.log10(min(values)))), float(10.0 ** np.ceil(np.log10(max(values))))


def decoding(table: Table | None = None) -> Picture:
    """Figure 5.4: one gathering instead of a lookup a pair."""
    known = measured() if table is None else table
    start, *_ = VARIED
    return Picture(
        title="Two ways to decode",
        controls=[
            Choice("varied", "times over", tuple(VARIED), start),
            Slider("candidates", "subjects, and as many objects", 1, 30, 8, at=_COUNTS),
        ],
        compute=partial(decoding_state, known),
        panels=[
            Panel(
                "Time for one text, measured on one core",
                (0.8, 700),
                _range(known),
                [
                    *(Path(way, way, colour, 2.5) for way, colour in WAYS.items()),
                    *(Dots(way, "", colour, 60) for way, colour in WAYS.items()),
                ],
                x_label="candidates of each kind, predicates or tokens",
                y_label="milliseconds",
                width=340,
                height=260,
                log_x=True,
                log_y=True,
            ),
            Panel(
                "Lookups of head and tail scores, counted now",
                (-0.6, 1.6),
                (1, 1e4),
                [
                    Bars("few", "", WAYS["gathering"], width=0.5),
                    Bars("many", "", WAYS["nested loops"], width=0.5, shift=1.0),
                ],
                y_label="lookups",
                width=250,
                height=310,
                log_y=True,
                x_ticks={0: "gathering", 1: "nested loops"},
            ),
        ],
        readout=[
            Number("ratios", "nested loops against gathering"),
            Number("lookups", "lookups"),
            Number("relations", "relations found"),
        ],
        presets={
            "30 × 30 candidates": {"candidates": 30},
            "More predicates": {"varied": "the number of predicates", "candidates": 12},
            "Longer texts": {"varied": "the length", "candidates": 1},
        },
        caption="Figure 5.4. Nested loops, as the public code has them, take each subject beside each object and look "
        "the pair up in the scores of heads and of tails: two lookups a pair. Gathering sets all pairs side by side "
        "and looks up all heads at once and all tails at once. Both find the same relations. On the left the time "
        "as measured with the chapter's bench, where there is a dot; on the right a random text of "
        f"{LIVE_LENGTH} tokens and {LIVE_PREDICATES} predicates is decoded both ways while you move the slider.",
        alt="Left: two lines with logarithmic axes, the time of both decoders over the number of candidates from 1 to "
        "30; they begin together, and that of nested loops rises much more steeply than that of gathering. Right: two "
        "bars on a logarithmic axis, 2 lookups by gathering and, for 8 subjects and 8 objects, 128 by nested loops.",
    )
