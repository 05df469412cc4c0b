"""Exercise 4.3: a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.exercises import Exercise, Mistake, Wrong, returned

Array = NDArray[np.float64]

_CASES = [
    (np.array([1.0, 0.0, 0.0, 1.0]), 3),
    (np.array([0.5, -1.0, 2.0, 0.3, 1.0, 1.0]), 17),
    (np.array([1.0, 2.0]), 0),
    (np.array([1.0, 2.0, -1.0, 0.5, 0.1, 0.7, -0.3, 1.1]), 250),
]


def solve_turned(vector: Array, place: int) -> Array:
    """The reference: each pair of neighbours turned by its own angle."""
    angles = place * 10000.0 ** (-np.arange(0, len(vector), 2) / len(vector))
    first, second = vector[::2], vector[1::2]
    turned = [first * np.cos(angles) - second * np.sin(angles), first * np.sin(angles) + second * np.cos(angles)]
    return np.stack(turned, 1).reshape(-1)


def _one_speed(vector: Array, place: int) -> Array:
    first, second = vector[::2], vector[1::2]
    cosine, sine = np.cos(place), np.sin(place)
    return np.stack([first * cosine - second * sine, first * sine + second * cosine], 1).reshape(-1)


def _backwards(vector: Array, place: int) -> Array:
    return solve_turned(vector, -place)


def _half_the_exponent(vector: Array, place: int) -> Array:
    angles = place * 10000.0 ** (-np.arange(len(vector) // 2) / len(vector))
    first, second = vector[::2], vector[1::2]
    turned = [first * np.cos(angles) - second * np.sin(angles), first * np.sin(angles) + second * np.cos(angles)]
    return np.stack(turned, 1).reshape(-1)


def _other_pairs(vector: Array, place: int) -> Array:
    half = len(vector) // 2
    angles = place * 10000.0 ** (-np.arange(half) / half)
    first, second = vector[:half], vector[half:]
    return np.concatenate(
        [first * np.cos(angles) - second * np.sin(angles), first * np.sin(angles) + second * np.cos(angles)]
    )


def _added(vector: Array, place: int) -> Array:
    angles = place * 10000.0 ** (-np.arange(0, len(vector), 2) / len(vector))
    return np.asarray(vector + np.stack([np.sin(angles), np.cos(angles)], 1).reshape(-1))


def _halves(vector: Array, place: int) -> Array:
    turned = solve_turned(vector, place)
    return np.concatenate([turned[::2], turned[1::2]])


def _turns_agree(answer: Callable[..., Any]) -> None:
    for vector, place in _CASES:
        value = np.asarray(returned(answer, vector.copy(), place))
        if np.iscomplexobj(value):
            raise Wrong("It returns complex numbers: real numbers are asked for.")
        found = value.astype(float)
        if found.shape != vector.shape:
            raise Wrong(f"It returns shape {found.shape}, not {vector.shape}.")
        if not np.allclose(found, solve_turned(vector, place), rtol=1e-9, atol=1e-9):
            raise Wrong(f"For {vector.tolist()} at place {place} it returns {np.round(found, 4).tolist()}.")


def _same_turns(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(np.allclose(a(vector.copy(), place), b(vector, place)) for vector, place in _CASES)


turn = Exercise(
    name="Exercise 4.3",
    prompt="Write turned(vector, place): coordinates 2m and 2m + 1 of a numpy vector (d,) turned by the angle "
    "place · 10000^(−2m/d), from the first towards the second.",
    properties=[_turns_agree],
    solution=solve_turned,
    mistakes=[
        Mistake(_one_speed, "All pairs turn equally fast here. The m-th has the speed 10000^(−2m/d)."),
        Mistake(_backwards, "That turns the other way. From the first axis to the second: (cos, sin) for (1, 0)."),
        Mistake(_half_the_exponent, "The exponent is −2m/d: the last pair turns nearly 10000 times slower."),
        Mistake(_other_pairs, "This pairs the first half with the second: as good, but here neighbours make a pair."),
        Mistake(_halves, "Interleave the pairs again: x₀, y₀, x₁, y₁, …, not all x and then all y."),
        Mistake(_added, "Those are added sines, as in the first Transformer. Rotary positions multiply: they turn."),
    ],
    same=_same_turns,
    hint="Even coordinates x, odd ones y: x cos − y sin and x sin + y cos, then interleave the two again.",
)
