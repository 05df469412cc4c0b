"""How long arrows are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def short(vector: Array, length: float = 0.55) -> Array:
    """The vector with another length, to be drawn; a zero vector stays zero."""
    norm = float(np.hypot(*vector))
    return vector * (length / norm) if norm > 1e-12 else vector
