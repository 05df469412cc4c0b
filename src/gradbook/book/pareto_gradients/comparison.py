"""The methods side by side on real tasks: same network, same steps, same batches, several seeds.

``python -m gradbook.book.pareto_gradients.comparison`` measures the tables that the chapter shows, five seeds at three
learning rates, and writes them to ``stored/02-multi-mnist.json`` and ``02-yeast.json`` (some minutes on one
core). Each seed draws its own split of the data, its own network and its own batches, the same for all methods.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torchjd.aggregation import UPGrad
from torchjd.autojac import jac_to_grad, mtl_backward

from gradbook.book.data.digits import load_multi_mnist
from gradbook.book.data.multitask import MultiTask, SharedNetwork, load_yeast, reproducible
from gradbook.book.stored import STORED, rounded, write_table
from gradbook.pareto_gradients import pareto_backward
from gradbook.task_gradients import set_gradient, task_gradients

Method = Callable[[list[Tensor], SharedNetwork, Tensor], object]
"""(losses, network, features): writes every ``.grad`` of the network; what it returns is not used."""

EVERY = 10  # steps from one measurement to the next
RATES = (0.001, 0.002, 0.005)
SEEDS = 5
_ROUNDING = 1e-9  # cosines closer to 0 than this count as 0


@dataclass(frozen=True)
class Schedule:
    """What every method gets: width of the two shared layers, examples a batch, steps, Adam's learning rate.

    ``first_times`` is a number that the first task's loss is multiplied by, as another unit would do.
    """

    width: int
    batch: int
    steps: int
    rate: float
    first_times: float = 1.0


@dataclass(frozen=True)
class Run:
    """What one training gave.

    ``scores`` (n,): accuracy, or area under ROC, of each task on the test part. Of the steps looked at, the share in
    which the gradients of some two tasks had a negative inner product (``conflicts``), the share in which the method's
    direction had one with some task, so that this task's loss rises to first order (``direction_raises``), and the
    share in which the step that Adam made of it did that (``step_raises``). ``conflicting_pairs``: the mean share of
    pairs of tasks whose gradients had a negative inner product. ``weights`` (n,): the mean of the tasks' weights in
    the direction Σ w_i g_i, scaled to sum 1.
    """

    scores: Tensor
    conflicts: float
    conflicting_pairs: float
    direction_raises: float
    step_raises: float
    weights: Tensor


MULTI_MNIST = Schedule(width=64, batch=128, steps=300, rate=0.005)
YEAST = Schedule(width=64, batch=128, steps=200, rate=0.002)
UNEQUAL = replace(MULTI_MNIST, steps=150, first_times=10.0)  # short enough to run while one reads


def plain_sum(losses: list[Tensor], network: SharedNetwork, features: Tensor) -> None:
    """Write the gradient of Σ L_i everywhere."""
    torch.stack(losses).sum().backward()


def normalised_sum(losses: list[Tensor], network: SharedNetwork, features: Tensor) -> None:
    """Write Σ g_i / ‖g_i‖ into the trunk and each task's own gradient into its head."""
    gradients = task_gradients(losses, network.trunk.parameters())
    torch.stack(losses).sum().backward(inputs=list(network.heads.parameters()))
    set_gradient(network.trunk.parameters(), (gradients / gradients.norm(dim=1, keepdim=True)).sum(0))


def mgda(
    losses: list[Tensor], network: SharedNetwork, features: Tensor, *, normalize: bool = False, bound: bool = False
) -> None:
    """Write the min-norm direction into the trunk, with ``bound`` that of the gradients by features (MGDA-UB)."""
    trunk, heads = list(network.trunk.parameters()), list(network.heads.parameters())
    pareto_backward(losses, trunk, heads, normalize=normalize, features=features if bound else None)


def upgrad(losses: list[Tensor], network: SharedNetwork, features: Tensor) -> None:
    """Write TorchJD's UPGrad (arXiv 2406.16232): each gradient projected on the cone where none rises, averaged."""
    trunk, heads = list(network.trunk.parameters()), list(network.heads.parameters())
    # The heads are rows of one matrix, so the graph behind them is walked once a task.
    own = [heads] * len(losses)
    mtl_backward(losses, features=features, tasks_params=own, shared_params=trunk, retain_graph=True)
    jac_to_grad(trunk, UPGrad())


def methods() -> dict[str, Method]:
    """Return, by name, the methods that the chapter compares."""
    return {
        "sum": plain_sum,
        "normalised sum": normalised_sum,
        "MGDA": mgda,
        "normalised MGDA": partial(mgda, normalize=True),
        "MGDA-UB": partial(mgda, bound=True),
        "UPGrad": upgrad,
    }


def train(data: MultiTask, method: Method, seed: int, budget: Schedule) -> Run:
    """Train a fresh network with Adam on the gradients that ``method`` writes.

    Raises ValueError if a loss or gradient becomes NaN or infinite, or a task's test targets are all equal.
    """
    generator = torch.Generator().manual_seed(seed)
    looks: list[Tensor] = []
    with reproducible(seed):
        network = SharedNetwork(data.train_inputs.shape[1], data.outputs, budget.width)
        optimizer = torch.optim.Adam(network.parameters(), lr=budget.rate, fused=True)
        for step in range(budget.steps):
            batch = torch.randint(len(data.train_inputs), (budget.batch,), generator=generator)
            features = network.trunk(data.train_inputs[batch])
            losses = data.loss_list(network.heads(features), data.train_targets[batch])
            losses[0] = losses[0] * budget.first_times
            look = step % EVERY == 0
            gradients = task_gradients(losses, network.trunk.parameters()) if look else None
            optimizer.zero_grad()
            method(losses, network, features)
            if gradients is None:
                optimizer.step()
            else:
                looks.append(_look(gradients, network, optimizer))
        means = torch.stack(looks).mean(0)
        conflicts, pairs, direction_raises, step_raises = means[:4].tolist()
        return Run(scores(data, network), conflicts, pairs, direction_raises, step_raises, means[4:])


def _look(gradients: Tensor, network: SharedNetwork, optimizer: torch.optim.Optimizer) -> Tensor:
    """Take the step; return the four shares that :class:`Run` averages, then the weights: (4 + n,)."""
    trunk = list(network.trunk.parameters())
    unit = torch.nn.functional.normalize(gradients, dim=1)
    direction = torch.cat([p.grad.flatten() for p in trunk if p.grad is not None])
    before = torch.cat([p.detach().flatten() for p in trunk])
    optimizer.step()
    move = torch.cat([p.detach().flatten() for p in trunk]) - before
    raises = [(unit @ way < -_ROUNDING * way.norm()).any() for way in (direction, -move)]
    weights = torch.linalg.solve(gradients @ gradients.T, gradients @ direction)
    rows, columns = torch.triu_indices(len(unit), len(unit), 1)
    negative = (unit @ unit.T < -_ROUNDING)[rows, columns].to(weights)
    shares = [negative.max(), negative.mean()] if len(unit) > 1 else [weights.new_zeros(())] * 2
    return torch.cat([torch.stack([*shares, *raises]), weights / weights.sum()])


def scores(data: MultiTask, network: SharedNetwork) -> Tensor:
    """Return accuracy (classes) or area under the ROC curve (binary) of every task on the test part, (n,) float64.

    Raises ValueError for a yes-or-no task whose test targets are all yes or all no.
    """
    with torch.no_grad():
        outputs = data.by_task(network(data.test_inputs))
    found = []
    for task, output, truth in zip(data.tasks, outputs, data.test_targets.T, strict=True):
        if task.kind == "classes":
            found.append(float((output.argmax(1) == truth).double().mean()))
        elif len(truth.unique()) < 2:
            raise ValueError(f"the test targets of {task.name} are all {truth[0].item():g}: no ROC curve")
        else:
            found.append(float(roc_auc_score(truth.numpy(), output.numpy())))
    return torch.tensor(found, dtype=torch.float64)


def train_alone(data: MultiTask, seed: int, budget: Schedule) -> Run:
    """Train every task in a network of its own; the scores side by side."""
    runs = [train(_only(data, i), plain_sum, seed, budget) for i in range(len(data.tasks))]
    uniform = torch.full((len(runs),), 1 / len(runs), dtype=torch.float64)
    return Run(torch.cat([run.scores for run in runs]), 0.0, 0.0, 0.0, 0.0, uniform)


def _only(data: MultiTask, i: int) -> MultiTask:
    """The data with task ``i`` alone."""
    column = slice(i, i + 1)
    return replace(
        data,
        tasks=data.tasks[column],
        train_targets=data.train_targets[:, column],
        test_targets=data.test_targets[:, column],
    )


def all_runs(seeds: int) -> list[tuple[str, int]]:
    """Every method, and "alone", with every seed."""
    return [(name, seed) for name in ("alone", *methods()) for seed in range(seeds)]


def compare(
    load: Callable[[int], MultiTask], runs: Iterable[tuple[str, int]], budget: Schedule
) -> dict[str, list[Run]]:
    """Run every (method, seed) of ``runs``; ``load`` gives the data of a seed. KeyError for an unknown method."""
    found: dict[str, list[Run]] = {}
    load_once = cache(load)
    for name, seed in runs:
        data = load_once(seed)
        run = train_alone(data, seed, budget) if name == "alone" else train(data, methods()[name], seed, budget)
        found.setdefault(name, []).append(run)
    return found


def multi_mnist(seed: int) -> MultiTask:
    """Return the canvases of two digits, split by ``seed``."""
    return load_multi_mnist(seed=seed)


def yeast(seed: int) -> MultiTask:
    """Return the yeast genes, split by ``seed``."""
    return load_yeast(seed=seed)


def table(results: dict[str, list[Run]]) -> dict[str, dict[str, Any]]:
    """Return what is stored of each method: scores (seeds, tasks), and means over the seeds of the rest."""
    shares = ("conflicts", "conflicting_pairs", "direction_raises", "step_raises")
    return {
        name: {
            "scores": [rounded(run.scores) for run in runs],
            **{share: round(sum(getattr(run, share) for run in runs) / len(runs), 4) for share in shares},
            "weights": rounded(torch.stack([run.weights for run in runs]).mean(0)),
        }
        for name, runs in results.items()
    }


def measure(load: Callable[[int], MultiTask], budget: Schedule, unit: float | None = None) -> dict[str, Any]:
    """Measure all methods at every learning rate; with ``unit`` once more, the first task's loss times ``unit``."""
    stored: dict[str, Any] = {
        "command": "python -m gradbook.book.pareto_gradients.comparison",
        "seeds": SEEDS,
        "budget": asdict(budget),
        "rates": {},
    }
    for rate in RATES:
        print(f"{load.__name__}, learning rate {rate} …", file=sys.stderr, flush=True)
        stored["rates"][str(rate)] = table(compare(load, all_runs(SEEDS), replace(budget, rate=rate)))
    if unit is not None:
        print(f"{load.__name__}, the first loss times {unit:g} …", file=sys.stderr, flush=True)
        together = [run for run in all_runs(SEEDS) if run[0] != "alone"]
        stored["first_times"] = unit
        stored["scaled"] = table(compare(load, together, replace(budget, first_times=unit)))
    return stored


def main(folder: Path) -> None:
    """Measure both data sets and store the tables."""
    for name, stored in (
        ("multi-mnist", measure(multi_mnist, MULTI_MNIST, unit=10.0)),
        ("yeast", measure(yeast, YEAST, unit=10.0)),
    ):
        write_table(folder / f"02-{name}.json", stored)


if __name__ == "__main__":
    main(STORED)
