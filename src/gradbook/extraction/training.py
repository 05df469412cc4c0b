"""One step: a batch's losses, their gradient, new weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradbook.checks import as_parameters
from gradbook.training.parallel import parallel
from gradbook.training.processes import Place
from gradbook.training.schedules import SCHEDULES
from gradbook.training.settings import Settings


class Stepper:
    """A model, its AdamW, and the processes that share each batch."""

    def __init__(self, model: nn.Module, examples: Sequence[Any], settings: Settings, place: Place) -> None:
        self.model, self.settings, self.place = model, settings, place
        self.trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.parameters = as_parameters(self.trained.values(), "model.parameters()")
        self.optimizer = torch.optim.AdamW(self.parameters, settings.learning_rate, weight_decay=settings.weight_decay)
        self.shared: nn.Module = parallel(model, examples) if place.world > 1 else model

    def step(self, examples: Sequence[Any], batch: list[int], epoch: int, number: int) -> Tensor:
        """Take one step and return the losses of the whole batch, float64; ``number`` is the step of the epoch.

        Each process takes every world-th example. DistributedDataParallel averages the processes' gradients, so each
        sums its losses and multiplies by world / batch: the gradient is that of the mean, however unequal the shares.

        Raises ValueError, before a weight is changed, for losses of another shape, and for a loss or a gradient that
        is NaN or infinite, naming the example.
        """
        where = f"(epoch {epoch}, step {number})"
        place, own = self.place, batch[self.place.rank :: self.place.world]
        self.optimizer.zero_grad()
        # A process without a share goes along with weight 0: the others wait for it.
        taken = own or batch[:1]
        losses = checked_losses(self.shared([examples[i] for i in taken]), len(taken), where)
        everybody = torch.zeros(len(batch), dtype=torch.float64, device=losses.device)
        everybody[place.rank :: place.world] = losses.detach()[: len(own)].double()
        everybody = place.summed(everybody)
        for i, loss in zip(batch, everybody.tolist(), strict=True):
            if not math.isfinite(loss):
                raise ValueError(f"the loss of examples[{i}] is {loss} {where}")
        (losses.sum() * (place.world / len(batch) if own else 0.0)).backward()
        self._descend(examples, batch, epoch, number, where)
        return everybody.cpu()

    def _descend(self, examples: Sequence[Any], batch: list[int], epoch: int, number: int, where: str) -> None:
        """Clip the gradient and let AdamW move the weights."""
        settings = self.settings
        norm = nn.utils.clip_grad_norm_(self.parameters, math.inf if settings.clip is None else settings.clip)
        if not torch.isfinite(norm):
            self.optimizer.zero_grad()
            raise ValueError(f"the gradient is NaN or infinite {where}: {self._culprit(examples, batch)}")
        steps = settings.steps
        factor, beta = SCHEDULES[settings.schedule](epoch * steps + number, settings.epochs * steps)
        for group in self.optimizer.param_groups:
            group["lr"], group["betas"] = settings.learning_rate * factor, (beta, group["betas"][1])
        self.optimizer.step()

    def _culprit(self, examples: Sequence[Any], batch: list[int]) -> str:
        """Name the first example whose gradient, taken alone, is not finite."""
        for i in batch:
            loss = self.model([examples[i]]).sum()
            found = torch.autograd.grad(loss, self.parameters, allow_unused=True)
            if not all(g is None or torch.isfinite(g).all() for g in found):
                return f"that of examples[{i}] is"
        return f"no single example's is, the batch was examples {batch}"


def checked_losses(losses: object, count: int, where: str) -> Tensor:
    """Return the losses if they are a floating point tensor (``count``,) with a graph; else TypeError or ValueError."""
    if not isinstance(losses, Tensor) or not losses.is_floating_point():
        kind = losses.dtype if isinstance(losses, Tensor) else type(losses).__name__
        raise TypeError(f"model(examples) must be a floating point tensor, got {kind} {where}")
    if losses.shape != (count,):
        raise ValueError(f"model(examples) must have shape ({count},), a loss an example, got {tuple(losses.shape)}")
    if not losses.requires_grad:
        raise ValueError(f"model(examples) must depend on the parameters, got losses without a graph {where}")
    return losses
