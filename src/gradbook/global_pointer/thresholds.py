"""The two halves of a pointer's loss once they are logarithms of sums, one a sentence and type."""

from __future__ import annotations

import torch
from torch import Tensor

LOW = -1e30  # stands for −inf where a gradient must not be 0 · inf


def positive_logsum(scores: Tensor, positives: Tensor, types: int) -> Tensor:
    """Return log Σ e^{−s} over the pairs that hold, per sentence and type (B, T); about LOW where there are none.

    ``scores`` (B, M) of the ``positives`` (B, M, 3), checked triples (type, start, end), −1 where empty.
    """
    if not positives.shape[1]:
        return scores.new_full((len(scores), types), LOW)
    kinds = torch.arange(types, device=positives.device).unsqueeze(1)
    return (-scores).unsqueeze(1).masked_fill(positives[:, None, :, 0] != kinds, LOW).logsumexp(2)


def threshold_loss(holds: Tensor, others: Tensor, joint: bool) -> Tensor:
    """Return log(1 + Σ e^{−s}) + log(1 + Σ e^s), summed over types (B,), from the logarithms of both sums (B, T).

    The 1 is the threshold class: one a type, or with ``joint`` one for all.
    """
    if joint:
        holds, others = holds.logsumexp(1, keepdim=True), others.logsumexp(1, keepdim=True)
    return (_softplus(holds) + _softplus(others)).sum(1)


def _softplus(logarithm: Tensor) -> Tensor:
    return torch.nn.functional.softplus(logarithm, threshold=50.0)  # torch's 20 is too early for float64
