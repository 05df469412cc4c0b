"""What the two pointer heads share: their settings, what they ask of their inputs, the mask, the plain loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.checks import check_sizes
from gradbook.global_pointer.decoding import decode_spans
from gradbook.global_pointer.inputs import checked_hidden, used_length
from gradbook.global_pointer.spans import Span, by_type, check_positives, joined
from gradbook.multilabel_loss import sparse_multilabel_cross_entropy


class TokenPairHead(nn.Module):
    """Scores for every type and every pair of tokens (start, end): hidden (B, L, D) → (B, T, L, L).

    ``triangular`` leaves out pairs whose start is after their end. Raises ValueError for sizes below 1 and for rotary
    positions with an odd ``head_size``.
    """

    def __init__(
        self, hidden_size: int, num_types: int, head_size: int = 64, rotary: bool = True, triangular: bool = True
    ) -> None:
        super().__init__()
        check_sizes(hidden_size=hidden_size, num_types=num_types, head_size=head_size)
        if rotary and head_size % 2:
            raise ValueError(f"head_size must be even for rotary positions, which turn pairs, got {head_size}")
        self.hidden_size, self.num_types, self.head_size = hidden_size, num_types, head_size
        self.rotary, self.triangular = rotary, triangular

    def loss(self, hidden: Tensor, mask: Tensor, positives: Tensor, joint: bool = False) -> Tensor:
        """Return the loss (B,) of every sentence, from the scores of all pairs.

        ``positives`` (B, M, 3) int64: (type, start, end) of the pairs that hold, filled up with −1. One threshold
        class a sentence and type, summed over types; ``joint`` puts all types of a sentence under one threshold class.
        In float32, or in float64 if that is what the head computes in.
        """
        hidden = self.checked(hidden, mask)
        check_positives(positives, mask, self.num_types, self.triangular)
        scores = self(hidden, mask)
        scores = scores.to(torch.promote_types(scores.dtype, torch.float32))  # float16 ends at 65,504
        length = mask.shape[1]
        if joint:
            return sparse_multilabel_cross_entropy(scores.flatten(1), joined(positives, length), "none")
        indices = by_type(positives, self.num_types, length)
        return sparse_multilabel_cross_entropy(scores.flatten(2), indices, "none").sum(1)

    def decode(self, hidden: Tensor, mask: Tensor, threshold: float = 0.0, limit: int | None = None) -> list[set[Span]]:
        """Return per sentence the spans whose score is above ``threshold``; TooManySpans if more than ``limit``."""
        found: list[set[Span]] = []
        with torch.no_grad():
            for one, tokens in zip(self.checked(hidden, mask), mask, strict=True):
                length = used_length(tokens)
                found += decode_spans(self(one[None, :length], tokens[None, :length]), threshold, limit)
        return found

    def checked(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return ``hidden``, with zeros for a padding that isn't finite; raise unless all else is as it should be."""
        return checked_hidden(hidden, mask, next(self.parameters()))

    def allowed(self, mask: Tensor) -> Tensor:
        """Return (B, L, L), True where both are tokens and, if ``triangular``, the start isn't after the end."""
        pairs = mask.unsqueeze(2) & mask.unsqueeze(1)
        return pairs.triu() if self.triangular else pairs
