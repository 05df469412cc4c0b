"""What every encoder does with its texts: check them, normalise their characters, lay them side by side."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor


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
