"""Fourteen yes-or-no questions about each gene of baker's yeast: to which groups of functions does it belong?

Data: Elisseeff and Weston, A kernel method for multi-labelled classification (NeurIPS 2001), in the version of the
MULAN library, as the package river (BSD) ships it. Read from the installed package; nothing is downloaded or copied.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from gradbook.tasks.installed import installed_path
from gradbook.tasks.multitask import MultiTask, Task
from gradbook.tasks.split import standardised_split

LABELS = 14
TASKS = tuple(Task(f"group {i + 1}", "yes or no", "binary") for i in range(LABELS))


def load_yeast(train: int = 1500, test: int = 917, seed: int = 0) -> MultiTask:
    """Return a random split of the 2,417 genes: inputs (N, 103) float64, targets (N, 14) of 0 and 1.

    Inputs are expression levels and phylogenetic profiles, standardised by the training part. The file doesn't name
    the groups; they are numbered as in its columns. Group 14 is rare: 34 genes.

    Raises ValueError if more genes are asked for than there are, ModuleNotFoundError without river.
    """
    return standardised_split(TASKS, *_table(), train, test, seed)


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Inputs (2417, 103) and targets (2417, 14) of all genes, float64."""
    table = pd.read_csv(installed_path("river", "river/datasets/yeast.csv.gz", "the yeast genes"))
    values = table.to_numpy(dtype=np.float64)
    return values[:, :-LABELS], values[:, -LABELS:]
