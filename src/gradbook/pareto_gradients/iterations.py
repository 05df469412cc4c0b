"""The article's ways to the nearest point, one step at a time.

Each takes the Gram matrix K (n, n) and yields the weights α (n,) of step 0, 1, 2, … without end; step 0 is the
uniform average. Whoever follows decides when to stop: :func:`gradbook.pareto_gradients.min_norm_weights` by the
duality gap, the chapter's pictures after as many steps as there is room for.

Source: article 8896 (Su Jianlin, 2022); numbers in brackets are the equations of chapter 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def frank_wolfe(gramian: Array) -> Iterator[Array]:
    """Move towards the vertex τ = argmin_i ⟨g_i, u⟩ as far as the two-task formula says (2.13)."""
    weights = _uniform(gramian)
    while True:
        yield weights
        inner = gramian @ weights
        vertex = int(inner.argmin())
        ahead = float(weights @ inner - inner[vertex])
        across = ahead - float(inner[vertex]) + float(gramian[vertex, vertex])
        share = min(max(ahead / across, 0.0), 1.0) if across > 0 else 0.0
        weights = (1 - share) * weights
        weights[vertex] += share


def averaging(gramian: Array) -> Iterator[Array]:
    """The same with the share 1/(k+1): the average of all gradients g_τ met so far (2.8)."""
    weights = _uniform(gramian)
    for step in count(1):
        yield weights
        vertex = int((gramian @ weights).argmin())
        weights = weights * (step / (step + 1))
        weights[vertex] += 1 / (step + 1)


def softmax(gramian: Array) -> Iterator[Array]:
    """Follow the gradient on the β of α_i ∝ exp(β_i) downhill, at the rate 1 / max_i ‖g_i‖²: (2.15)."""
    logits = np.zeros(len(gramian))
    rate = _rate(gramian)
    while True:
        weights = np.exp(logits - logits.max())
        weights /= weights.sum()
        yield weights
        inner = gramian @ weights
        logits = logits - rate * weights * (inner - weights @ inner)


def exponentiated(gramian: Array) -> Iterator[Array]:
    """α_i ← α_i exp(−η (Kα)_i), normalised, with η = 1 / max_i ‖g_i‖² (chapter 7)."""
    weights = _uniform(gramian)
    rate = _rate(gramian)
    while True:
        yield weights
        inner = gramian @ weights
        weights = weights * np.exp(-rate * (inner - inner.min()))
        weights = weights / weights.sum()


def _uniform(gramian: Array) -> Array:
    return np.full(len(gramian), 1 / len(gramian))


def _rate(gramian: Array) -> float:
    return 1 / max(float(gramian.diagonal().max()), np.finfo(np.float64).tiny)


ITERATIONS: dict[str, Callable[[Array], Iterator[Array]]] = {
    "frank_wolfe": frank_wolfe,
    "averaging": averaging,
    "softmax": softmax,
    "exponentiated": exponentiated,
}
"""The iterations by the names that :func:`gradbook.pareto_gradients.min_norm_weights` takes."""
