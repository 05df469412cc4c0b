"""What several exercises of chapter 3 share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.exercises import Wrong, returned

Array = NDArray[np.float64]

STALLING: Array = np.array([[-2.0, -1.0], [1.0, 0.0], [2.0, -1.0]])
"""The chapter's own example on which the article's iteration stalls: the primary gradient, then two auxiliaries."""


def relu(value: Any) -> float:
    """Return the number itself, or 0 if it is negative."""
    return max(float(value), 0.0)


def vector(answer: Callable[..., Any], *arguments: Array) -> Array:
    """Return what the reader's function makes of copies of the vectors; Wrong for another shape than theirs."""
    found = np.asarray(returned(answer, *(a.copy() for a in arguments)), dtype=float)
    if found.shape != arguments[0].shape:
        raise Wrong(f"It returns shape {found.shape}, not {arguments[0].shape}.")
    return found


def gram(rows: Array) -> tuple[Array, Array]:
    """Return the auxiliaries' inner products (n, n), and those with the primary gradient, the first row, (n,)."""
    return rows[1:] @ rows[1:].T, rows[1:] @ rows[0]
