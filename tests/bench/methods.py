"""The package's methods against the public ones, interleaved in one run on one thread: ratios, not times.

``python -m tests.bench.methods`` prints; with ``--store`` it also writes the table that chapter 1 shows.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torchjd.scalarization import GeometricMean

from gradbook.book.stored import STORED
from gradbook.loss_weighting import gradient_normalized_sum, power_mean, real_time_sum
from gradbook.task_gradients import gramian, task_gradients

ROUNDS = 60


def interleaved(*functions: Callable[[], object], repeats: int = ROUNDS) -> list[float]:
    """Median CPU seconds of each function, called in turn so that all see the same machine."""
    times: list[list[float]] = [[] for _ in functions]
    for function in functions:
        function()
    for _ in range(repeats):
        for spent, function in zip(times, functions, strict=True):
            start = time.process_time()
            function()
            spent.append(time.process_time() - start)
    return [statistics.median(spent) for spent in times]


def ratios() -> dict[str, float]:
    """What the chapter's methods cost, in units of the plain way."""
    torch.manual_seed(0)
    found = {}
    losses = (torch.rand(20) + 0.1).requires_grad_()

    def backward(mean: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], object]:
        return lambda: [torch.autograd.grad(mean(losses), losses) for _ in range(20)]

    ours, theirs = interleaved(backward(lambda x: power_mean(x, 0)), backward(GeometricMean()))
    found["power_mean(γ=0) of 20 losses, value and gradient, in units of TorchJD's"] = ours / theirs

    network = torch.nn.Sequential(
        torch.nn.Linear(512, 1000),
        torch.nn.Tanh(),
        torch.nn.Linear(1000, 500),
        torch.nn.Tanh(),
        torch.nn.Linear(500, 3),
    )
    trunk = [p for layer in list(network)[:-1] for p in layer.parameters()]
    inputs, targets = torch.randn(256, 512), torch.randn(256, 3)

    def step(total: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], object]:
        def run() -> None:
            network.zero_grad()
            total((network(inputs) - targets).square().mean(0)).backward()

        return run

    plain, by_loss, by_mean, by_gradient = interleaved(
        step(lambda x: x.sum()),
        step(real_time_sum),
        step(lambda x: power_mean(x, 0)),
        step(lambda x: gradient_normalized_sum(list(x), trunk)),
    )
    found["a step with real-time weights, 3 tasks, 1 M parameters, in plain steps"] = by_loss / plain
    found["a step with the geometric mean, same network, in plain steps"] = by_mean / plain
    found["a step with normalised gradients, same network, in plain steps"] = by_gradient / plain
    by_last_layer = interleaved(step(lambda x: x.sum()), step(lambda x: gradient_normalized_sum(list(x), trunk[-2:])))
    found["the same with the norm of the last shared layer only, in plain steps"] = by_last_layer[1] / by_last_layer[0]

    rows = torch.randn(20, 1_000_000)
    wide, single = interleaved(lambda: gramian(rows), lambda: rows @ rows.T)
    found["gramian of 20 gradients of 1 M entries, in float32 matrix products"] = wide / single

    losses_now = lambda: (network(inputs) - targets).square().mean(0)  # noqa: E731
    separate, whole = interleaved(
        lambda: task_gradients(list(losses_now()), trunk), lambda: losses_now().sum().backward()
    )
    found["task_gradients of 3 tasks, in plain forward and backward passes"] = separate / whole
    return found


def main() -> None:
    """Measure, print, and with ``--store`` write stored/01-bench.json."""
    torch.set_num_threads(1)
    table = ratios()
    for line, ratio in table.items():
        print(f"{line:75} × {ratio:.2f}")
    if "--store" in sys.argv:
        chapter = {line: round(ratio, 1) for line, ratio in table.items() if "gramian" not in line}
        stored = {"command": "python -m tests.bench.methods --store", "ratios": chapter}
        path = STORED / "01-bench.json"
        path.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
