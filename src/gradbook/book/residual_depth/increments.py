"""How far the loss moves in one small step, against depth: real steps of real stacks on real digits, several seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, layer_norm

from gradbook.book.residual_depth.theory import PREDICTED, VARIANTS, misplaced_alpha
from gradbook.book.residual_depth.training import CLASSES, digits
from gradbook.book.stored import STORED, write_table
from gradbook.residual_depth import Design, ResidualStack, loss_increment
from gradbook.residual_depth.stack import OPTIMIZERS


@dataclass(frozen=True)
class Slope:
    """A slope and its standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ± {self.error:.2f}".replace("-", "−")


def fit_slope(x: ArrayLike, y: ArrayLike) -> Slope:
    """Return the least-squares slope of y over x, the mean of one fit a seed, with its standard error.

    ``x`` (D,), ``y`` (S, D) with a row for each of S ≥ 2 independent seeds. Raises ValueError for other shapes, fewer
    than two places or seeds, places that are all the same, and numbers that aren't finite.
    """
    places, rows = _finite("x", x), _finite("y", y)
    if places.ndim != 1 or len(places) < 2 or np.ptp(places) == 0:
        raise ValueError(f"x must be one row of at least two different places, got shape {places.shape}")
    if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] != len(places):
        raise ValueError(f"y must have shape (S, {len(places)}) with S ≥ 2 seeds, got {rows.shape}")
    off = places - places.mean()
    slopes = rows @ off / (off @ off)
    return Slope(float(slopes.mean()), float(slopes.std(ddof=1) / len(slopes) ** 0.5))


def fit_exponent(depths: ArrayLike, values: ArrayLike) -> Slope:
    """Return k of values ∝ depth^k, from ``values`` (S, D), all positive; raises as :func:`fit_slope` does."""
    return fit_slope(np.log(_positive("depths", depths)), np.log(_positive("values", values)))


def fit_growth(depths: ArrayLike, values: ArrayLike) -> Slope:
    """Return c of values ∝ e^{c √depth}, from ``values`` (S, D), all positive; raises as :func:`fit_slope` does."""
    return fit_slope(np.sqrt(_positive("depths", depths)), np.log(_positive("values", values)))


def _finite(name: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}")
    return array


def _positive(name: str, values: ArrayLike) -> NDArray[Any]:
    array = _finite(name, values)
    if not (array > 0).all():
        raise ValueError(f"{name} must be positive, got {array.min()}")
    return array


DEPTHS = (8, 16, 32, 64, 128)
SEEDS = 8
WIDTH = 128
BATCH = 32
RATES = {"sgd": 1e-5, "adam": 1e-8, "lamb": 1e-6}  # small enough that the loss moves in proportion to them
MEASURED: dict[str, Callable[[int], Design]] = {
    **{name: VARIANTS[name] for name in (*PREDICTED, "ε = 1/√N, relu branch")},
    "DeepNorm (SGD), α misplaced": lambda depth: misplaced_alpha(depth, "sgd"),
}


@dataclass(frozen=True)
class DigitLoss:
    """``inputs`` x_0 (32, width), and the cross-entropy of the labels as a function of the stack's outputs."""

    inputs: Tensor
    labels: Tensor
    readout: Tensor
    final_norm: bool

    def __call__(self, outputs: Tensor) -> Tensor:
        """Return the mean cross-entropy, a scalar; ``final_norm`` puts the LayerNorm before it that Pre-LN asks for."""
        read = layer_norm(outputs, outputs.shape[-1:]) if self.final_norm else outputs
        return cross_entropy(read @ self.readout, self.labels)


def digit_loss(width: int, seed: int, final_norm: bool, batch: int = BATCH) -> DigitLoss:
    """Return the loss on ``batch`` random training digits of the split of ``seed``, in float64.

    The fixed matrices in front and behind are standard normal over √(number of inputs), so x_0 has second moment
    about 1.
    """
    pixels, labels, _, _ = digits(seed)
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(len(pixels), (batch,), generator=generator)
    chosen = torch.from_numpy(pixels).double()[rows]
    entry = torch.randn(pixels.shape[1], width, generator=generator, dtype=torch.float64) / pixels.shape[1] ** 0.5
    readout = torch.randn(width, CLASSES, generator=generator, dtype=torch.float64) / width**0.5
    return DigitLoss(chosen @ entry, torch.from_numpy(labels)[rows], readout, final_norm)


def measure(design_at: Callable[[int], Design], depth: int, seed: int, optimizers: Sequence[str]) -> list[float]:
    """Return −ΔL/η of one real step of each of ``optimizers``, for one stack of ``depth`` layers drawn by ``seed``."""
    design = design_at(depth)
    loss = digit_loss(WIDTH, seed, final_norm=design.norm == "pre")
    generator = torch.Generator().manual_seed(1000 * seed + depth)
    stack = ResidualStack.of(design, depth, WIDTH, generator=generator, dtype=torch.float64)
    moved = (loss_increment(stack, loss.inputs, loss, name, RATES[name]).actual for name in optimizers)
    return [-change / RATES[name] for change, name in zip(moved, optimizers, strict=True)]


def increments(
    name: str,
    depths: Sequence[int] = DEPTHS,
    seeds: Iterable[int] = range(SEEDS),
    optimizers: Sequence[str] = OPTIMIZERS,
) -> dict[str, list[list[float]]]:
    """Return, by optimizer, −ΔL/η of the arrangement ``name``, a row a seed and a column a depth.

    Raises KeyError for a name that isn't in ``MEASURED``.
    """
    found = [[measure(MEASURED[name], depth, seed, optimizers) for depth in depths] for seed in seeds]
    return {optimizer: [[cell[i] for cell in row] for row in found] for i, optimizer in enumerate(optimizers)}


def exponents(rows: dict[str, list[list[float]]], depths: Sequence[int] = DEPTHS) -> dict[str, Slope]:
    """Return the fitted power of N of every optimizer."""
    return {optimizer: fit_exponent(depths, values) for optimizer, values in rows.items()}


def measure_increments(path: Path) -> None:
    """Measure all arrangements and write them to ``path``."""
    torch.set_num_threads(1)
    table: dict[str, Any] = {}
    for name in MEASURED:
        rows = increments(name)
        table[name] = {key: [[float(f"{x:.4g}") for x in row] for row in values] for key, values in rows.items()}
        print(name, {key: str(slope) for key, slope in exponents(rows).items()}, flush=True)
    facts = {
        "command": "python -m gradbook.book.residual_depth.increments",
        "seeds": SEEDS,
        "width": WIDTH,
        "batch": BATCH,
        "rates": RATES,
    }
    write_table(path, {**facts, "depths": list(DEPTHS), "increments": table})


if __name__ == "__main__":
    measure_increments(STORED / "08-increments.json")
