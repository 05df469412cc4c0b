"""Spans of an Efficient GlobalPointer, by bounds that rule out nearly all pairs before any type is looked at."""

from __future__ import annotations

import torch
from torch import Tensor

from gradbook.global_pointer.decoding import check_threshold, collect
from gradbook.global_pointer.spans import Span

CHUNK = 1 << 20  # scores of candidates computed at a time


def pruned_spans(
    spans: Tensor, starts: Tensor, ends: Tensor, allowed: Tensor, threshold: float, limit: int | None = None
) -> list[set[Span]]:
    """Return per sentence the spans with S(i, j) + a_α(i) + b_α(j) > ``threshold``.

    ``spans`` S (B, L, L), ``starts`` a and ``ends`` b (B, T, L), ``allowed`` (B, L, L) bool. Rounding can't cut a span
    off: floating point addition is monotone, so the bound, summed in the same order, is never below a score. Raises
    ValueError for parts that aren't finite, TooManySpans for a sentence with more than ``limit`` spans.
    """
    check_threshold(threshold)
    for name, part in (("spans", spans), ("starts", starts), ("ends", ends)):
        if not torch.isfinite(part.sum()) and not torch.isfinite(part).all():
            raise ValueError(f"the head's scores of {name} are not finite: its weights or hidden are too large")
    bound = spans + starts.amax(1).unsqueeze(2) + ends.amax(1).unsqueeze(1)
    candidates = torch.nonzero((bound > threshold) & allowed)
    found = []
    for b, i, j in (piece.unbind(1) for piece in candidates.split(max(1, CHUNK // starts.shape[1]))):
        scores = spans[b, i, j].unsqueeze(1) + starts[b, :, i] + ends[b, :, j]
        row, kind = torch.nonzero(scores > threshold).unbind(1)
        found.append(torch.stack((b[row], kind, i[row], j[row]), 1))
    return collect(torch.cat(found) if found else candidates.new_empty(0, 4), len(spans), limit)
