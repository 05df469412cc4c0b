"""Does it train? Stacks from ten to a thousand layers on real digits, at a ladder of learning rates, in numpy.

``python -m gradbook.book.residual_depth.training training sgd`` writes two of chapter 8's tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.data.digits import halved, load_digits
from gradbook.book.descent import adam, gradient_descent
from gradbook.book.residual_depth.arrays import backward, forward, layer_norm, layer_norm_back, scaled_weights
from gradbook.book.residual_depth.theory import VARIANTS
from gradbook.book.stored import STORED, Row, fill_table
from gradbook.checks import check_sizes
from gradbook.residual_depth import Design

Array = NDArray[Any]
CLASSES = 10
CHANCE = float(np.log(CLASSES))  # the loss of a network that knows nothing


@dataclass(frozen=True)
class Recipe:
    """Width n of the layers, examples a batch, steps."""

    width: int = 32
    batch: int = 32
    steps: int = 150


@dataclass(frozen=True)
class Outcome:
    """What a training gave for every seed: test accuracy (S,), losses (S, steps done), and whether it diverged (S,).

    Diverged: the loss stopped being finite, or its mean over the last ten steps is above both its first value and
    that of a network that knows nothing.
    """

    accuracy: Array
    losses: Array
    diverged: Array


@cache
def digits(seed: int) -> tuple[Array, Array, Array, Array]:
    """Return train and test inputs (M, 196), of mean 0 and second moment 1, and labels, split by ``seed``; float32."""
    found = load_digits(seed=seed)
    train, test = (halved(images).numpy().astype(np.float32) for images in (found.train_images, found.test_images))
    mean, spread = train.mean(), train.std()
    return (train - mean) / spread, found.train_labels.numpy(), (test - mean) / spread, found.test_labels.numpy()


class Network:
    """The weights of S networks of one design: ``parameters`` are the input matrix, the stack's, the output matrix."""

    def __init__(self, design: Design, depth: int, width: int, seeds: int) -> None:
        check_sizes(depth=depth, width=width, seeds=seeds)
        self.design = design
        drawn = [np.random.default_rng([seed, depth, width]) for seed in range(seeds)]
        pixels = digits(0)[0].shape[1]
        normals = [
            np.stack([rng.standard_normal(shape, dtype=np.float32) for rng in drawn], axis=-3)
            for shape in ((pixels, width), (depth, width, width), (depth, width, width), (width, CLASSES))
        ]
        entry, leave = normals[0] * pixels**-0.5, normals[3] * width**-0.5
        self.parameters = [entry, *scaled_weights(design, normals[1:3]), leave]

    def logits(self, pixels: Array) -> Array:
        """Return the scores (S, B, 10) of ``pixels`` (S, B, 196)."""
        entry, *stack, leave = self.parameters
        top = forward(self.design, stack, pixels @ entry).states[-1]
        return np.asarray((layer_norm(top)[0] if self.design.norm == "pre" else top) @ leave)

    def gradients(self, pixels: Array, labels: Array) -> tuple[Array, list[Array]]:
        """Return the cross-entropy (S,) and its gradient by every parameter."""
        entry, *stack, leave = self.parameters
        passed = forward(self.design, stack, pixels @ entry)
        top = passed.states[-1]
        read, factor = layer_norm(top) if self.design.norm == "pre" else (top, top)
        losses, delta = cross_entropy(read @ leave, labels)
        back = delta @ leave.swapaxes(-1, -2)
        if self.design.norm == "pre":
            back = layer_norm_back(back, read, factor)
        deltas, gradients = backward(self.design, stack, passed, back)
        return losses, [pixels.swapaxes(-1, -2) @ deltas[0], *gradients, read.swapaxes(-1, -2) @ delta]


def cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """Return the mean cross-entropy (S,) of logits (S, B, 10), labels (S, B), and its gradient by the logits."""
    shifted = logits - logits.max(-1, keepdims=True)
    shares = np.exp(shifted)
    total = shares.sum(-1, keepdims=True)
    right = np.take_along_axis(shifted, labels[..., None], -1) - np.log(total)
    shares /= total
    np.put_along_axis(shares, labels[..., None], np.take_along_axis(shares, labels[..., None], -1) - 1, -1)
    return -right.mean((-2, -1)), shares / labels.shape[-1]


OPTIMIZERS = {"SGD": gradient_descent, "Adam": adam}


def batches(seeds: int, size: int, steps: int) -> Iterator[tuple[Array, Array]]:
    """Yield pixels (S, B, 196) and labels (S, B): every seed its own split of the digits and its own order."""
    parts = [digits(seed) for seed in range(seeds)]
    drawn = [np.random.default_rng([seed, 1]) for seed in range(seeds)]
    for _ in range(steps):
        rows = [rng.integers(0, len(part[0]), size) for rng, part in zip(drawn, parts, strict=True)]
        chosen = [(part[0][row], part[1][row]) for part, row in zip(parts, rows, strict=True)]
        yield np.stack([x for x, _ in chosen]), np.stack([y for _, y in chosen])


def train(design: Design, depth: int, optimizer: str, rate: float, budget: Recipe, seeds: int = 3) -> Outcome:
    """Train ``seeds`` networks of ``depth`` layers and return their outcome; all stop when none is finite any more.

    Raises ValueError for an unknown optimizer, a rate that isn't positive, and sizes that aren't whole numbers ≥ 1.
    """
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {optimizer!r}")
    if not 0 < rate < np.inf:
        raise ValueError(f"rate must be positive and finite, got {rate}")
    network = Network(design, depth, budget.width, seeds)
    taken = [OPTIMIZERS[optimizer](rate) for _ in network.parameters]
    losses: list[Array] = []
    with np.errstate(all="ignore"):  # a network that diverges overflows, and is reported as diverged
        for pixels, labels in batches(seeds, budget.batch, budget.steps):
            loss, gradients = network.gradients(pixels, labels)
            losses.append(loss)
            if not np.isfinite(loss).any():
                break
            for parameter, gradient, rule in zip(network.parameters, gradients, taken, strict=True):
                parameter -= rule(gradient)
        scores = network.logits(np.stack([digits(seed)[2] for seed in range(seeds)]))
    truth = np.stack([digits(seed)[3] for seed in range(seeds)])
    curve = np.stack(losses, axis=1)
    finite = np.isfinite(curve).all(1) & np.isfinite(scores).all((1, 2))
    with np.errstate(all="ignore"):
        high = curve[:, -10:].mean(1) > np.maximum(curve[:, 0], CHANCE)
    accuracy = np.where(finite, (scores.argmax(-1) == truth).mean(1), 1 / CLASSES)
    return Outcome(accuracy, curve, ~finite | high)


COMMAND = "python -m gradbook.book.residual_depth.training"
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
        outcome = train(design, depth, OPTIMIZER[table], rate, Recipe(), SEEDS)
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
    facts = {"command": f"{COMMAND} {table}", "seeds": SEEDS, "budget": vars(Recipe()), "optimizer": OPTIMIZER[table]}
    fill_table(STORED / f"08-{table}.json", facts, jobs, climb, workers, resume)


def main() -> None:
    """Measure the tables that the command line names."""
    parser = argparse.ArgumentParser(description="Measure chapter 8's tables.")
    parser.add_argument("tables", nargs="+", choices=["training", "sgd"])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="keep the rows that the table holds already")
    options = parser.parse_args()
    for table in options.tables:
        measure(table, options.workers, options.resume)


if __name__ == "__main__":
    main()
