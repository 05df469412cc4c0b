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

    u has no graph: the weights are taken for constants. Raises the errors of :func:`gradbook.task_gradients.gramian`;
    ValueError for another shape than (n, d).
    """
    if isinstance(gradients, Tensor) and gradients.ndim != 2:
        raise ValueError(f"gradients must have shape (n, d), got {tuple(gradients.shape)}")
    _, multipliers = _solve([gradients], normalize)
    return _combined(multipliers, gradients.detach())


def pareto_backward(
    losses: Tensor | Sequence[Tensor],
    shared: Iterable[Tensor],
    own: Iterable[Tensor] = (),
    *,
    normalize: bool = False,
    features: Tensor | None = None,
) -> MinNorm:
    """Write into ``.grad`` what the optimizer is to step against, for n losses that share parameters.

    Call it in the place of ``backward()``; what ``.grad`` held before is replaced, and a parameter that no loss reaches
    gets zeros. The parameters in ``shared`` get u = Σ α_i g_i, the min-norm combination of the tasks' gradients; those
    in ``own`` (the tasks' heads) get the gradient of the plain sum of the losses, that is of their own loss. With
    ``features``, the output of the shared part from which all losses are computed, the weights minimise the upper bound
    (2.17) instead, ‖Σ α_i ∇_H L_i‖², at the cost of one backward pass through the shared part
    (MGDA-UB; not a descent direction in general; what a loss reads of the shared part beside the features isn't
    seen). With ``normalize`` all gradients are divided by their norms first.

    Returns the weights α (with ``normalize``, those of the unit gradients) with the solver's certificate. Nothing is
    written if anything is wrong.

    Raises ValueError for a loss or gradient that is NaN or infinite, naming the task, for a loss that doesn't depend on
    ``features``, features that don't depend on ``shared``, and a parameter that is named twice; TypeError for
    parameters that take no gradient.
    """
    vector = as_loss_vector(losses)
    scalars = list(vector.unbind()) if isinstance(losses, Tensor) else list(losses)
    trunk, heads = as_parameters(shared), list(own)
    if len({id(parameter) for parameter in [*trunk, *heads]}) < len(trunk) + len(heads):
        raise ValueError("shared and own must hold each parameter once")
    through = trunk if features is None else [_checked_features(features, scalars)]
    columns = gradients_by_parameter(scalars, [*through, *heads])
    found, multipliers = _solve(columns[: len(through)], normalize)
    updates = [_combined(multipliers, column) for column in columns[: len(through)]]
    if features is not None:
        pulled = torch.autograd.grad(features, trunk, updates[0], retain_graph=True, allow_unused=True)
        if all(gradient is None for gradient in pulled):
            raise ValueError("features must be computed from the shared parameters, none of them reaches it")
        updates = [torch.zeros_like(p) if g is None else g for p, g in zip(trunk, pulled, strict=True)]
    updates += [column.sum(0) for column in columns[len(through) :]]
    if not all(bool(torch.isfinite(update).all()) for update in updates):
        raise ValueError("the update is NaN or infinite: the gradients leave the range of their dtype")
    for parameter, update in zip([*trunk, *heads], updates, strict=True):
        parameter.grad = update.detach()
    return found


def _checked_features(features: Tensor, losses: Sequence[Tensor]) -> Tensor:
    if not isinstance(features, Tensor) or not features.requires_grad:
        raise ValueError("features must be the shared part's output, connected to its graph")
    for i, loss in enumerate(losses):
        if (
            not loss.requires_grad
            or torch.autograd.grad(loss, features, retain_graph=True, allow_unused=True)[0] is None
        ):
            raise ValueError(f"losses[{i}] doesn't depend on features (task {i + 1} of {len(losses)})")
    return features


def _combined(multipliers: Tensor, column: Tensor) -> Tensor:
    """Return Σ m_i g_i for gradients (n, …), in float64 where a multiplier may leave the range of their dtype."""
    wide = column if float(multipliers.max()) < 1e4 else column.to(torch.float64)
    combined: Tensor = torch.tensordot(multipliers.to(wide), wide, dims=1)
    return combined.to(column.dtype)


def _solve(columns: Sequence[Tensor], normalize: bool) -> tuple[MinNorm, Tensor]:
    """Return the min-norm answer for the tasks' gradients, or their unit vectors, and what multiplies the gradients."""
    products = gramian(columns)
    squares = products.diagonal()
    norms = torch.where(squares > 0, squares, 1.0).sqrt() if normalize else torch.ones_like(squares)
    found = min_norm_weights(products / norms / norms[:, None])
    return found, found.weights / norms
