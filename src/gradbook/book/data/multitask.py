"""What a set of tasks on the same inputs is, and the plain network with a shared trunk that learns them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Task:
    """One target: its name, its unit, its kind, and how many numbers the network puts out for it.

    The kinds are "regression" (squared error), "binary" (cross-entropy of one logit) and "classes" (cross-entropy of
    ``outputs`` logits, targets 0 to outputs − 1).
    """

    name: str
    unit: str
    kind: str
    outputs: int = 1

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss of outputs (B,), logits if binary, or logits (B, K) of classes, against targets (B,)."""
        if self.kind == "classes":
            return nn.functional.cross_entropy(output, target.long())
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

    @property
    def outputs(self) -> int:
        """How many numbers a network puts out for all tasks together: n, or more if some tasks have classes."""
        return sum(task.outputs for task in self.tasks)

    def by_task(self, outputs: Tensor) -> list[Tensor]:
        """Split outputs (B, all) into one piece a task, (B,) or, for classes, (B, K); ValueError for another width."""
        if outputs.ndim != 2 or outputs.shape[1] != self.outputs:
            raise ValueError(f"outputs must have shape (B, {self.outputs}), got {tuple(outputs.shape)}")
        pieces = outputs.split([task.outputs for task in self.tasks], dim=1)
        return [
            piece if task.kind == "classes" else piece.squeeze(1)
            for task, piece in zip(self.tasks, pieces, strict=True)
        ]

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the n losses of outputs (B, all) against targets (B, n), as one vector (n,)."""
        return torch.stack(self.loss_list(outputs, targets))

    def loss_list(self, outputs: Tensor, targets: Tensor) -> list[Tensor]:
        """Return the same losses as n scalars, which are faster to differentiate one by one."""
        pieces = self.by_task(outputs)
        return [task.loss(pieces[i], targets[:, i]) for i, task in enumerate(self.tasks)]


class SharedNetwork(nn.Module):
    """A trunk of two tanh layers that all tasks share and one linear head a task; (B, p) → (B, outputs).

    tanh rather than ReLU: the loss is smooth, so that rounding on another processor doesn't grow while training.
    The heads are the rows of one matrix, ``outputs`` in all (:attr:`MultiTask.outputs`).
    """

    def __init__(self, inputs: int, outputs: int, width: int = 64) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.heads = nn.Linear(width, outputs)

    def start_at(self, outputs: Tensor) -> None:
        """Set the heads' biases to ``outputs``, one a head, so that training need not spend its steps to get there."""
        with torch.no_grad():
            self.heads.bias.copy_(outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs of all tasks."""
        outputs: Tensor = self.heads(self.trunk(inputs))
        return outputs
