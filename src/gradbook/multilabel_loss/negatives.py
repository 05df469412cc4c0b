"""The second sum, over the labels that don't hold: the costly one, in blocks that stay in the processor's cache."""

from __future__ import annotations

import torch
from torch import Tensor

RUN = 2048  # scores a softmax sums in float32; longer sums are put together in float64
BLOCK = 1 << 18  # scores worked on at a time: 1 MB in float32
LOW = -1e30  # stands for −inf: exp gives 0 all the same, and no run is 0 / 0


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


def _offender(scores: Tensor) -> str:
    wrong = torch.nonzero(torch.isnan(scores) | (scores == torch.inf))
    return f"{scores[tuple(wrong[0])].item()} at label {int(wrong[0, -1])}"
