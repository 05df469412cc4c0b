"""Chapter 8's numpy twin against torch with automatic differentiation, and the live pictures' compute().

``python -m tests.bench.depth``, on one thread; with ``--store`` it also writes the table that chapter 8 shows. Forward
and backward of the same stacks, interleaved, medians; ratios
hold, milliseconds only roughly.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from gradbook.book.residual_depth import pictures
from gradbook.book.residual_depth.arrays import backward, forward
from gradbook.book.stored import STORED, write_table
from gradbook.residual_depth import Design, ResidualStack
from tests.bench.methods import interleaved

CASES = ((100, 16, 32), (100, 32, 32), (100, 128, 32), (20, 512, 128))  # depth, width, batch


def passes(depth: int, width: int, batch: int, norm: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return one forward and backward pass of the twin, and the same in torch, in float32."""
    generator = torch.Generator().manual_seed(0)
    design = Design("ffn", depth**-0.5, norm)
    stack = ResidualStack.of(design, depth, width, generator, torch.float32)
    x = torch.randn(batch, width, generator=generator)
    weights, rows, delta = stack.weight_arrays(), x.numpy(), np.ones((batch, width), dtype=np.float32)

    def twin() -> object:
        return backward(design, weights, forward(design, weights, rows), delta)

    def autograd() -> object:
        return torch.autograd.grad(stack(x).sum(), list(stack.parameters()))

    return twin, autograd


def compute_times(repeats: int = 20) -> dict[str, float]:
    """Median milliseconds of each picture's compute() at its start values, everything drawn once before."""
    found = {}
    for name in pictures.__all__:
        picture = getattr(pictures, name)()
        values = {control.name: control.value for control in picture.controls}
        spent = []
        for _ in range(repeats + 1):
            start = time.process_time()
            picture.compute(**values)
            spent.append(1000 * (time.process_time() - start))
        found[name] = float(np.median(spent[1:]))
    return found


def main() -> None:
    """Measure, print, and with ``--store`` write stored/08-bench.json."""
    torch.set_num_threads(1)
    runs: list[dict[str, object]] = []
    for norm in ("none", "pre"):
        for depth, width, batch in CASES:
            ours, theirs = interleaved(*passes(depth, width, batch, norm), repeats=15)
            print(
                f"norm {norm:4}, {depth:3} layers of {width:3}, batch {batch:3}: × {ours / theirs:.2f} of torch's time"
            )
            case = {"norm": norm, "depth": depth, "width": width, "batch": batch}
            runs.append({**case, "ratio": round(ours / theirs, 2)})
    if "--store" in sys.argv:
        write_table(STORED / "08-bench.json", {"command": "python -m tests.bench.depth --store", "runs": runs})
    for name, milliseconds in compute_times().items():
        print(f"{name:20} {milliseconds:5.1f} ms")


if __name__ == "__main__":
    main()
