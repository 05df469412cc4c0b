"""Efficient GlobalPointer: one set of queries and keys finds the spans, two numbers a token and type name them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.global_pointer.factored import factored_loss
from gradbook.global_pointer.head import TokenPairHead
from gradbook.global_pointer.pruned import pruned_spans
from gradbook.global_pointer.rotary import rotate
from gradbook.global_pointer.spans import Span, check_positives


class EfficientGlobalPointer(TokenPairHead):
    """s_α(i, j) = ⟨R_i q_i, R_j k_j⟩ / √d + w_αᵀ[q_i; k_i; q_j; k_j], queries and keys shared by all types.

    2 (D + 1) d parameters for all types together and 4 d + 2 more a type. The last term is a start part a_α(i) plus
    an end part b_α(j): (B, T, L) each. ``forward(hidden (B, L, D), mask (B, L) bool)`` → scores (B, T, L, L), −inf
    where masked; ``loss`` and ``decode`` never build that tensor.

    Su, "Efficient GlobalPointer" (2022, kexue.fm/archives/8877).
    """

    def __init__(
        self, hidden_size: int, num_types: int, head_size: int = 64, rotary: bool = True, triangular: bool = True
    ) -> None:
        super().__init__(hidden_size, num_types, head_size, rotary, triangular)
        self.queries_keys = nn.Linear(hidden_size, 2 * head_size)
        self.types = nn.Linear(2 * head_size, 2 * num_types)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the scores (B, T, L, L); raises ValueError or TypeError for inputs that don't fit."""
        spans, starts, ends = self.parts(self.checked(hidden, mask))
        scores = spans.unsqueeze(1) + starts.unsqueeze(3) + ends.unsqueeze(2)
        return scores.masked_fill(~self.allowed(mask).unsqueeze(1), -torch.inf)

    def parts(self, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the span scores (B, L, L) and the type scores of starts and of ends (B, T, L): their sum is s."""
        both = self.queries_keys(hidden)
        starts, ends = self.types(both).transpose(1, 2).chunk(2, 1)
        pair = both.unflatten(2, (2, self.head_size)).transpose(1, 2)
        queries, keys = (rotate(pair) if self.rotary else pair).unbind(1)
        return torch.matmul(queries / self.head_size**0.5, keys.transpose(1, 2)), starts, ends

    def loss(self, hidden: Tensor, mask: Tensor, positives: Tensor, joint: bool = False) -> Tensor:
        """Return the loss (B,) of every sentence without the (B, T, L, L) scores; arguments as in the base class.

        In float32, or in float64 if that is what the head computes in. The same numbers as the loss of the scores:
        see :func:`gradbook.global_pointer.factored.factored_loss`.
        """
        hidden = self.checked(hidden, mask)
        check_positives(positives, mask, self.num_types, self.triangular)
        return factored_loss(*self.parts(hidden), self.allowed(mask), positives, joint)

    def decode(self, hidden: Tensor, mask: Tensor, threshold: float = 0.0, limit: int | None = None) -> list[set[Span]]:
        """Return per sentence the spans whose score is above ``threshold``: the same sets as from the scores.

        A pair is looked at only if its span score plus the best start and the best end part are above it.
        """
        with torch.no_grad():
            return pruned_spans(*self.parts(self.checked(hidden, mask)), self.allowed(mask), threshold, limit)
