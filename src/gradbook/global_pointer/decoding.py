"""From scores to spans; for an Efficient GlobalPointer by bounds that rule out nearly all pairs before any type."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gradbook.global_pointer.spans import Span


class TooManySpans(ValueError):
    """A sentence has more spans than allowed: an untrained head may find most pairs of every type."""


def decode_spans(scores: Tensor, threshold: float = 0.0, limit: int | None = None) -> list[set[Span]]:
    """Return per sentence the set of spans whose score in ``scores`` (B, T, L, L) is above ``threshold``.

    Masked pairs hold −inf and never count; which pairs are masked, those with start > end among them, is the head's
    business. Raises ValueError for another shape, for scores that are NaN or +inf, for a threshold that is NaN or −inf;
    TooManySpans (a ValueError) for a sentence with more than ``limit``.
    """
    check_threshold(threshold)
    if scores.ndim != 4 or scores.shape[2] != scores.shape[3]:
        raise ValueError(f"scores must have shape (B, T, L, L), got {tuple(scores.shape)}")
    if torch.isnan(scores).any() or (scores == torch.inf).any():
        raise ValueError("scores must be finite or −inf, got NaN or +inf")
    return collect(torch.nonzero(scores > threshold), len(scores), limit)


def check_threshold(threshold: float) -> None:
    """Raise ValueError for a threshold that is NaN or −inf, which every masked pair would pass or none."""
    if math.isnan(threshold) or threshold == -math.inf:
        raise ValueError(f"threshold must be a number above −inf, got {threshold}")


def collect(places: Tensor, sentences: int, limit: int | None = None) -> list[set[Span]]:
    """Return the (sentence, type, start, end) rows of ``places`` (N, 4) as one set of spans a sentence.

    Raises TooManySpans, before any set is made, for a sentence with more than ``limit``.
    """
    most = int(torch.bincount(places[:, 0]).max()) if len(places) else 0
    if limit is not None and most > limit:
        raise TooManySpans(f"a sentence has {most:,} spans above the threshold, more than {limit:,}")
    found: list[set[Span]] = [set() for _ in range(sentences)]
    for sentence, kind, start, end in places.tolist():
        found[sentence].add(Span(start, end, kind))
    return found


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
