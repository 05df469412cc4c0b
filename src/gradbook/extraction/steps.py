"""One step: a batch's losses, shared by the processes, their gradient, new weights."""

from __future__ import annotations

import atexit
import gc
import math
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import DistributedDataParallelKwargs, gather_object
from torch import Tensor, nn

from gradbook.checks import as_parameters
from gradbook.extraction.plan import PRECISIONS, Settings, cut, grouped, scheduled

LOCAL = ("localhost", "127.0.0.1", "::1")


class Stepper:
    """A model, its AdamW with its schedule, and the processes that share each batch."""

    def __init__(self, model: nn.Module, examples: Sequence[Any], settings: Settings) -> None:
        self.model, self.examples, self.settings = model, examples, settings
        trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.parameters = as_parameters(trained.values(), "model.parameters()")
        device = self.parameters[0].device
        # Both schedules move a rate of 1, which is multiplied by each group's own.
        groups = grouped(trained, {"": settings.learning_rate, **settings.rates})
        self.optimizer = torch.optim.AdamW(groups, 1.0, weight_decay=settings.weight_decay)
        self.scheduler = scheduled(self.optimizer, settings)
        self._scale_rates()
        self.scaler = torch.amp.GradScaler(device.type, enabled=settings.precision == "fp16")
        among_several = "LOCAL_RANK" in os.environ  # torchrun sets it
        if os.environ.get("MASTER_ADDR") in LOCAL and any(name == "lo" for _, name in socket.if_nameindex()):
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # among ourselves: nothing leaves the machine
        options = DistributedDataParallelKwargs(find_unused_parameters=among_several and self._some_unreached())
        # Autocast and scaler are torch's own: accelerate takes one precision for all models of a process.
        self.accelerator = Accelerator(
            cpu=among_several and device.type == "cpu",
            device_placement=False,
            mixed_precision="no",
            kwargs_handlers=[options],
        )
        self.shared: nn.Module = model
        if self.accelerator.num_processes > 1:
            shared = self.accelerator.prepare(model)
            # frozen vectors are buffers: to send them round at every step would cost more than the step
            shared.broadcast_buffers = False
            self.shared = shared
            leave_at_exit()

    def state(self) -> dict[str, Any]:
        """Return schedule, rates and loss scale as plain numbers; AdamW's moments are tensors of their own."""
        groups = [{k: v for k, v in group.items() if k != "params"} for group in self.optimizer.param_groups]
        return {"schedule": self.scheduler.state_dict(), "groups": groups, "scale": self.scaler.state_dict()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state` gave."""
        self.scheduler.load_state_dict(state["schedule"])
        for group, found in zip(self.optimizer.param_groups, state["groups"], strict=True):
            group.update(found)
        if state["scale"]:
            self.scaler.load_state_dict(state["scale"])

    def step(self, batch: list[int], where: str) -> Tensor:
        """Take one step and return the losses of the whole batch, float64, on the CPU.

        Each process takes a share of the batch. DistributedDataParallel averages the processes' gradients, so each
        sums its losses and multiplies by processes / batch: the gradient is that of the mean, however unequal the
        shares, and in however many pieces.

        Raises ValueError, before a weight is changed, for losses of another shape, and for a loss or a gradient that
        is NaN or infinite, naming the example.
        """
        accelerator = self.accelerator
        self.optimizer.zero_grad()
        with accelerator.split_between_processes(batch) as own:
            # A process without a share goes along with weight 0: the others wait for it.
            weight = accelerator.num_processes / len(batch) if own else 0.0
            taken = own or batch[:1]
        pieces = cut(taken, -(-len(taken) // self.settings.accumulation))
        values: list[float] = []
        for number, piece in enumerate(pieces, 1):
            with nullcontext() if number == len(pieces) else accelerator.no_sync(self.shared):
                losses = self._losses(self.shared, piece, where)
                values += losses.detach().double().tolist()
                self.scaler.scale(losses.sum() * weight).backward()
        values = gather_object(values if own else [])
        for i, loss in zip(batch, values, strict=True):
            if not math.isfinite(loss):
                self.optimizer.zero_grad()
                raise ValueError(f"the loss of examples[{i}] is {loss} {where}")
        self._descend(batch, where)
        return torch.tensor(values, dtype=torch.float64)

    def _losses(self, model: nn.Module, piece: list[int], where: str) -> Tensor:
        half = PRECISIONS[self.settings.precision]
        with nullcontext() if half is None else torch.autocast(self.parameters[0].device.type, half):
            losses = model([self.examples[i] for i in piece])
        return checked_losses(losses, len(piece), where)

    def _descend(self, batch: list[int], where: str) -> None:
        """Clip the gradient, let AdamW move the weights, and the schedule the rate.

        In float16 a gradient beyond its range only lowers the scale, and nothing moves; without a scale to lower it
        is an error there too.
        """
        clip = self.settings.clip
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.parameters, math.inf if clip is None else clip)
        moves = bool(torch.isfinite(norm))
        if not moves and not (self.scaler.is_enabled() and self.scaler.get_scale() > 1):
            self.optimizer.zero_grad()
            raise ValueError(f"the gradient is NaN or infinite {where}: {self._culprit(batch, where)}")
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if moves:
            self.scheduler.step()
            self._scale_rates()

    def _scale_rates(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] *= group["peak"]

    def _culprit(self, batch: list[int], where: str) -> str:
        """Name the first example whose gradient, taken alone, is not finite."""
        for i in batch:
            found = torch.autograd.grad(self._losses(self.model, [i], where).sum(), self.parameters, allow_unused=True)
            if not all(g is None or torch.isfinite(g).all() for g in found):
                return f"that of examples[{i}] is"
        return f"no single example's is, the batch was examples {batch}"

    def _some_unreached(self) -> bool:
        """Return whether the loss of the first example leaves a parameter out.

        DistributedDataParallel has to know, and warns if told so in vain.
        """
        training = self.model.training
        losses = self._losses(self.model.eval(), [0], "(before the first epoch)")
        self.model.train(training)
        return any(g is None for g in torch.autograd.grad(losses.sum(), self.parameters, allow_unused=True))


@cache
def leave_at_exit() -> None:
    """Have this process leave its group before the interpreter goes: the group's threads would abort it there."""

    def leave() -> None:
        gc.collect()  # DistributedDataParallel refers to itself: what is left of one holds the threads
        PartialState().destroy_process_group()

    atexit.register(leave)


def checked_losses(losses: object, count: int, where: str) -> Tensor:
    """Return the losses, in float32 at least, if they are a floating point tensor (``count``,) with a graph.

    Else raises TypeError or ValueError.
    """
    if not isinstance(losses, Tensor) or not losses.is_floating_point():
        kind = losses.dtype if isinstance(losses, Tensor) else type(losses).__name__
        raise TypeError(f"model(examples) must be a floating point tensor, got {kind} {where}")
    if losses.shape != (count,):
        raise ValueError(f"model(examples) must have shape ({count},), a loss an example, got {tuple(losses.shape)}")
    if not losses.requires_grad:
        raise ValueError(f"model(examples) must depend on the parameters, got losses without a graph {where}")
    return losses.float() if losses.dtype in (torch.float16, torch.bfloat16) else losses
