"""What the three heads cost: parameters, time and memory against the number of types."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Slider, Toggle
from gradbook.book.stored import STORED
from gradbook.book.tables import HEAD_COLOURS

Array = NDArray[np.float64]
Table = Mapping[str, Mapping[str, Mapping[str, float]]]  # case, head, what was measured
HIDDEN, HEAD_SIZE = 768, 64
TYPES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200)
HEADS = {
    "CRF": ("CRF (pytorch-crf)", COLOURS[HEAD_COLOURS["CRF"]]),
    "GP": ("GlobalPointer, gradbook", COLOURS[HEAD_COLOURS["GlobalPointer"]]),
    "Efficient GP": ("Efficient GlobalPointer, gradbook", COLOURS[HEAD_COLOURS["Efficient GlobalPointer"]]),
}
"""By short name: the name in the table, and the colour."""

PUBLIC = {
    "bert4torch's GP": ("GlobalPointer, bert4torch", COLOURS["sky"]),
    "its Efficient GP": ("Efficient GlobalPointer, bert4torch", COLOURS["orange"]),
}
_COSTS = {"time": "milliseconds", "memory": "memory"}
_LENGTHS = ("128 tokens", "512 tokens")


def parameters(head: str, types: int, hidden: int = HIDDEN, size: int = HEAD_SIZE) -> int:
    """Return the number of parameters of the CRF, of GP (GlobalPointer), or of Efficient GP."""
    if head == "CRF":
        tags = 2 * types + 1
        return (hidden + 1) * tags + tags * (tags + 2)
    if head == "GP":
        return 2 * (hidden + 1) * size * types
    return 2 * (hidden + 1) * size + (4 * size + 2) * types


def measured() -> Table:
    """Return the measured heads of stored/04-bench.json; nothing if it isn't there."""
    path = STORED / "04-bench.json"
    if not path.exists():
        return {}
    table: Table = json.loads(path.read_text(encoding="utf-8"))["heads"]
    return table


def points(table: Table, head: str, cost: str, length: str) -> Array:
    """Return (types, cost) of one head at all measured numbers of types (m, 2), in their order."""
    rows = [
        (float(case.split()[0]), heads[head][_COSTS[cost]])
        for case, heads in table.items()
        if case.endswith(f", {length}") and head in heads
    ]
    return np.array(sorted(rows)).reshape(-1, 2)


def heads_state(table: Table, types: float, length: str, public: bool) -> dict[str, Any]:
    """The curves of the parameters, the measured points, and where the reader is."""
    here = int(types)
    everywhere = np.array(TYPES, dtype=float)
    state: dict[str, Any] = {"note": "" if table else "Time and memory have not been measured on this machine."}
    for name in HEADS:
        state[f"{name} parameters"] = np.column_stack([everywhere, [parameters(name, t) for t in TYPES]])
        state[f"{name} here"] = np.array([[here, parameters(name, here)]])
    for name, (key, _) in {**HEADS, **PUBLIC}.items():
        for cost in _COSTS:
            drawn = public or name in HEADS
            state[f"{name} {cost}"] = points(table, key, cost, length) if drawn else np.empty((0, 2))
    for panel, (low, high) in {"time": _range(table, "time"), "memory": _range(table, "memory")}.items():
        state[f"{panel} line"] = np.array([[here, low], [here, high]])
    state["counts"] = "; ".join(f"{name} {parameters(name, here):,}" for name in HEADS)
    state["times"] = _at(table, here, length, "time", "ms")
    state["memories"] = _at(table, here, length, "memory", "MB")
    return state


def _at(table: Table, types: int, length: str, cost: str, unit: str) -> str:
    """The three heads' costs where they were measured."""
    case = table.get(f"{types} types, {length}")
    if case is None:
        return f"not measured for {types} types and {length}"
    return "; ".join(f"{name} {case[key][_COSTS[cost]]:.0f} {unit}" for name, (key, _) in HEADS.items())


def _range(table: Table, cost: str) -> tuple[float, float]:
    """The powers of ten around all that was measured."""
    values = [row[_COSTS[cost]] for heads in table.values() for row in heads.values()]
    if not values:
        return 1.0, 1e4
    return 10.0 ** math.floor(math.log10(min(values))), 10.0 ** math.ceil(math.log10(max(values)))


def _cost_panel(table: Table, title: str, cost: str, unit: str) -> Panel:
    return Panel(
        title,
        (0.9, 230),
        _range(table, cost),
        [
            Path(f"{cost} line", "", COLOURS["light"], 3),
            *(Path(f"{name} {cost}", "", colour, 2) for name, (_, colour) in HEADS.items()),
            *(Path(f"{name} {cost}", name, colour, 2, dashed=True) for name, (_, colour) in PUBLIC.items()),
            *(Dots(f"{name} {cost}", "", colour, 55) for name, (_, colour) in {**HEADS, **PUBLIC}.items()),
        ],
        x_label="types",
        y_label=unit,
        size=(225, 250),
        log_x=True,
        log_y=True,
    )


def heads(table: Table | None = None) -> Picture:
    """Figure 4.5: the three heads' parameters by formula, time and memory as measured."""
    found = measured() if table is None else table
    return Picture(
        title="What a type costs",
        controls=[
            Slider("types", "number of types T", 1, 200, 10, at=TYPES),
            Choice("length", "sentences of", _LENGTHS, _LENGTHS[0]),
            Toggle("public", "and the heads of bert4torch"),
        ],
        compute=partial(heads_state, found),
        panels=[
            Panel(
                "Parameters, by formula",
                (0.9, 230),
                (1e3, 1e8),
                [
                    *(Path(f"{name} parameters", name, colour, 3) for name, (_, colour) in HEADS.items()),
                    *(Dots(f"{name} here", "", colour, 80) for name, (_, colour) in HEADS.items()),
                ],
                x_label="types",
                size=(225, 250),
                log_x=True,
                log_y=True,
            ),
            _cost_panel(found, "Time, measured on one core", "time", "milliseconds"),
            _cost_panel(found, "Peak memory, measured", "memory", "megabytes"),
        ],
        readout=[Number("counts", "parameters"), Number("times", "time"), Number("memories", "memory")],
        presets={
            "One type": {"types": 1},
            "Three types, long sentences": {"types": 3, "length": _LENGTHS[1]},
            "The article's 100 types": {"types": 100},
            "… and the public heads": {"types": 100, "public": True},
        },
        caption="Figure 4.5. A CRF, GlobalPointer and Efficient GlobalPointer behind an encoder of width 768, head "
        "size 64, against the number of types. Parameters by formula; time and memory of the loss and its gradients "
        "for a batch of 16 sentences, measured where there is a dot. GlobalPointer pays 98,432 parameters for "
        "each type, Efficient GlobalPointer pays that once and 258 for each type.",
        alt="Three panels with logarithmic axes over the number of types, from 1 to 200. Parameters: GlobalPointer "
        "rises in proportion, from a hundred thousand to twenty million; Efficient GlobalPointer is level at a hundred "
        "thousand, up to fifty thousand more at 200 types; the CRF rises from a few thousand and passes it at 64 "
        "types. Time and memory: measured dots joined by lines. GlobalPointer takes the most time; Efficient "
        "GlobalPointer's lines are nearly level.",
    )
