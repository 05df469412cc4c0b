"""An argument graph that the reader edits, and the events that come back from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.book.event_linking.models import SENTENCED
from gradbook.book.explore import COLOURS, Choice, Dots, Labels, Number, Panel, Path, Picture, Switches, join_paths
from gradbook.event_linking import complete_subgraphs

Array = NDArray[np.float64]
Edge = tuple[int, int]
EVENT_COLOURS = (*(COLOURS[name] for name in ("blue", "orange", "green", "purple", "sky")), "#8C510A")
"""The colour of event 1, 2, …; from the seventh on the same again, dashed. Vermilion is left for what is false."""


def places(count: int, radius: float = 1.0) -> Array:
    """Return ``count`` places (n, 2) on a circle round the origin, the first above, then to the right."""
    angle = math.pi / 2 - 2 * math.pi * np.arange(count) / max(count, 1)
    spots: Array = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return spots


def lines(edges: Iterable[Edge], spots: Array) -> Array:
    """Return the edges as one path."""
    return join_paths(spots[list(edge)] for edge in sorted(edges))


def edges_of(groups: Iterable[Iterable[int]]) -> set[Edge]:
    """Return the pairs u < v of nodes that are in a group together."""
    return {(u, v) for group in groups for u in group for v in group if u < v}


def adjacency_of(edges: Iterable[Edge], count: int) -> torch.Tensor:
    """Return the bool tensor (n, n) of a graph."""
    table = np.zeros((count, count), dtype=bool)
    for u, v in edges:
        table[u, v] = table[v, u] = True
    return torch.from_numpy(table)


def outline(nodes: Iterable[int], spots: Array, inset: float) -> Array:
    """Return a clique's lines: the whole of it, moved ``inset`` towards its middle so that lines of several part.

    Nodes on a circle are convex, so the polygon in their order is the hull; inside it come the other edges.
    """
    numbers = sorted(nodes)
    own: Array = spots[numbers]
    if len(numbers) < 2:
        return np.empty((0, 2))
    middle = own.mean(0)
    if len(numbers) == 2:
        along = own[1] - own[0]
        aside: Array = inset * np.array([-along[1], along[0]]) / np.hypot(*along)
        return own + aside
    moved = own + inset * (middle - own) / np.hypot(*(middle - own).T)[:, None].clip(1e-9)
    return np.vstack([moved, moved[:1]])


def beads(groups: Sequence[Iterable[int]], spots: Array, first: float = 0.13, step: float = 0.085) -> list[Array]:
    """Return for each group a place (m, 2) at each of its nodes, outside the node; those of one node in a row."""
    taken = [0] * len(spots)
    found = []
    for group in groups:
        own = []
        for node in sorted(group):
            own.append(spots[node] * (1 + first + step * taken[node]))
            taken[node] += 1
        found.append(np.array(own).reshape(-1, 2))
    return found


Group = tuple[int, ...]
NODES = SENTENCED.glosses  # seven: words, and what they are in English
STORIES: dict[str, tuple[Group, ...]] = {
    "two people, two terms": ((0, 1, 2, 3, 4), (0, 1, 2, 5, 6)),
    "two people, no terms": ((0, 1, 2, 3), (0, 1, 2, 5)),
    "three pairs": ((2, 3), (3, 4), (2, 4)),
    "one event inside another": ((0, 1, 2, 3, 4), (2, 3, 4)),
}
"""By name the annotated events, as sets of node numbers from 0."""

PAIRS: dict[str, Edge] = {f"{u + 1}{v + 1}": (u, v) for u, v in combinations(range(len(NODES)), 2)}
MOST = 12  # a graph of seven nodes has no more cliques
_SPOTS = places(len(NODES))
_ROWS = 15.0  # the right panel's height in rows


def switched(edges: set[Edge]) -> str:
    """Return the value of the switches for these edges."""
    return " ".join(name for name, edge in PAIRS.items() if edge in edges)


@lru_cache(maxsize=512)
def events_of(linked: str) -> tuple[Group, ...]:
    """Return the maximal complete subgraphs of more than one node, then the single nodes, in order."""
    cliques = complete_subgraphs(adjacency_of((PAIRS[name] for name in linked.split()), len(NODES)))
    return tuple(sorted((tuple(sorted(clique)) for clique in cliques), key=lambda group: (len(group) == 1, group)))


def graph_state(story: str, linked: str) -> dict[str, Any]:
    """The edges, the events in their colours, and what is annotated."""
    annotated, edges = STORIES[story], {PAIRS[name] for name in linked.split()}
    needed = edges_of(annotated)
    predicted = {node for group in annotated for node in group}
    groups = [group for group in events_of(linked) if len(group) > 1 or group[0] in predicted]
    state: dict[str, Any] = {
        "right": lines(edges & needed, _SPOTS),
        "false": lines(edges - needed, _SPOTS),
        "missing": lines(needed - edges, _SPOTS),
        "on": _middles(edges),
        "off": _middles(set(PAIRS.values()) - edges),
        "verdict": verdict(annotated, groups),
        "found": "; ".join(f"{k}: {words(group)}" for k, group in enumerate(groups, 1)) or "none",
        "note": "",
    }
    rows = beads(groups, _SPOTS)
    for slot in range(MOST):
        here = slot < len(groups)
        state[f"event {slot}"] = outline(groups[slot], _SPOTS, 0.02 + 0.025 * slot) if here else np.empty((0, 2))
        state[f"beads {slot}"] = rows[slot] if here else np.empty((0, 2))
        state[f"row {slot}"] = _row(groups[slot], _height(annotated, slot)) if here else np.empty((0, 2))
        state[f"row beads {slot}"] = _cells(groups[slot], _height(annotated, slot)) if here else np.empty((0, 2))
    tops = [_ROWS - 2.0 - k for k in range(len(annotated))]
    state["annotated rows"] = join_paths(_row(group, y) for group, y in zip(annotated, tops, strict=True))
    state["annotated beads"] = np.vstack([_cells(group, y) for group, y in zip(annotated, tops, strict=True)])
    state["row words"] = _row_words(annotated, groups)
    return state


def _height(annotated: Sequence[Group], slot: int) -> float:
    free = min(1.0, (_ROWS - 4.2 - len(annotated)) / 9)
    return _ROWS - 3.2 - len(annotated) - free * slot


def _middles(edges: set[Edge]) -> Array:
    return np.array([_SPOTS[list(edge)].mean(0) for edge in sorted(edges)]).reshape(-1, 2)


def _row(group: Group, y: float) -> Array:
    return np.array([[min(group) + 1.0, y], [max(group) + 1.0, y]])


def _cells(group: Group, y: float) -> Array:
    return np.array([[node + 1.0, y] for node in group])


def _row_words(annotated: Sequence[Group], groups: Sequence[Group]) -> list[tuple[float, float, str]]:
    heads = [(k + 1.0, _ROWS - 0.2, str(k + 1)) for k in range(len(NODES))]
    titles = [(4.0, _ROWS - 1.1, "annotated"), (4.0, _ROWS - 2.3 - len(annotated), "comes back")]
    marks = [(7.7, _height(annotated, k), "✓" if group in annotated else "✗") for k, group in enumerate(groups)]
    return [*heads, *titles, *marks]


def words(group: Group) -> str:
    """Return the words of an event's arguments, for example "判处 + 张某"."""
    return " + ".join(NODES[node][0] for node in group)


def verdict(annotated: Sequence[Group], groups: Sequence[Group]) -> str:
    """Say how many annotated events come back and how many others."""
    right = len(set(annotated) & set(groups))
    return f"{right} of {len(annotated)} annotated, {len(groups) - right} that nobody annotated"


def argument_graph() -> Picture:
    """Figure 6.1: events are the complete subgraphs of a graph of arguments."""
    story, *_ = STORIES
    right = {name: edges_of(groups) for name, groups in STORIES.items()}
    kinds = [(slot, EVENT_COLOURS[slot % 6], slot >= 6) for slot in range(MOST)]
    corners = [(1.78 * x, 1.54 * y, word) for (x, y), (word, _) in zip(_SPOTS, NODES, strict=True)]
    labels = [(x, y + 0.1, f"{k} {word}") for k, (x, y, word) in enumerate(corners, 1)]
    glosses = [(x, y - 0.08, gloss) for (x, y, _), (_, gloss) in zip(corners, NODES, strict=True)]
    return Picture(
        title=f"{SENTENCED.text} ({SENTENCED.english})",
        controls=[
            Choice("story", "annotated", tuple(STORIES), story),
            Switches(
                "linked",
                "linked pairs",
                {name: (float(x), float(y)) for name, (x, y) in zip(PAIRS, _middles(set(PAIRS.values())), strict=True)},
                switched(right[story]),
            ),
        ],
        compute=graph_state,
        panels=[
            Panel(
                "Click on the middle of a line: two arguments are of one event, or not",
                (-2.25, 2.25),
                (-1.75, 1.75),
                [
                    *(Path(f"event {k}", "", colour, 1, fill=True, dashed=dashed) for k, colour, dashed in kinds),
                    Path("right", "linked", COLOURS["grey"], 1.5),
                    Path("missing", "missing", COLOURS["grey"], 1.5, dashed=True),
                    *(Path(f"event {k}", "", colour, 3, dashed=dashed) for k, colour, dashed in kinds),
                    Path("false", "false", COLOURS["vermilion"], 2),
                    Dots("off", "", "#B8B8B4", 45),
                    Dots("on", "", COLOURS["grey"], 60),
                    Dots(_SPOTS, "", COLOURS["ink"], 110),
                    *(Dots(f"beads {k}", "", c, 55, "square" if dashed else "circle") for k, c, dashed in kinds),
                    Labels(labels, size=15, centred=True),
                    Labels(glosses, size=11, colour=COLOURS["ink"], centred=True),
                ],
                size=(540, 420),
                bare=True,
            ),
            Panel(
                "Events, a row each, and their arguments",
                (0.5, 8.2),
                (0.0, _ROWS + 0.4),
                [
                    Path("annotated rows", "", COLOURS["grey"], 2),
                    Dots("annotated beads", "", COLOURS["grey"], 70),
                    *(Path(f"row {k}", "", colour, 2, dashed=dashed) for k, colour, dashed in kinds),
                    *(Dots(f"row beads {k}", "", c, 80, "square" if dashed else "circle") for k, c, dashed in kinds),
                    Labels("row words", size=13, centred=True),
                ],
                size=(230, 400),
                bare=True,
            ),
        ],
        readout=[Number("verdict", "come back"), Number("found", "events")],
        presets={
            "One false link: one event more": {"linked": switched(right[story] | {(3, 6)})},
            "One missing link: an event splits": {"linked": switched(right[story] - {(3, 4)})},
            "One false link: two become one": {
                "story": "two people, no terms",
                "linked": switched(right["two people, no terms"] | {(3, 5)}),
            },
            "Three pairs": {"story": "three pairs", "linked": switched(right["three pairs"])},
            "An event inside another": {
                "story": "one event inside another",
                "linked": switched(right["one event inside another"]),
            },
        },
        caption="Figure 6.1. Seven arguments, and links between those that are of one event. Each complete subgraph "
        "that can't be made larger is an event, in a colour of its own; an argument has a bead in the colour of "
        "each of its events. Trigger, court and time are in both. Click on a dot in the middle of a line, or "
        "press a pair's button (“45” is the pair of 4 and 5), to link two arguments or to part "
        "them. Three pairs that make a triangle come back as one event, and an event inside "
        "another doesn't come back at all, though every link is right.",
        alt="Seven nodes on a circle, each with a Chinese word and its role: Friday, the court, the trigger "
        "“sentenced”, Zhang, 22 years, Li, 20 years. Two tinted five-cornered shapes share the first three "
        "nodes; one holds Zhang and 22 years, the other Li and 20 years. A dot in the middle of each of the 21 "
        "possible lines can be clicked. Right: a row of dots for each event, grey for the annotated ones and coloured "
        "for those that come back.",
    )
