"""Text encoders: vectors of tokens, and a BiLSTM or a Transformer that lets them know their neighbours.

A text is a string. A token is a character, or, where the embedding says so, a word: :class:`WordEmbedding`. An encoder
is a module that takes a list of texts and returns hidden (B, L, D) and mask (B, L) bool; L is the largest number of
tokens, ``.size`` is D, and padding holds 0. What a text gets doesn't depend on the texts beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from gradbook.checks import check_sizes
from gradbook.extraction.characters import check_lengths, check_texts, token_rows


class BiLSTM(nn.Module):
    """Vectors (B, L, ``size``) and mask (B, L) bool → (B, L, 2 ``hidden``); ``.size`` is 2 ``hidden``. Padding holds 0.

    Two LSTMs, one in each direction (Hochreiter and Schmidhuber 1997; Graves and Schmidhuber 2005), which see no
    padding. ``dropout`` acts between ``layers``. Raises ValueError for a mask that isn't True up to each text's end
    and False after it.
    """

    def __init__(self, size: int, hidden: int = 128, layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        check_sizes(size=size, hidden=hidden, layers=layers)
        between = dropout if layers > 1 else 0.0  # with one layer there is no between
        self.lstm = nn.LSTM(size, hidden, layers, batch_first=True, dropout=between, bidirectional=True)
        self.size = 2 * hidden

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return the states (B, L, 2 hidden) of both directions, side by side."""
        lengths = check_vectors(vectors, mask, self.lstm.input_size)
        packed = nn.utils.rnn.pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, _ = self.lstm(packed)
        return nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=mask.shape[1])[0]


class Transformer(nn.Module):
    """Vectors (B, L, ``size``) and mask (B, L) bool → (B, L, ``width``); ``.size`` is ``width``. Padding holds 0.

    torch's encoder layers, normalised before each block (Vaswani et al., arXiv 1706.03762; Xiong et al., arXiv
    2002.04745), with sines and cosines as positions, so that there is no longest text.
    """

    def __init__(self, size: int, width: int = 128, heads: int = 4, layers: int = 2, dropout: float = 0.1) -> None:
        super().__init__()
        check_sizes(size=size, width=width, heads=heads, layers=layers)
        if width % 2 or width % heads:
            raise ValueError(f"width must be even and divisible by heads ({heads}), got {width}")
        self.entry = nn.Linear(size, width)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.size = width

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return the states (B, L, width) of the last layer."""
        check_vectors(vectors, mask, self.entry.in_features)
        entered = self.entry(vectors)
        states: Tensor = self.encoder(entered + sinusoids(mask.shape[1], entered), src_key_padding_mask=~mask)
        return states.masked_fill(~mask.unsqueeze(2), 0.0)


def sinusoids(length: int, like: Tensor) -> Tensor:
    """Return positions (length, D): sin and cos of place · 10000^(−2k/D), in dtype and place like ``like``."""
    width = like.shape[-1]
    place = torch.arange(length, device=like.device, dtype=torch.float64)
    speed = 10000.0 ** (-torch.arange(0, width, 2, device=like.device, dtype=torch.float64) / width)
    angle = place.unsqueeze(1) * speed
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1).to(like.dtype)


def check_vectors(vectors: Tensor, mask: Tensor, size: int) -> Tensor:
    """Return the texts' lengths (B,); raise unless vectors are (B, L, ``size``) and the mask (B, L) fits them."""
    if vectors.ndim != 3 or vectors.shape[2] != size:
        raise ValueError(f"vectors must have shape (B, L, {size}), got {tuple(vectors.shape)}")
    if mask.dtype != torch.bool or mask.shape != vectors.shape[:2]:
        expected = tuple(vectors.shape[:2])
        raise ValueError(f"mask must be bool of shape {expected}, got {mask.dtype} of shape {tuple(mask.shape)}")
    if not mask[:, 0].all() or (mask[:, 1:] & ~mask[:, :-1]).any():
        raise ValueError("mask must be True from each text's first character to its last, then False")
    return mask.sum(1)


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


Found = TypeVar("Found")


def by_length(texts: Sequence[str], run: Callable[[list[str]], Sequence[Found]], batch_size: int = 64) -> list[Found]:
    """Return what ``run`` gives for each text, in the order of the texts.

    ``run`` gets at most ``batch_size`` texts at a time, of like length: together they waste little on padding. Raises
    TypeError for a single text or an entry that isn't one, ValueError for an empty text or a ``batch_size`` that isn't
    a whole number ≥ 1.
    """
    if isinstance(texts, str):
        raise TypeError("texts must be a list of texts, got one str")
    if type(batch_size) is not int or batch_size < 1:
        raise ValueError(f"batch_size must be a whole number ≥ 1, got {batch_size!r}")
    known = check_texts(texts) if len(texts) else []
    order = sorted(range(len(known)), key=lambda i: len(known[i]))
    found: dict[int, Found] = {}
    for first in range(0, len(order), batch_size):
        batch = order[first : first + batch_size]
        found.update(zip(batch, run([known[i] for i in batch]), strict=True))
    return [found[i] for i in range(len(known))]


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
