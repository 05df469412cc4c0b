"""Exercise 5.4: a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.exercises import Exercise, Mistake, Wrong, returned, same_on

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

_ROWS: list[tuple[Array, Labels]] = [
    (np.array([1.0, -2.0, 0.5, 3.0]), np.array([3])),
    (np.array([-1.0, 0.3, 0.2]), np.array([], dtype=np.int64)),
    (np.array([4.0, -1.5, 6.0]), np.array([2, 0])),
]
_CONFIDENT = (np.array([-3.0, 60.0, -2.5, 55.0]), np.array([1, 3]))
_LARGE = (np.array([900.0, -5.0, 1000.0, 899.0]), np.array([2]))
_NONE = (np.array([7.0, -7.0]), np.array([0, 1]))
_TINY = (np.array([-60.0, 5.0, -61.0]), np.array([1]))


def solve_negative_part(scores: Array, positives: Labels) -> float:
    """The reference: take the labels that hold out, then logaddexp, which shifts and uses log1p by itself."""
    return float(np.logaddexp.reduce(np.delete(scores, positives), initial=0.0))


def _rest(scores: Array, positives: Labels) -> Array:
    return np.delete(scores, positives)


def _subtracted(scores: Array, positives: Labels) -> float:
    whole = np.logaddexp.reduce(scores, initial=0.0)
    held = np.logaddexp.reduce(scores[positives], initial=-np.inf)
    return float(whole + np.log(1 - np.exp(held - whole)))


def _clipped(scores: Array, positives: Labels) -> float:
    whole = np.logaddexp.reduce(scores, initial=0.0)
    held = np.logaddexp.reduce(scores[positives], initial=-np.inf)
    return float(whole + np.log(np.clip(1 - np.exp(held - whole), 1e-7, 1)))


def _shifted(scores: Array, positives: Labels) -> float:
    rest = np.append(_rest(scores, positives), 0.0)
    return float(rest.max() + np.log(np.exp(rest - rest.max()).sum()))


def _set_to_zero(scores: Array, positives: Labels) -> float:
    kept = scores.copy()
    kept[positives] = 0.0
    return float(np.logaddexp.reduce(kept, initial=0.0))


def _agrees(rows: list[tuple[Array, Labels]], ending: str = "") -> Callable[[Any], None]:
    """A property: the answer is right to nine digits on ``rows``; ``ending`` is told where it isn't."""

    def holds(answer: Callable[..., Any]) -> None:
        for scores, positives in rows:
            found, right = _called(answer, scores, positives), solve_negative_part(scores, positives)
            if not abs(found - right) <= 1e-9 * right:
                case = f"For scores {scores.tolist()} and positives {positives.tolist()} it returns {found:.6g}."
                raise Wrong(f"{case} {ending}".rstrip())

    return holds


def _called(function: Callable[..., Any], scores: Array, positives: Labels) -> float:
    """Call with copies, which may be changed; overflow gives inf or NaN without a warning, which is no right answer."""
    with np.errstate(all="ignore"):
        value = np.asarray(returned(function, scores.copy(), positives.copy()))
    if value.size != 1 or value.dtype.kind not in "fiu":
        raise Wrong(f"A number is asked for, it returns {value.tolist()!r}.")
    return float(value.reshape(()))


_SURE = "Here the labels that hold stand high, as after training."

negative_part = Exercise(
    name="Exercise 5.4",
    prompt="Write negative_part(scores, positives): log(1 + Σ e^s) over the labels that don't hold, from numpy arrays "
    "of scores (K,), float64, and of the labels that hold (M,), to nine digits whatever the scores.",
    properties=[
        _agrees(_ROWS),
        _agrees([_CONFIDENT], _SURE),
        _agrees([_LARGE], "Scores may be large."),
        _agrees([_NONE], "No label is left."),
        _agrees([_TINY], "The sum is far below 1."),
    ],
    solution=solve_negative_part,
    mistakes=[
        Mistake(_subtracted, "That is the article's formula: the labels that hold are put in and then subtracted."),
        Mistake(_clipped, "The clip keeps the logarithm finite, not right: what cancelled is still lost."),
        Mistake(
            lambda scores, positives: float(np.log(1 + np.exp(scores).sum() - np.exp(scores[positives]).sum())),
            "The difference of two sums cancels: e^60 has no digits left for e^(−3).",
        ),
        Mistake(
            lambda scores, positives: float(np.log(1 + np.exp(_rest(scores, positives)).sum())),
            "The right labels, but e^900 is no number any more. Shift, or use np.logaddexp.",
        ),
        Mistake(
            lambda scores, positives: float(np.log1p(np.exp(_rest(scores, positives)).sum())),
            "log1p is good for small sums. For large ones e^900 is no number: shift, or np.logaddexp.",
        ),
        Mistake(_shifted, "Nearly: 1 + e^(−60) is 1 in float64, so a tiny sum is lost. np.log1p or np.logaddexp."),
        Mistake(
            lambda scores, positives: float(np.logaddexp.reduce(_rest(scores, positives), initial=-np.inf)),
            "The threshold class is missing: the 1 under the logarithm.",
        ),
        Mistake(
            lambda scores, positives: float(np.logaddexp.reduce(scores, initial=0.0)),
            "That sums all labels: those that hold don't belong in.",
        ),
        Mistake(_set_to_zero, "A score of 0 adds e^0 = 1. What shall not count needs −inf, or has to go."),
        Mistake(
            lambda scores, positives: float(np.logaddexp.reduce(scores[positives], initial=0.0)),
            "That sums the labels that hold. The others are asked for.",
        ),
    ],
    same=same_on([*_ROWS, _CONFIDENT, _LARGE, _NONE, _TINY], rtol=1e-9, atol=0),
    hint="np.delete takes the labels that hold out; np.logaddexp(x, y) is log(e^x + e^y) without overflow.",
)
