"""What stands before a run's first step: its settings, checked once, its batches, and how its rates move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

PRECISIONS = {"no": None, "bf16": torch.bfloat16, "fp16": torch.float16}
SCHEDULES = ("one_cycle", "constant")
POOL = 50  # batches whose examples are sorted by length together


@dataclass(frozen=True)
class Settings:
    """The settings of :func:`gradbook.extraction.training.train`, and what it is given. ValueError names a bad one."""

    examples: int
    epochs: int
    batch_size: int
    learning_rate: float
    rates: Mapping[str, float]
    weight_decay: float
    schedule: str
    warmup: int | None
    clip: float | None
    accumulation: int
    precision: str
    seed: int
    patience: int | None
    evaluated: bool
    lengths: str | None
    data: str | None

    def __post_init__(self) -> None:
        for name in ("examples", "epochs", "batch_size", "accumulation", "warmup", "patience"):
            value = getattr(self, name)
            if value is None and name in ("warmup", "patience"):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number ≥ 1, got {value!r}")
        positive = {"learning_rate": self.learning_rate, "clip": 1.0 if self.clip is None else self.clip}
        for name, value in {**positive, **{f"rates[{key!r}]": rate for key, rate in self.rates.items()}}.items():
            if not math.isfinite(value) or value <= 0:
                raise ValueError(f"{name} must be finite and > 0, got {value!r}")
        if not math.isfinite(self.weight_decay) or self.weight_decay < 0:
            raise ValueError(f"weight_decay must be finite and ≥ 0, got {self.weight_decay!r}")
        for name, choices in (("schedule", SCHEDULES), ("precision", PRECISIONS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")
        steps = self.epochs * self.steps
        if self.schedule == "one_cycle" and self.warmup is not None and not 2 <= self.warmup < steps:
            raise ValueError(f"warmup must leave one_cycle a rise and a fall, got {self.warmup} of {steps} steps")
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


def grouped(trained: Mapping[str, nn.Parameter], rates: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return AdamW's groups: each parameter with the rate of the longest beginning of its name.

    Raises ValueError for a beginning that no name has.
    """
    for prefix in rates:
        if not any(name.startswith(prefix) for name in trained):
            raise ValueError(f"rates[{prefix!r}] must be the beginning of a trained parameter's name")
    members: dict[str, list[nn.Parameter]] = {prefix: [] for prefix in rates}
    for name, parameter in trained.items():
        members[max((prefix for prefix in rates if name.startswith(prefix)), key=len)].append(parameter)
    return [{"params": found, "peak": rates[prefix]} for prefix, found in members.items() if found]


def scheduled(optimizer: torch.optim.Optimizer, settings: Settings) -> LRScheduler:
    """Return how the rate moves from step to step.

    one_cycle: up from 1/25 along half a cosine, then down to almost 0, AdamW's first beta the other way; Smith and
    Topin, "Super-Convergence" (arXiv 1708.07120). constant: up in ``warmup`` equal stairs, if any, then level.
    """
    steps = settings.epochs * settings.steps
    if settings.schedule == "one_cycle" and steps > 1:  # a single step would get the lowest rate
        rise = 0.3 if settings.warmup is None else settings.warmup / steps
        return OneCycleLR(optimizer, 1.0, total_steps=steps, pct_start=rise)
    stairs = settings.warmup or 1
    return LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / stairs))
