"""L2 without a coefficient against a sweep of weight decay, on few digits, where regularisation matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gradbook.book.data.digits import Digits, halved, load_digits
from gradbook.book.data.multitask import SharedNetwork, reproducible
from gradbook.book.stored import rounded
from gradbook.primary_auxiliary import without_growth

Build = Callable[[list[Tensor]], torch.optim.Optimizer]
"""parameters → optimizer."""

DECAYS = (0.0, 1e-4, 1e-3, 1e-2, 1e-1)
DECOUPLED_DECAYS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)  # AdamW multiplies them by the learning rate
SGD_RATE, ADAM_RATE = 0.2, 0.005
STEPS = 1000
EVERY = 20  # steps from one test to the next
BATCH = 64
TRAIN = 300
WIDTH = 64
MEASURED = ("accuracy", "loss", "length")


def schemes() -> dict[str, Build]:
    """Return, by name, the optimizers that the chapter compares.

    SGD without momentum has one form of weight decay: coupled and decoupled differ by the factor of the learning rate
    alone. "Adam + L2" adds the decay to the gradient (coupled), AdamW shrinks the parameters (decoupled). "No growth"
    is :func:`without_growth`, for Adam of the step; "gradient turned" is its plain form, which Adam doesn't keep to.
    """
    sgd = partial(torch.optim.SGD, lr=SGD_RATE)
    adam = partial(torch.optim.Adam, lr=ADAM_RATE, fused=True)
    adamw = partial(torch.optim.AdamW, lr=ADAM_RATE, fused=True)
    return {
        **{f"SGD {decay:g}": partial(sgd, weight_decay=decay) for decay in DECAYS},
        **{f"Adam + L2 {decay:g}": partial(adam, weight_decay=decay) for decay in DECAYS},
        **{f"AdamW {decay:g}": partial(adamw, weight_decay=decay) for decay in DECOUPLED_DECAYS},
        "plain SGD, start × 2": partial(_longer, sgd, 2.0),
        "plain Adam, start × 2": partial(_longer, adam, 2.0),
        "SGD, no growth": partial(_held, sgd, False, 1.0),
        "SGD, no growth, start × 2": partial(_held, sgd, False, 2.0),
        "Adam, gradient turned": partial(_held, adam, False, 1.0),
        "Adam, no growth": partial(_held, adam, True, 1.0),
        "Adam, no growth, start × 2": partial(_held, adam, True, 2.0),
    }


def _longer(build: Build, start: float, parameters: list[Tensor]) -> torch.optim.Optimizer:
    """An optimizer of parameters that start ``start`` times as long."""
    with torch.no_grad():
        for parameter in parameters:
            parameter.mul_(start)
    return build(parameters)


def _held(build: Build, decoupled: bool, start: float, parameters: list[Tensor]) -> torch.optim.Optimizer:
    """The same, and no step may lengthen them."""
    optimizer = _longer(build, start, parameters)
    without_growth(optimizer, decoupled=decoupled)
    return optimizer


def train_decayed(digits: Digits, build: Build, seed: int, steps: int = STEPS) -> Tensor:
    """Train a fresh network; return test accuracy, test loss and ‖θ‖ at the start and every 20 steps, (3, k).

    Raises ValueError if the training loss becomes NaN or infinite.
    """
    inputs, test = halved(digits.train_images), halved(digits.test_images)
    generator = torch.Generator().manual_seed(seed)
    curve = []
    with reproducible(seed):
        network = SharedNetwork(inputs.shape[1], 10, WIDTH)
        optimizer = build(list(network.parameters()))
        curve.append(_judge(network, test, digits.test_labels))
        for step in range(steps):
            batch = torch.randint(len(inputs), (BATCH,), generator=generator)
            loss = torch.nn.functional.cross_entropy(network(inputs[batch]), digits.train_labels[batch])
            if not bool(torch.isfinite(loss)):
                raise ValueError(f"the training loss is {loss.item()} at step {step}")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if (step + 1) % EVERY == 0:
                curve.append(_judge(network, test, digits.test_labels))
    return torch.stack(curve, dim=1)


def _judge(network: SharedNetwork, inputs: Tensor, labels: Tensor) -> Tensor:
    """Test accuracy, test loss and the length of all parameters together, (3,)."""
    with torch.no_grad():
        outputs = network(inputs)
        right = (outputs.argmax(1) == labels).to(outputs.dtype).mean()
        length = torch.linalg.vector_norm(torch.nn.utils.parameters_to_vector(network.parameters()))
        return torch.stack([right, torch.nn.functional.cross_entropy(outputs, labels), length])


def compare_decays(runs: Iterable[tuple[str, int]], steps: int = STEPS) -> dict[str, Tensor]:
    """Run every (scheme, seed) of ``runs``, each seed with its own digits; return the curves (seeds, 3, k)."""
    builds = schemes()
    found: dict[str, list[Tensor]] = {}
    for name, seed in runs:
        digits = load_digits(TRAIN, 1000, seed)
        found.setdefault(name, []).append(train_decayed(digits, builds[name], seed, steps))
    return {name: torch.stack(rows) for name, rows in found.items()}


def measure_decays(seeds: int) -> dict[str, Any]:
    """Measure every scheme; return the table that is stored: values at the end, one a seed, and mean curves."""
    results = compare_decays((name, seed) for name in schemes() for seed in range(seeds))
    return {
        "steps": STEPS,
        "train": TRAIN,
        "rates": {"SGD": SGD_RATE, "Adam": ADAM_RATE},
        "schemes": {
            name: {
                key: {"end": rounded(curves[:, i, -1]), "mean curve": rounded(curves[:, i].mean(0))}
                for i, key in enumerate(MEASURED)
            }
            for name, curves in results.items()
        },
    }
