"""The losses of the two pointers without their score maps.

A GlobalPointer's loss goes a sentence and a few types at a time. That of an Efficient GlobalPointer never makes the
scores of any type: the exponential of a sum is a product, so the sum over all pairs is a product of matrices.
Source: Su, kexue.fm/archives/8877 (2022), and the multi-label loss of :mod:`gradbook.multilabel_loss`.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from gradbook.global_pointer.spans import used_length

LOW = -1e30  # stands for −inf where a gradient must not be 0 · inf


def positive_logsum(scores: Tensor, positives: Tensor, types: int) -> Tensor:
    """Return log Σ e^{−s} over the pairs that hold, per sentence and type (B, T); about LOW where there are none.

    ``scores`` (B, M) of the ``positives`` (B, M, 3), checked triples (type, start, end), −1 where empty.
    """
    if not positives.shape[1]:
        return scores.new_full((len(scores), types), LOW)
    kinds = torch.arange(types, device=positives.device).unsqueeze(1)
    return (-scores).unsqueeze(1).masked_fill(positives[:, None, :, 0] != kinds, LOW).logsumexp(2)


def threshold_loss(holds: Tensor, others: Tensor, joint: bool) -> Tensor:
    """Return log(1 + Σ e^{−s}) + log(1 + Σ e^s), summed over types (B,), from the logarithms of both sums (B, T).

    The 1 is the threshold class: one a type, or with ``joint`` one for all.
    """
    if joint:
        holds, others = holds.logsumexp(1, keepdim=True), others.logsumexp(1, keepdim=True)
    return (_softplus(holds) + _softplus(others)).sum(1)


def _softplus(logarithm: Tensor) -> Tensor:
    return torch.nn.functional.softplus(logarithm, threshold=50.0)  # torch's 20 is too early for float64


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


CHUNK = 1 << 20  # scores of single rows computed at a time


def factored_loss(
    spans: Tensor, starts: Tensor, ends: Tensor, allowed: Tensor, positives: Tensor, joint: bool
) -> Tensor:
    """Return the loss (B,) of every sentence, equal to the one of the scores S + a + b to rounding.

    ``spans`` S (B, L, L), ``starts`` a and ``ends`` b (B, T, L), ``allowed`` (B, L, L) bool, ``positives`` (B, M, 3)
    checked triples (type, start, end), −1 where empty. Works in float32 or wider and returns that. Raises ValueError
    if a part is not finite.
    """
    work = torch.promote_types(spans.dtype, torch.float32)
    spans, starts, ends = spans.to(work), starts.to(work), ends.to(work)
    for name, part in (("span scores", spans), ("start scores", starts), ("end scores", ends)):
        if not torch.isfinite(part.detach().sum()) and not torch.isfinite(part).all():
            raise ValueError(f"the head's {name} are not finite: its weights or hidden are too large")
    kind, start, end = positives.clamp(min=0).unbind(2)
    b = torch.arange(len(positives), device=positives.device).unsqueeze(1)
    held = spans[b, start, end] + starts[b, kind, start] + ends[b, kind, end]
    holds = positive_logsum(held, positives, starts.shape[1])
    return threshold_loss(holds, negative_logsum(spans, starts, ends, allowed, positives), joint)


def negative_logsum(spans: Tensor, starts: Tensor, ends: Tensor, allowed: Tensor, positives: Tensor) -> Tensor:
    """Return log Σ e^s over the allowed pairs that don't hold, per sentence and type (B, T); about LOW if none is."""
    low, margin = _range(spans.dtype)
    top = spans.detach().masked_fill(~allowed, LOW).amax(2)  # (B, L), of each row
    best = ends.detach().amax(2, keepdim=True)  # (B, T, 1)
    exponent = spans - top.unsqueeze(2)
    # below the range of normal numbers a processor is slow, and what is dropped there is counted in `small`
    matrix = torch.where(allowed & (exponent > low), exponent.clamp(max=0.0), -torch.inf).exp()
    product = (ends - best).clamp(min=low).exp() @ matrix.transpose(1, 2)  # (B, T, L): Σ_j of every row
    enough = math.exp(low + margin)
    reach = starts + top.unsqueeze(1) + best  # (B, T, L): e^reach · product is what row i adds
    row_sums = reach + product.clamp(min=enough).log()
    alone = _rows_alone(row_sums.detach(), product.detach() < enough, top > LOW, positives, margin)
    row_sums = row_sums.masked_fill((product.detach() < enough) | (top <= LOW).unsqueeze(1), LOW)
    if len(alone):
        b, kind, start = alone.unbind(1)
        sums = starts[b, kind, start] + _sum_rows(spans, ends, allowed, positives, alone)
        row_sums = row_sums.index_put((b, kind, start), sums)
    return row_sums.logsumexp(2)


def _range(dtype: torch.dtype) -> tuple[float, float]:
    """The logarithm of about the smallest normal number, and a factor's below which nothing is seen beside 1."""
    limits = torch.finfo(dtype)
    return math.log(limits.tiny) + 7.0, 6.0 - math.log(limits.eps)


def _rows_alone(row_sums: Tensor, small: Tensor, filled: Tensor, positives: Tensor, margin: float) -> Tensor:
    """The rows (N, 3) of (sentence, type, start) to be summed one by one.

    Those that hold a pair, and those whose product is too ``small`` (B, T, L) to be right, unless even at its bound
    such a row is nothing beside the others. ``filled`` (B, L): rows that have an allowed pair at all.
    """
    right = row_sums.masked_fill(small | ~filled.unsqueeze(1), LOW).amax(2, keepdim=True)
    chosen = small & filled.unsqueeze(1) & (row_sums > right - margin)
    b, m = torch.nonzero(positives[..., 0] >= 0, as_tuple=True)
    kind, start, _ = positives[b, m].unbind(1)
    chosen[b, kind, start] = True
    return torch.nonzero(chosen)


def _sum_rows(spans: Tensor, ends: Tensor, allowed: Tensor, positives: Tensor, rows: Tensor) -> Tensor:
    """Return log Σ_j e^{S(i,j) + b_α(j)} (N,) of the ``rows`` (N, 3), the pairs that hold left out."""
    pieces = rows.split(max(1, CHUNK // spans.shape[2]))
    if len(pieces) == 1:
        return _sum_piece(spans, ends, allowed, positives, rows)
    # so many only for extreme scores: then memory matters, and the backward pass computes each piece again
    sums = [checkpoint(_sum_piece, spans, ends, allowed, positives, p, use_reentrant=False) for p in pieces]
    return torch.cat(sums)


def _sum_piece(spans: Tensor, ends: Tensor, allowed: Tensor, positives: Tensor, rows: Tensor) -> Tensor:
    b, kind, start = rows.unbind(1)
    out = ~allowed[b, start]
    held = (positives[b, :, 0] == kind.unsqueeze(1)) & (positives[b, :, 1] == start.unsqueeze(1))
    row, m = torch.nonzero(held, as_tuple=True)
    out[row, positives[b[row], m, 2]] = True
    return (spans[b, start] + ends[b, kind]).masked_fill(out, LOW).logsumexp(1)
