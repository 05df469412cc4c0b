"""The loss of an Efficient GlobalPointer without its scores: the exponential of a sum is a product of matrices.

s_α(i, j) = S(i, j) + a_α(i) + b_α(j), so the sum that the loss needs, over all pairs of a type, is

    Σ_{i,j} e^{s_α(i,j)} = Σ_i e^{a_α(i)} Σ_j e^{S(i,j)} e^{b_α(j)} = Σ_i e^{a_α(i)} (E e^{b_α})_i,   E = e^S.

One L × L matrix times T vectors in place of T matrices. Three things keep it exact: every row of S is shifted by its
maximum; a row that holds a pair of the type is summed by itself, without that pair, so nothing is subtracted; and so
is a row whose product leaves the floating point range.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from gradbook.global_pointer.thresholds import LOW, positive_logsum, threshold_loss

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
    return threshold_loss(holds, _negative_logsum(spans, starts, ends, allowed, positives), joint)


def _negative_logsum(spans: Tensor, starts: Tensor, ends: Tensor, allowed: Tensor, positives: Tensor) -> Tensor:
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
