"""What shared queries and keys can't express: two types that cross, and two heads that try to learn them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Dots, HeatMap, Labels, Number, Panel, Path, Picture, Steps
from gradbook.book.global_pointer.expressible import CASES, PATTERNS, STEPS, stored_runs
from gradbook.book.tables import HEAD_COLOURS

Array = NDArray[np.float64]
NAMES = ("GP", "Efficient GP")  # in the order of the stored runs
FLOOR = 4 * math.log(3)  # where both types' eight scores are 0: twice log(1 + 2) + log(1 + 2)
CROSSED = (("diagonal", "other diagonal"), ("other diagonal", "diagonal"))
_LOWEST, _HIGHEST = 1e-3, 20.0


def crossing_state(a: str, b: str, step: int) -> dict[str, Any]:
    """The differences of the two types' scores for both heads, and the losses up to this step."""
    scores, losses = stored_runs()
    case = CASES.index((a, b))
    state: dict[str, Any] = {"note": "", "floor": np.empty((0, 2))}
    for head, name in enumerate(NAMES):
        first, second = scores[case, head, step].numpy()
        difference = first - second
        state[f"{name} map"] = difference
        state[f"{name} words"] = [*_numbers(difference), *_owners(a, b)]
        state[f"{name} sum"] = round(float(difference.trace() - np.fliplr(difference).trace()), 3) + 0.0
        curve = np.column_stack([np.arange(STEPS + 1), losses[case, head].numpy().clip(_LOWEST, _HIGHEST)])
        state[f"{name} curve"] = curve[: step + 1]
        state[f"{name} here"] = curve[step : step + 1]
        state[f"{name} loss"] = float(losses[case, head, step])
    if (a, b) in CROSSED:
        state["floor"] = np.array([[0, FLOOR], [STEPS, FLOOR]])
        state["note"] = "No Efficient GlobalPointer can do this: its loss can't fall below 4 ln 3 = 4.394."
    return state


def _numbers(difference: Array) -> list[tuple[float, float, str]]:
    return [
        (0.25 + 0.5 * j, 0.7 - 0.5 * i, f"{difference[i, j]:.1f}".replace("-", "−")) for i in (0, 1) for j in (0, 1)
    ]


def _owners(a: str, b: str) -> list[tuple[float, float, str]]:
    """In each cell the types that should be there."""
    cells = ((i, j) for i in (0, 1) for j in (0, 1))
    names = {c: "".join(n for n, pattern in (("A", a), ("B", b)) if c in PATTERNS[pattern]) or "–" for c in cells}
    return [(0.25 + 0.5 * j, 0.86 - 0.5 * i, name) for (i, j), name in names.items()]


def _map(name: str) -> Panel:
    edges = [(0.25, 1.05, "j₁"), (0.75, 1.05, "j₂"), (-0.05, 0.75, "i₁"), (-0.05, 0.25, "i₂")]
    cross = np.array([[0, 0.5], [1, 0.5], [np.nan, np.nan], [0.5, 0], [0.5, 1]])
    return Panel(
        f"{name.replace('GP', 'GlobalPointer')}: Δ",
        (-0.1, 1.0),
        (0.0, 1.1),
        [
            HeatMap(f"{name} map", -60, 60, colours="coolwarm", x=(0, 1), y=(0, 1)),
            Path(cross, "", COLOURS["paper"], 3),
            Labels(f"{name} words", size=15, centred=True),
            Labels(edges, size=14, centred=True),
        ],
        size=(230, 230),
        bare=True,
    )


def crossing() -> Picture:
    """Figure 4.6: the pattern that Efficient GlobalPointer can't learn."""
    colours = {name: COLOURS[HEAD_COLOURS[name.replace("GP", "GlobalPointer")]] for name in NAMES}
    return Picture(
        title="Who owns which pair?",
        controls=[
            Steps("step", "training steps", STEPS, 20, interval_ms=150),
            Choice("a", "type A holds at", tuple(PATTERNS), "diagonal"),
            Choice("b", "type B holds at", tuple(PATTERNS), "other diagonal"),
        ],
        compute=crossing_state,
        panels=[
            *(_map(name) for name in NAMES),
            Panel(
                "The loss (cut off at 0.001)",
                (0, STEPS),
                (_LOWEST, _HIGHEST),
                [
                    Path("floor", "4 ln 3", COLOURS["grey"], 1.5, dashed=True),
                    *(Path(f"{name} curve", name, colour, 3) for name, colour in colours.items()),
                    *(Dots(f"{name} here", "", colour, 60) for name, colour in colours.items()),
                ],
                x_label="step",
                size=(250, 230),
                log_y=True,
            ),
        ],
        readout=[
            *(Number(f"{name} sum", f"Δ₁₁ + Δ₂₂ − Δ₁₂ − Δ₂₁ of {name}", ".2f") for name in NAMES),
            *(Number(f"{name} loss", f"loss of {name}", ".3f") for name in NAMES),
        ],
        presets={
            "Diagonal against diagonal, trained": {"step": STEPS},
            "Row against row": {"a": "row 1", "b": "row 2", "step": STEPS},
            "The same diagonal": {"a": "diagonal", "b": "diagonal", "step": STEPS},
            "A everywhere": {"a": "everywhere", "b": "nowhere", "step": STEPS},
            "A on the diagonal, B in row 1": {"a": "diagonal", "b": "row 1", "step": STEPS},
        },
        caption="Figure 4.6. Two starts, two ends, two types: four pairs, and in each cell the types that should hold "
        "there and the difference Δ = s_A − s_B that a head has learned. For an Efficient GlobalPointer Δ₁₁ + Δ₂₂ − "
        "Δ₁₂ − Δ₂₁ is 0, whatever its weights; A on one diagonal and B on the other would need it positive. "
        "GlobalPointer learns it in a few steps. All other patterns here both can learn.",
        alt="Two squares of two by two cells, one a head, and a panel with the losses of both over the first 20 of 60 "
        "training steps. Each cell names the type it belongs to, A on the diagonal, B beside it, and shows the "
        "difference of the two types' scores. GlobalPointer's are above 11 on the diagonal and below −10 beside it, "
        "and its loss has fallen to 0.05; those of Efficient GlobalPointer are below 0.3, and its loss has come down "
        "to a dashed line at 4.394.",
    )
