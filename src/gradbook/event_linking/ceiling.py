"""The best score that decoding can reach: what comes back from annotated events when every score is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from gradbook.corpora.events import Event
from gradbook.event_linking.codings import Coding, recoded
from gradbook.event_linking.identifiability import Obstacle, obstacles
from gradbook.event_linking.spurious import Spurious, spurious_events
from gradbook.global_pointer import Score


class Ceiling(NamedTuple):
    """Counts over texts; ``events`` and all others count an event once a text.

    ``texts`` and ``changed``: how many there are, and in how many something is lost or added. ``lost`` and
    ``spurious`` are events. ``obstacles`` counts what a graph can't hold, by kind; ``reasons`` the spurious events by
    the reasons of ``spurious_kinds``, one with two reasons twice.
    """

    texts: int
    changed: int
    events: int
    lost: int
    spurious: int
    obstacles: Counter[str]
    reasons: Counter[str]

    @property
    def score(self) -> Score:
        """The score of what comes back against what was annotated."""
        found = self.events - self.lost
        return Score(found, found + self.spurious, self.events)


def ceiling(texts: Iterable[Iterable[Event]], coding: Coding = "nodes") -> Ceiling:
    """Code the annotated events of each text, decode them again, and count what is lost and what is added."""
    count = changed = events = lost = spurious = 0
    found: list[Obstacle] = []
    added: list[Spurious] = []
    for text in texts:
        annotated = list(text)
        gold, back = set(annotated), set(recoded(annotated, coding))
        count, changed, events = count + 1, changed + (gold != back), events + len(gold)
        lost, spurious = lost + len(gold - back), spurious + len(back - gold)
        found += obstacles(annotated)
        added += spurious_events(annotated, coding)
    kinds = Counter[str](obstacle.kind for obstacle in found)
    reasons = Counter[str](reason for event in added for reason in event.kinds)
    return Ceiling(count, changed, events, lost, spurious, kinds, reasons)
