"""The three sets of annotated events, each as train, dev and test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gradbook.corpora import EventText, byline_cut, duee_split, meeting_cut
from gradbook.relation_linking.comparison import Budget


class EventSet(NamedTuple):
    """Three parts without a common text, and what a run on them gets."""

    train: Sequence[EventText]
    dev: Sequence[EventText]
    test: Sequence[EventText]
    budget: Budget


def load_set(name: str, data: str = "") -> EventSet:
    """Return the set ``name``: bylines (silver), meetings (gold, by hand) or duee, read from the folder ``data``/duee.

    Raises ValueError for another name, OSError if there is no such file.
    """
    if name == "bylines":
        cut, budget = byline_cut(), Budget(epochs=10)
    elif name == "meetings":
        cut, budget = meeting_cut(), Budget(epochs=40, batch_size=8)
    elif name == "duee":
        cut, budget = duee_split(Path(data) / "duee"), Budget(epochs=20)
    else:
        raise ValueError(f"name must be bylines, meetings or duee, got {name!r}")
    return EventSet(cut.train.sentences, cut.dev.sentences, cut.test.sentences, budget)
