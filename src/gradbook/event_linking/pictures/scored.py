"""What the stored model says of a text: argument nodes, their links, and the events they make."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.corpora.events import Event, Node, node_key
from gradbook.event_linking.cliques import TooManySubgraphs
from gradbook.event_linking.decoding import decode_events
from gradbook.event_linking.stored import load_model
from gradbook.training.modes import evaluating

Array = NDArray[np.float64]
MOST_NODES, MOST_EVENTS = 14, 8


class Scores(NamedTuple):
    """The scores of one text: arguments (C, L, L), heads and tails (L, L), −inf where masked."""

    arguments: Array
    heads: Array
    tails: Array


class Found(NamedTuple):
    """The nodes above a threshold in the order of the text, the lower of each two nodes' link scores, the events.

    ``links`` is (n, n), symmetric; nodes of different types aren't linked, and their cells and the diagonal are NaN.
    ``more`` counts the nodes that scored lower than the highest ``MOST_NODES``.
    """

    nodes: tuple[Node, ...]
    links: Array
    events: tuple[Event, ...]
    more: int


@lru_cache(maxsize=128)
def scores_of(text: str) -> Scores:
    """Return what the stored model scores for a text."""
    linker = load_model().linker
    with torch.no_grad(), evaluating(linker):
        arguments, heads, tails = linker([text])
    return Scores(arguments[0].numpy(), heads[0, 0].numpy(), tails[0, 0].numpy())


@lru_cache(maxsize=512)
def found(text: str, threshold: float) -> Found:
    """Return the nodes, links and events of a text above a threshold."""
    scores = scores_of(text)
    classes = load_model().linker.classes
    places = np.argwhere(scores.arguments > threshold)
    strongest = sorted(places.tolist(), key=lambda place: -scores.arguments[tuple(place)])[:MOST_NODES]
    nodes = tuple(sorted((Node(i, j, *classes[kind]) for kind, i, j in strongest), key=node_key))
    links = _links(nodes, scores)
    linked = torch.from_numpy(np.nan_to_num(links, nan=-np.inf) > threshold)
    try:
        events = decode_events(nodes, linked, limit=1000)
    except TooManySubgraphs:
        events = []
    return Found(nodes, links, tuple(events), len(places) - len(nodes))


def _links(nodes: Sequence[Node], scores: Scores) -> Array:
    table = np.full((len(nodes), len(nodes)), np.nan)
    for i, a in enumerate(nodes):
        for j, b in enumerate(nodes[:i]):
            if a.type == b.type:
                head = scores.heads[min(a.start, b.start), max(a.start, b.start)]
                tail = scores.tails[min(a.end, b.end), max(a.end, b.end)]
                table[i, j] = table[j, i] = min(head, tail)
    return table
