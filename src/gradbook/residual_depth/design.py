"""What a layer of a deep stack is made of: x' = Norm(α x + ε f(x)), with all its numbers and names.

Sources: articles 8994 and 8978 (Su Jianlin, 2022); DeepNet, arXiv 2203.00555 (α and the initial gain).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

BRANCHES = ("relu", "centred", "ffn", "transformer")
"""f: relu(xW); the same minus its mean over the entries; relu(xW₁)W₂; or attention and ffn in turn."""

NORMS = ("none", "pre", "post")
"""Where LayerNorm stands: nowhere, on the branch's input, on the sum."""

Scale = float | Callable[[int], float]


@dataclass(frozen=True)
class Design:
    """The layer x' = Norm(skip · x + scale · f(x)), whose branch's weights start ``gain`` times their usual size.

    ``norm`` "pre" is skip · x + scale · f(Norm(x)), "none" leaves Norm out; ``skip`` 0 is a plain network. Norm is
    LayerNorm without parameters of its own. Raises ValueError for an unknown branch or norm, or a number that isn't
    finite.
    """

    branch: str = "ffn"
    scale: float = 1.0
    norm: str = "none"
    skip: float = 1.0
    gain: float = 1.0

    def __post_init__(self) -> None:
        for name, known in (("branch", BRANCHES), ("norm", NORMS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")
        for name in ("scale", "skip", "gain"):
            _check_finite(name, getattr(self, name))


def scale_at(scale: Scale, depth: int) -> float:
    """Return the number that ``scale`` is for a stack of ``depth`` layers; ValueError naming what isn't finite."""
    value = scale(depth) if callable(scale) else scale
    _check_finite(f"scale({depth})" if callable(scale) else "scale", value)
    return float(value)


def _check_finite(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
