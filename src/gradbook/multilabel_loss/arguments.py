"""What the losses ask of scores and labels, and what they do with one loss a row."""

from __future__ import annotations

import torch
from torch import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check_scores(scores: Tensor, reduction: str) -> None:
    """Raise unless ``scores`` is a floating point tensor (…, K) with at least one row and one label."""
    if not isinstance(scores, Tensor) or not scores.is_floating_point():
        kind = scores.dtype if isinstance(scores, Tensor) else type(scores).__name__
        raise TypeError(f"scores must be a floating point tensor, got {kind}")
    if scores.ndim < 1 or scores.numel() == 0:
        raise ValueError(f"scores must have shape (…, K) with at least one row and K ≥ 1, got {tuple(scores.shape)}")
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}")


def check_positives(scores: Tensor, positives: Tensor) -> None:
    """Raise unless ``positives`` (…, M) int64 names labels 0 to K − 1, none twice in a row, the rest −1."""
    if not isinstance(positives, Tensor) or positives.dtype != torch.int64:
        kind = positives.dtype if isinstance(positives, Tensor) else type(positives).__name__
        raise TypeError(f"positives must be an int64 tensor, got {kind}")
    if positives.device != scores.device:
        raise ValueError(f"positives must lie on {scores.device} like scores, got {positives.device}")
    if positives.ndim != scores.ndim or positives.shape[:-1] != scores.shape[:-1]:
        expected = ", ".join(str(n) for n in scores.shape[:-1])
        raise ValueError(f"positives must have shape ({expected}, M) like scores, got {tuple(positives.shape)}")
    labels = scores.shape[-1]
    outside = torch.nonzero((positives < -1) | (positives >= labels))
    if len(outside):
        place = tuple(outside[0].tolist())
        raise ValueError(
            f"positives{list(place)} must be a label from 0 to {labels - 1}, or −1 for none, got {positives[place]}"
        )
    ordered = positives.sort(-1).values
    twice = torch.nonzero((ordered[..., 1:] == ordered[..., :-1]) & (ordered[..., 1:] >= 0))
    if len(twice):
        *row, column = twice[0].tolist()
        raise ValueError(f"positives{row} must name a label once, got {ordered[(*row, column)]} twice")


def check_finite_positives(scores: Tensor) -> None:
    """Raise if the score of a label that holds is NaN or +inf, or masked: its loss would be infinite."""
    wrong = scores[torch.isnan(scores) | (scores == torch.inf)]
    if len(wrong):
        raise ValueError(f"scores must be finite or −inf, got {wrong[0].item()} at a label that holds")
    if not torch.isfinite(scores).all():
        raise ValueError("positives must not name a masked label: a score there is −inf, so its loss would be infinite")


def reduce(losses: Tensor, reduction: str, dtype: torch.dtype) -> Tensor:
    """Return the losses of all rows, their mean or their sum; rounded to ``dtype`` only at the end."""
    if reduction == "mean":
        losses = losses.mean()
    elif reduction == "sum":
        losses = losses.sum()
    return losses.to(dtype)
