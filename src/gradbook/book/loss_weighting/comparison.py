"""The schemes side by side on the flights: same network, same steps, same data order, several seeds.

``python -m gradbook.book.loss_weighting.comparison`` measures the tables that the chapter shows, five seeds at three
learning rates, and writes them to ``stored/01-learning-rates.json`` (under two minutes on one core).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from gradbook.book.data.multitask import MultiTask, SharedNetwork, load_flights, reproducible
from gradbook.book.stored import STORED, rounded, write_table
from gradbook.loss_weighting import (
    gradient_normalized_sum,
    initial_loss_classification,
    initial_loss_regression,
    normalized_sum,
    power_mean,
    prior_loss_classification,
    prior_loss_regression,
    real_time_sum,
)

Total = Callable[[Tensor, SharedNetwork], Tensor]
BATCH = 256
RATES = (0.001, 0.005, 0.02)
RATE = 0.005
STEPS = 250
SEEDS = 5


def initial_references(data: MultiTask) -> list[float]:
    """What an all-zero output costs on each task of ``data``."""
    return [
        initial_loss_classification(2) if task.kind == "binary" else float(initial_loss_regression(column))
        for task, column in zip(data.tasks, data.train_targets.T, strict=True)
    ]


def prior_references(data: MultiTask) -> list[float]:
    """What the best constant output costs on each task of ``data``."""
    return [
        float(prior_loss_classification(torch.stack([1 - column.mean(), column.mean()])))
        if task.kind == "binary"
        else float(prior_loss_regression(column))
        for task, column in zip(data.tasks, data.train_targets.T, strict=True)
    ]


def prior_outputs(data: MultiTask) -> Tensor:
    """The best constant output of every task: the mean, or the log odds of yes."""
    means = data.train_targets.mean(0)
    return torch.stack(
        [torch.logit(mean) if task.kind == "binary" else mean for task, mean in zip(data.tasks, means, strict=True)]
    )


def schemes(data: MultiTask) -> dict[str, Total]:
    """Return, by name, the functions (losses, network) → total loss that the chapter compares."""
    initial, prior = initial_references(data), prior_references(data)
    together: dict[str, Total] = {
        "equal": lambda losses, _: losses.sum(),
        "initial state": lambda losses, _: normalized_sum(losses, initial),
        "prior state": lambda losses, _: normalized_sum(losses, prior),
        "real time": lambda losses, _: real_time_sum(losses),
        "power mean γ=0": lambda losses, _: power_mean(losses, 0),
        "gradient norm": lambda losses, net: gradient_normalized_sum(losses, net.trunk.parameters()),
    }
    alone = {f"only {task.name}": partial(_only, i) for i, task in enumerate(data.tasks)}
    return {**alone, **together}


def _only(task: int, losses: Tensor, _: SharedNetwork) -> Tensor:
    return losses[task]


def train(data: MultiTask, total: Total, seed: int, steps: int = STEPS, rate: float = RATE) -> list[float]:
    """Train a fresh network with Adam on ``total`` of the losses; return one score a task on the test part.

    The score of a regression is R² (1 is perfect, 0 as good as the mean), of a yes-or-no task the area under the ROC
    curve (1 is perfect, 0.5 is chance). Raises RuntimeError if the total becomes NaN or infinite.
    """
    generator = torch.Generator().manual_seed(seed)
    with reproducible(seed):
        network = SharedNetwork(data.train_inputs.shape[1], len(data.tasks))
        network.start_at(prior_outputs(data))
        optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
        for step in range(steps):
            batch = torch.randint(len(data.train_inputs), (BATCH,), generator=generator)
            loss = total(data.losses(network(data.train_inputs[batch]), data.train_targets[batch]), network)
            if not bool(torch.isfinite(loss)):
                raise RuntimeError(f"the total loss is {loss.item()} at step {step}")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return scores(data, network)


def scores(data: MultiTask, network: SharedNetwork) -> list[float]:
    """Return R² or the area under the ROC curve of every task on the test part."""
    with torch.no_grad():
        outputs = network(data.test_inputs)
    found = []
    for i, task in enumerate(data.tasks):
        output, truth = outputs[:, i], data.test_targets[:, i]
        if task.kind == "binary":
            found.append(float(roc_auc_score(truth.numpy(), output.numpy())))
        else:
            found.append(1 - float((output - truth).square().mean() / truth.var(correction=0)))
    return found


def compare(data: MultiTask, runs: Iterable[tuple[str, int]], rate: float = RATE) -> dict[str, Tensor]:
    """Run every (scheme, seed) of ``runs``; return the scores (seeds, tasks) by scheme."""
    totals = schemes(data)
    found: dict[str, list[list[float]]] = {}
    for name, seed in runs:
        found.setdefault(name, []).append(train(data, totals[name], seed, rate=rate))
    return {name: torch.tensor(rows, dtype=torch.float64) for name, rows in found.items()}


def all_runs(data: MultiTask, seeds: int) -> list[tuple[str, int]]:
    """Every scheme with every seed."""
    return [(name, seed) for name in schemes(data) for seed in range(seeds)]


def alone_and_together(results: dict[str, Tensor], data: MultiTask) -> dict[str, Tensor]:
    """Gather the single-task runs into one row, "alone": each task's score from its own network."""
    alone = torch.stack([results[f"only {task.name}"][:, i] for i, task in enumerate(data.tasks)], dim=1)
    return {"alone": alone, **{name: rows for name, rows in results.items() if not name.startswith("only ")}}


def main(destination: Path) -> None:
    """Measure every scheme at three learning rates and store the scores of every seed."""
    data = load_flights()
    stored: dict[str, Any] = {
        "command": "python -m gradbook.book.loss_weighting.comparison",
        "steps": STEPS,
        "rates": {},
    }
    for rate in RATES:
        print(f"learning rate {rate} …", file=sys.stderr, flush=True)
        results = alone_and_together(compare(data, all_runs(data, SEEDS), rate), data)
        stored["rates"][str(rate)] = {name: [rounded(seed) for seed in scores] for name, scores in results.items()}
    write_table(destination, stored)


if __name__ == "__main__":
    main(STORED / "01-learning-rates.json")
