"""The loss from the indices of the labels that hold: one pass, no cancellation, its work reused as the gradient."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradbook.multilabel_loss.arguments import check_finite_positives, check_positives, check_scores, reduce
from gradbook.multilabel_loss.negatives import negative_part, softplus_of_sum


def sparse_multilabel_cross_entropy(scores: Tensor, positives: Tensor, reduction: str = "mean") -> Tensor:
    """Return log(1 + Σ_{k holds} e^{−s_k}) + log(1 + Σ_{k doesn't} e^{s_k}), from the few labels that hold.

    ``scores`` (…, K) in any floating point type, −inf at places that don't count; ``positives`` (…, M) int64, the
    labels that hold, in any order, filled up with −1. Returns (…) for ``reduction="none"``, else a scalar.

    The labels that hold are taken out of the second sum before it is formed, so nothing cancels: the relative error
    stays near 1e-6 in float32 however large the scores. One softmax over the scores gives the sum and, kept, the
    gradient: two copies of the scores at the peak. Sums of rows are combined in float64.
    A plain autograd function, twice differentiable; the transforms of torch.func don't see through it.

    Raises TypeError for scores that aren't floating point or positives that aren't int64; ValueError for shapes that
    don't fit, a label out of range, named twice or masked, and scores that are NaN or +inf.

    Su, GPLinker (kexue.fm/archives/8888), gives the interface; its formula stands in
    :func:`naive_sparse_multilabel_cross_entropy`.
    """
    check_scores(scores, reduction)
    check_positives(scores, positives)
    losses: Tensor = _SparseLoss.apply(scores, positives)  # type: ignore[no-untyped-call]
    return reduce(losses, reduction, scores.dtype)


class _SparseLoss(torch.autograd.Function):
    """Scores (…, K), positives (…, M) → one loss a row (…), float64."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, positives: Tensor) -> Tensor:
        rows, labels = _rows(scores.detach()), _rows(positives)
        here = labels >= 0
        held = rows.gather(1, labels.clamp(min=0)).double()
        check_finite_positives(held[here])
        # e^{-s} of the labels that hold: few, so in float64 from the start
        positive_loss, positive_share = softplus_of_sum((-held).masked_fill(~here, -torch.inf))
        negative_loss, shares, weights = negative_part(rows, labels, here, keep=ctx.needs_input_grad[0])
        ctx.save_for_backward(scores, positives, weights, positive_share)
        ctx.shares = shares
        return (positive_loss + negative_loss).reshape(scores.shape[:-1])

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None]:
        scores, positives, weights, positive_share = ctx.saved_tensors
        (incoming,) = outputs
        if torch.is_grad_enabled():  # a second derivative is asked for: let autograd see every step
            return incoming.unsqueeze(-1).to(scores.dtype) * _gradient(scores, positives), None
        shares, ctx.shares = ctx.shares, None
        labels = _rows(positives)
        here = labels >= 0
        if shares is None:  # the graph was kept and walked before: the first walk used the shares up
            _, shares, weights = negative_part(_rows(scores), labels, here, keep=True)
        flat = incoming.reshape(-1, 1)
        gradient = shares.mul_((weights * flat).to(shares.dtype).unsqueeze(-1)).flatten(1)[:, : scores.shape[-1]]
        row, column = torch.nonzero(here, as_tuple=True)
        gradient[row, labels[here]] = (-positive_share * flat)[row, column].to(gradient.dtype)
        return gradient.to(scores.dtype).reshape(scores.shape), None


def _rows(values: Tensor) -> Tensor:
    """(…, n) → (rows, n); reshape(-1, n) can't tell the number of rows where n is 0."""
    return values.flatten(0, -2) if values.ndim > 1 else values.unsqueeze(0)


def _gradient(scores: Tensor, positives: Tensor) -> Tensor:
    """The gradient (…, K) of each row's loss, in operations that autograd can differentiate again."""
    holds = torch.zeros_like(scores, dtype=torch.bool)
    row = torch.nonzero(positives >= 0)
    holds[(*row[:, :-1].T, positives[positives >= 0])] = True
    zero = scores.new_zeros(()).expand(*scores.shape[:-1], 1)
    positive = torch.softmax(torch.cat([(-scores).masked_fill(~holds, -torch.inf), zero], -1), -1)[..., :-1]
    negative = torch.softmax(torch.cat([scores.masked_fill(holds, -torch.inf), zero], -1), -1)[..., :-1]
    return negative - positive
