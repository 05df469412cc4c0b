"""The loss from a table that says yes or no for every label."""

from __future__ import annotations

import torch
from torch import Tensor

from gradbook.multilabel_loss.arguments import check_scores
from gradbook.multilabel_loss.sparse import sparse_multilabel_cross_entropy


def multilabel_cross_entropy(scores: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Return log(1 + Σ_{k holds} e^{−s_k}) + log(1 + Σ_{k doesn't} e^{s_k}) of ``scores`` and ``targets``.

    Both (…, K); ``targets`` is bool, True where the label holds; scores of −inf don't count. Returns (…) for
    ``reduction="none"``, else a scalar. The labels that hold are looked up once, then it is the sparse loss: the same
    numbers, from a table that costs K bytes a row instead of 8 M.

    Raises TypeError for scores that aren't floating point or targets that aren't bool, ValueError for shapes that
    differ, a label that holds but is masked, and scores that are NaN or +inf.

    Su, "Efficient GlobalPointer" (kexue.fm/archives/8877) and ZLPR (arXiv 2208.02955).
    """
    check_scores(scores, reduction)
    if not isinstance(targets, Tensor) or targets.dtype != torch.bool:
        kind = targets.dtype if isinstance(targets, Tensor) else type(targets).__name__
        raise TypeError(f"targets must be a bool tensor, got {kind}")
    if targets.shape != scores.shape:
        raise ValueError(f"targets must have shape {tuple(scores.shape)} like scores, got {tuple(targets.shape)}")
    if targets.device != scores.device:
        raise ValueError(f"targets must lie on {scores.device} like scores, got {targets.device}")
    return sparse_multilabel_cross_entropy(scores, positives_of(targets), reduction)


def positives_of(targets: Tensor) -> Tensor:
    """Return the indices (…, M) int64 of the True entries of ``targets`` (…, K), filled up with −1."""
    counts = targets.sum(-1)
    most = int(counts.max())
    positives = torch.full((*targets.shape[:-1], most), -1, device=targets.device)
    positives[torch.arange(most, device=targets.device) < counts.unsqueeze(-1)] = torch.nonzero(targets)[:, -1]
    return positives
