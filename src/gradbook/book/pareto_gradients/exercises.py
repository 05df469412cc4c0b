"""The exercises of chapter 2: their checkers, solutions, and the mistakes that have a hint of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, number_near, returned_array, same_number, same_on
from gradbook.book.pareto_gradients.measurements import at_features, direction, min_norm

Array = NDArray[np.float64]

_PAIRS = (
    np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    np.array([[1.0, 0.2], [-0.5, 1.0]]),
    np.array([[1.0, 0.0], [3.0, 1.0]]),
    np.array([[4.0, 2.0], [1.0, 0.5]]),
    np.array([[1.0, 0.0], [-2.0, 0.0]]),
    np.array([[1.0, 2.0], [1.0, 2.0]]),
)


def _weights_of(answer: Callable[..., Any], length: int, *arguments: Array) -> Array:
    told = f"It returns shape {{found}}; {length} weights are asked for."
    return returned_array(answer, (length,), *arguments, told=told)


def _row(values: Array) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"


# ---- 2.2 two weights ----


def solve_two_weights(gradients: Array) -> Array:
    """The reference: the foot of the altitude, kept between the two ends."""
    share = np.clip(_foot(gradients), 0, 1)
    return np.array([share, 1 - share])


def _foot(gradients: Array) -> float:
    first, second = gradients
    square = (second - first) @ (second - first)
    return float((second - first) @ second / square) if square else 0.5


def _without_ends(gradients: Array) -> Array:
    return np.array([_foot(gradients), 1 - _foot(gradients)])


def _unguarded(gradients: Array) -> Array:
    return solve_two_weights(gradients) if (gradients[0] != gradients[1]).any() else np.full(2, np.nan)


def _by_lengths(gradients: Array) -> Array:
    inverse = 1 / (gradients**2).sum(1)
    return np.asarray(inverse / inverse.sum())


def _two_weights_agree(answer: Callable[..., Any]) -> None:
    for pair in _PAIRS:
        with np.errstate(all="ignore"):
            found, truth = _weights_of(answer, 2, pair), solve_two_weights(pair)
        u, nearest = found @ pair, truth @ pair
        on_segment = abs(found.sum() - 1) <= 1e-6 and found.min() >= -1e-9
        if not (on_segment and np.allclose(u, nearest, atol=1e-6)):
            raise Wrong(
                f"For the gradients {pair.tolist()} it returns {_row(found)}, with u = {_row(u)}; the nearest point of "
                f"the segment is {_row(nearest)}."
            )


two_weights = Exercise(
    name="Exercise 2.2",
    prompt="Write weights(gradients): from a numpy array (2, d) to the two weights of MGDA, for any two gradients.",
    properties=[_two_weights_agree],
    solution=solve_two_weights,
    mistakes=[
        Mistake(
            _without_ends,
            "Where the foot of the altitude lies outside the segment, the nearest point is an end: keep α between "
            "0 and 1.",
        ),
        Mistake(
            _unguarded,
            "Two equal gradients give 0/0: then every point of the segment is the same, and any weights will do.",
        ),
        Mistake(
            lambda gradients: _without_ends(gradients)[::-1],
            "Two things: the weights are the wrong way round, and α must be kept between 0 and 1.",
        ),
        Mistake(
            lambda gradients: solve_two_weights(gradients)[::-1],
            "The two weights are the wrong way round: the short gradient gets the large one.",
        ),
        Mistake(_by_lengths, "That is right for perpendicular gradients only: ⟨g₁, g₂⟩ is missing."),
        Mistake(lambda gradients: np.array([0.5, 0.5]), "Equal weights are the middle of the segment."),
    ],
    same=same_on([(pair,) for pair in _PAIRS], atol=1e-9),
    hint="u = αg₁ + (1 − α)g₂ must be perpendicular to g₂ − g₁, unless α leaves [0, 1]; (2.12).",
)

# ---- 2.4 one step of Frank-Wolfe ----

_GRAMS = (
    np.array([[4.0, 1.0, 0.5], [1.0, 2.0, -0.5], [0.5, -0.5, 1.5]]),
    np.array([[1.0, -0.9, 0.2], [-0.9, 1.0, 0.1], [0.2, 0.1, 3.0]]),
    np.array([[9.0, 2.0, 1.0], [2.0, 5.0, 1.0], [1.0, 1.0, 0.5]]),
)
_STARTS = (np.array([1 / 3, 1 / 3, 1 / 3]), np.array([0.6, 0.1, 0.3]), np.array([0.2, 0.5, 0.3]))
_STEPS = [(gram, start) for gram in _GRAMS for start in _STARTS]


def _moved(gramian: Array, weights: Array, vertex: int, share: float) -> Array:
    moved = (1 - share) * weights
    moved[vertex] += share
    return np.asarray(moved)


def _share(gramian: Array, weights: Array, vertex: int) -> float:
    inner = gramian @ weights
    ahead = weights @ inner - inner[vertex]
    return float(ahead / (ahead - inner[vertex] + gramian[vertex, vertex]))


def solve_step(gramian: Array, weights: Array) -> Array:
    """The reference: one step of Frank-Wolfe with line search."""
    vertex = int((gramian @ weights).argmin())
    return _moved(gramian, weights, vertex, min(max(_share(gramian, weights, vertex), 0.0), 1.0))


def _farthest(gramian: Array, weights: Array) -> Array:
    vertex = int((gramian @ weights).argmax())
    return _moved(gramian, weights, vertex, min(max(_share(gramian, weights, vertex), 0.0), 1.0))


def _shortest(gramian: Array, weights: Array) -> Array:
    vertex = int(gramian.diagonal().argmin())
    return _moved(gramian, weights, vertex, min(max(_share(gramian, weights, vertex), 0.0), 1.0))


def _unclipped(gramian: Array, weights: Array) -> Array:
    vertex = int((gramian @ weights).argmin())
    return _moved(gramian, weights, vertex, _share(gramian, weights, vertex))


def _not_shrunk(gramian: Array, weights: Array) -> Array:
    moved = weights.copy()
    vertex = int((gramian @ weights).argmin())
    moved[vertex] += min(max(_share(gramian, weights, vertex), 0.0), 1.0)
    return moved


def _step_agrees(answer: Callable[..., Any]) -> None:
    for gram, start in _STEPS:
        found, truth = _weights_of(answer, 3, gram, start), solve_step(gram, start)
        if abs(found.sum() - 1) > 1e-9 or found.min() < -1e-12:
            raise Wrong(f"From α = {_row(start)} it goes to {_row(found)}, which isn't on the simplex.")
        if not np.allclose(found, truth, atol=1e-6):
            raise Wrong(
                f"From α = {_row(start)} with K = {gram.tolist()} it goes to {_row(found)}; the step towards "
                f"g_{int((gram @ start).argmin()) + 1} ends at {_row(truth)}."
            )


step = Exercise(
    name="Exercise 2.4",
    prompt="Write step(gramian, weights): one step of Frank-Wolfe with line search (2.13), from K (n, n) and α (n,) to "
    "the new α.",
    properties=[_step_agrees],
    solution=solve_step,
    mistakes=[
        Mistake(
            lambda gramian, weights: _moved(gramian, weights, int((gramian @ weights).argmin()), 0.5),
            "The share is fixed. How far to go is the two-task problem of u and g_τ: (2.12).",
        ),
        Mistake(_farthest, "τ is the gradient with the smallest inner product with u, the one that is served worst."),
        Mistake(
            _shortest,
            "τ is not the shortest gradient, the smallest entry of K's diagonal, but the one with the smallest inner "
            "product with u.",
        ),
        Mistake(_unclipped, "The share must stay between 0 and 1, or a weight turns negative."),
        Mistake(_not_shrunk, "All weights shrink by 1 − γ before γ is added to the τ-th, or they no longer sum to 1."),
    ],
    same=same_on(_STEPS, atol=1e-9),
    hint="inner = K α holds ⟨g_i, u⟩; τ = argmin; γ is the foot of the altitude on the segment from u to g_τ.",
)


foot = Exercise(
    name="Exercise 2.1",
    prompt="Two gradients are perpendicular; the first has length 2, the second length 1. What weight does MGDA give "
    "the first?",
    properties=[number_near(0.2)],
    solution=0.2,
    mistakes=[
        Mistake(0.8, "That is the second's weight: the short gradient gets the large one."),
        Mistake(
            0.5, "Equal weights give the middle of the segment; the foot of the altitude lies nearer to the short."
        ),
        Mistake(1 / 3, "The weights go inversely with the squared lengths, not with the lengths."),
        Mistake(2 / 3, "Not in proportion to the lengths: the long gradient gets the small weight."),
        Mistake(0.0, "The foot lies between the two ends here: ⟨g₁, g₂⟩ = 0 is less than ‖g₂‖²."),
    ],
    same=same_number,
    hint="Use (2.12) with ⟨g₁, g₁⟩ = 4, ⟨g₂, g₂⟩ = 1, ⟨g₁, g₂⟩ = 0.",
)

gap = Exercise(
    name="Exercise 2.3",
    prompt="The Gram matrix is [[4, 1], [1, 2]] and an iteration stands at α = (½, ½). What is its duality gap (2.14)?",
    properties=[number_near(0.5)],
    solution=0.5,
    mistakes=[
        Mistake(1.0, "That is max − min of Kα. The gap compares ‖u‖² = αᵀKα with the smallest entry."),
        Mistake(-0.5, "A gap is never negative: take the gradient with the smallest inner product with u."),
        Mistake(0.25, "That is ‖u‖² − ‖u*‖², the true error. The gap bounds it without knowing u*."),
        Mistake(0.125, "That is half of ‖u‖² − ‖u*‖², the true error of (2.10). The gap bounds it without knowing u*."),
        Mistake(1.75, "That is ‖u*‖², at the optimum. The gap needs only the present α."),
        Mistake(2.0, "That is ‖u‖². Now subtract the smallest ⟨g_i, u⟩."),
        Mistake(1.5, "That is the smallest ⟨g_i, u⟩. How far is it below ‖u‖²?"),
    ],
    same=same_number,
    hint="The entries of Kα are the inner products ⟨g_i, u⟩, and αᵀKα is ‖u‖².",
)


_STRETCH = 3.0


def _pair(answer: Any) -> Array:
    rows = np.asarray(answer, dtype=float)
    if rows.shape != (2, 2):
        raise Wrong(f"Two gradients in the plane are asked for, an array of shape (2, 2); this has shape {rows.shape}.")
    if not np.isfinite(rows).all() or (np.abs(rows).max(axis=1) == 0).any():
        raise Wrong("Both gradients must be finite and not zero.")
    return rows


def _is_raised(answer: Any) -> None:
    rows = _pair(answer)
    inner = rows @ direction("MGDA-UB", rows, _STRETCH)
    if not (inner < -1e-9).any():
        raise Wrong(f"The inner products with MGDA-UB's update are {inner[0]:.3g} and {inner[1]:.3g}: no loss rises.")


def _kind(answer: Any) -> str:
    """Known mistakes of an example are kinds, not values."""
    rows = np.asarray(answer, dtype=float)
    if rows.shape != (2, 2):
        return "one" if rows.ndim < 2 or len(rows) == 1 else "another shape"
    if (np.abs(rows).max(axis=1) == 0).any():
        return "zero"
    if rows[0] @ rows[1] >= 0:
        return "no conflict"
    return "corner" if min_norm(at_features(rows, _STRETCH)).min() < 1e-12 else "between"


astray = Exercise(
    name="Exercise 2.5",
    prompt="The shared part is H(θ) = (3θ₁, θ₂). Find two gradients g₁, g₂ in the plane of θ, as a list of two "
    "vectors, for which a step against MGDA-UB's update makes a loss rise.",
    properties=[_is_raised],
    solution=[[1.5, -0.1], [-0.7, 1.0]],
    mistakes=[
        Mistake(
            [[1.0, 0.2], [0.5, 1.0]],
            "These two agree, and so every average of them suits both. Let them conflict: ⟨g₁, g₂⟩ < 0.",
        ),
        Mistake(
            [[0.3, 1.0], [0.3, -1.0]],
            "They conflict, but the bound mixes both, and well. Make it give most of the weight to one: let "
            "that one lie mostly along θ₁, where the shared part makes it look three times shorter than it is.",
        ),
        Mistake([[1.0, 2.0]], "That is one gradient; two are asked for."),
        Mistake([[1.0, 0.0], [0.0, 0.0]], "A zero gradient is itself the nearest point, and then u = 0."),
        Mistake([[1.0, 0.0, 0.0], [-1.0, 0.0, 1.0]], "The plane has two coordinates."),
    ],
    same=lambda a, b: _kind(a) == _kind(b),
    hint="∇_H L is g with its first entry divided by 3. The bound favours gradients that are short there.",
)


ALL = (foot, two_weights, gap, step, astray)
"""The chapter's exercises in order."""
