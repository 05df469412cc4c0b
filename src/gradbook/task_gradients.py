"""The gradients of several losses with respect to shared parameters, and their inner products.

n tasks, d parameter entries in all. Used by chapters 1 to 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from gradbook.checks import as_loss_vector, as_parameters

_SMALL = 1 << 17  # entries that are turned into float64 at a time: 1 MB, it stays in the cache
_RUN = 2048  # columns that are summed in float32 before the sum goes on in float64
_ROOM = 1 << 22  # entries of partial sums that are held at a time: 16 MB
_CANCELS = 1e-2  # least eigenvalue of the cosines below which errors are magnified more than a hundred times
_TINY = 1e-20  # mean square below which products of float32 entries may underflow


def gradients_by_parameter(losses: Tensor | Sequence[Tensor], parameters: Iterable[Tensor]) -> list[Tensor]:
    """Return one tensor (n, *shape) for each parameter: the gradients of all losses with respect to it.

    One backward pass a loss. On CPU a batched pass is slower for large batches and up to twice as fast for small ones,
    but not every operation has one, and a loss that overflows would spoil the others' gradients in it. The graph is
    kept, so that the losses can still be differentiated. A parameter that a loss doesn't reach gets zeros.

    Raises ValueError that names the task if a loss or a gradient is NaN or infinite.
    """
    shared = as_parameters(parameters)
    count = len(as_loss_vector(losses))
    columns = [parameter.new_empty((count, *parameter.shape), requires_grad=False) for parameter in shared]
    # Copied row by row, each pass finds the memory of the one before: stacking at the end is twice as slow.
    for i, row in enumerate(_each_gradient(losses, shared)):
        for column, gradient in zip(columns, row, strict=True):
            column[i] = gradient
    return columns


def gradient_norms(losses: Tensor | Sequence[Tensor], parameters: Iterable[Tensor]) -> Tensor:
    """Return the norms ‖g_i‖ of the losses' gradients over all parameters together, a float64 vector (n,).

    Holds one gradient at a time. Same rules and errors as :func:`gradients_by_parameter`.
    """
    pieces = [
        torch.stack([torch.linalg.vector_norm(gradient, dtype=torch.float64) for gradient in row])
        for row in _each_gradient(losses, as_parameters(parameters))
    ]
    return torch.stack([torch.linalg.vector_norm(piece) for piece in pieces])


def _each_gradient(losses: Tensor | Sequence[Tensor], shared: list[Tensor]) -> Iterator[list[Tensor]]:
    """Yield the gradients of one loss after the other, one tensor a parameter."""
    vector = as_loss_vector(losses)
    if not vector.requires_grad:
        raise ValueError("losses must depend on the parameters, got losses without a graph")
    # Scalars are differentiated as they came: through the vector, each pass would visit the other losses too.
    for i, loss in enumerate(vector.unbind() if isinstance(losses, Tensor) else losses):
        found: Sequence[Tensor | None] = [None] * len(shared)
        if loss.requires_grad:
            found = torch.autograd.grad(loss, shared, retain_graph=True, allow_unused=True)
        row = [torch.zeros_like(p) if g is None else g for p, g in zip(shared, found, strict=True)]
        if not all(_is_finite(gradient) for gradient in row):
            raise ValueError(f"the gradient of losses[{i}] is NaN or infinite (task {i + 1} of {len(vector)})")
        yield row


def _is_finite(gradient: Tensor) -> bool:
    """By the largest entry, which NaN and infinity both spoil: one pass and no mask."""
    return not gradient.numel() or math.isfinite(float(torch.linalg.vector_norm(gradient, math.inf)))


def task_gradients(losses: Tensor | Sequence[Tensor], parameters: Iterable[Tensor]) -> Tensor:
    """Return the gradients of all losses as rows of a matrix (n, d), flattened in the order of ``parameters``.

    Same rules and errors as :func:`gradients_by_parameter`, which saves the copy when d is large.
    """
    return torch.cat([block.flatten(1) for block in gradients_by_parameter(losses, parameters)], dim=1)


def gramian(gradients: Tensor | Sequence[Tensor]) -> Tensor:
    """Return the inner products ⟨g_i, g_j⟩ as a symmetric matrix (n, n) in float64.

    ``gradients`` is a matrix (n, d) or a list of tensors (n, …), one for each parameter; no copy of the whole is made.
    Sums are taken in float64 whatever the input's dtype. Of large float32 blocks, 2,048 products at a time are summed
    by a float32 matrix product: as fast as one product of the whole, and about 1e-8 ‖g_i‖ ‖g_j‖ off, a hundred times
    less. Where gradients nearly cancel, so that this could be seen in a ‖Σ α_i g_i‖², or where squares leave the range
    of float32, all products are taken again in float64, which is about 2.5 times slower.

    Raises TypeError for tensors that are not floating point, ValueError for no tensors, numbers of rows that differ,
    no rows, or a NaN or infinite entry.
    """
    blocks = [gradients] if isinstance(gradients, Tensor) else list(gradients)
    if not blocks:
        raise ValueError("gradients must hold at least one tensor, got none")
    for i, block in enumerate(blocks):
        if not isinstance(block, Tensor) or not block.is_floating_point():
            raise TypeError(f"gradients[{i}] must be a floating point tensor")
        if block.ndim < (2 if isinstance(gradients, Tensor) else 1) or not len(block):
            raise ValueError(f"gradients must have shape (n, …) with n ≥ 1, got {tuple(block.shape)}")
        if len(block) != len(blocks[0]):
            raise ValueError(f"gradients[{i}] has {len(block)} rows, gradients[0] has {len(blocks[0])}")
    tasks = len(blocks[0])
    rows = [block.detach().reshape(tasks, -1) for block in blocks]
    wide = [row.dtype != torch.float32 or row.numel() <= _SMALL for row in rows]
    total = torch.stack([(_in_float64 if w else _in_runs)(row) for w, row in zip(wide, rows, strict=True)]).sum(0)
    if not all(wide) and _is_delicate(total, sum(row.shape[1] for row in rows)):
        total = torch.stack([_in_float64(row) for row in rows]).sum(0)
    if not bool(torch.isfinite(total).all()):
        worst = int(torch.nonzero(~torch.isfinite(total.diagonal())).flatten()[0])
        raise ValueError(f"the gradient of task {worst + 1} (row {worst}) is NaN, infinite, or too large for float64")
    return torch.triu(total) + torch.triu(total, 1).T


def _in_float64(rows: Tensor) -> Tensor:
    """Return ``rows`` (n, d) times its transpose, a piece at a time in float64."""
    pieces = [rows] if rows.dtype == torch.float64 else rows.split(max(1, _SMALL // len(rows)), dim=1)
    total = torch.zeros(len(rows), len(rows), dtype=torch.float64, device=rows.device)
    for piece in pieces:
        wide = piece.to(torch.float64)
        total.addmm_(wide, wide.T)
    return total


def _in_runs(rows: Tensor) -> Tensor:
    """The same for float32 rows, summed in float32 over runs of columns and in float64 over the runs."""
    total = torch.zeros(len(rows), len(rows), dtype=torch.float64, device=rows.device)
    for piece in rows.split(_RUN * max(1, _ROOM // len(rows) ** 2), dim=1):
        whole = piece.shape[1] // _RUN * _RUN
        batch = piece[:, :whole].reshape(len(rows), -1, _RUN).transpose(0, 1)
        total += torch.bmm(batch, batch.transpose(1, 2)).sum(0, dtype=torch.float64)
        rest = piece[:, whole:].to(torch.float64)
        total.addmm_(rest, rest.T)
    return total


def _is_delicate(gram: Tensor, length: int) -> bool:
    """True if an error of 1e-8 ‖g_i‖ ‖g_j‖ could be seen in a ‖Σ α_i g_i‖², or squares leave the range of float32."""
    squares = gram.diagonal()
    if not bool(((squares > _TINY * length) & (squares < math.inf)).all()):
        return True
    norms = squares.sqrt()
    return float(torch.linalg.eigvalsh(gram / norms / norms[:, None])[0]) < _CANCELS


def set_gradient(parameters: Iterable[Tensor], direction: Tensor) -> None:
    """Write ``direction`` (d,) into the ``.grad`` of the parameters, in their order; an optimizer steps against it.

    Raises ValueError, before anything is written, for a wrong length or a NaN or infinite entry.
    """
    shared = as_parameters(parameters)
    sizes = [parameter.numel() for parameter in shared]
    if direction.shape != (sum(sizes),):
        raise ValueError(f"direction must have shape ({sum(sizes)},), got {tuple(direction.shape)}")
    if not bool(torch.isfinite(direction).all()):
        raise ValueError("direction must be finite, got NaN or an infinite entry")
    if any(parameter.device != direction.device for parameter in shared):
        raise ValueError(f"direction is on {direction.device}, the parameters are not")
    pieces = direction.detach().split(sizes)
    for parameter, piece in zip(shared, pieces, strict=True):
        parameter.grad = piece.reshape(parameter.shape).to(parameter.dtype, copy=True)
