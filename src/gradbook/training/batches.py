"""Which examples go into a batch together."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import torch

POOL = 50  # batches whose examples are sorted by length together


def derived_seed(*numbers: int) -> int:
    """Return a seed for torch that looks random and is the same for the same numbers."""
    return int.from_bytes(sha256(repr(numbers).encode()).digest()[:8], "little") >> 1


def epoch_batches(
    count: int, batch_size: int, seed: int, epoch: int, lengths: Sequence[int] | None = None
) -> list[list[int]]:
    """Return the batches of an epoch: the numbers 0 to ``count`` − 1 in random order, ``batch_size`` at a time.

    Depends on ``seed`` and ``epoch`` alone, not on the epochs before. With ``lengths`` examples of like length come
    together, so that little is padded: of every 50 batches in the random order the examples are sorted by length and
    cut again, and then all batches are shuffled. One batch holds the rest of the division.

    Raises ValueError for a count or batch size below 1, or lengths of another number.
    """
    if count < 1 or batch_size < 1:
        raise ValueError(f"count and batch_size must be ≥ 1, got {count} and {batch_size}")
    if lengths is not None and len(lengths) != count:
        raise ValueError(f"lengths must hold {count} numbers, got {len(lengths)}")
    source = torch.Generator().manual_seed(derived_seed(seed, epoch))
    order: list[int] = torch.randperm(count, generator=source).tolist()
    if lengths is None:
        return cut(order, batch_size)
    pools = [sorted(pool, key=lengths.__getitem__) for pool in cut(order, POOL * batch_size)]
    batches = [batch for pool in pools for batch in cut(pool, batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=source).tolist()]


def cut(order: list[int], size: int) -> list[list[int]]:
    """Return the list in pieces of ``size``, the last one perhaps shorter."""
    return [order[start : start + size] for start in range(0, len(order), size)]
