"""A stack of N layers x' = Norm(α x + ε f(x)) of any arrangement, in torch.

Source: articles 8994 and 8978 (Su Jianlin, 2022). LayerNorm has no parameters of its own here, so that the gradient of
a layer is that of its branch.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn.functional import layer_norm

from gradbook.checks import check_sizes
from gradbook.residual_depth.branches import Attention, FeedForward, Relu
from gradbook.residual_depth.constants import sublayer_constants
from gradbook.residual_depth.design import NORMS, Design, Scale, scale_at


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
        """Return copies of the weights as :mod:`gradbook.residual_depth.arrays` takes them: (N, n, n) for each matrix.

        Raises ValueError for a Transformer, or an ffn whose inner width isn't n: the numpy twin has neither.
        """
        matrices = [list(branch.parameters()) for branch in self.branches]
        square = all(m.shape == (self.width, self.width) for row in matrices for m in row)
        if self.design.branch == "transformer" or not square:
            raise ValueError("weight_arrays needs a relu, centred or ffn branch with square matrices")
        return tuple(np.stack([m.detach().cpu().numpy() for m in column]) for column in zip(*matrices, strict=True))
