"""Min-norm weights and whole training steps against the public implementations, interleaved, on one thread.

``python -m tests.bench.solvers`` prints; with ``--store`` it also writes the table that chapter 2 shows. Times are
medians of CPU time; errors are relative errors of ‖u‖².
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import numpy as np
import quadprog
import torch
from torch import Tensor
from torchjd.aggregation import MGDA, DualProj, UPGrad
from torchjd.autojac import jac_to_grad, mtl_backward

from gradbook.book.stored import STORED
from gradbook.pareto_gradients import min_norm_weights, pareto_backward
from gradbook.task_gradients import gramian, set_gradient, task_gradients
from tests.bench.methods import interleaved

TASKS = (2, 5, 20, 100)
REGIMES = ("random", "norms 10^±1", "conflicting")


def gradients(regime: str, tasks: int) -> Tensor:
    """Random task gradients (tasks, 2 · tasks + 50), float64."""
    rng = np.random.default_rng(tasks)
    rows = rng.standard_normal((tasks, 2 * tasks + 50))
    if regime == "norms 10^±1":
        rows *= 10 ** rng.uniform(-1, 1, (tasks, 1))
    if regime == "conflicting":
        rows += 1e-2 * rng.standard_normal(rows.shape[1]) - rows.mean(0)
    return torch.from_numpy(rows)


def by_quadprog(matrix: Tensor) -> Tensor:
    """The same weights from a general quadratic programme."""
    tasks = len(matrix)
    conditions = np.vstack([np.ones(tasks), np.eye(tasks)]).T
    ridge = 1e-12 * float(matrix.trace()) * np.eye(tasks)
    found = quadprog.solve_qp(matrix.numpy() + ridge, np.zeros(tasks), conditions, np.eye(tasks + 1)[0], 1)
    return torch.from_numpy(found[0])


def solver_rows() -> list[list[str]]:
    """One row a case: time in units of ours and relative error, for each rival."""
    rows, torchjd = [], MGDA().gramian_weighting
    for regime in REGIMES:
        for tasks in TASKS:
            matrix = gramian(gradients(regime, tasks))
            rivals: dict[str, Callable[[], Tensor]] = {
                "gradbook": lambda m=matrix: min_norm_weights(m).weights,
                "TorchJD": lambda m=matrix: torchjd(m),
                "quadprog": lambda m=matrix: by_quadprog(m),
            }
            times = interleaved(*rivals.values())
            best = min_norm_weights(matrix).squared_norm
            errors = [abs(float(w @ matrix @ w) / best - 1) for w in (solve() for solve in rivals.values())]
            cells = [f"{regime}, n = {tasks}", f"{times[0] * 1e6:.0f} µs"]
            for spent, error in zip(times[1:], errors[1:], strict=True):
                cells += [f"× {spent / times[0]:.1f}", "exact" if error < 1e-8 else f"{error:.0e}"]
            rows.append(cells)
    return rows


def step_ratios() -> dict[str, float]:
    """A whole training step of 3 tasks on a network of 1 M parameters, in units of ours."""
    torch.manual_seed(0)
    trunk = torch.nn.Sequential(
        torch.nn.Linear(512, 1000), torch.nn.Tanh(), torch.nn.Linear(1000, 500), torch.nn.Tanh()
    )
    heads = torch.nn.ModuleList([torch.nn.Linear(500, 1) for _ in range(3)])
    inputs, targets = torch.randn(256, 512), torch.randn(256, 3)
    optimizer = torch.optim.SGD([*trunk.parameters(), *heads.parameters()], lr=1e-3)

    def step(fill: Callable[[list[Tensor], Tensor], object]) -> Callable[[], object]:
        def run() -> None:
            optimizer.zero_grad()
            features = trunk(inputs)
            losses = [(head(features)[:, 0] - targets[:, i]).square().mean() for i, head in enumerate(heads)]
            fill(losses, features)
            optimizer.step()

        return run

    def torchjd(aggregator: Callable[[Tensor], Tensor]) -> Callable[[list[Tensor], Tensor], None]:
        def fill(losses: list[Tensor], features: Tensor) -> None:
            mtl_backward(losses, features=features)
            jac_to_grad(trunk.parameters(), aggregator)

        return fill

    def primary(losses: list[Tensor], features: Tensor) -> None:
        from gradbook.primary_auxiliary import primary_backward

        primary_backward(losses[0], losses[1:], list(trunk.parameters()))
        own = torch.autograd.grad(sum(losses), list(heads.parameters()))
        set_gradient(heads.parameters(), torch.cat([gradient.flatten() for gradient in own]))

    steps = {
        "plain backward of the sum": lambda losses, features: sum(losses).backward(),
        "MGDA, gradbook": lambda losses, features: pareto_backward(losses, trunk.parameters(), heads.parameters()),
        "MGDA-UB, gradbook": lambda losses, features: pareto_backward(
            losses, trunk.parameters(), heads.parameters(), features=features
        ),
        "primary and auxiliaries, gradbook": primary,
        "MGDA, TorchJD": torchjd(MGDA()),
        "UPGrad, TorchJD": torchjd(UPGrad()),
        "DualProj, TorchJD": torchjd(DualProj()),
    }
    times = interleaved(*(step(fill) for fill in steps.values()))
    return {name: spent / times[0] for name, spent in zip(steps, times, strict=True)}


def gradient_ratios() -> dict[str, float]:
    """Per-task gradients of 20 tasks one backward pass at a time, and batched, in plain backward passes."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(256, 512), torch.nn.Tanh(), torch.nn.Linear(512, 20))
    inputs, targets = torch.randn(128, 256), torch.randn(128, 20)
    parameters = list(network.parameters())

    def losses() -> Tensor:
        return (network(inputs) - targets).square().mean(0)

    def batched() -> object:
        return torch.autograd.grad(losses(), parameters, torch.eye(20), is_grads_batched=True)

    plain, ours, vmap = interleaved(
        lambda: torch.autograd.grad(losses().sum(), parameters),
        lambda: task_gradients(list(losses().unbind()), parameters),
        batched,
    )
    return {"20 tasks, one pass a task": ours / plain, "20 tasks, one batched pass": vmap / plain}


def main() -> None:
    """Measure, print, and with ``--store`` write stored/02-bench.json."""
    torch.set_num_threads(1)
    stored = {"command": "python -m tests.bench.solvers --store", "solvers": solver_rows()}
    for row in stored["solvers"]:
        print("  ".join(f"{cell:>20}" for cell in row))
    stored["steps"] = {name: round(ratio, 1) for name, ratio in step_ratios().items()}
    stored["gradients"] = {name: round(ratio, 1) for name, ratio in gradient_ratios().items()}
    for name, ratio in {**stored["steps"], **stored["gradients"]}.items():
        print(f"{name:40} × {ratio}")
    if "--store" in sys.argv:
        path = STORED / "02-bench.json"
        path.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
