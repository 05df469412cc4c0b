"""A stack of N layers x' = Norm(α x + ε f(x)) of any arrangement, in torch, and the constants of DeepNorm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn.functional import layer_norm

from gradbook.checks import check_sizes
from gradbook.residual_depth.branches import Attention, FeedForward, Relu

_POWERS = {"sgd": (0.25, -0.25), "adam": (0.5, -0.5), "lamb": (0.0, -0.5)}  # of the number of sub-layers
OPTIMIZERS = tuple(_POWERS)


def deepnorm_constants(num_layers: int, optimizer: str = "adam") -> tuple[float, float]:
    """Return (α, gain) of x' = Norm(α x + f(x)) for a Transformer of ``num_layers`` blocks N of two sub-layers: (8.16).

    With them the loss moves by as much in one step of ``optimizer``, whatever N: "sgd" (2N)^¼ and (2N)^−¼, "adam"
    (2N)^½ and (2N)^−½, "lamb" 1 and (2N)^−½; capitals don't matter. Raises ValueError for ``num_layers`` that isn't a
    whole number ≥ 1 and for an unknown optimizer.
    """
    check_sizes(num_layers=num_layers)
    return sublayer_constants(2 * num_layers, optimizer)


def sublayer_constants(sublayers: int, optimizer: str = "adam") -> tuple[float, float]:
    """Return the same for a stack that is counted in sub-layers, as those of the pictures are: 2N = ``sublayers``.

    Raises ValueError for ``sublayers`` that isn't a whole number ≥ 1 and for an unknown optimizer.
    """
    check_sizes(sublayers=sublayers)
    name = optimizer.lower() if isinstance(optimizer, str) else ""
    if name not in _POWERS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {optimizer!r}")
    alpha, gain = (float(sublayers) ** power for power in _POWERS[name])
    return alpha, gain


def deepnet_constants(num_layers: int) -> tuple[float, float]:
    """Return (α, β) = ((2N)^¼, (8N)^−¼) of DeepNet's paper for N blocks of an encoder or a decoder alone.

    β is the gain of the ffn's, the value's and the output's weights. It is the article's pair for SGD but for the
    factor 4^−¼ ≈ 0.71 in the gain; the paper trains with Adam. Raises ValueError as :func:`deepnorm_constants` does.
    """
    check_sizes(num_layers=num_layers)
    return (2.0 * num_layers) ** 0.25, (8.0 * num_layers) ** -0.25


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


class ResidualStack(nn.Module):
    """``depth`` layers x' = Norm(skip · x + scale · f(x)) of the same width n, without input and output layers.

    ``branch`` f: "relu" relu(xW), "centred" the same minus its mean, "ffn" relu(xW₁)W₂, or "transformer", where a layer
    is a block of two sub-layers, attention and ffn, each with its own sum and norm. ``scale`` ε is a number or a
    function of ``depth``, for example ``lambda n: n**-0.5``. ``norm``: "none" (or None), "pre" (on the branch's input),
    "post" (on the sum), or "deepnorm": "post" with ``skip`` and ``gain`` as the article derives them for ``optimizer``.
    ``skip`` α = 0 is a plain network; ``gain`` λ multiplies the initial weights. ``hidden`` is the ffn's inner width
    (n unless given), ``heads`` the number of attention heads. Weights are drawn from ``generator``.

    Raises ValueError or TypeError, before anything is made, for a size that isn't a whole number ≥ 1, an unknown
    branch, norm or optimizer, a number that isn't finite, and heads that don't divide the width.
    """

    def __init__(
        self,
        depth: int,
        width: int,
        branch: str = "ffn",
        scale: Scale = 1.0,
        norm: str | None = "none",
        *,
        skip: float = 1.0,
        gain: float = 1.0,
        optimizer: str = "adam",
        hidden: int | None = None,
        heads: int = 4,
        generator: Generator | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        hidden = width if hidden is None else hidden
        check_sizes(depth=depth, width=width, hidden=hidden, heads=heads)
        if norm is not None and norm not in (*NORMS, "deepnorm"):
            raise ValueError(f"norm must be one of {', '.join(NORMS)}, deepnorm, got {norm!r}")
        epsilon = scale_at(scale, depth)
        derived = sublayer_constants(2 * depth if branch == "transformer" else depth, optimizer)
        if norm == "deepnorm":
            if (skip, gain) != (1.0, 1.0):
                raise ValueError(f"skip and gain must be left out for norm 'deepnorm', got {skip} and {gain}")
            skip, gain = derived
        place = {None: "none", "deepnorm": "post"}.get(norm, norm)
        self.design = Design(branch, epsilon, str(place), skip, gain)
        self.depth, self.width = depth, width
        if branch == "transformer" and width % heads:
            raise ValueError(f"heads must divide the width {width}, got {heads}")
        options = {"device": device, "dtype": dtype}
        made: list[nn.Module] = []
        for _ in range(depth):
            if branch == "transformer":
                made.append(Attention(width, heads, gain, generator, options))
            if branch in ("ffn", "transformer"):
                made.append(FeedForward(width, hidden, gain, generator, options))
            else:
                made.append(Relu(width, gain, generator, options, centred=branch == "centred"))
        self.branches = nn.ModuleList(made)

    @classmethod
    def of(
        cls,
        design: Design,
        depth: int,
        width: int,
        generator: Generator | None = None,
        dtype: torch.dtype | None = None,
    ) -> ResidualStack:
        """Return the stack of ``depth`` layers of this ``design``; raises as the constructor does."""
        d = design
        return cls(depth, width, d.branch, d.scale, d.norm, skip=d.skip, gain=d.gain, generator=generator, dtype=dtype)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return x_N from x_0 (B, n), for a Transformer (B, T, n).

        Raises TypeError for another dtype than the weights', ValueError for another shape, for inputs that aren't
        finite, and where activations stop being finite: the message names the layer.
        """
        for state in self._walk(inputs):
            last = state
        return last

    def states(self, inputs: Tensor) -> list[Tensor]:
        """Return x_0 … x_N, one after every sub-layer; raises as :meth:`forward` does."""
        return list(self._walk(inputs))

    def _walk(self, inputs: Tensor) -> Iterator[Tensor]:
        x = self._checked(inputs)
        yield x
        for number, branch in enumerate(self.branches, 1):
            before, x = x, self._step(x, branch)
            if not torch.isfinite(x).all():
                raise ValueError(
                    f"activations must stay finite, they overflow at layer {number} of {len(self.branches)}; "
                    f"the largest before it is {before.abs().max().item():.1e}"
                )
            yield x

    def _step(self, x: Tensor, branch: nn.Module) -> Tensor:
        made = self.design
        f = branch(layer_norm(x, (self.width,)) if made.norm == "pre" else x)
        x = made.skip * x + made.scale * f
        return layer_norm(x, (self.width,)) if made.norm == "post" else x

    def _checked(self, inputs: Tensor) -> Tensor:
        weight = next(self.parameters())
        if not isinstance(inputs, Tensor):
            raise TypeError(f"inputs must be a tensor, got {type(inputs).__name__}")
        if inputs.dtype != weight.dtype:
            raise TypeError(f"inputs must have the weights' dtype {weight.dtype}, got {inputs.dtype}")
        words = "(B, T, width)" if self.design.branch == "transformer" else "(B, width)"
        if inputs.ndim != words.count(",") + 1 or inputs.shape[-1] != self.width or not inputs.numel():
            raise ValueError(
                f"inputs must have shape {words} with width {self.width} and none of it 0, got {tuple(inputs.shape)}"
            )
        if not torch.isfinite(inputs).all():
            raise ValueError("inputs must be finite, got NaN or infinite entries")
        return inputs

    def weight_arrays(self) -> tuple[NDArray[np.float64], ...]:
        """Return copies of the weights as plain arrays, (N, n, n) for each matrix.

        Raises ValueError for a Transformer, or an ffn whose inner width isn't n: the numpy twin has neither.
        """
        matrices = [list(branch.parameters()) for branch in self.branches]
        square = all(m.shape == (self.width, self.width) for row in matrices for m in row)
        if self.design.branch == "transformer" or not square:
            raise ValueError("weight_arrays needs a relu, centred or ffn branch with square matrices")
        return tuple(np.stack([m.detach().cpu().numpy() for m in column]) for column in zip(*matrices, strict=True))
