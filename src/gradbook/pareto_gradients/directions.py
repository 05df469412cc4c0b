"""From the task gradients to one update, and a training step that writes it where any optimizer finds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from gradbook.checks import as_loss_vector, as_parameters
from gradbook.pareto_gradients.min_norm import MinNorm, min_norm_weights
from gradbook.task_gradients import gradients_by_parameter, gramian


def pareto_direction(gradients: Tensor, normalize: bool = False) -> Tensor:
    """Return u = Σ α_i g_i (d,), the point of the hull of the gradients (n, d) nearest to the origin (MGDA).

    ⟨g_i, u⟩ ≥ ‖u‖² for every i: to first order a step against u lets no loss rise. u = 0 means that no step does
    better for all: the parameters are Pareto stationary. With ``normalize`` every gradient is divided by its norm
    first (a zero gradient stays: u is 0 then). Equation (2.10) of chapter 2, article 8896.

    Raises the errors of :func:`gradbook.task_gradients.gramian`; ValueError for another shape than (n, d).
    """
    if isinstance(gradients, Tensor) and gradients.ndim != 2:
        raise ValueError(f"gradients must have shape (n, d), got {tuple(gradients.shape)}")
    _, multipliers = _solve([gradients], normalize)
    return multipliers.to(gradients) @ gradients


def pareto_backward(
    losses: Tensor | Sequence[Tensor],
    shared: Iterable[Tensor],
    own: Iterable[Tensor] = (),
    *,
    normalize: bool = False,
    features: Tensor | None = None,
) -> MinNorm:
    """Do what ``backward()`` does, for n losses at once: write the gradients that the optimizer then steps against.

    The parameters in ``shared`` get u = Σ α_i g_i, the min-norm combination of the tasks' gradients; those in ``own``
    (the tasks' heads) get the gradient of the plain sum of the losses, that is of their own loss. With ``features``,
    the output of the shared part from which all losses are computed, the weights minimise the upper bound
    (2.17) instead, ‖Σ α_i ∇_H L_i‖², at the cost of one backward pass through the shared part
    (MGDA-UB; not a descent direction in general). With ``normalize`` all gradients are divided by their norms first.

    Returns the weights α (with ``normalize``, those of the unit gradients) with the solver's certificate. Nothing is
    written if anything is wrong.

    Raises ValueError for a loss or gradient that is NaN or infinite, naming the task, and for losses that don't
    depend on ``features``; TypeError for parameters that take no gradient.
    """
    vector = as_loss_vector(losses)
    scalars = list(vector.unbind()) if isinstance(losses, Tensor) else list(losses)
    trunk, heads = as_parameters(shared), list(own)
    through = trunk if features is None else [_checked_features(features)]
    columns = gradients_by_parameter(scalars, [*through, *heads])
    found, multipliers = _solve(columns[: len(through)], normalize)
    updates = [torch.einsum("n,n...->...", multipliers.to(column), column) for column in columns[: len(through)]]
    if features is not None:
        pulled = torch.autograd.grad(features, trunk, updates[0], retain_graph=True, allow_unused=True)
        updates = [torch.zeros_like(p) if g is None else g for p, g in zip(trunk, pulled, strict=True)]
    updates += [column.sum(0) for column in columns[len(through) :]]
    for parameter, update in zip([*trunk, *heads], updates, strict=True):
        parameter.grad = update.detach()
    return found


def _checked_features(features: Tensor) -> Tensor:
    if not isinstance(features, Tensor) or not features.requires_grad:
        raise ValueError("features must be the shared part's output, connected to its graph")
    return features


def _solve(columns: Sequence[Tensor], normalize: bool) -> tuple[MinNorm, Tensor]:
    """Return the min-norm answer for the tasks' gradients, or their unit vectors, and what multiplies the gradients."""
    products = gramian(columns)
    squares = products.diagonal()
    norms = torch.where(squares > 0, squares, 1.0).sqrt() if normalize else torch.ones_like(squares)
    found = min_norm_weights(products / norms / norms[:, None])
    return found, found.weights / norms
