"""Exercise 3.5: an example."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
from scipy.optimize import nnls

from gradbook.exercises import Exercise, Mistake, Wrong
from gradbook.primary_auxiliary.exercises.vectors import STALLING, Array, gram
from gradbook.primary_auxiliary.iterations import most_violated


def _as_rows(answer: Any) -> Array:
    return np.asarray(answer, dtype=float)


def _stalls(answer: Any) -> None:
    rows = _as_rows(answer)
    if rows.ndim != 2 or len(rows) != 3:
        raise Wrong(f"Three vectors are asked for, an array of shape (3, d); this has shape {rows.shape}.")
    if not np.isfinite(rows).all() or not rows.any(axis=1).all():
        raise Wrong("Every gradient must be finite and not zero.")
    if rows.shape == (3, 2) and np.allclose(rows, STALLING):
        raise Wrong("That is the chapter's own example. Change it.")
    path = list(islice(most_violated(*gram(rows)), 2000))
    if len(path) == 1:
        raise Wrong("Nothing is violated at λ = (0, 0), so the iteration is right at once.")
    if len(path) == 2000:
        raise Wrong("The iteration is still on its way after 2000 steps: slow, but not stuck.")
    if not _is_stalled(rows):
        raise Wrong(f"It ends at λ = {np.round(path[-1], 3).tolist()}, which is right.")


def _same_kind(a: Any, b: Any) -> bool:
    return _kind(_as_rows(a)) == _kind(_as_rows(b))


def _kind(rows: Array) -> str:
    if rows.ndim != 2:
        return "no matrix"
    if len(rows) != 3:
        return "two" if len(rows) == 2 else "another number"
    if not rows.any(axis=1).all():
        return "zero"
    gramian, inner = gram(rows)
    if (inner >= 0).all():
        return "no conflict"
    if gramian[0, 1] <= 0:
        return "the auxiliaries don't help each other"
    if (inner >= 0).any():
        return "one conflict"
    longer = rows * np.array([[1.0], [1.0], [4.0]])
    return "lengths" if _is_stalled(longer) and not _is_stalled(rows) else "something else"


def _is_stalled(rows: Array) -> bool:
    path = list(islice(most_violated(*gram(rows)), 2000))
    best = nnls(rows[1:].T, -rows[0])[0] @ rows[1:] + rows[0]
    reached = path[-1] @ rows[1:] + rows[0]
    return bool(len(path) < 2000 and reached @ reached - best @ best > 1e-6 * (rows[0] @ rows[0]))


stall = Exercise(
    name="Exercise 3.5",
    prompt="Find a primary gradient and two auxiliaries, as a list of three vectors, for which the article's iteration "
    "stops at a wrong point. Not the chapter's own example: change it.",
    properties=[_stalls],
    solution=[[-3.0, -1.0], [1.0, 0.0], [3.0, -0.5]],
    mistakes=[
        Mistake([[1.0, 0.0], [1.0, 1.0], [0.5, -1.0]], "No auxiliary conflicts with g_0 here. Turn g_0 round."),
        Mistake(
            [[-1.0, -1.0], [1.0, 0.0], [-0.2, 1.0]],
            "A multiplier becomes too large when the other auxiliary's correction also does its work: let g_1 and g_2 "
            "make an acute angle.",
        ),
        Mistake(
            [[-1.0, 1.0], [1.0, 0.2], [0.2, 1.0]],
            "Only one auxiliary is violated at the start. Let both be, the one that isn't needed in the end worse.",
        ),
        Mistake([[-1.0, 0.0], [1.0, 0.0]], "With one auxiliary there is nothing to choose, and nothing can stall."),
        Mistake([[-1.0, 0.0], [0.0, 0.0], [1.0, 1.0]], "A zero gradient is never picked."),
        Mistake(
            [[-2.0, -1.0], [1.0, 0.0], [1.0, -0.5]],
            "Close. The worst violated is measured by ⟨g_i, u⟩, so lengths count: make the unneeded one longer.",
        ),
    ],
    same=_same_kind,
    hint="The iteration must first pick the auxiliary that the solution doesn't need. Try it in the picture.",
)
