"""One vector a character."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gradbook.encoders.characters import PADDING, Characters


class CharacterEmbedding(nn.Module):
    """Texts → vectors (B, L, D) and mask (B, L) bool; ``.size`` is D. Padding holds 0.

    Random vectors of ``size`` entries, normally distributed, or the given ``weights`` (len(characters), D). ``frozen``
    weights aren't trained and not stored in checkpoints; whoever loads one gives them again.

    Raises ValueError for weights of another shape or not finite, and for frozen random vectors, which no checkpoint
    could bring back.
    """

    weight: Tensor

    def __init__(
        self, characters: Characters, size: int = 128, weights: Tensor | None = None, frozen: bool = False
    ) -> None:
        super().__init__()
        if weights is None:
            if frozen:
                raise ValueError("frozen must be False without weights: random vectors must be trained or stored")
            if size < 1:
                raise ValueError(f"size must be at least 1, got {size}")
            weights = torch.randn(len(characters), size)
        if weights.ndim != 2 or len(weights) != len(characters) or not weights.shape[1]:
            raise ValueError(f"weights must have shape ({len(characters)}, D), got {tuple(weights.shape)}")
        if not weights.is_floating_point() or not torch.isfinite(weights).all():
            raise ValueError("weights must be finite floating point numbers")
        self.characters, self.size, self.frozen = characters, weights.shape[1], frozen
        weights = weights.detach().clone()
        weights[PADDING] = 0
        if frozen:
            self.register_buffer("weight", weights, persistent=False)
        else:
            self.weight = nn.Parameter(weights)

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return vectors (B, L, D) and mask (B, L); raises ValueError or TypeError naming a text that is none."""
        ids, mask = self.characters.batch(texts)
        place = self.weight.device
        return nn.functional.embedding(ids.to(place), self.weight, padding_idx=PADDING), mask.to(place)
