"""What a training run is made of: batches, settings, schedules, steps, processes, its history."""

from __future__ import annotations

import gc
import math
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from inspect import signature
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gradbook.checks import as_parameters

Item = TypeVar("Item")


def shown(items: Iterable[Item], label: str, total: int | None = None, show: bool = True) -> Iterator[Item]:
    """Yield ``items``, with a bar named ``label`` if ``show`` is set and this runs in a Jupyter kernel."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    if show and kernel is not None and kernel.IPKernelApp.initialized():
        # imported here: the widgets take a second that scripts and worker processes needn't spend
        from gradbook.book.explore import progress

        yield from progress(items, label, total)
    else:
        yield from items


POOL = 50  # batches whose examples are sorted by length together


def derived_seed(*numbers: int) -> int:
    """Return a seed for torch that looks random and is the same for the same numbers."""
    return int.from_bytes(sha256(repr(numbers).encode()).digest()[:8], "little") >> 1


def epoch_batches(
    count: int, batch_size: int, seed: int, epoch: int, lengths: Sequence[int] | None = None
) -> list[list[int]]:
    """Return the batches of an epoch: the numbers 0 to ``count`` − 1 in random order, ``batch_size`` at a time.

    Depends on ``seed`` and ``epoch`` alone, not on the epochs before. With ``lengths`` examples of like length come
    together, so that little is padded: of every 50 batches in the random order the examples are sorted by length and
    cut again, and then all batches are shuffled. One batch holds the rest of the division.

    Raises ValueError for a count or batch size below 1, or lengths of another number.
    """
    if count < 1 or batch_size < 1:
        raise ValueError(f"count and batch_size must be ≥ 1, got {count} and {batch_size}")
    if lengths is not None and len(lengths) != count:
        raise ValueError(f"lengths must hold {count} numbers, got {len(lengths)}")
    source = torch.Generator().manual_seed(derived_seed(seed, epoch))
    order: list[int] = torch.randperm(count, generator=source).tolist()
    if lengths is None:
        return cut(order, batch_size)
    pools = [sorted(pool, key=lengths.__getitem__) for pool in cut(order, POOL * batch_size)]
    batches = [batch for pool in pools for batch in cut(pool, batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=source).tolist()]


def cut(order: list[int], size: int) -> list[list[int]]:
    """Return the list in pieces of ``size``, the last one perhaps shorter."""
    return [order[start : start + size] for start in range(0, len(order), size)]


@dataclass
class History:
    """Numbers of a run; epochs and steps count from 0.

    ``losses``: each epoch's mean over its examples. ``step_losses``: each step's mean over its batch, in one row.
    ``scores``: what ``evaluate`` gave after each epoch. ``best_epoch``: the first epoch with the highest score, None
    without ``evaluate``. ``stopped_early``: whether patience ended the run before its last epoch.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    stopped_early: bool = False
    step_losses: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """Epochs that are done."""
        return len(self.losses)

    def add_score(self, score: float) -> bool:
        """Take in the score of the epoch just done; True if it is the best so far."""
        self.scores.append(score)
        if self.best_epoch is None or score > self.scores[self.best_epoch]:
            self.best_epoch = len(self.scores) - 1
            return True
        return False

    def impatient(self, patience: int | None) -> bool:
        """Return whether the last ``patience`` epochs brought no better score."""
        if patience is None or self.best_epoch is None:
            return False
        return len(self.scores) - 1 - self.best_epoch >= patience


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


# the newer of the two names, where torch has it: the older one warns there
_RENAMED = "forward_sync_buffers" in signature(DistributedDataParallel).parameters
# frozen vectors are buffers: to send them round at every step would cost more than the step
_KEEP_BUFFERS: dict[str, Any] = {"forward_sync_buffers" if _RENAMED else "broadcast_buffers": False}


def parallel(model: nn.Module, examples: Sequence[Any]) -> DistributedDataParallel:
    """Return the model as torch's DistributedDataParallel; all processes start from the first one's weights.

    Li et al., "PyTorch Distributed" (arXiv 2006.15704). It has to know whether there are parameters that losses don't
    reach, and warns if told so in vain: hence a look at the first example's loss.
    """
    training = model.training
    model.eval()
    losses = model([examples[0]])
    model.train(training)
    known = reached(losses) if isinstance(losses, Tensor) else set()
    unreached = any(p.requires_grad and p not in known for p in model.parameters())
    return DistributedDataParallel(model, find_unused_parameters=unreached, **_KEEP_BUFFERS)


def reached(losses: Tensor) -> set[Tensor]:
    """Return the leaves of the losses' graph: the parameters that they depend on."""
    leaves, seen, waiting = set(), set(), [losses.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if (leaf := getattr(node, "variable", None)) is not None:
            leaves.add(leaf)
        waiting += [following for following, _ in node.next_functions]
    return leaves


LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Place:
    """The number ``rank`` of this process among ``world`` processes."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and shows bars."""
        return self.rank == 0

    def summed(self, values: Tensor) -> Tensor:
        """Return the sum of all processes' tensors."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def from_first(self, value: float) -> float:
        """Return the number that the first process has; those of the others don't count."""
        return float(self.summed(torch.tensor(value if self.first else 0.0, dtype=torch.float64)))


@contextmanager
def process_group() -> Iterator[Place]:
    """Join the processes that torchrun started, over gloo, and leave them at the end; else a world of one.

    Inside another ``process_group`` it changes nothing.
    """
    if dist.is_available() and dist.is_initialized():
        yield Place(dist.get_rank(), dist.get_world_size())
    elif int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Place()
    else:
        if os.environ.get("MASTER_ADDR") in LOCAL and any(name == "lo" for _, name in socket.if_nameindex()):
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # among ourselves: nothing leaves the machine
        dist.init_process_group("gloo")
        try:
            yield Place(dist.get_rank(), dist.get_world_size())
        finally:
            # DistributedDataParallel refers to itself: what is left of one keeps the group's threads until the exit
            gc.collect()
            dist.destroy_process_group()


RISE = 0.3  # part of the steps in which the rate rises
START, END = 25.0, 25.0 * 1e4  # the peak is so many times the first and the last rate
MOMENTUM = (0.85, 0.95)  # AdamW's first beta where the rate is highest and where it is lowest


def one_cycle(step: int, steps: int) -> tuple[float, float]:
    """Return the factor on the learning rate and AdamW's first beta at ``step`` of ``steps``.

    The rate rises from 1/25 to 1 along half a cosine, then falls to almost 0; the beta moves the other way. The same
    numbers as torch's OneCycleLR. Smith and Topin, "Super-Convergence" (arXiv 1708.07120).
    """
    top = max(RISE * steps - 1, 0.0)
    if step <= top:
        part = step / top if top else 1.0
        return _along(1 / START, 1.0, part), _along(MOMENTUM[1], MOMENTUM[0], part)
    part = (step - top) / (steps - 1 - top)
    return _along(1.0, 1 / END, part), _along(MOMENTUM[0], MOMENTUM[1], part)


def constant(step: int, steps: int) -> tuple[float, float]:
    """Return factor 1 and AdamW's usual first beta, whatever the step."""
    return 1.0, 0.9


def _along(first: float, last: float, part: float) -> float:
    """Half a cosine from ``first`` (part 0) to ``last`` (part 1)."""
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2


SCHEDULES = {"one_cycle": one_cycle, "constant": constant}


@dataclass(frozen=True)
class Settings:
    """The settings of :func:`gradbook.extraction.loop.train`, and the number of examples. Raises ValueError naming one."""

    examples: int
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    schedule: str
    clip: float | None
    seed: int
    patience: int | None
    evaluated: bool
    lengths: str | None

    def __post_init__(self) -> None:
        for name in ("examples", "epochs", "batch_size") + (("patience",) if self.patience is not None else ()):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number ≥ 1, got {value!r}")
        for name, lowest, open_end in (("learning_rate", 0, True), ("weight_decay", 0, False), ("clip", 0, True)):
            value = getattr(self, name)
            if name == "clip" and value is None:
                continue
            if not math.isfinite(value) or value < lowest or (open_end and value == lowest):
                raise ValueError(f"{name} must be finite and {'>' if open_end else '≥'} {lowest}, got {value!r}")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {self.schedule!r}")
        if not isinstance(self.seed, int):
            raise ValueError(f"seed must be a whole number, got {self.seed!r}")
        if self.patience is not None and not self.evaluated:
            raise ValueError("patience must come with evaluate: there is no score to wait for")

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-self.examples // self.batch_size)

    def as_dict(self) -> dict[str, Any]:
        """Return what a run that goes on must have the same; a constant rate lets it take more epochs."""
        numbers = asdict(self)
        if self.schedule == "constant":
            del numbers["epochs"]
        return numbers


def measured(examples: Sequence[Any], length: Callable[[Any], int] | None) -> tuple[list[int] | None, str | None]:
    """Return the examples' lengths and a digest of them; None twice without ``length``."""
    if length is None:
        return None, None
    lengths = [int(length(example)) for example in examples]
    return lengths, sha256(repr(lengths).encode()).hexdigest()[:16]


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
