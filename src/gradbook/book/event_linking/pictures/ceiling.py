"""What perfect scores give back, and the two links that a spurious event is made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import combinations
from typing import Any, NamedTuple, cast

import numpy as np

from gradbook.book.event_linking.ceiling import EXAMPLES, Coding, Kind, Spurious, recoded, spurious_events
from gradbook.book.event_linking.pictures.graph import EVENT_COLOURS, Array
from gradbook.book.explore import COLOURS, Choice, Dots, Labels, Number, Panel, Path, Picture, join_paths
from gradbook.book.explore.marks import Mark
from gradbook.book.stored import STORED
from gradbook.event_linking import Argument, Event, Node
from gradbook.event_linking.decoding import ordered
from gradbook.event_linking.events import event_of

_STEP, _GAP = 1.15, 0.6  # the height of an argument's row, and the room between two events
_HALF = 0.33  # of a box's height
TOP, WIDTH = 9.8, 3.0


class Row(NamedTuple):
    """An argument where it is drawn: its box, and the event it is of."""

    argument: Argument
    y: float
    event: int


def event_rows(events: Sequence[Event]) -> list[Row]:
    """Return the arguments of events from above, those of one event under each other."""
    rows, y = [], TOP - 2.1
    for number, event in enumerate(events):
        for argument in sorted(event.arguments):
            rows.append(Row(argument, y, number))
            y -= _STEP
        y -= _GAP
    return rows


def middle(row: Row) -> float:
    """Return where the argument's role is written."""
    return (row.argument.start + row.argument.end + 1) / 2


def box(row: Row) -> Array:
    """Return a box under the argument's words."""
    left, right, low, high = row.argument.start + 0.06, row.argument.end + 0.94, row.y - _HALF, row.y + _HALF
    return np.array([[left, low], [right, low], [right, high], [left, high], [left, low]])


def _place(argument: Argument | Node, end: int) -> int:
    return argument.end if end else argument.start


def corners(first: Row, second: Row, end: int) -> Array:
    """Return the corners that face each other, on the left for first (0) and on the right for last (1) places."""
    places = [row.argument.end + 0.94 if end else row.argument.start + 0.06 for row in (first, second)]
    side = _HALF if first.y > second.y else -_HALF
    return np.array([[places[0], first.y - side], [places[1], second.y + side]])


def givers(edge: tuple[Node, Node], rows: Sequence[Row], end: int) -> Iterator[tuple[Row, Row]]:
    """Yield the first two arguments of an annotated event that give the edge's link of first (0) or last (1) places."""
    wanted = ordered(_place(edge[0], end), _place(edge[1], end))
    for first, second in combinations(rows, 2):
        if first.event == second.event and ordered(_place(first.argument, end), _place(second.argument, end)) == wanted:
            yield first, second
            return


def own_rows(
    edge: tuple[Node, Node], wrong: Sequence[Event], rows: Sequence[Row], shown: int
) -> Iterator[tuple[Row, Row]]:
    """Yield the rows of a false edge in the event that nobody annotated."""
    nodes = {Argument(node.start, node.end, node.role) for node in edge}
    for number, event in enumerate(wrong, shown):
        if {event_of(edge).type} == {event.type} and nodes <= event.arguments:
            first, second = (row for row in rows if row.event == number and row.argument in nodes)
            yield first, second


Counts = Mapping[str, Mapping[str, Any]]  # by coding: events, lost, spurious, reasons
CODINGS: dict[str, Coding] = {
    "positions (the article)": "positions",
    "tables for each type": "types",
    "tables for each role": "roles",
    "argument nodes": "nodes",
}
WORDS = {
    "role": ("Rovers", "Cup"),
    "type": ("Rovers", "Cup"),
    "crosswise": ("North", "London", "Cup"),
    "two pairs": ("Rovers", "Cup", "final"),
    "merged": ("Rovers", "Town", "Cup"),
}
"""By kind of spurious event: what stands at the places of its example."""

WHY = {
    "role": "a link doesn't say in which role: the winner's links serve the loser in the same place",
    "type": "a link doesn't say of what: that of the title serves two matches",
    "crosswise": "a start may go with the wrong end: one argument lies inside the other",
    "two pairs": "the starts are of one pair and the ends of another",
    "merged": "no link is false: three pairs make a triangle, and no graph can tell",
}


def measured() -> Counts:
    """Return the counts on DuEE of stored/06-ceiling.json; nothing if it isn't there."""
    path = STORED / "06-ceiling.json"
    if not path.exists():
        return {}
    table: Counts = json.loads(path.read_text(encoding="utf-8"))["codings"]
    return table


@lru_cache(maxsize=64)
def decoded(kind: Kind, coding: Coding) -> tuple[tuple[Event, ...], tuple[Spurious, ...]]:
    """Return what the example of a kind decodes to, what nobody annotated last, and the latter explained."""
    events = sorted(EXAMPLES[kind])
    added = spurious_events(events, coding)
    wrong = [found.event for found in added]
    return (*(e for e in recoded(events, coding) if e not in wrong), *wrong), tuple(added)


def ceiling_state(counts: Counts, kind: Kind, coding: str) -> dict[str, Any]:
    """The annotated events, the decoded ones, and the links that make the false edges."""
    events, name = sorted(EXAMPLES[kind]), CODINGS[coding]
    back, added = decoded(kind, name)
    gold, found = event_rows(events), event_rows(back)
    shown = len(back) - len(added)
    lost = len(set(events) - set(back))
    edges = [edge for one in added for edge in one.edges]
    state: dict[str, Any] = {
        **_side("gold", kind, gold, {k: k for k in range(len(events))}),
        **_side("found", kind, found, {k: events.index(back[k]) for k in range(shown)}),
        "wrong": join_paths(box(row) for row in found if row.event >= shown),
        "wrong words": [(middle(row), row.y, str(row.argument.role)) for row in found if row.event >= shown],
    }
    for end, dot in ((0, "heads"), (1, "tails")):
        given = [link for edge in edges for link in givers(edge, gold, end)]
        used = [link for edge in edges for link in own_rows(edge, back[shown:], found, shown)]
        for side, links in (("gold", given), ("found", used)):
            state[f"{side} {dot}"] = join_paths(corners(*link, end) for link in links)
            state[f"{side} {dot} dots"] = np.vstack([np.empty((0, 2)), *(corners(*link, end) for link in links)])
    state["kind words"] = "; ".join(sorted({k for one in added for k in one.kinds})) or "none"
    state["come back"] = f"{len(back)}: {len(events) - lost} of the {len(events)} annotated, {len(added)} others"
    state["why"] = WHY[next(iter(added[0].kinds))] if added else "each link says enough here"
    state["counts"] = _counted(counts, name)
    state["note"] = ""
    return state


def _side(prefix: str, kind: str, rows: Sequence[Row], colours: Mapping[int, int]) -> dict[str, Any]:
    """The boxes of each event in its colour, their roles, and the words above."""
    state: dict[str, Any] = {
        f"{prefix} words": [(place + 0.5, TOP - 0.9, word) for place, word in enumerate(WORDS[kind])],
        f"{prefix} roles": [(middle(row), row.y, str(row.argument.role)) for row in rows if row.event in colours],
    }
    for colour in range(4):
        own = [row for row in rows if colours.get(row.event) == colour]
        state[f"{prefix} {colour}"] = join_paths(box(row) for row in own)
    return state


def _counted(counts: Counts, coding: Coding) -> str:
    if coding not in counts:
        return "not counted on this machine"
    row = counts[coding]
    reasons = cast("Mapping[str, int]", row["reasons"])
    words = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items(), key=lambda one: -one[1]))
    said = f"{row['spurious']} spurious, {row['lost']} lost of {row['events']:,} events"
    return f"{said} ({words})" if words else said


def _panel(title: str, prefix: str, more: Sequence[Mark]) -> Panel:
    marks = [Path(f"{prefix} {k}", "", EVENT_COLOURS[k], 3) for k in range(4)]
    return Panel(
        title,
        (-0.05, WIDTH + 0.05),
        (0.0, TOP),
        [
            *marks,
            *more,
            Path(f"{prefix} heads", "starts linked", COLOURS["ink"], 2.5),
            Dots(f"{prefix} heads dots", "", COLOURS["ink"], 40),
            Path(f"{prefix} tails", "ends linked", COLOURS["grey"], 2.5, dashed=True),
            Dots(f"{prefix} tails dots", "", COLOURS["grey"], 40),
            Labels(f"{prefix} words", size=15, centred=True),
            Labels(f"{prefix} roles", size=13, centred=True),
        ],
        size=(330, 330),
        bare=True,
    )


def ceiling_kinds(counts: Counts | None = None) -> Picture:
    """Figure 6.6: what perfect scores decode to, in four codings of the links."""
    table = measured() if counts is None else counts
    coding, _, roles, _ = CODINGS
    wrong: list[Mark] = [
        Path("wrong", "nobody annotated it", COLOURS["vermilion"], 4),
        Labels("wrong words", size=13, colour=COLOURS["vermilion"], centred=True),
    ]
    return Picture(
        title="Every score is right. What comes back?",
        controls=[
            Choice("kind", "example", tuple(EXAMPLES), "role"),
            Choice("coding", "links are written by", tuple(CODINGS), coding),
        ],
        compute=partial(ceiling_state, table),
        panels=[
            _panel("Annotated: an event in each colour, its arguments under their words", "gold", ()),
            _panel("What comes back", "found", wrong),
        ],
        readout=[
            Number("come back", "come back"),
            Number("kind words", "kind"),
            Number("why", "why"),
            Number("counts", "DuEE, this coding"),
        ],
        presets={
            "Another type": {"kind": "type"},
            "Start and end crosswise": {"kind": "crosswise"},
            "Starts of one, ends of another": {"kind": "two pairs"},
            "A triangle": {"kind": "merged"},
            "Roles cure the first": {"coding": roles},
        },
        caption="Figure 6.6. Five made-up lines of words, each with annotated events (one colour an event) and what "
        "perfect scores for them decode to. The article writes a link as a pair of first places and a pair of "
        "last places, for all types and roles together. Two arguments count as linked if both pairs are there, "
        "wherever they come from: the lines on the left show which annotated arguments give them, those on the "
        "right the edge that nobody meant. Tables for each type cure “type”, tables for each role all of these "
        "but “merged”, which no graph of arguments can hold; two events that each give one direction of an edge "
        "would still make it.",
        alt="Two panels with boxes under the words “Rovers” and “Cup”. Left, annotated: an event with the loser "
        "Rovers alone, and one with the winner Rovers and the cup, joined by a black line between their left "
        "corners and a dashed grey one between their right corners. Right: the second event comes back, and in "
        "vermilion one that nobody annotated, the loser Rovers with the cup, joined by the same two lines.",
    )
