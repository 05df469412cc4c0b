"""The sparse formula as the article has it, kept to be looked at: it loses the labels that don't hold."""

from __future__ import annotations

import torch
from torch import Tensor

from gradbook.multilabel_loss.arguments import check_finite_positives, check_positives, check_scores, reduce


def naive_sparse_multilabel_cross_entropy(
    scores: Tensor, positives: Tensor, reduction: str = "mean", clip: float = 1e-7
) -> Tensor:
    """Return the article's formula: a = log(1 + Σ_all e^s), b = log Σ_{k holds} e^s, and a + log(1 − e^{b−a}).

    Arguments, shapes and errors as in :func:`sparse_multilabel_cross_entropy`, but in the scores' own precision.
    1 − e^{b−a} is what the labels that don't hold weigh; where those that hold score high it is rounding error, and
    ``clip`` keeps it from 0: then the loss is wrong, the others get
    next to no gradient, and those that hold are pushed down with full force. ``clip=0`` is the formula bare.

    Su, GPLinker (kexue.fm/archives/8888); bert4keras and its ports clip at 1e-7 or 1e-5.
    """
    check_scores(scores, reduction)
    check_positives(scores, positives)
    here = positives >= 0
    zero = torch.zeros_like(scores[..., :1])
    held = scores.gather(-1, positives.clamp(min=0))
    check_finite_positives(held.detach()[here])
    if torch.isnan(scores).any() or (scores == torch.inf).any():
        raise ValueError("scores must be finite or −inf, got NaN or +inf")
    positive = torch.logsumexp(torch.cat([(-held).masked_fill(~here, -torch.inf), zero], -1), -1)
    everything = torch.logsumexp(torch.cat([scores, zero], -1), -1)
    # a stand-in for −inf: a row without labels would be all −inf, whose gradient is NaN
    low = torch.finfo(scores.dtype).min / 2
    held_sum = torch.logsumexp(held.masked_fill(~here, low), -1) if held.shape[-1] else torch.full_like(everything, low)
    rest = (1 - torch.exp(held_sum - everything)).clamp(min=clip, max=1.0)
    return reduce(positive + everything + torch.log(rest), reduction, scores.dtype)
