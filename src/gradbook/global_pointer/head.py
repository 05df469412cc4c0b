"""What the two pointer heads share: their settings, what they ask of their inputs, the mask, the plain loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.global_pointer.decoding import decode_spans
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
        for name, size in (("hidden_size", hidden_size), ("num_types", num_types), ("head_size", head_size)):
            if not isinstance(size, int) or size < 1:
                raise ValueError(f"{name} must be a whole number ≥ 1, got {size!r}")
        if rotary and head_size % 2:
            raise ValueError(f"head_size must be even for rotary positions, which turn pairs, got {head_size}")
        self.hidden_size, self.num_types, self.head_size = hidden_size, num_types, head_size
        self.rotary, self.triangular = rotary, triangular

    def loss(self, hidden: Tensor, mask: Tensor, positives: Tensor, joint: bool = False) -> Tensor:
        """Return the loss (B,) of every sentence, from the scores of all pairs.

        ``positives`` (B, M, 3) int64: (type, start, end) of the pairs that hold, filled up with −1. One threshold
        class a sentence and type, summed over types; ``joint`` puts all types of a sentence under one threshold class.
        """
        hidden = self.checked(hidden, mask)
        check_positives(positives, mask, self.num_types, self.triangular)
        scores = self(hidden, mask)
        length = mask.shape[1]
        if joint:
            return sparse_multilabel_cross_entropy(scores.flatten(1), joined(positives, length), "none")
        indices = by_type(positives, self.num_types, length)
        return sparse_multilabel_cross_entropy(scores.flatten(2), indices, "none").sum(1)

    def decode(self, hidden: Tensor, mask: Tensor, threshold: float = 0.0) -> list[set[Span]]:
        """Return per sentence the spans whose score is above ``threshold``."""
        with torch.no_grad():
            return decode_spans(self(hidden, mask), threshold)

    def checked(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return ``hidden``, with zeros for a padding that isn't finite; raise unless all else is as it should be."""
        weight = next(self.parameters())
        if not isinstance(hidden, Tensor) or not hidden.is_floating_point():
            kind = hidden.dtype if isinstance(hidden, Tensor) else type(hidden).__name__
            raise TypeError(f"hidden must be a floating point tensor, got {kind}")
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
            raise TypeError(f"mask must be a bool tensor, True at tokens, got {kind}")
        if hidden.ndim != 3 or hidden.shape[2] != self.hidden_size or not hidden.numel():
            expected = f"(B, L, {self.hidden_size}) with B, L ≥ 1"
            raise ValueError(f"hidden must have shape {expected}, got {tuple(hidden.shape)}")
        if mask.shape != hidden.shape[:2]:
            raise ValueError(f"mask must have shape {tuple(hidden.shape[:2])} like hidden, got {tuple(mask.shape)}")
        if not hidden.device == mask.device == weight.device:
            raise ValueError(
                f"hidden and mask must lie on {weight.device} like the head, got {hidden.device}, {mask.device}"
            )
        if hidden.dtype != weight.dtype and not torch.is_autocast_enabled(hidden.device.type):
            raise TypeError(f"hidden must be {weight.dtype} like the head's weights, got {hidden.dtype}")
        if torch.isfinite(hidden.detach().sum()):  # one number tells, nearly always
            return hidden
        # zeros in the padding: the scores there are masked, but a NaN would still reach the weights' gradient
        hidden = hidden.masked_fill(~mask.unsqueeze(2), 0.0)
        if not torch.isfinite(hidden).all():
            b, i, _ = torch.nonzero(~torch.isfinite(hidden))[0].tolist()
            raise ValueError(f"hidden must be finite, got NaN or infinity in sentence {b} at token {i}")
        return hidden

    def allowed(self, mask: Tensor) -> Tensor:
        """Return (B, L, L), True where both are tokens and, if ``triangular``, the start isn't after the end."""
        pairs = mask.unsqueeze(2) & mask.unsqueeze(1)
        return pairs.triu() if self.triangular else pairs
