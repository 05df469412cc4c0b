"""The encoder that a chapter trains: vectors, then their context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from gradbook.encoders.texts import check_lengths, check_texts, token_rows


class TextEncoder(nn.Module):
    """Texts → hidden (B, L, D) and mask (B, L) bool; ``.size`` is D. Padding holds 0.

    ``embedding``: texts → (vectors, mask), such as :class:`CharacterEmbedding` or a pretrained encoder. ``context``:
    (vectors, mask) → hidden, such as :class:`BiLSTM`; None leaves it out. ``dropout`` acts on the vectors and again on
    the hidden states. Texts of more than ``limit`` tokens raise ValueError: what comes after costs memory by the square
    of the length. Tokens are what ``embedding.tokens(text)`` returns, the characters where it has no such method;
    ``embedding.unit`` is the word for them in messages.
    """

    def __init__(
        self, embedding: nn.Module, context: nn.Module | None = None, dropout: float = 0.3, limit: int = 512
    ) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be from 0 to below 1, got {dropout}")
        if limit < 1:
            raise ValueError(f"limit must be at least 1, got {limit}")
        self.embedding, self.context, self.limit = embedding, context, limit
        self.dropout = nn.Dropout(dropout)
        last = embedding if context is None else context
        self.size = cast(int, last.size)

    @property
    def unit(self) -> str:
        """What the tokens are: "characters", or what the embedding calls them."""
        return cast(str, getattr(self.embedding, "unit", "characters"))

    def tokens(self, text: str) -> list[str]:
        """Return the text's tokens, one a place of hidden; ValueError for a text that the embedding can't cut."""
        check_texts([text], "text")
        own = getattr(self.embedding, "tokens", list)
        return list(own(text))

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return hidden (B, L, D) and mask (B, L); raises ValueError or TypeError naming a text that doesn't fit."""
        found = check_texts(texts)
        rows = token_rows(found, self.tokens)
        check_lengths(rows, self.limit, self.unit)
        vectors, mask = self.embedding(found)
        longest = max(map(len, rows))
        if mask.shape[1] != longest:
            raise ValueError(
                f"embedding must give {longest} places, one a token of the longest text, got {mask.shape[1]}; "
                f"where its tokens aren't the {self.unit}, it needs a method tokens(text)"
            )
        vectors = self.dropout(vectors)
        if self.context is not None:
            vectors = self.dropout(self.context(vectors, mask))
        return vectors, mask


def windows(text: str, limit: int, overlap: int) -> list[tuple[int, str]]:
    """Cut a text into pieces of at most ``limit`` characters, as (offset, piece), that cover it.

    Neighbours share at least ``overlap`` characters, so that whatever is at most ``overlap`` + 1 long lies whole in
    some piece; the last piece is moved back until it is full. Raises ValueError for an empty text, a limit below 1, or
    an overlap that isn't from 0 to ``limit`` − 1.
    """
    check_texts([text], "text")
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    if not 0 <= overlap < limit:
        raise ValueError(f"overlap must be from 0 to limit − 1 = {limit - 1}, got {overlap}")
    last = max(len(text) - limit, 0)
    offsets = [*range(0, last, limit - overlap), last]
    return [(offset, text[offset : offset + limit]) for offset in offsets]
