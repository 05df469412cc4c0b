"""Gradient-guided masking: drop the examples that would make the clean loss rise.

Source: Gradient-guided loss masking for neural machine translation, arXiv 2102.13549 (2021), which
kexue.fm/archives/8907 compares; numbers in brackets are the equations of chapter 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from gradbook.checks import as_loss_vector, as_parameters


def masked_backward(example_losses: Tensor, clean_loss: Tensor, parameters: Iterable[Tensor]) -> Tensor:
    """Write the mean gradient of the examples that agree with the clean loss into ``.grad``; return which, bool (B,).

    ``example_losses`` (B,) are the losses of single examples, ``clean_loss`` is a scalar. An example is kept if
    ⟨g_i, g_clean⟩ ≥ 0, (3.13). If none is kept, the gradients written are 0: the optimizer is given nothing to follow.
    The clean gradient only judges, it isn't added.

    All B inner products take three passes, not B: with a weight v_i = 1 for each example, the gradient of Σ v_i L_i is
    made with a graph of its own, and its inner product with g_clean has the derivative ⟨g_i, g_clean⟩ by v_i. So every
    operation of the network must have a second derivative. Nothing is written if anything is wrong.

    Raises ValueError for a loss that is NaN or infinite or has no graph, for other shapes, and for an example whose
    gradient is NaN or infinite; TypeError for parameters that take no gradient.
    """
    if not isinstance(example_losses, Tensor):
        raise TypeError(f"example_losses must be a tensor (B,), got {type(example_losses).__name__}")
    losses = as_loss_vector(example_losses, "example_losses")
    (clean,) = as_loss_vector([clean_loss], "clean_loss")
    shared = as_parameters(parameters)
    for name, loss in (("example_losses", losses), ("clean_loss", clean)):
        if not loss.requires_grad:
            raise ValueError(f"{name} must depend on the parameters, got losses without a graph")
    kept = agreement(losses, clean, shared) >= 0
    chosen = losses[kept].mean() if bool(kept.any()) else 0 * losses.sum()
    found = torch.autograd.grad(chosen, shared, retain_graph=True, allow_unused=True)
    updates = [torch.zeros_like(p) if g is None else g for p, g in zip(shared, found, strict=True)]
    if not all(bool(torch.isfinite(update).all()) for update in updates):
        raise ValueError("the gradient of example_losses is NaN or infinite")
    for parameter, update in zip(shared, updates, strict=True):
        parameter.grad = update
    return kept


def agreement(losses: Tensor, clean: Tensor, shared: list[Tensor]) -> Tensor:
    """Return ⟨g_i, g_clean⟩ (B,) up to a common factor > 0, by differentiating twice: (3.13).

    Raises ValueError that names the example if one of them is NaN or infinite.
    """
    judge = torch.autograd.grad(clean, shared, retain_graph=True, allow_unused=True)
    largest = max((float(c.abs().max()) for c in judge if c is not None and c.numel()), default=0.0)
    scale = largest if 0 < largest < math.inf else 1.0  # only signs count, and these must not underflow
    shares = torch.ones_like(losses, requires_grad=True)
    total = torch.autograd.grad((shares * losses).sum(), shared, create_graph=True, allow_unused=True)
    terms = [(g * (c / scale)).sum() for g, c in zip(total, judge, strict=True) if g is not None and c is not None]
    found = torch.zeros_like(losses)
    if terms and (product := torch.stack(terms).sum()).requires_grad:
        (found,) = torch.autograd.grad(product, shares, retain_graph=True)
    broken = torch.nonzero(~torch.isfinite(found)).flatten()
    if len(broken):
        raise ValueError(
            f"the gradient of example_losses[{int(broken[0])}], or of clean_loss, is NaN or infinite "
            f"(example {int(broken[0]) + 1} of {len(losses)})"
        )
    return found
