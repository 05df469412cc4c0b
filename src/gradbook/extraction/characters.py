"""The vocabulary: which characters have a vector of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from torch import Tensor

from gradbook.encoders.texts import check_texts, normal_form, padded, text_mask

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
