"""Texts as tokens and characters as vectors: what every encoder asks of its texts, and a vocabulary of characters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import torch
from torch import Tensor, nn


def check_texts(texts: Sequence[str], name: str = "texts") -> list[str]:
    """Return the texts as a list; TypeError for a single string or an entry that isn't one, ValueError if empty."""
    if isinstance(texts, str):
        raise TypeError(f"{name} must be a list of strings, got one string; write [text]")
    found = list(texts)
    if not found:
        raise ValueError(f"{name} must hold at least one text, got none")
    for i, text in enumerate(found):
        if not isinstance(text, str):
            raise TypeError(f"{name}[{i}] must be a string, got {type(text).__name__}")
        if not text:
            raise ValueError(f"{name}[{i}] must hold at least one character, got an empty text")
    return found


def check_lengths(rows: Sequence[Sequence[str]], limit: int, unit: str = "characters") -> None:
    """Raise ValueError naming the first text of more than ``limit`` tokens; a row holds a text's tokens."""
    advice = "; cut it with windows()" if unit == "characters" else ""
    for i, row in enumerate(rows):
        if len(row) > limit:
            raise ValueError(f"texts[{i}] has {len(row)} {unit}, the encoder takes at most {limit}{advice}")


def token_rows(texts: Sequence[str], tokens: Callable[[str], Sequence[str]]) -> list[list[str]]:
    """Return every text's tokens; ValueError naming the text that ``tokens`` refuses."""
    rows = []
    for i, text in enumerate(check_texts(texts)):
        try:
            rows.append(list(tokens(text)))
        except ValueError as error:
            raise ValueError(f"texts[{i}]: {error}") from error
    return rows


def split_words(text: str) -> list[str]:
    """Return the pieces between single spaces; ValueError if one is empty: two spaces, or one at an end."""
    words = check_texts([text], "text")[0].split(" ")
    if "" in words:
        number = words.index("")
        raise ValueError(
            f"text must be words with one space between them, got an empty word after {number} of them: {text[:40]!r}"
        )
    return words


@cache
def normal_form(character: str) -> str:
    """Return the character's NFKC form if that is one character too (Ａ → A, ， → ,), else the character itself."""
    form = unicodedata.normalize("NFKC", character)
    return form if len(form) == 1 else character


def padded(rows: Sequence[Sequence[int]], filler: int = 0) -> Tensor:
    """Return the rows of numbers as one int64 tensor (B, longest), filled up with ``filler``."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows], dtype=torch.int64)


def text_mask(texts: Sequence[str]) -> Tensor:
    """Return the mask (B, L), True where a text has a character; L is the longest text's length."""
    lengths = torch.tensor([len(text) for text in texts])
    return torch.arange(int(lengths.max())) < lengths.unsqueeze(1)


PADDING, UNKNOWN = 0, 1  # the first two ids


class Characters:
    """Characters and their ids: 0 padding, 1 unknown, then the given ``tokens`` in their order.

    A character counts as its normal form: NFKC where that is one character (full-width forms become half-width), then
    lower case. Lower case since the capitals and full-width forms in jieba's list, which most vocabularies here are
    taken from, were never trained. All characters outside the vocabulary share id 1 and so one vector.

    Raises TypeError for tokens that aren't strings, ValueError for no tokens, a token that isn't one character, or two
    with the same normal form.
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        found = check_texts(list(tokens), "tokens")
        places: dict[str, int] = {}
        for i, token in enumerate(found):
            if len(token) != 1:
                raise ValueError(f"tokens[{i}] must be one character, got {token!r}")
            form = folded(token)
            if form in places:
                raise ValueError(f"tokens[{i}] must differ from the others, got {token!r}, which counts as {form!r}")
            places[form] = len(places) + 2
        self.places = places

    @classmethod
    def from_texts(cls, texts: Sequence[str], min_count: int = 1) -> Characters:
        """Return the vocabulary of all characters that come at least ``min_count`` times, the most frequent first.

        Equally frequent ones stand in the order of their code points. Raises ValueError if none is left.
        """
        counts = Counter(folded(c) for text in check_texts(texts) for c in text)
        kept = sorted((c for c, n in counts.items() if n >= min_count), key=lambda c: (-counts[c], c))
        if min_count < 1 or not kept:
            most = max(counts.values())
            raise ValueError(f"min_count must be from 1 to {most}, the largest count, got {min_count}")
        return cls(kept)

    def __len__(self) -> int:
        return len(self.places) + 2

    def __repr__(self) -> str:
        return f"Characters({len(self.places)} characters, {''.join(list(self.places)[:5])}…)"

    @property
    def tokens(self) -> tuple[str, ...]:
        """The characters in the order of their ids, from 2 on."""
        return tuple(self.places)

    def ids(self, text: str) -> list[int]:
        """Return one id a character."""
        return [self.places.get(folded(c), UNKNOWN) for c in check_texts([text])[0]]

    def unknown(self, text: str) -> list[str]:
        """Return the characters of ``text`` outside the vocabulary, each once, in the order they come."""
        return [c for c in dict.fromkeys(check_texts([text])[0]) if folded(c) not in self.places]

    def batch(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return ids (B, L) int64 and the mask (B, L) bool; L is the longest text's length."""
        found = check_texts(texts)
        rows = [[self.places.get(folded(c), UNKNOWN) for c in text] for text in found]
        return padded(rows, PADDING), text_mask(found)


@cache
def folded(character: str) -> str:
    """Return the form under which the vocabulary knows a character: NFKC and lower case where each is one character."""
    form = normal_form(character)
    lower = form.lower()
    return lower if len(lower) == 1 else form


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
