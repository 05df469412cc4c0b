"""The loss of a GlobalPointer a sentence and a few types at a time: all its scores never stand in memory together.

The second sum of the loss, over the pairs that don't hold, asks for every score once, and so does its gradient,

    ∂ log Σ_{i,j} e^{s(i,j)} / ∂q_i = Σ_j p(i, j) k_j,   p = softmax of the scores s(i, j) = ⟨q_i, k_j⟩.

While a block of scores is in the processor's cache, its softmax is multiplied out with the queries and the keys at
once, and forgotten. What is kept is as large as these, not L times as large. The same idea as in Rabe and Staats (arXiv
2112.05682) and in FlashAttention (arXiv 2205.14135), with a scalar at the end, so that nothing is computed twice.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gradbook.global_pointer.inputs import used_length
from gradbook.global_pointer.thresholds import LOW, positive_logsum, threshold_loss

BLOCK = 1 << 18  # scores worked on at a time: 1 MB in float32


def blocked_loss(queries: Tensor, keys: Tensor, allowed: Tensor, positives: Tensor, joint: bool) -> Tensor:
    """Return the loss (B,) of every sentence, equal to the one of the scores ⟨q, k⟩ to rounding.

    ``queries`` and ``keys`` (B, T, L, d), ``allowed`` (B, L, L) bool, ``positives`` (B, M, 3) checked triples (type,
    start, end), −1 where empty. Works in float32 or wider and returns that. Differentiable once. Raises ValueError if a
    score is not finite.
    """
    work = torch.promote_types(queries.dtype, torch.float32)
    queries, keys = queries.to(work), keys.to(work)
    kind, start, end = positives.clamp(min=0).unbind(2)
    b = torch.arange(len(positives), device=positives.device).unsqueeze(1)
    held = (queries[b, kind, start] * keys[b, kind, end]).sum(2)
    others: Tensor = _NegativeLogsum.apply(queries, keys, allowed, positives)  # type: ignore[no-untyped-call]
    return threshold_loss(positive_logsum(held, positives, keys.shape[1]), others, joint).to(work)


class _NegativeLogsum(torch.autograd.Function):
    """log Σ e^s over the allowed pairs that don't hold, per sentence and type (B, T) float64; about LOW if none is."""

    @staticmethod
    def forward(ctx: Any, queries: Tensor, keys: Tensor, allowed: Tensor, positives: Tensor) -> Tensor:
        number, types = queries.shape[:2]
        sums = torch.full((number, types), LOW, dtype=torch.float64, device=queries.device)
        keep = any(ctx.needs_input_grad[:2])
        by_query, by_key = (torch.zeros_like(part) if keep else part for part in (queries, keys))
        for b in range(number):
            width = used_length(allowed[b].any(0) | allowed[b].any(1))
            held = positives[b][positives[b, :, 0] >= 0]
            step = max(1, BLOCK // width**2)
            for first in range(0, types, step):
                piece = (b, slice(first, first + step), slice(width))
                here = held[(held[:, 0] >= first) & (held[:, 0] < first + step)] - held.new_tensor([first, 0, 0])
                scores = _scores(queries[piece], keys[piece], allowed[b, :width, :width], here)
                sums[piece[:2]], shares, weights = _softmax(scores)
                if keep:
                    by_query[piece] = weights * torch.matmul(shares, keys[piece])
                    by_key[piece] = torch.matmul(shares.transpose(1, 2), weights * queries[piece])
        ctx.save_for_backward(by_query, by_key)
        return sums

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, incoming: Tensor) -> tuple[Tensor, Tensor, None, None]:
        by_query, by_key = ctx.saved_tensors
        weight = incoming.to(by_query.dtype)[..., None, None]
        return by_query * weight, by_key * weight, None, None


def _scores(queries: Tensor, keys: Tensor, allowed: Tensor, held: Tensor) -> Tensor:
    """The scores (T, L, L) of some types in one sentence, LOW where not allowed and at the pairs ``held`` (N, 3)."""
    scores = torch.matmul(queries, keys.transpose(1, 2)).masked_fill_(~allowed, LOW)
    scores[held.unbind(1)] = LOW
    return scores


def _softmax(scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return log Σ e^s of each type (T,) float64, and its softmax: that of each row (T, L, L), the rows' (T, L, 1)."""
    top = scores.amax(2)
    if not torch.isfinite(top).all():
        raise ValueError("the head's scores are not finite: its weights or hidden are too large")
    shares = torch.softmax(scores, 2)
    # the largest share of a row is e^0 / Σ e^{s − top}: it gives the sum back without a second exponential
    rows = top.double() - shares.amax(2).double().log()
    sums = rows.logsumexp(1)
    return sums, shares, (rows - sums.unsqueeze(1)).exp().to(scores.dtype).unsqueeze(2)
