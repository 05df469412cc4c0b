"""A model whose gradient is averaged over the processes."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

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
