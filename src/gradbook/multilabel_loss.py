"""The multi-label cross-entropy with threshold 0, three ways: from indices, from a yes/no table, as first written.

One score s_k a label. The labels that hold are to stand above 0, the others below:

    loss = log(1 + Σ_{k holds} e^{−s_k}) + log(1 + Σ_{k doesn't} e^{s_k})

Su, "Efficient GlobalPointer" (2022, kexue.fm/archives/8877) and "GPLinker" (kexue.fm/archives/8888); Su et al., "ZLPR"
(arXiv 2208.02955). The 1s are the threshold class, a label whose score is 0: one a row. The sum over the labels that
don't hold is the costly one: it is computed in blocks that stay in the processor's cache, and without subtracting.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = [
    "multilabel_cross_entropy",
    "naive_sparse_multilabel_cross_entropy",
    "sparse_multilabel_cross_entropy",
]

REDUCTIONS = ("none", "mean", "sum")
RUN = 2048  # scores a softmax sums in float32; longer sums are put together in float64
BLOCK = 1 << 18  # scores worked on at a time: 1 MB in float32
LOW = -1e30  # stands for −inf: exp gives 0 all the same, and no run is 0 / 0


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
    _check_scores(scores, reduction)
    _check_positives(scores, positives)
    losses: Tensor = _SparseLoss.apply(scores, positives)  # type: ignore[no-untyped-call]
    return _reduced(losses, reduction, scores.dtype)


def multilabel_cross_entropy(scores: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Return log(1 + Σ_{k holds} e^{−s_k}) + log(1 + Σ_{k doesn't} e^{s_k}) of ``scores`` and ``targets``.

    Both (…, K); ``targets`` is bool, True where the label holds; scores of −inf don't count. Returns (…) for
    ``reduction="none"``, else a scalar. The labels that hold are looked up once, then it is the sparse loss: the same
    numbers, from a table that costs K bytes a row instead of 8 M.

    Raises TypeError for scores that aren't floating point or targets that aren't bool, ValueError for shapes that
    differ, a label that holds but is masked, and scores that are NaN or +inf.

    Su, "Efficient GlobalPointer" (kexue.fm/archives/8877) and ZLPR (arXiv 2208.02955).
    """
    _check_scores(scores, reduction)
    if not isinstance(targets, Tensor) or targets.dtype != torch.bool:
        kind = targets.dtype if isinstance(targets, Tensor) else type(targets).__name__
        raise TypeError(f"targets must be a bool tensor, got {kind}")
    if targets.shape != scores.shape:
        raise ValueError(f"targets must have shape {tuple(scores.shape)} like scores, got {tuple(targets.shape)}")
    if targets.device != scores.device:
        raise ValueError(f"targets must lie on {scores.device} like scores, got {targets.device}")
    return sparse_multilabel_cross_entropy(scores, _positives_of(targets), reduction)


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
    _check_scores(scores, reduction)
    _check_positives(scores, positives)
    here = positives >= 0
    zero = torch.zeros_like(scores[..., :1])
    held = scores.gather(-1, positives.clamp(min=0))
    _check_finite_positives(held.detach()[here])
    if torch.isnan(scores).any() or (scores == torch.inf).any():
        raise ValueError("scores must be finite or −inf, got NaN or +inf")
    positive = torch.logsumexp(torch.cat([(-held).masked_fill(~here, -torch.inf), zero], -1), -1)
    everything = torch.logsumexp(torch.cat([scores, zero], -1), -1)
    # a stand-in for −inf: a row without labels would be all −inf, whose gradient is NaN
    low = torch.finfo(scores.dtype).min / 2
    held_sum = torch.logsumexp(held.masked_fill(~here, low), -1) if held.shape[-1] else torch.full_like(everything, low)
    rest = (1 - torch.exp(held_sum - everything)).clamp(min=clip, max=1.0)
    return _reduced(positive + everything + torch.log(rest), reduction, scores.dtype)


class _SparseLoss(torch.autograd.Function):
    """Scores (…, K), positives (…, M) → one loss a row (…), float64."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, positives: Tensor) -> Tensor:
        rows, labels = _rows(scores.detach()), _rows(positives)
        here = labels >= 0
        held = rows.gather(1, labels.clamp(min=0)).double()
        _check_finite_positives(held[here])
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


def negative_part(rows: Tensor, labels: Tensor, here: Tensor, keep: bool) -> tuple[Tensor, Tensor | None, Tensor]:
    """Return log(1 + Σ e^s) over the labels that don't hold, and what its gradient is made of.

    ``rows`` (R, K), ``labels`` (R, M) with ``here`` (R, M) where they count. Returns the losses (R,) float64, the
    softmax inside each of C runs (R, C, run), None unless ``keep``, and the runs' weights (R, C) float64: the
    gradient is their product, filled-up places at the end included.

    Raises ValueError if a score is NaN or +inf.
    """
    number, width = rows.shape
    run = min(RUN, width)
    runs = -(-width // run)
    work = torch.promote_types(rows.dtype, torch.float32)
    step = max(1, BLOCK // (runs * run))
    block = torch.full((min(step, number), runs * run), LOW, dtype=work, device=rows.device)
    shares = torch.empty(number, runs, run, dtype=work, device=rows.device) if keep else None
    sums = torch.empty(number, runs, dtype=torch.float64, device=rows.device)
    for first in range(0, number, step):
        piece = slice(first, min(first + step, number))
        scores = block[: piece.stop - first]
        torch.clamp(rows[piece].to(work), min=LOW, out=scores[:, :width])
        row, column = torch.nonzero(here[piece], as_tuple=True)
        scores[row, labels[piece][row, column]] = LOW
        by_run = scores.view(-1, runs, run)
        top = by_run.amax(-1)
        if not torch.isfinite(top).all():
            raise ValueError(f"scores must be finite or −inf, got {_offender(rows[piece])}")
        share = torch.softmax(by_run, -1, out=shares[piece]) if shares is not None else torch.softmax(by_run, -1)
        # the largest share is e^0 / Σ e^{s − top}: it gives the sum back without a second exponential
        sums[piece] = top.double() - share.amax(-1).double().log()
    losses, weights = softplus_of_sum(sums)
    return losses, shares, weights


def softplus_of_sum(logarithms: Tensor) -> tuple[Tensor, Tensor]:
    """Return log(1 + Σ_m e^{x_m}) (R,) of ``logarithms`` x (R, M), and its gradient (R, M).

    Right to rounding, relative, also where the sum is far below 1; −inf counts 0.
    """
    top = logarithms.amax(-1, keepdim=True).clamp(min=LOW) if logarithms.shape[-1] else logarithms.sum(-1, keepdim=True)
    terms = torch.exp(logarithms - top)
    total = (top + terms.sum(-1, keepdim=True).log()).squeeze(-1)
    losses = torch.nn.functional.softplus(total, threshold=50.0)  # log1p inside: right for a small sum too
    return losses, torch.exp(logarithms - losses.unsqueeze(-1))


def _positives_of(targets: Tensor) -> Tensor:
    """Return the indices (…, M) int64 of the True entries of ``targets`` (…, K), filled up with −1."""
    counts = targets.sum(-1)
    most = int(counts.max())
    positives = torch.full((*targets.shape[:-1], most), -1, device=targets.device)
    positives[torch.arange(most, device=targets.device) < counts.unsqueeze(-1)] = torch.nonzero(targets)[:, -1]
    return positives


def _reduced(losses: Tensor, reduction: str, dtype: torch.dtype) -> Tensor:
    """Return the losses of all rows, their mean or their sum; rounded to ``dtype`` only at the end."""
    if reduction == "mean":
        losses = losses.mean()
    elif reduction == "sum":
        losses = losses.sum()
    return losses.to(dtype)


def _check_scores(scores: Tensor, reduction: str) -> None:
    """Raise unless ``scores`` is a floating point tensor (…, K) with at least one row and one label."""
    if not isinstance(scores, Tensor) or not scores.is_floating_point():
        kind = scores.dtype if isinstance(scores, Tensor) else type(scores).__name__
        raise TypeError(f"scores must be a floating point tensor, got {kind}")
    if scores.ndim < 1 or scores.numel() == 0:
        raise ValueError(f"scores must have shape (…, K) with at least one row and K ≥ 1, got {tuple(scores.shape)}")
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}")


def _check_positives(scores: Tensor, positives: Tensor) -> None:
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


def _check_finite_positives(scores: Tensor) -> None:
    """Raise if the score of a label that holds is NaN or +inf, or masked: its loss would be infinite."""
    wrong = scores[torch.isnan(scores) | (scores == torch.inf)]
    if len(wrong):
        raise ValueError(f"scores must be finite or −inf, got {wrong[0].item()} at a label that holds")
    if not torch.isfinite(scores).all():
        raise ValueError("positives must not name a masked label: a score there is −inf, so its loss would be infinite")


def _offender(scores: Tensor) -> str:
    wrong = torch.nonzero(torch.isnan(scores) | (scores == torch.inf))
    return f"{scores[tuple(wrong[0])].item()} at label {int(wrong[0, -1])}"
