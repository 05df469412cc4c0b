"""Optimizers in plain numpy: for pictures that follow the reader's hand, and for a thousand layers without a graph.

Each returns a function from a gradient to what is taken off the parameters; a number will do as well as an array of any
shape. The constants are torch's, and tests/test_step_sizes_chapter.py holds each to torch's optimizer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], Any]


def gradient_descent(rate: float) -> Rule:
    """η g."""
    return lambda gradient: rate * gradient


def momentum(rate: float, beta: float = 0.9) -> Rule:
    """η m with m ← β m + g."""
    mean: Any = 0.0

    def taken(gradient: Any) -> Any:
        nonlocal mean
        mean = beta * mean + gradient
        return rate * mean

    return taken


def adam(rate: float) -> Rule:
    """η m̂ / (√v̂ + ε): Kingma and Ba, arXiv 1412.6980, with β 0.9 and 0.999 and ε = 1e-8."""
    mean: Any = 0.0
    square: Any = 0.0
    count = 0

    def taken(gradient: Any) -> Any:
        nonlocal mean, square, count
        count += 1
        mean += 0.1 * (gradient - mean)
        square += 0.001 * (gradient * gradient - square)
        return rate / (1 - 0.9**count) * mean / ((square / (1 - 0.999**count)) ** 0.5 + 1e-8)

    return taken
