"""Events as boxes, an argument a row, and the links that give an edge between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from gradbook.corpora.events import Argument, Event, Node, event_of
from gradbook.event_linking.encoding import ordered
from gradbook.event_linking.pictures.circle import Array

_STEP, _GAP = 1.15, 0.6  # the height of an argument's row, and the room between two events
_HALF = 0.33  # of a box's height
TOP, WIDTH = 9.8, 3.0


class Row(NamedTuple):
    """An argument where it is drawn: its box, and the event it is of."""

    argument: Argument
    y: float
    event: int


def rows_of(events: Sequence[Event]) -> list[Row]:
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
