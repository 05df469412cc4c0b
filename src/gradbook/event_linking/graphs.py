"""Graphs as whole numbers: bit j of row i says whether nodes i and j are adjacent."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

_POWERS = 1 << np.arange(62, dtype=np.int64)


def bit_rows(adjacency: Tensor) -> list[int]:
    """Return the closed neighbourhoods N[i] = {i} ∪ {neighbours of i} as n whole numbers.

    ``adjacency`` is a bool tensor (n, n), symmetric; its diagonal is ignored. Raises TypeError for anything else than
    a bool tensor, ValueError for other shapes or a pair that is adjacent in one direction only.
    """
    if not isinstance(adjacency, Tensor) or adjacency.dtype != torch.bool:
        kind = adjacency.dtype if isinstance(adjacency, Tensor) else type(adjacency).__name__
        raise TypeError(f"adjacency must be a bool tensor, got {kind}")
    if adjacency.layout != torch.strided:
        raise TypeError(f"adjacency must be a dense tensor, got {adjacency.layout}")
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError(f"adjacency must have shape (n, n), got {tuple(adjacency.shape)}")
    table = adjacency.numpy(force=True)
    # Written by rows and by columns the bytes are equal if it is symmetric: cheaper than comparing a small matrix.
    if table.tobytes("C") != table.tobytes("F"):
        i, j = (int(place) for place in np.argwhere(table != table.T)[0])
        raise ValueError(f"adjacency must be symmetric, got {bool(table[i, j])} at ({i}, {j}) and not at ({j}, {i})")
    return [row | 1 << i for i, row in enumerate(_packed(table))]


def _packed(table: np.ndarray) -> list[int]:
    """The rows of a bool table as whole numbers, entry j as bit j."""
    if len(table) <= len(_POWERS):
        rows: list[int] = table.dot(_POWERS[: len(table)]).tolist()
        return rows
    return [int.from_bytes(row.tobytes(), "little") for row in np.packbits(table, axis=1, bitorder="little")]


def members(bits: int) -> Iterator[int]:
    """Yield the numbers of the nodes in a set, in order."""
    while bits:
        lowest = bits & -bits
        bits ^= lowest
        yield lowest.bit_length() - 1
