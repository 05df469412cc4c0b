"""The exercises of chapter 3: their checkers, solutions, and the mistakes that have a hint of their own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from gradbook.book.exercises import Exercise, Mistake, Wrong, number_near, returned_array, same_number, same_on
from gradbook.book.primary_auxiliary.measurements import STALL
from gradbook.primary_auxiliary.multipliers import most_violated

Array = NDArray[np.float64]

STALLING: Array = STALL.numpy()  # the chapter's own example


def _share(primary: Array, auxiliary: Array) -> float:
    """How much of the auxiliary has to be added, γ of (3.7); 0 for a zero auxiliary."""
    return max(-float(primary @ auxiliary), 0.0) / float(auxiliary @ auxiliary) if auxiliary.any() else 0.0


def gram(rows: Array) -> tuple[Array, Array]:
    """Return the auxiliaries' inner products (n, n), and those with the primary gradient, the first row, (n,)."""
    return rows[1:] @ rows[1:].T, rows[1:] @ rows[0]


one_multiplier = Exercise(
    name="Exercise 3.1",
    prompt="The primary gradient is g_0 = (3, 0), the only auxiliary g_1 = (−2, 2). What is the multiplier λ?",
    properties=[number_near(0.75)],
    solution=0.75,
    mistakes=[
        Mistake(1.5, "Divide by the whole of ‖g_1‖² = 8: both entries count."),
        Mistake(-0.75, "The sign: g_1 must be added, to turn the update towards it. A multiplier is never negative."),
        Mistake(6 / 8**0.5, "Divide by the squared length of g_1: λg_1 is a projection, and g_1 isn't a unit vector."),
        Mistake(6 / 9, "That divides by ‖g_0‖². It's g_1 whose multiple is added, so its length counts."),
        Mistake(6.0, "The inner product says how much they conflict; it still has to be divided by ‖g_1‖²."),
        Mistake(0.0, "λ = 0 would leave ⟨g_0, g_1⟩ = −6: a step against g_0 makes the auxiliary rise."),
    ],
    same=lambda a, b: same_number(a, b) if b else abs(float(a)) < 1e-9,
    hint="Which λ makes g_0 + λg_1 orthogonal to g_1?",
)


_PAIRS = [
    (np.array([3.0, 0.0]), np.array([-2.0, 2.0])),
    (np.array([3.0, 1.0]), np.array([2.0, 2.0])),
    (np.array([1.0, -1.0, 0.5]), np.array([0.1, 0.4, -0.2])),
    (np.array([2.0, -1.0]), np.array([0.0, 0.0])),
]


def solve_two(g0: Array, g1: Array) -> Array:
    """The reference: (3.7), which with θ for g_1 is (3.11), and nothing to do for a zero auxiliary."""
    return g0 + _share(g0, g1) * g1


def _always_projected(g0: Array, g1: Array) -> Array:
    return np.asarray(g0 - (g0 @ g1) / (g1 @ g1) * g1 if g1.any() else g0)


def _divides_by_zero(g0: Array, g1: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(g0 + np.maximum(-(g0 @ g1), 0.0) / (g1 @ g1) * g1)


def _updates_agree(answer: Callable[..., Any]) -> None:
    for g0, g1 in _PAIRS:
        found = returned_array(answer, g0.shape, g0, g1)
        if not np.allclose(found, solve_two(g0, g1), rtol=1e-9, atol=1e-12):
            raise Wrong(f"For g0 = {g0.tolist()} and g1 = {g1.tolist()} it returns {np.round(found, 4).tolist()}.")


two_gradients = Exercise(
    name="Exercise 3.2",
    prompt="Write update(g0, g1): from two numpy vectors to the update nearest to g0 that has no negative inner "
    "product with g1. A zero g1 is allowed.",
    properties=[_updates_agree],
    solution=solve_two,
    mistakes=[
        Mistake(
            _always_projected,
            "Where the two agree nothing has to be done: that is what relu is for.",
        ),
        Mistake(_divides_by_zero, "A zero auxiliary asks for nothing, and ‖g_1‖² can't be divided by."),
        Mistake(lambda g0, g1: g0 + g1, "The plain sum follows the longer gradient; nothing in it stops a conflict."),
        Mistake(
            lambda g0, g1: 2 * g0 - solve_two(g0, g1),
            "The correction is added: it must raise the inner product with g_1 up to 0.",
        ),
        Mistake(
            lambda g0, g1: solve_two(g1, g0), "That corrects the auxiliary gradient. It's the primary one that is kept."
        ),
    ],
    same=same_on(_PAIRS),
    hint="Equation (3.7): g_0 + γg_1 with γ = relu(−⟨g_0, g_1⟩)/‖g_1‖². When is γ not defined?",
)


_PROBLEMS = [
    STALLING,
    np.array([[-2.0, -1.0], [2.0, -1.0], [1.0, 0.0]]),
    np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 2.0, -1.0]]),
    np.array([[1.0, 1.0, -2.0], [-1.0, 0.2, 0.1], [0.3, -1.0, 0.2], [0.1, 0.2, 5.0]]),
]


def solve_multipliers(gramian: Array, inner: Array, sweeps: int = 1000) -> Array:
    """The reference: the coordinates in turn, a thousand times each."""
    values = np.zeros(len(inner))
    for _ in range(sweeps):
        for i in range(len(inner)):
            values[i] = max(values[i] - (inner[i] + gramian[i] @ values) / gramian[i, i], 0)
    return values


def _signed(gramian: Array, inner: Array) -> Array:
    return np.asarray(np.linalg.solve(gramian, -inner))


def _multipliers_hold(answer: Callable[..., Any]) -> None:
    for rows in _PROBLEMS:
        gramian, inner = gram(rows)
        values = returned_array(answer, inner.shape, gramian, inner)
        where = f"For the gradients {rows.tolist()}, the primary first, it returns {np.round(values, 3).tolist()}"
        if not np.isfinite(values).all() or (values < 0).any():
            raise Wrong(f"{where}: a multiplier must be a number that is not negative.")
        slack = inner + gramian @ values
        if slack.min() < -1e-6:
            raise Wrong(f"{where}, and auxiliary {slack.argmin() + 1} rises: ⟨g, u⟩ = {slack.min():.3g}.")
        if (values * slack).max() > 1e-6:
            i = int((values * slack).argmax())
            raise Wrong(f"{where}: λ = {values[i]:.3g} for auxiliary {i + 1}, although ⟨g, u⟩ = {slack[i]:.3g} > 0.")


right_multipliers = Exercise(
    name="Exercise 3.3",
    prompt="Write multipliers(gramian, inner): from the inner products of the auxiliaries, an array (n, n), and those "
    "with the primary gradient, (n,), to the right λ (n,). The auxiliaries are independent and not zero.",
    properties=[_multipliers_hold],
    solution=solve_multipliers,
    mistakes=[
        Mistake(
            lambda gramian, inner: list(islice(most_violated(gramian, inner), 1000))[-1],
            "The article's choice stalls here: let every coordinate have its turn.",
        ),
        Mistake(_signed, "This makes all inner products 0, by negative multipliers if need be."),
        Mistake(
            lambda gramian, inner: np.maximum(_signed(gramian, inner), 0.0),
            "Solving without signs and clipping afterwards is another problem: the rest must follow.",
        ),
        Mistake(
            lambda gramian, inner: solve_multipliers(gramian, inner, 1),
            "A later coordinate changes what the earlier ones see. Go round until nothing changes.",
        ),
        Mistake(
            lambda gramian, inner: np.maximum(-inner, 0) / gramian.diagonal(),
            "Each multiplier for itself forgets that auxiliaries have inner products too.",
        ),
    ],
    same=same_on(map(gram, _PROBLEMS), atol=1e-6),
    hint="Re-solve one coordinate after the other, λ_i ← max(λ_i − (inner_i + (Kλ)_i)/K_ii, 0), and go round often.",
)


_PLACES = [
    (np.array([-1.0, 2.0, 0.5]), np.array([1.0, 0.5, -2.0])),
    (np.array([1.0, 1.0]), np.array([0.5, -2.0])),
    (np.array([1.0, -1.0]), np.array([0.5, -2.0])),
    (np.array([1.0, -2.0]), np.array([0.0, 0.0])),
]


def _regularised_agree(answer: Callable[..., Any]) -> None:
    for gradient, theta in _PLACES:
        found = returned_array(answer, theta.shape, gradient, theta)
        if not np.allclose(found, solve_two(gradient, theta), rtol=1e-9, atol=1e-12):
            raise Wrong(
                f"For the gradient {gradient.tolist()} at θ = {theta.tolist()} it returns "
                f"{np.round(found, 4).tolist()}; a step against that changes ½‖θ‖² at the rate {-(found @ theta):.3g}."
            )


def _same_regularised(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    """The same mistake, also if the answer besides forgets θ = 0, the last place."""
    with np.errstate(all="ignore"):
        found = [[np.asarray(f(g, t), dtype=float) for g, t in _PLACES] for f in (a, b, solve_two)]
    agree = [np.allclose(x, y, equal_nan=True) for x, y in zip(found[0], found[1], strict=True)]
    right = [np.allclose(x, y) for x, y in zip(found[1], found[2], strict=True)]
    return all(agree) or (all(agree[:-1]) and not all(right[:-1]))


no_coefficient = Exercise(
    name="Exercise 3.4",
    prompt="Write regularised(gradient, theta): the gradient of the primary loss, corrected so that a small step "
    "against it doesn't make ‖θ‖ larger, and no more than that. θ = 0 is allowed.",
    properties=[_regularised_agree],
    solution=solve_two,
    mistakes=[
        Mistake(
            lambda gradient, theta: gradient + _share(gradient, theta),
            "That adds one number to all entries, the article's slip. The correction points along θ.",
        ),
        Mistake(_always_projected, "This also forbids θ to become shorter. Only growth is unwanted: relu."),
        Mistake(
            lambda gradient, theta: gradient + _share(gradient, theta) * np.linalg.norm(theta) * theta,
            "γ is divided by ‖θ‖², so that what is left is orthogonal to θ.",
        ),
        Mistake(_divides_by_zero, "θ = 0 has no direction to grow in, and its squared norm can't be divided by."),
        Mistake(
            lambda gradient, theta: gradient - _share(-gradient, theta) * theta,
            "The step goes against the gradient: ‖θ‖ grows where ⟨g, θ⟩ is negative.",
        ),
    ],
    same=_same_regularised,
    hint="The auxiliary loss is ½‖θ‖², its gradient is θ. Put it into (3.7).",
)


def _stalls(answer: Any) -> None:
    rows = np.asarray(answer, dtype=float)
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


def _kind(answer: Any) -> str:
    rows = np.asarray(answer, dtype=float)
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
    same=lambda a, b: _kind(a) == _kind(b),
    hint="The iteration must first pick the auxiliary that the solution doesn't need. Try it in the picture.",
)


ALL = (one_multiplier, two_gradients, right_multipliers, no_coefficient, stall)
"""The chapter's exercises in order."""
