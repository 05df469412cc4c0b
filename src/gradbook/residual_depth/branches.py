"""The branches f of a layer, as modules without biases: rows of inputs are multiplied from the right, f(x) = relu(xW).

Their usual initial weights keep the second moment of x (He et al. 2015, arXiv 1502.01852, before relu; Glorot and
Bengio 2010 elsewhere); ``gain`` multiplies those of the ffn, the values and the output, as DeepNet does.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


def _normal(rows: int, columns: int, size: float, generator: Generator | None, options: dict[str, Any]) -> nn.Parameter:
    return nn.Parameter(torch.randn(rows, columns, generator=generator, **options) * size)


class Relu(nn.Module):
    """f(x) = relu(xW), with ``centred`` minus its mean over the entries; W (n, n) of variance 2/n."""

    def __init__(
        self, width: int, gain: float, generator: Generator | None, options: dict[str, Any], centred: bool = False
    ) -> None:
        super().__init__()
        self.centred = centred
        self.weight = _normal(width, width, gain * (2 / width) ** 0.5, generator, options)

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x) (…, n)."""
        f = torch.relu(x @ self.weight)
        return f - f.mean(-1, keepdim=True) if self.centred else f


class FeedForward(nn.Module):
    """f(x) = relu(xW₁)W₂, W₁ (n, m) of variance 2/n and W₂ (m, n) of variance 1/m."""

    def __init__(
        self, width: int, hidden: int, gain: float, generator: Generator | None, options: dict[str, Any]
    ) -> None:
        super().__init__()
        self.first = _normal(width, hidden, gain * (2 / width) ** 0.5, generator, options)
        self.second = _normal(hidden, width, gain * (1 / hidden) ** 0.5, generator, options)

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x) (…, n)."""
        return torch.relu(x @ self.first) @ self.second


class Attention(nn.Module):
    """Self-attention of a sequence (B, T, n) with ``heads`` heads, all four matrices (n, n) of variance 1/n."""

    def __init__(
        self, width: int, heads: int, gain: float, generator: Generator | None, options: dict[str, Any]
    ) -> None:
        super().__init__()
        self.heads = heads
        size = (1 / width) ** 0.5
        self.query, self.key = (_normal(width, width, size, generator, options) for _ in range(2))
        self.value, self.output = (_normal(width, width, gain * size, generator, options) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Return softmax(qkᵀ/√d) v, d = n / heads, through the output matrix (B, T, n)."""
        q, k, v = ((x @ w).unflatten(-1, (self.heads, -1)).transpose(1, 2) for w in (self.query, self.key, self.value))
        return scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2) @ self.output
