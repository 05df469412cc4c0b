"""Two relations among four tokens, and what else their pieces spell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Labels, Number, Panel, Path, Picture, Point, Predict, join_paths
from gradbook.book.relation_linking.ambiguity import spurious
from gradbook.relation_linking import Relation
from gradbook.relation_linking.relations import Place

Array = NDArray[np.float64]
TOKENS = 4
COLOURS_OF = (COLOURS["blue"], COLOURS["orange"])
"""Of relation 1 and 2."""


def words(relation: Relation) -> str:
    """Return for example "1–2 → 3": first and last token of subject and object."""
    return " → ".join(str(a) if a == b else f"{a}–{b}" for a, b in (relation.subject, relation.object))


def relation_rows(given: list[Relation], more: list[Relation]) -> dict[str, Any]:
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
        size=(260, 250),
        bare=True,
    )


GUESSES = ("1", "2", "3", "4")
_CELLS = [(first, last) for first in range(1, TOKENS + 1) for last in range(first, TOKENS + 1)]
_GRIDS = {"head": 0.0, "tail": 5.0}  # where the two maps of links begin


def snapped(point: tuple[float, float]) -> Place:
    """Return the nearest span (first, last) of tokens 1 to 4."""
    return min(_CELLS, key=lambda cell: ((cell[0] - point[0]) ** 2 + (cell[1] - point[1]) ** 2, cell))


def ambiguity_state(
    guess: str, s1: tuple[float, float], s2: tuple[float, float], o1: tuple[float, float], o2: tuple[float, float]
) -> dict[str, Any]:
    """The spans, the links, the relations that come back, and what was guessed."""
    given = [Relation(snapped(s1), 0, snapped(o1)), Relation(snapped(s2), 0, snapped(o2))]
    more = sorted(spurious(given))
    state: dict[str, Any] = {"given": "; ".join(f"{k} {words(r)}" for k, r in enumerate(given, 1))}
    for role in ("subject", "object"):
        for k, relation in enumerate(given):
            state[f"{role} {k}"] = square(getattr(relation, role), 0.44 - 0.08 * k)
    links = [(grid, end, r, k) for k, r in enumerate(given, 1) for end, grid in enumerate(_GRIDS)]
    state["owners"] = _owners(links)
    state["drawn words"] = [(2.5, 1.3 * TOKENS, "head links"), (7.5, 1.3 * TOKENS, "tail links")]
    state["used"] = join_paths(
        square((corner(grid, r.subject[end], r.object[end])), 0.46) for r in more for end, grid in enumerate(_GRIDS)
    )
    state.update(relation_rows(given, more))
    state["verdict"] = verdict(guess, given, more)
    state["note"] = ""
    return state


def square(place: tuple[float, float], half: float) -> Array:
    """Return a square round a place, two ``half`` wide."""
    return np.array(place) + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])


def corner(grid: str, subject: int, object_: int) -> tuple[float, float]:
    """Return where a map of links has its cell: the subject's token downwards, the object's to the right."""
    return _GRIDS[grid] + object_, TOKENS + 1 - subject


def _owners(links: Iterable[tuple[str, int, Relation, int]]) -> list[tuple[float, float, str]]:
    """The relations that each linked cell comes from: "1", "2" or "1 2"."""
    found: dict[tuple[float, float], list[int]] = {}
    for grid, end, relation, number in links:
        found.setdefault(corner(grid, relation.subject[end], relation.object[end]), []).append(number)
    return [(x, y, " ".join(map(str, numbers))) for (x, y), numbers in found.items()]


def verdict(guess: str, given: list[Relation], more: list[Relation]) -> str:
    """Say how many relations come back, which ones nobody gave, and what was guessed."""
    count = len({*given, *more})
    told = "right" if guess == str(count) else f"you guessed {guess}"
    first = f"{count} come{'s' * (count == 1)} back ({told}): "
    if more:
        return first + f"the two given, and {' and '.join(map(words, more))}, which nobody gave."
    return first + ("both relations are the same one." if count == 1 else "just the two given.")


def _span_panel(title: str, role: str) -> Panel:
    below = np.array([[0.5, 0.5], [1.5, 0.5], [1.5, 1.5], [2.5, 1.5], [2.5, 2.5], [3.5, 2.5], [3.5, 3.5], [4.5, 3.5]])
    edges = [(t, 0.2, str(t)) for t in range(1, TOKENS + 1)] + [(0.2, t, str(t)) for t in range(1, TOKENS + 1)]
    return Panel(
        title,
        (0.0, TOKENS + 0.6),
        (0.0, TOKENS + 0.6),
        [
            Path(np.vstack([below, [[4.5, 0.5], [0.5, 0.5]]]), "", COLOURS["grey"], 1, fill=True),
            Path(_grid(0.0), "", COLOURS["light"], 1),
            Labels(edges, size=12, colour=COLOURS["grey"], centred=True),
            *(Path(f"{role} {k}", "", colour, 4) for k, colour in enumerate(COLOURS_OF)),
        ],
        size=(190, 190),
        bare=True,
    )


def _grid(left: float) -> Array:
    """The lines between the cells of a map whose first column is at ``left`` + 1."""
    across = [np.array([[left + 0.5, t + 0.5], [left + 4.5, t + 0.5]]) for t in range(TOKENS + 1)]
    return join_paths(across + [np.array([[left + t + 0.5, 0.5], [left + t + 0.5, 4.5]]) for t in range(TOKENS + 1)])


def _link_panel() -> Panel:
    edges = [(g + t, 4.75, str(t)) for g in _GRIDS.values() for t in range(1, 5)]
    edges += [(g + 0.25, 5 - t, str(t)) for g in _GRIDS.values() for t in range(1, 5)]
    return Panel(
        "Links (down: subject's token, right: object's)",
        (0.0, 9.7),
        (0.2, 5.6),
        [
            Path(join_paths(_grid(left) for left in _GRIDS.values()), "", COLOURS["light"], 1),
            Path("used", "used by what nobody gave", COLOURS["vermilion"], 3),
            Labels(edges, size=12, colour=COLOURS["grey"], centred=True),
            Labels("owners", size=14, centred=True),
            Labels("drawn words", size=13, centred=True),
        ],
        size=(380, 212),
        bare=True,
    )


def smallest_ambiguity() -> Picture:
    """Figure 5.5: when two relations decode to four."""
    low, high = (1.0, 1.0), (float(TOKENS), float(TOKENS))

    def handle(name: str, label: str, value: tuple[float, float], panel: int, k: int) -> Point:
        return Point(name, label, value, low, high, panel, COLOURS_OF[k])

    return Picture(
        title="Two relations of one predicate among four tokens",
        controls=[
            Choice("guess", "my guess", GUESSES, "3"),
            handle("s1", "s₁", (1.0, 1.0), 0, 0),
            handle("s2", "s₂", (2.0, 2.0), 0, 1),
            handle("o1", "o₁", (3.0, 3.0), 1, 0),
            handle("o2", "o₂", (4.0, 4.0), 1, 1),
        ],
        compute=ambiguity_state,
        panels=[
            _span_panel("Subjects (right: first token, up: last)", "subject"),
            _span_panel("Objects, too: drag the points", "object"),
            _link_panel(),
            rows_panel(),
        ],
        readout=[Number("given", "given")],
        predict=Predict(
            "All pieces of these two relations are right. How many relations come back, in each of the presets? Choose "
            "your guess, then reveal.",
            ["used", "row spurious subjects", "row spurious objects", "row spurious words"],
        ),
        presets={
            "A name in a name on one side": {"s1": (1.0, 2.0), "s2": (2.0, 2.0), "o1": (3.0, 3.0), "o2": (4.0, 4.0)},
            "Shared beginning, shared end": {"s1": (1.0, 1.0), "s2": (1.0, 2.0), "o1": (3.0, 4.0), "o2": (4.0, 4.0)},
            "Shared beginnings": {"s1": (1.0, 1.0), "s2": (1.0, 2.0), "o1": (3.0, 3.0), "o2": (3.0, 4.0)},
            "All equal": {"s1": (1.8, 2.0), "s2": (2.2, 2.2), "o1": (2.8, 3.8), "o2": (3.2, 4.0)},
        },
        caption="Figure 5.5. Relation 1 and relation 2 of one predicate. Each point is a span, snapped to the nearest "
        "first and last token (right: the first, up: the last; in Figure 5.1 rows are first tokens and columns last "
        "ones). In the maps of links a cell names the relations that give it. After the reveal, what comes "
        "back beside the two stands below them in vermilion, and the links that it uses are framed.",
        alt="Four panels. Two squares of first token against last token, with the points s₁ at 1 and s₂ at 2, o₁ at 3 "
        "and o₂ at 4. Two grids of links: head links at (1, 3) from relation 1 and (2, 4) from relation 2; tail links "
        "at the same places. Last, a row a relation with boxes over the tokens 1 to 4: 1 → 3 and 2 → 4. In this case "
        "the reveal adds nothing; where relations come back that nobody gave, it adds their rows in vermilion.",
    )
