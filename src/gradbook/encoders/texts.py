"""What every encoder does with its texts: check them, normalise their characters, lay them side by side."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
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


def check_lengths(texts: Sequence[str], limit: int) -> None:
    """Raise ValueError naming the first text that is longer than ``limit`` characters."""
    for i, text in enumerate(texts):
        if len(text) > limit:
            raise ValueError(
                f"texts[{i}] has {len(text)} characters, the encoder takes at most {limit}; cut it with windows()"
            )


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
