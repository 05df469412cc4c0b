"""The rival: a linear-chain conditional random field over BIO tags, which holds flat spans only."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchcrf import CRF

from gradbook.checks import check_sizes
from gradbook.global_pointer import Span
from gradbook.global_pointer.spans import check_positives, checked_hidden


class OverlappingSpans(ValueError):
    """Two spans share a token: one tag a token can't carry both."""


class CRFTagger(nn.Module):
    """Tags O, B-α, I-α a token: hidden (B, L, D) → 2 T + 1 tag scores, and the package pytorch-crf over them.

    The same ``loss`` and ``decode`` as the pointer heads. (D + 1)(2 T + 1) + (2 T + 1)(2 T + 3) parameters.
    Lafferty, McCallum and Pereira (2001). Raises ValueError for sizes below 1.
    """

    def __init__(self, hidden_size: int, num_types: int) -> None:
        super().__init__()
        check_sizes(hidden_size=hidden_size, num_types=num_types)
        self.num_types = num_types
        self.tags = nn.Linear(hidden_size, 2 * num_types + 1)
        self.chain = CRF(2 * num_types + 1, batch_first=True)

    def loss(self, hidden: Tensor, mask: Tensor, positives: Tensor) -> Tensor:
        """Return the negative log likelihood (B,) of every sentence's tags.

        ``positives`` (B, M, 3) as for the pointer heads. Raises :class:`OverlappingSpans` if two spans of a sentence
        share a token, ValueError for a sentence without tokens.
        """
        emissions = self._emissions(hidden, mask)
        check_positives(positives, mask, self.num_types, triangular=True)
        tags = bio_tags(positives, mask.shape[1])
        likelihood: Tensor = self.chain(emissions, tags, mask, reduction="none")
        return -likelihood

    @torch.no_grad()
    def decode(self, hidden: Tensor, mask: Tensor) -> list[set[Span]]:
        """Return per sentence the spans of the likeliest tag sequence (Viterbi)."""
        return [bio_spans(tags) for tags in self.chain.decode(self._emissions(hidden, mask), mask)]

    def _emissions(self, hidden: Tensor, mask: Tensor) -> Tensor:
        hidden = checked_hidden(hidden, mask, self.tags.weight)
        if not mask[:, 0].all() or (mask[:, 1:] & ~mask[:, :-1]).any():
            raise ValueError("mask must be True from the first token of each sentence to its last")
        emissions: Tensor = self.tags(hidden)
        if not torch.isfinite(emissions.detach().sum()) and not torch.isfinite(emissions).all():
            raise ValueError("the tags' scores are not finite: the head's weights or hidden are too large")
        return emissions


def bio_tags(positives: Tensor, length: int) -> Tensor:
    """Return tags (B, L) int64, 0 for O, 2α + 1 for B-α, 2α + 2 for I-α; OverlappingSpans if two want one token."""
    tags = torch.zeros(len(positives), length, dtype=torch.int64)
    for b, rows in enumerate(positives.tolist()):
        for kind, start, end in rows:
            if kind < 0:
                continue
            if tags[b, start : end + 1].any():
                raise OverlappingSpans(
                    f"positives[{b}] must not overlap for a CRF, which gives a token one tag: "
                    f"(type, start, end) = {(kind, start, end)} meets another span"
                )
            tags[b, start : end + 1] = 2 * kind + 2
            tags[b, start] = 2 * kind + 1
    return tags.to(positives.device)


def bio_spans(tags: list[int]) -> set[Span]:
    """Return the spans of one tag sequence; an I that continues nothing begins a span, as conlleval counts."""
    spans, open_span = set(), None
    for place, tag in enumerate([*tags, 0]):
        kind = (tag - 1) // 2
        if open_span is not None and (tag == 0 or tag % 2 == 1 or kind != open_span[1]):
            spans.add(Span(open_span[0], place - 1, open_span[1]))
            open_span = None
        if tag and open_span is None:
            open_span = (place, kind)
    return spans
