"""GlobalPointer, where every type has its own queries and keys, and its efficient form.

An EfficientGlobalPointer has one set of queries and keys that finds the spans, and two numbers a token and type that
name them: s_t(i, j) = (q_i·k_j)/√d + b_{t,i} + e_{t,j}. Source: Su, kexue.fm/archives/8373 (2021) and 8877 (2022);
rotary positions: Su et al., RoFormer (arXiv 2104.09864).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.checks import check_sizes
from gradbook.global_pointer.decoding import decode_spans, pruned_spans
from gradbook.global_pointer.losses import blocked_loss, factored_loss
from gradbook.global_pointer.spans import Span, by_type, check_positives, checked_hidden, joined, used_length
from gradbook.multilabel_loss import sparse_multilabel_cross_entropy

BASE = 10000.0


def rotate(vectors: Tensor) -> Tensor:
    """Return ``vectors`` (…, L, d) with coordinates (2m, 2m+1) at place i turned by the angle i · BASE^(−2m/d).

    Then the inner product of two turned vectors depends on their places only by the difference j − i. Any length;
    angles are taken in float64, since i · BASE^… in float16 would lose the place itself. Raises ValueError for odd d or
    fewer than two dimensions, TypeError for whole numbers.

    Su et al., RoFormer (arXiv 2104.09864), equation 34.
    """
    if not vectors.is_floating_point():
        raise TypeError(f"vectors must be floating point, got {vectors.dtype}")
    if vectors.ndim < 2:
        raise ValueError(f"vectors must have shape (…, L, d), got {tuple(vectors.shape)}")
    length, size = vectors.shape[-2:]
    if size % 2:
        raise ValueError(f"vectors must have an even size to be turned in pairs, got {size}")
    places = torch.arange(length, dtype=torch.float64, device=vectors.device)
    speeds = BASE ** (-torch.arange(0, size, 2, dtype=torch.float64, device=vectors.device) / size)
    angles = torch.outer(places, speeds)
    cosine, sine = angles.cos().to(vectors.dtype), angles.sin().to(vectors.dtype)
    first, second = vectors.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((first * cosine - second * sine, first * sine + second * cosine), -1).flatten(-2)


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


class GlobalPointer(TokenPairHead):
    """s_α(i, j) = ⟨R_i q_{i,α}, R_j k_{j,α}⟩ / √d with q_{i,α} = W_{q,α} h_i and k_{j,α} = W_{k,α} h_j.

    R_i turns by the place i (rotary positions). 2 (D + 1) d parameters a type. ``forward(hidden (B, L, D), mask
    (B, L) bool)`` → scores (B, T, L, L), −inf where masked; ``loss`` and ``decode`` never hold all of them.

    Su, "GlobalPointer" (2021, kexue.fm/archives/8373; arXiv 2208.03054).
    """

    def __init__(
        self, hidden_size: int, num_types: int, head_size: int = 64, rotary: bool = True, triangular: bool = True
    ) -> None:
        super().__init__(hidden_size, num_types, head_size, rotary, triangular)
        self.queries_keys = nn.Linear(hidden_size, 2 * num_types * head_size)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the scores (B, T, L, L); raises ValueError or TypeError for inputs that don't fit."""
        queries, keys = self.parts(self.checked(hidden, mask))
        scores = torch.matmul(queries, keys.transpose(2, 3))
        return scores.masked_fill(~self.allowed(mask).unsqueeze(1), -torch.inf)

    def parts(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return the queries, divided by √d, and the keys (B, T, L, d): their inner products are the scores."""
        both = self.queries_keys(hidden).unflatten(2, (2, self.num_types, self.head_size)).permute(2, 0, 3, 1, 4)
        queries, keys = (rotate(both) if self.rotary else both).unbind(0)
        return queries / self.head_size**0.5, keys

    def loss(self, hidden: Tensor, mask: Tensor, positives: Tensor, joint: bool = False) -> Tensor:
        """Return the loss (B,) of every sentence, a block of scores at a time; arguments as in the base class.

        The same numbers as the loss of all scores: see :func:`gradbook.global_pointer.losses.blocked_loss`.
        """
        hidden = self.checked(hidden, mask)
        check_positives(positives, mask, self.num_types, self.triangular)
        return blocked_loss(*self.parts(hidden), self.allowed(mask), positives, joint)


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
        see :func:`gradbook.global_pointer.losses.factored_loss`.
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
