"""What a step of the chapter's optimizers costs, in steps of torch's SGD, interleaved in one run on one thread.

``python -m tests.bench.step_sizes`` prints; with ``--store`` it also writes the table that chapter 7 shows.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import torch
from torch import Tensor

from gradbook.book.stored import STORED, write_table
from gradbook.step_sizes import ExponentiatedGradient, HypergradientDescent, MetaStepSize
from tests.bench.methods import interleaved

TENSORS, ENTRIES = 50, 100_000


def parameters() -> list[Tensor]:
    """Fifty positive tensors with small random gradients, 5 million entries."""
    made = [(torch.rand(ENTRIES) + 0.5).requires_grad_() for _ in range(TENSORS)]
    for p in made:
        p.grad = 1e-3 * torch.randn(ENTRIES)
    return made


def literal_loop() -> Callable[[], object]:
    """(7.9) and (7.7) as they are written, a new tensor for every result and no check."""
    params = parameters()
    gains, previous = [torch.ones(ENTRIES) for _ in params], [torch.zeros(ENTRIES) for _ in params]

    def step() -> None:
        with torch.no_grad():
            for i, p in enumerate(params):
                assert p.grad is not None
                gains[i] = gains[i] * torch.exp(1e-3 * previous[i] * p.grad)
                p.sub_(1e-3 * gains[i] * p.grad)
                previous[i] = p.grad.clone()

    return step


def bare_passes() -> Callable[[], object]:
    """The fewest passes that the rule needs in torch, in place, without any check or bound."""
    params = parameters()
    logs, previous = [torch.zeros(ENTRIES) for _ in params], [torch.zeros(ENTRIES) for _ in params]

    def step() -> None:
        with torch.no_grad():
            for p, log_gain, last in zip(params, logs, previous, strict=True):
                assert p.grad is not None
                log_gain.addcmul_(last, p.grad, value=1e-3 / math.log(2))
                torch.exp2(log_gain, out=last)
                p.addcmul_(last, p.grad, value=-1e-3)
                last.copy_(p.grad)

    return step


def ratios() -> dict[str, float]:
    """Return the cost of a step by optimizer, in units of torch's SGD foreach."""
    torch.manual_seed(0)
    steps: dict[str, Callable[[], object]] = {
        "SGD foreach, torch": torch.optim.SGD(parameters(), lr=1e-3, foreach=True).step,
        "SGD with momentum foreach, torch": torch.optim.SGD(parameters(), lr=1e-3, momentum=0.9, foreach=True).step,
        "SGD fused, torch": torch.optim.SGD(parameters(), lr=1e-3, fused=True).step,
        "Adam fused, torch": torch.optim.Adam(parameters(), lr=1e-3, fused=True).step,
        "Adam foreach, torch": torch.optim.Adam(parameters(), lr=1e-3, foreach=True).step,
        "MetaStepSize": MetaStepSize(parameters(), lr=1e-3, meta_lr=1e-3).step,
        "MetaStepSize, form of Amid et al.": MetaStepSize(
            parameters(), lr=1e-3, meta_lr=1e-3, normalize=True, averaging=0.9, scale_lr=1e-3
        ).step,
        "ExponentiatedGradient": ExponentiatedGradient(parameters(), lr=1e-3).step,
        "HypergradientDescent": HypergradientDescent(parameters(), lr=1e-3, hyper_lr=1e-9).step,
        "the meta rule as a literal loop": literal_loop(),
        "the meta rule in four bare passes": bare_passes(),
    }
    times = interleaved(*steps.values(), repeats=30)
    return {name: time / times[0] for name, time in zip(steps, times, strict=True)}


def main() -> None:
    """Measure, print, and with ``--store`` write stored/07-bench.json."""
    torch.set_num_threads(1)
    found = ratios()
    for name, ratio in found.items():
        print(f"{name:44} × {ratio:.2f}")
    if "--store" in sys.argv:
        table = {
            "command": "python -m tests.bench.step_sizes --store",
            "steps": {name: round(ratio, 1) for name, ratio in found.items()},
        }
        write_table(STORED / "07-bench.json", table)


if __name__ == "__main__":
    main()
