"""What the optimizers of the chapter share: arguments checked, and gradients checked before anything moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Group = dict[str, Any]


class CheckedOptimizer(torch.optim.Optimizer):
    """A ``torch.optim.Optimizer`` whose step changes nothing if a gradient is sparse, NaN or infinite.

    A subclass says in :meth:`check_step` what it asks of a group's options and parameters, and in :meth:`move` how
    the parameters with a gradient move. Parameters without one stay, and so does their state.
    """

    def add_param_group(self, param_group: Group) -> None:
        """Add a group as torch does; a group that is refused leaves the optimizer as it was."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            for i, p in enumerate(group["params"]):
                if not p.is_floating_point():
                    raise TypeError(f"params[{i}] must be real floating point, got {p.dtype}")
            positive(lr=group["lr"])
            self.check_step(group, group["params"])
            self.check_start(group)
        except Exception:
            self.param_groups.pop()
            raise

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step; return what ``closure`` returned, which is called first, with gradients on.

        Raises TypeError for a sparse gradient and ValueError for one that is NaN or infinite or for a rate below 0,
        before anything has changed.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        moving = []
        for group in self.param_groups:
            not_negative(lr=group["lr"])  # 0 is what a schedule may end at
            parameters = [p for p in group["params"] if p.grad is not None]
            moving.append((group, parameters, _largest(parameters)))
            self.check_step(group, parameters)
        for group, parameters, largest in moving:
            self.move(group, parameters, largest)
        return loss

    def check_step(self, group: Group, parameters: Sequence[Tensor]) -> None:
        """Raise ValueError if an option of ``group`` or a parameter that is to move can't be used; before every step,
        since schedules and readers may change both.
        """

    def check_start(self, group: Group) -> None:
        """Raise ValueError if the parameters of a new ``group`` can't be started from."""

    def move(self, group: Group, parameters: Sequence[Tensor], largest: Sequence[float]) -> None:
        """Change ``parameters``, which have gradients, by one step; ``largest`` are their gradients' largest |g|."""
        raise NotImplementedError

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state as torch does, without rounding it to half precision where the parameters have that."""
        super().load_state_dict(state_dict)
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        parameters = [p for group in self.param_groups for p in group["params"]]
        for number, p in zip(numbers, parameters, strict=True):
            for name, value in state_dict["state"].get(number, {}).items():
                if isinstance(value, Tensor):
                    self.state[p][name] = value.detach().to(p.device, copy=True)


def positive(**numbers: float) -> None:
    """Raise ValueError naming a number that isn't finite and above 0."""
    for name, number in numbers.items():
        if not 0 < float(number) < math.inf:
            raise ValueError(f"{name} must be finite and > 0, got {float(number)}")


def not_negative(**numbers: float) -> None:
    """Raise ValueError naming a number that isn't finite and at least 0."""
    for name, number in numbers.items():
        if not 0 <= float(number) < math.inf:
            raise ValueError(f"{name} must be finite and ≥ 0, got {float(number)}")


def check_decay(group: Group) -> None:
    """Raise ValueError for a decoupled weight decay that isn't ≥ 0, or that would turn a parameter's sign."""
    not_negative(weight_decay=group["weight_decay"])
    if group["lr"] * group["weight_decay"] >= 1:
        raise ValueError(f"lr · weight_decay must be < 1, got {group['lr'] * group['weight_decay']:g}")


def _largest(parameters: Sequence[Tensor]) -> list[float]:
    """Return the largest |g| of every gradient, found in one pass, which NaN and infinity can't pass unseen."""
    found = []
    for i, p in enumerate(parameters):
        gradient = p.grad
        assert gradient is not None
        if gradient.layout != torch.strided:
            raise TypeError(f"the gradient of parameter {i} (shape {tuple(p.shape)}) is sparse, which is not supported")
        ends = torch.aminmax(gradient) if gradient.numel() else (torch.zeros(()), torch.zeros(()))
        largest = max(abs(end.item()) for end in ends)
        if not math.isfinite(largest):
            raise ValueError(f"the gradient of parameter {i} (shape {tuple(p.shape)}) is NaN or infinite")
        found.append(largest)
    return found


def computing_dtype(p: Tensor) -> torch.dtype:
    """Return the parameter's dtype, float32 for half precision: its state must not lose small changes."""
    return torch.float32 if p.dtype in (torch.float16, torch.bfloat16) else p.dtype
