"""One real task for all optimizers: handwritten digits, a small network, a fixed number of steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from gradbook.step_sizes.hypergradient import HypergradientDescent
from gradbook.step_sizes.meta import MetaStepSize
from gradbook.tasks import SharedNetwork, halved, load_digits, reproducible

STEPS = 400
BATCH = 64
WIDTH = 32
MOMENTS = (50, 100, 200, 400)
"""After how many steps the whole training set is looked at."""
DIVERGED = 10.0
"""A loss above this, or none at all, counts as diverged: guessing costs log 10 ≈ 2.3."""

Maker = Callable[[Iterable[Tensor], float], torch.optim.Optimizer]


FAMILIES: dict[str, tuple[float, ...]] = {
    "SGD": (0.0,),
    "momentum": (0.0,),
    "Adam": (0.0,),
    "hypergradient": (0.3, 1.0, 3.0, 10.0),
    "meta": (10.0, 30.0, 100.0, 300.0),
    "meta, normalised": (0.0003, 0.001, 0.003, 0.01),
    "meta, Amid et al.": (0.0003, 0.001, 0.003, 0.01),
}
"""By name of an optimizer the second rates γ that the chapter tries; 0 where there is none."""


def optimizer(name: str, gamma: float = 0.0) -> Maker:
    """Return the function from parameters and a base rate η to the optimizer ``name`` of :data:`FAMILIES`.

    ``gamma`` is γ; of hypergradient descent it is β/η, with which one common factor would move as with the meta rule.
    The form of Amid et al. has a common scale, gains and the average gradient, the first two with the same γ. Raises
    ValueError for another name.
    """
    made: dict[str, Maker] = {
        "SGD": partial(_torch, torch.optim.SGD),
        "momentum": partial(_torch, torch.optim.SGD, momentum=0.9),
        "Adam": partial(_torch, torch.optim.Adam),
        "hypergradient": lambda p, lr: HypergradientDescent(p, lr, gamma * lr),
        "meta": lambda p, lr: MetaStepSize(p, lr, gamma),
        "meta, normalised": lambda p, lr: MetaStepSize(p, lr, gamma, normalize=True),
        "meta, Amid et al.": lambda p, lr: MetaStepSize(p, lr, gamma, normalize=True, averaging=0.9, scale_lr=gamma),
    }
    if name not in made:
        raise ValueError(f"name must be one of {', '.join(made)}, got {name!r}")
    return made[name]


def _torch(kind: Any, parameters: Iterable[Tensor], lr: float, **options: Any) -> torch.optim.Optimizer:
    """An optimizer of torch, foreach off: on so small a network it only costs."""
    made: torch.optim.Optimizer = kind(parameters, lr=lr, foreach=False, **options)
    return made


@dataclass(frozen=True)
class Training:
    """Losses on the whole training set after each of :data:`MOMENTS`, infinite from where it diverged on, and the
    share of right answers on the test set at the end, 0 if it diverged.
    """

    losses: tuple[float, ...]
    accuracy: float


@cache
def _data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    digits = load_digits(4000, 1000)
    return halved(digits.train_images), digits.train_labels, halved(digits.test_images), digits.test_labels


def train(make: Maker, rate: float, seed: int, steps: int = STEPS, unit: float = 1.0) -> Training:
    """Train a fresh network with the optimizer that ``make`` returns for ``rate``.

    ``seed`` draws the network and the batches of 64, the same for all optimizers; ``unit`` multiplies the loss that is
    trained on, not the one that is reported. Raises ValueError for fewer steps than the first moment.
    """
    if steps < MOMENTS[0]:
        raise ValueError(f"steps must be ≥ {MOMENTS[0]}, got {steps}")
    inputs, labels, test_inputs, test_labels = _data()
    generator = torch.Generator().manual_seed(seed)
    moments = [moment for moment in MOMENTS if moment <= steps]
    losses: list[float] = []
    with reproducible(seed):
        network = SharedNetwork(inputs.shape[1], 10, WIDTH)
        optimizer = make(network.parameters(), rate)
        for step in range(1, steps + 1):
            batch = torch.randint(len(inputs), (BATCH,), generator=generator)
            optimizer.zero_grad()
            loss = unit * torch.nn.functional.cross_entropy(network(inputs[batch]), labels[batch])
            loss.backward()
            if not math.isfinite(loss.item()):
                break
            try:
                optimizer.step()
            except ValueError:  # a gradient that is NaN or infinite: the chapter's optimizers refuse it
                break
            if step in moments:
                with torch.no_grad():
                    whole = float(torch.nn.functional.cross_entropy(network(inputs), labels))
                if not whole < DIVERGED:
                    break
                losses.append(whole)
        else:
            with torch.no_grad():
                right = float((network(test_inputs).argmax(1) == test_labels).double().mean())
            return Training(tuple(losses), right)
    return Training((*losses, *[math.inf] * (len(moments) - len(losses))), 0.0)
