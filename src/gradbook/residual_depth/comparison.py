"""Does it train? Depths from 10 to 1,000 on real digits, every arrangement at a ladder of learning rates, three seeds.

``python -m gradbook.residual_depth.comparison training`` measures ``chapters/stored/08-training.json`` (Adam), and
``… sgd`` the same with plain gradient descent up to depth 100, ``08-sgd.json``; three quarters of an hour and five
minutes on one core. ``… increments`` measures how far the loss moves in one step against depth,
``08-increments.json``, in another five. Three arrangements that learn nothing at 300 layers are left out at 1,000.
Each seed draws its own split of the digits, its own networks and its own batches, the same for all arrangements.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.residual_depth.training import CHANCE, Budget, Outcome, train
from gradbook.residual_depth.variants import VARIANTS
from gradbook.tasks.runs import Row, fill_table

STORED = Path("chapters/stored")
COMMAND = "python -m gradbook.residual_depth.comparison"
DEPTHS = {"training": (10, 30, 100, 300, 1000), "sgd": (10, 30, 100)}
RATES = {
    "training": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1),
    "sgd": (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0),
}
FEWER_RATES = (1e-3, 3e-3, 1e-2, 3e-2)  # at 1,000 layers
OPTIMIZER = {"training": "Adam", "sgd": "SGD"}
TRAINED = tuple(name for name in VARIANTS if name not in ("DeepNorm (SGD)", "DeepNorm (LAMB)"))
SGD_TRAINED = (
    "plain, normed",
    "ε = 1/√N",
    "ε = 1/N",
    "Post-LN",
    "Pre-LN",
    "DeepNorm (SGD)",
    "DeepNorm (Adam)",
)
DEEPEST = ("plain", "ε = 1/√N", "DeepNorm (Adam)", "Pre-LN", "ε = 1/√N, relu branch", "ε = 1/N")
"""The arrangements at 1,000 layers: the others, like the plain one, learn nothing at 300."""

SEEDS = 3
LEARNS = CHANCE / 2  # a loss below half of what a network that knows nothing has


def climb(job: Row) -> Row:
    """Train at every rate of the ladder, from the lowest; stop where no seed learns though one did before.

    Returns what each rate gave, in lists over the rates tried: accuracies and last losses by seed, and how many
    diverged. A loss that isn't finite is stored as -1.
    """
    table, depth = job["table"], job["depth"]
    design = VARIANTS[job["variant"]](depth)
    rows: dict[str, list[Any]] = {"rates": [], "accuracy": [], "loss": [], "diverged": []}
    for rate in RATES[table] if depth < 1000 else FEWER_RATES:
        outcome = train(design, depth, OPTIMIZER[table], rate, Budget(), SEEDS)
        last = last_losses(outcome)
        rows["rates"].append(rate)
        rows["accuracy"].append([round(float(a), 3) for a in outcome.accuracy])
        rows["loss"].append([round(float(x), 3) if np.isfinite(x) else -1.0 for x in last])
        rows["diverged"].append(int(outcome.diverged.sum()))
        learned = [min(x for x in losses if x >= 0) < LEARNS for losses in rows["loss"] if max(losses) >= 0]
        if outcome.diverged.all() or (any(learned) and not (last < LEARNS).any()):
            break
    return rows


def last_losses(outcome: Outcome) -> np.ndarray[Any, Any]:
    """Return the mean loss of the last ten steps for every seed, infinite where the training broke off."""
    with np.errstate(all="ignore"):
        means = outcome.losses[:, -10:].mean(1)
    return np.where(np.isfinite(outcome.losses).all(1), means, np.inf)


def measure(table: str, workers: int, resume: bool) -> None:
    """Fill one of the two tables of training."""
    tried = TRAINED if table == "training" else SGD_TRAINED
    places = [(depth, name) for depth in DEPTHS[table] for name in (tried if depth < 1000 else DEEPEST)]
    jobs = [{"table": table, "variant": name, "depth": depth} for depth, name in places]
    facts = {"command": f"{COMMAND} {table}", "seeds": SEEDS, "budget": vars(Budget()), "optimizer": OPTIMIZER[table]}
    fill_table(STORED / f"08-{table}.json", facts, jobs, climb, workers, resume)


def main() -> None:
    """Measure the tables that the command line names."""
    parser = argparse.ArgumentParser(description="Measure chapter 8's tables.")
    parser.add_argument("tables", nargs="+", choices=["training", "sgd", "increments"])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="keep the rows that the table holds already")
    options = parser.parse_args()
    for table in options.tables:
        if table == "increments":
            from gradbook.residual_depth.increments import measure_increments

            measure_increments(STORED / "08-increments.json", f"{COMMAND} increments")
        else:
            measure(table, options.workers, options.resume)


if __name__ == "__main__":
    main()
