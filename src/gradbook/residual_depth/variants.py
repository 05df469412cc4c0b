"""The arrangements that the chapter compares: a design for every depth, and the growth that theory predicts."""

from __future__ import annotations

from collections.abc import Callable

from gradbook.residual_depth.constants import sublayer_constants
from gradbook.residual_depth.design import Design


def deepnorm_design(sublayers: int, optimizer: str) -> Design:
    """Return DeepNorm with the article's constants for a stack of ``sublayers`` ffn layers (half a block each).

    Raises ValueError for ``sublayers`` that isn't a whole number ≥ 1 and for an unknown optimizer.
    """
    alpha, gain = sublayer_constants(sublayers, optimizer)
    return Design("ffn", norm="post", skip=alpha, gain=gain)


def misplaced_alpha(sublayers: int, optimizer: str) -> Design:
    """Return DeepNorm with α on the wrong side: Norm(x + α f(x)) instead of Norm(α x + f(x))."""
    right = deepnorm_design(sublayers, optimizer)
    return Design("ffn", norm="post", skip=1.0, scale=right.skip, gain=right.gain)


VARIANTS: dict[str, Callable[[int], Design]] = {
    "plain": lambda depth: Design("ffn", skip=0.0),
    "plain, normed": lambda depth: Design("ffn", skip=0.0, norm="post"),
    "ε = 1": lambda depth: Design("ffn"),
    "ε = 1/√N": lambda depth: Design("ffn", scale=depth**-0.5),
    "ε = 1/N": lambda depth: Design("ffn", scale=1 / depth),
    "ε = 1/√N, relu branch": lambda depth: Design("relu", scale=depth**-0.5),
    "Post-LN": lambda depth: Design("ffn", norm="post"),
    "Pre-LN": lambda depth: Design("ffn", norm="pre"),
    "DeepNorm (SGD)": lambda depth: deepnorm_design(depth, "sgd"),
    "DeepNorm (Adam)": lambda depth: deepnorm_design(depth, "adam"),
    "DeepNorm (LAMB)": lambda depth: deepnorm_design(depth, "lamb"),
}
"""By name: from the number of sub-layers to the design of each."""

PREDICTED: dict[str, tuple[float, float, float]] = {
    "plain, normed": (1.0, 1.0, 1.0),
    "Post-LN": (1.0, 1.0, 1.0),
    "ε = 1/√N": (0.0, 0.5, 0.5),
    "ε = 1/N": (-1.0, 0.0, 0.0),
    "Pre-LN": (0.0, 0.5, 0.5),
    "DeepNorm (SGD)": (0.0, 0.5, 0.25),
    "DeepNorm (Adam)": (-1.0, 0.0, -0.5),
    "DeepNorm (LAMB)": (0.0, 0.5, 0.0),
}
"""The power of N by which the loss moves in one small step of SGD, Adam and LAMB, for a branch of mean zero."""
