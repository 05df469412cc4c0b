"""Several embeddings as one, and a wide one made narrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from gradbook.checks import check_sizes


class SideBySide(nn.Module):
    """Texts → the vectors of all ``embeddings`` side by side (B, L, D) and the mask; ``.size`` is D, their sum.

    Raises ValueError for no embeddings.
    """

    def __init__(self, *embeddings: nn.Module) -> None:
        super().__init__()
        if not embeddings:
            raise ValueError("embeddings must hold at least one, got none")
        self.embeddings = nn.ModuleList(embeddings)
        self.size = sum(cast(int, embedding.size) for embedding in embeddings)

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return vectors (B, L, D) and mask (B, L)."""
        found = [embedding(texts) for embedding in self.embeddings]
        return torch.cat([vectors for vectors, _ in found], 2), found[0][1]


class Reduced(nn.Module):
    """Texts → vectors (B, L, ``width``), a trained layer over those of ``embedding``, and the mask; padding holds 0.

    Features of a pretrained network are many and of unequal scale: they are normalised, thinned by ``dropout``, and
    sent through one layer, so that what reads them may be small. Raises ValueError for a width below 1.
    """

    def __init__(self, embedding: nn.Module, width: int, dropout: float = 0.3) -> None:
        super().__init__()
        check_sizes(width=width)
        size = cast(int, embedding.size)
        self.embedding, self.size = embedding, width
        self.layer = nn.Sequential(nn.LayerNorm(size), nn.Dropout(dropout), nn.Linear(size, width), nn.GELU())

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return vectors (B, L, width) and mask (B, L)."""
        vectors, mask = self.embedding(texts)
        return self.layer(vectors).masked_fill(~mask.unsqueeze(2), 0.0), mask
