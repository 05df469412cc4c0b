"""Several processes that train one model together."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

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
