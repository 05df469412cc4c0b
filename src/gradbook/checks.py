"""What every public function asks of its arguments, with one wording for all errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def as_loss_vector(losses: Tensor | Sequence[Tensor], name: str = "losses") -> Tensor:
    """Return the losses as one vector (n,), connected to their graph.

    ``losses`` is a tensor (n,) or a sequence of n scalar tensors. Raises TypeError for anything else, integer
    tensors included, and ValueError for no losses, other shapes, or a loss that is NaN or infinite; the message
    names the task.
    """
    if isinstance(losses, Tensor):
        vector = losses
    else:
        entries = list(losses)
        for i, entry in enumerate(entries):
            if not isinstance(entry, Tensor):
                raise TypeError(f"{name}[{i}] must be a tensor, got {type(entry).__name__}")
            if entry.numel() != 1:
                raise ValueError(f"{name}[{i}] must be a scalar tensor, got shape {tuple(entry.shape)}")
        if not entries:
            raise ValueError(f"{name} must hold at least one task, got none")
        vector = torch.stack([entry.reshape(()) for entry in entries])
    if not vector.is_floating_point():
        raise TypeError(f"{name} must be floating point, got {vector.dtype}")
    if vector.ndim != 1 or not len(vector):
        raise ValueError(f"{name} must have shape (n,) with n ≥ 1, got {tuple(vector.shape)}")
    require(torch.isfinite(vector), vector, name, "be finite")
    return vector


def require(holds: Tensor, values: Tensor, name: str, demand: str) -> None:
    """Raise ValueError naming the first task i whose ``holds[i]`` is False: "losses[2] must be positive, got 0"."""
    wrong = torch.nonzero(~holds.detach()).flatten()
    if len(wrong):
        i = int(wrong[0])
        raise ValueError(f"{name}[{i}] must {demand}, got {values[i].item():g} (task {i + 1} of {len(values)})")


def as_parameters(parameters: Iterable[Tensor], name: str = "parameters") -> list[Tensor]:
    """Return the parameters as a list; ValueError if there are none, TypeError if one takes no gradient."""
    found = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not found:
        raise ValueError(f"{name} must hold at least one tensor, got none")
    for i, parameter in enumerate(found):
        if not isinstance(parameter, Tensor) or not parameter.requires_grad:
            raise TypeError(f"{name}[{i}] must be a tensor with requires_grad=True")
    return found


def check_sizes(**sizes: int) -> None:
    """Raise ValueError naming a size that isn't a whole number ≥ 1."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"{name} must be a whole number ≥ 1, got {size!r}")


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Eval mode and no gradients inside; afterwards every part has its own mode back."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training
