"""What a set of tasks on the same inputs is, and the plain network with a shared trunk that learns them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Task:
    """One target: its name, its unit, and its kind, "regression" (squared error) or "binary" (cross-entropy)."""

    name: str
    unit: str
    kind: str

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss of outputs (B,), logits if binary, against targets (B,)."""
        if self.kind == "binary":
            return nn.functional.binary_cross_entropy_with_logits(output, target)
        return nn.functional.mse_loss(output, target)


@dataclass(frozen=True)
class MultiTask:
    """Inputs (N, p) and targets (N, n) of n tasks, split into a part to learn from and a part to judge on."""

    tasks: tuple[Task, ...]
    train_inputs: Tensor
    train_targets: Tensor
    test_inputs: Tensor
    test_targets: Tensor

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the n losses of outputs (B, n) against targets (B, n)."""
        return torch.stack([task.loss(outputs[:, i], targets[:, i]) for i, task in enumerate(self.tasks)])


class SharedNetwork(nn.Module):
    """A trunk of two tanh layers that all tasks share and one linear head a task; (B, p) → (B, n).

    tanh rather than ReLU: the loss is smooth, so that rounding on another processor doesn't grow while training.
    """

    def __init__(self, inputs: int, tasks: int, width: int = 64) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.heads = nn.Linear(width, tasks)

    def start_at(self, outputs: Tensor) -> None:
        """Set the heads' biases to ``outputs`` (n,), so that training need not spend its steps on getting there."""
        with torch.no_grad():
            self.heads.bias.copy_(outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs of all tasks."""
        outputs: Tensor = self.heads(self.trunk(inputs))
        return outputs
