"""How much the base rate matters: every optimizer over five decades of it, on real digits, with several seeds.

``python -m gradbook.step_sizes.comparison`` measures the table that the chapter shows and writes it to
``chapters/stored/07-sensitivity.json`` (a quarter of an hour on one core).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradbook.step_sizes.digits import FAMILIES, MOMENTS, STEPS, optimizer, train
from gradbook.tasks.stored import write_table

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
    head = {"command": "python -m gradbook.step_sizes.comparison", "seeds": SEEDS, "steps": STEPS}
    write_table(folder / "07-sensitivity.json", {**head, "rates": list(RATES), "optimizers": found})


if __name__ == "__main__":
    main(Path("chapters/stored"))
