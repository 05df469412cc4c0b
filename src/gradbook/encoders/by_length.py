"""Many texts through a model, those of like length together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gradbook.encoders.texts import check_texts

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
