"""How much the base rate matters: every optimizer over five decades of it, on real digits, with several seeds.

``python -m gradbook.book.step_sizes.comparison`` writes the table 07-sensitivity (a quarter of an hour on one core).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gradbook.book.data.digits import halved, load_digits
from gradbook.book.data.multitask import SharedNetwork, reproducible
from gradbook.book.stored import STORED, write_table
from gradbook.step_sizes import HypergradientDescent, MetaStepSize

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


SEEDS = 5
RATES = tuple(round(10 ** (k / 3), -math.floor(k / 3) + 2) for k in range(-12, 4))
"""Base rates from 0.0001 to 10, three a decade."""


def sweep(
    name: str, gamma: float, rates: Sequence[float] = RATES, seeds: int = SEEDS, steps: int = STEPS
) -> dict[str, Any]:
    """Train with every rate and seed; return the losses by moment and the accuracies, a row a rate, a number a seed.

    A run that diverged has None for its loss and 0 for its accuracy.
    """
    make = optimizer(name, gamma)
    runs = [[train(make, rate, seed, steps) for seed in range(seeds)] for rate in rates]
    moments = [moment for moment in MOMENTS if moment <= steps]
    losses = {str(moment): [[_kept(run.losses[i]) for run in row] for row in runs] for i, moment in enumerate(moments)}
    return {"losses": losses, "accuracy": [[round(run.accuracy, 3) for run in row] for row in runs]}


def _kept(loss: float) -> float | None:
    return round(loss, 4) if math.isfinite(loss) else None


def main(folder: Path) -> None:
    """Measure all families and store the table."""
    found: dict[str, dict[str, Any]] = {}
    for name, gammas in FAMILIES.items():
        for gamma in gammas:
            print(f"{name}, γ = {gamma:g} …", file=sys.stderr, flush=True)
            found.setdefault(name, {})[f"{gamma:g}"] = sweep(name, gamma)
    head = {"command": "python -m gradbook.book.step_sizes.comparison", "seeds": SEEDS, "steps": STEPS}
    write_table(folder / "07-sensitivity.json", {**head, "rates": list(RATES), "optimizers": found})


if __name__ == "__main__":
    main(STORED)
