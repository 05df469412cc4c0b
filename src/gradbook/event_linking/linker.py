"""EventLinker: an encoder and three pointers, for arguments and for the links between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, cast, get_args

import torch
from torch import Tensor, nn

from gradbook.checks import evaluating
from gradbook.event_linking.cliques import TooManySubgraphs
from gradbook.event_linking.decoding import adjacency_from_links, decode_events, event_nodes, position_links
from gradbook.event_linking.events import Event, Label, Node
from gradbook.global_pointer import EfficientGlobalPointer, Span, TooManySpans, span_positives
from gradbook.global_pointer.decoding import check_threshold
from gradbook.global_pointer.heads import TokenPairHead
from gradbook.relation_linking.linker import pointer_loss

Class = tuple[Label, Label]  # event type and role
TooMany = Literal["raise", "none"]
MOST_NODES = 2000  # arguments in a text whose links are looked at; annotated texts have a few dozen


class EventScores(NamedTuple):
    """Scores of arguments (B, C, L, L), of heads and of tails (B, 1, L, L), −inf where masked."""

    arguments: Tensor
    heads: Tensor
    tails: Tensor


class EventLinker(nn.Module):
    """Arguments are spans of C classes (event type, role); links say which of them are of one event.

    ``encoder(texts)`` → hidden (B, L, D) and mask (B, L), D its ``.size``; ``classes`` name the C pairs, the trigger's
    role among the roles; ``pointer`` makes the three heads: arguments (C types, rotary positions), links of first
    tokens and of last tokens (one type, the earlier token first, no rotary positions, as in the article's code).
    ``forward(texts)`` → :class:`EventScores`.

    Su, "GPLinker" for events (2022, kexue.fm/archives/8926). Raises ValueError for no classes or one that stands twice.
    """

    def __init__(
        self,
        encoder: nn.Module,
        classes: Sequence[Class],
        pointer: type[TokenPairHead] = EfficientGlobalPointer,
        head_size: int = 64,
    ) -> None:
        super().__init__()
        if not classes or len(set(classes)) != len(classes):
            raise ValueError(f"classes must be different pairs (type, role), at least one, got {list(classes)}")
        size = cast(int, encoder.size)
        self.encoder, self.classes = encoder, tuple(classes)
        self.numbers = {known: number for number, known in enumerate(self.classes)}
        self.arguments = pointer(size, len(classes), head_size)
        self.heads = pointer(size, 1, head_size, rotary=False)
        self.tails = pointer(size, 1, head_size, rotary=False)

    @property
    def pointers(self) -> tuple[TokenPairHead, TokenPairHead, TokenPairHead]:
        """The three heads: arguments, heads, tails."""
        return self.arguments, self.heads, self.tails

    def forward(self, texts: Sequence[str]) -> EventScores:
        """Return the scores of B texts."""
        hidden, mask = self.encoder(texts)
        return EventScores(*(pointer(hidden, mask) for pointer in self.pointers))

    def loss(
        self, texts: Sequence[str], events: Sequence[Iterable[Event]], method: str = "own", joint: bool = False
    ) -> Tensor:
        """Return the loss (B,) of every text: the sum of the three heads' losses.

        ``method``: see :func:`gradbook.relation_linking.linker.pointer_loss`. ``joint`` puts all classes under one
        threshold class. Raises ValueError for a type and role that are none of ``classes``, and for an argument
        outside its text.
        """
        if len(events) != len(texts):
            raise ValueError(f"events must be one collection a text, {len(texts)}, got {len(events)}")
        positives = self.positives(events)
        hidden, mask = self.encoder(texts)
        losses = [
            pointer_loss(pointer, hidden, mask, pairs.to(mask.device), method, joint)
            for pointer, pairs in zip(self.pointers, positives, strict=True)
        ]
        return torch.stack(losses).sum(0)

    def positives(self, events: Sequence[Iterable[Event]]) -> tuple[Tensor, Tensor, Tensor]:
        """Return what must score above 0 for each head, each (B, M, 3) of (class, start, end), filled up with −1."""
        arguments, heads, tails = [], [], []
        for some in map(list, events):
            links = position_links(some)
            arguments.append([Span(node.start, node.end, self.number(node)) for node in event_nodes(some)])
            heads.append([Span(*pair, 0) for pair in links.heads])
            tails.append([Span(*pair, 0) for pair in links.tails])
        return span_positives(arguments), span_positives(heads), span_positives(tails)

    def number(self, node: Node) -> int:
        """Return the number of a node's class; ValueError if it is none of ``classes``."""
        if (node.type, node.role) not in self.numbers:
            raise ValueError(f"classes must hold every argument's type and role, got {node}")
        return self.numbers[node.type, node.role]

    @torch.no_grad()
    def decode(
        self, texts: Sequence[str], threshold: float = 0.0, limit: int | None = 1000, too_many: TooMany = "raise"
    ) -> list[list[Event]]:
        """Return the events of every text, in eval mode, sorted.

        A text whose links hold more than ``limit`` events, as those of an untrained model may (their number can grow
        by 3 for every third argument), or that has more than ``MOST_NODES`` arguments, raises TooManySubgraphs, or with
        ``too_many="none"`` has no events. ``limit=None`` allows any number of both.
        """
        check_threshold(threshold)
        if too_many not in get_args(TooMany):
            raise ValueError(f"too_many must be 'raise' or 'none', got {too_many!r}")
        with evaluating(self):
            hidden, mask = self.encoder(texts)
            heads, tails = (link(hidden, mask)[:, 0] > threshold for link in (self.heads, self.tails))
        most = None if limit is None else MOST_NODES
        found = []
        for b in range(len(texts)):
            try:
                (some,) = self.arguments.decode(hidden[b : b + 1], mask[b : b + 1], threshold, most)
                found.append(decode_links(self.nodes(some), heads[b], tails[b], limit))
            except (TooManySpans, TooManySubgraphs) as error:
                if too_many == "raise":
                    raise TooManySubgraphs(f"texts[{b}] = {texts[b]!r}: {error}") from error
                found.append([])
        return found

    def nodes(self, spans: Iterable[Span]) -> list[Node]:
        """Return spans, typed by the number of their class, as nodes, sorted."""
        return [Node(span.start, span.end, *self.classes[span.type]) for span in sorted(spans)]


def decode_links(nodes: Sequence[Node], heads: Tensor, tails: Tensor, limit: int | None = None) -> list[Event]:
    """Return the events of one text: its argument ``nodes``, cut by the links (L, L) bool of first and last tokens.

    Type by type, since events hold one type only. Raises TooManySubgraphs for more than ``limit`` events, of all types
    together, and unless that is None for more than ``MOST_NODES`` nodes of one type, before the table of all their
    pairs is made: an untrained model finds tens of thousands.
    """
    by_type: dict[Label, list[Node]] = defaultdict(list)
    for node in nodes:
        by_type[node.type].append(node)
    events: list[Event] = []
    for kind, own in by_type.items():
        if limit is not None and len(own) > MOST_NODES:
            raise TooManySubgraphs(f"{len(own):,} arguments of type {kind!r} are more than {MOST_NODES:,}")
        events += decode_events(own, adjacency_from_links(own, heads, tails), limit)
        if limit is not None and len(events) > limit:
            raise TooManySubgraphs(f"the links of {len(nodes):,} nodes hold more than {limit:,} events, the limit")
    return sorted(events)
