"""A random part to learn from and a random part to judge on, which share nothing."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.tasks.multitask import MultiTask, Task


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
