"""Links go missing and false ones come: what is left of the events."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from gradbook.book.event_linking.pictures.graph import (
    EVENT_COLOURS,
    Array,
    Edge,
    adjacency_of,
    beads,
    edges_of,
    lines,
    places,
)
from gradbook.book.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Slider
from gradbook.event_linking import complete_subgraphs

Groups = tuple[tuple[int, ...], ...]
KINDS: dict[str, Groups] = {
    "two of five, one trigger": ((0, 1, 2, 3, 4), (0, 5, 6, 7, 8)),
    "three of four, two shared": ((0, 1, 2, 3), (0, 1, 4, 5), (0, 1, 6, 7)),
    "four pairs": ((0, 1), (2, 3), (4, 5), (6, 7)),
    "one of eight": (tuple(range(8)),),
}
"""By name the events, as sets of nodes."""

RATES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
DRAWS = 100


class Draw(NamedTuple):
    """A graph with noise: its edges, and the complete subgraphs in it."""

    edges: frozenset[Edge]
    found: frozenset[frozenset[int]]


@cache
def uniforms(kind: str) -> Array:
    """Return the random numbers (draws, pairs) that decide about each pair of nodes, the same for all rates."""
    return np.random.default_rng(0).random((DRAWS, len(_pairs(kind))))


def _pairs(kind: str) -> list[Edge]:
    return list(combinations(range(size(kind)), 2))


def size(kind: str) -> int:
    """Return the number of nodes."""
    return 1 + max(max(group) for group in KINDS[kind])


def drawn(kind: str, missing: float, false: float, draw: int) -> Draw:
    """Return draw number ``draw``: a link is gone with probability ``missing``, another there with ``false``."""
    right = edges_of(KINDS[kind])
    chances = zip(_pairs(kind), uniforms(kind)[draw], strict=True)
    edges = frozenset(e for e, chance in chances if (chance >= missing if e in right else chance < false))
    return Draw(edges, frozenset(complete_subgraphs(adjacency_of(edges, size(kind)))))


@cache
def grid(kind: str) -> Array:
    """Return precision and recall (2, rates of missing, rates of false), all draws together."""
    wanted = set(map(frozenset, KINDS[kind]))
    table = np.zeros((2, len(RATES), len(RATES)))
    for i, missing in enumerate(RATES):
        for j, false in enumerate(RATES):
            found = [drawn(kind, missing, false, draw).found for draw in range(DRAWS)]
            right = sum(len(wanted & one) for one in found)
            table[:, i, j] = right / sum(map(len, found)), right / (DRAWS * len(wanted))
    return table


def noise_state(kind: str, missing: float, false: float, draw: float) -> dict[str, Any]:
    """One noisy graph and its events; precision and recall over both rates, through where the reader is."""
    i, j, groups = RATES.index(missing), RATES.index(false), KINDS[kind]
    spots, right = places(size(kind)), edges_of(groups)
    one, (precision, recall) = drawn(kind, missing, false, int(draw) - 1), grid(kind)
    wanted = set(map(frozenset, groups))
    state: dict[str, Any] = {
        "kept": lines(one.edges & right, spots),
        "missing": lines(right - one.edges, spots),
        "false": lines(one.edges - right, spots),
        "nodes": spots,
        "now": f"{len(wanted & one.found)} of {len(wanted)} events, {len(one.found - wanted)} others",
        "precision": float(precision[i, j]),
        "recall": float(recall[i, j]),
        "note": "",
    }
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)  # 0 where nothing is right
    state["f1"] = float(f1[i, j])
    for name, table in (("precision", precision), ("recall", recall), ("f1", f1)):
        state[f"{name} missing"] = np.column_stack([RATES, table[:, j]])
        state[f"{name} false"] = np.column_stack([RATES, table[i]])
        state[f"{name} missing here"] = np.array([[missing, table[i, j]]])
        state[f"{name} false here"] = np.array([[false, table[i, j]]])
    rows = beads(groups, spots)
    for k in range(max(map(len, KINDS.values()))):
        state[f"beads {k}"] = rows[k] if k < len(rows) else np.empty((0, 2))
    return state


def _rates_panel(title: str, rate: str) -> Panel:
    return Panel(
        title,
        (-0.02, 0.52),
        (-0.03, 1.03),
        [
            Path(f"precision {rate}", "precision", COLOURS["blue"], 3),
            Path(f"recall {rate}", "recall", COLOURS["vermilion"], 3, dashed=True),
            Path(f"f1 {rate}", "F1", COLOURS["ink"], 1.5),
            Dots(f"precision {rate} here", "", COLOURS["blue"], 110),
            Dots(f"recall {rate} here", "", COLOURS["vermilion"], 70),
        ],
        x_label="share",
        size=(215, 240),
    )


def edge_noise() -> Picture:
    """Figure 6.5: a whole event hangs on each of its links."""
    kind, _, pairs, one = KINDS
    return Picture(
        title="Events from noisy links",
        controls=[
            Choice("kind", "events", tuple(KINDS), kind),
            Slider("missing", "share of links missing", 0, 0.5, 0.05, at=RATES),
            Slider("false", "share of other pairs linked", 0, 0.5, 0.02, at=RATES),
            Slider("draw", "draw no.", 1, 10, 1, step=1),
        ],
        compute=noise_state,
        panels=[
            Panel(
                "One draw; beads show the annotated events",
                (-1.45, 1.45),
                (-1.45, 1.45),
                [
                    Path("kept", "right links", COLOURS["grey"], 2),
                    Path("missing", "missing", COLOURS["grey"], 1.5, dashed=True),
                    Path("false", "false", COLOURS["vermilion"], 3),
                    Dots("nodes", "", COLOURS["ink"], 90),
                    *(Dots(f"beads {k}", "", EVENT_COLOURS[k], 50) for k in range(max(map(len, KINDS.values())))),
                ],
                size=(260, 260),
                bare=True,
            ),
            _rates_panel("Over the share of missing links", "missing"),
            _rates_panel("Over the share of false ones", "false"),
        ],
        readout=[
            Number("now", "this draw"),
            Number("precision", f"precision over {DRAWS} draws", ".2f"),
            Number("recall", "recall", ".2f"),
            Number("f1", "F1", ".2f"),
        ],
        presets={
            "No noise": {"missing": 0, "false": 0},
            "Only missing links": {"missing": 0.1, "false": 0},
            "Only false links": {"missing": 0, "false": 0.1},
            "One large event": {"kind": one, "missing": 0.1, "false": 0},
            "Four pairs": {"kind": pairs, "missing": 0.1, "false": 0},
        },
        caption="Figure 6.5. Links go missing and false ones come, each pair by chance; precision, recall and F1 of "
        f"whole events over {DRAWS} draws. An event of m arguments needs all of its m(m − 1)/2 links: with a tenth of "
        "them missing, one of two arguments comes back nine times in ten, one of five 0.9¹⁰ = 35 times in a "
        "hundred, one of eight hardly ever, and its pieces come instead. False links between large events do less "
        "harm: they add events of two and three arguments, and the large ones stay, unless one argument is linked "
        "with all of an event.",
        alt="Left: nine nodes on a circle, two events of five arguments that share the upper node, with grey links, "
        "dashed lines for missing ones and a vermilion one for a false link. Middle: precision, recall and "
        "between them F1 over the share of missing links, falling steeply from 0.85 to 1 to below 0.1 at a fifth. "
        "Right: over the share of false links; recall is nearly level, precision and F1 fall slowly.",
    )
