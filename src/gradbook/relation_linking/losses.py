"""One pointer's loss in every way that the chapter compares."""

from __future__ import annotations

import torch
from torch import Tensor

from gradbook.global_pointer.head import TokenPairHead
from gradbook.global_pointer.spans import by_type, check_positives, joined
from gradbook.multilabel_loss import (
    multilabel_cross_entropy,
    naive_sparse_multilabel_cross_entropy,
    sparse_multilabel_cross_entropy,
)

METHODS = ("own", "sparse", "dense", "article")


def pointer_loss(
    pointer: TokenPairHead, hidden: Tensor, mask: Tensor, positives: Tensor, method: str = "own", joint: bool = False
) -> Tensor:
    """Return the loss (B,) of ``positives`` (B, M, 3), summed over types.

    ``method``: "own", the pointer's way (Efficient GlobalPointer: without the scores); from all scores "sparse"
    (indices), "dense" (a number a class), or "article" (the formula of kexue.fm/archives/8888, which loses the
    negatives as the positives grow). All but the last are equal to rounding. ``joint``: one threshold class a sentence
    in place of one a type. Raises ValueError for another method.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if method == "own":
        return pointer.loss(hidden, mask, positives, joint)
    check_positives(positives, mask, pointer.num_types, pointer.triangular)
    scores = pointer(hidden, mask)
    length = mask.shape[1]
    rows = scores.flatten(1) if joint else scores.flatten(2)
    indices = joined(positives, length) if joint else by_type(positives, pointer.num_types, length)
    if method == "dense":
        losses = multilabel_cross_entropy(rows, _multi_hot(indices, rows.shape[-1]), "none")
    elif method == "sparse":
        losses = sparse_multilabel_cross_entropy(rows, indices, "none")
    else:
        losses = naive_sparse_multilabel_cross_entropy(rows, indices, "none")
    return losses if joint else losses.sum(1)


def _multi_hot(indices: Tensor, classes: int) -> Tensor:
    """Indices (…, M), −1 where empty → bool (…, classes)."""
    held = torch.zeros(*indices.shape[:-1], classes + 1, dtype=torch.bool, device=indices.device)
    return held.scatter_(-1, torch.where(indices < 0, classes, indices), True)[..., :classes]
