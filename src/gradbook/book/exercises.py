"""Auto-checked exercises: the reader's number or function is held against properties, and against known mistakes.

A chapter defines its exercises with :class:`Exercise`; the reader calls ``check(exercise, answer)``. An answer that is
still ``...`` is no error: an unsolved exercise leaves the notebook runnable.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Wrong(Exception):
    """Raised by a property that an answer fails: the message says which input and what came out."""


class Unanswered(Exception):
    """Raised where the reader's function still returns ``...``."""


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that readers often give, and the hint that leads away from it.

    ``answer`` is tried on the same properties as the reader's: it must fail.
    """

    answer: Any
    hint: str


@dataclass(frozen=True)
class Verdict:
    """What a check found; a notebook shows it in green or red words."""

    right: bool | None
    text: str
    hint: str = ""

    def __repr__(self) -> str:
        return self.text + (f"\nHint: {self.hint}" if self.hint else "")

    def _repr_html_(self) -> str:
        colour, mark = {True: ("#00664F", "✓"), False: ("#A03000", "✗"), None: ("#555555", "○")}[self.right]
        hint = f"<br><i>Hint: {html.escape(self.hint)}</i>" if self.hint else ""
        return (
            f'<div style="background:#FDFDFB; color:{colour}; border-left:4px solid {colour}; padding:6px 10px">'
            f"{mark} {html.escape(self.text)}{hint}</div>"
        )


@dataclass(frozen=True)
class Exercise:
    """A question, the properties that a right answer has, the usual mistakes, and a solution.

    A property is a function of the answer that returns nothing or raises :class:`Wrong`. ``same`` says whether two
    answers agree as far as the checker can see; with it a reader's answer is recognised among the mistakes.
    """

    name: str
    prompt: str
    properties: Sequence[Callable[[Any], None]]
    solution: Any
    mistakes: Sequence[Mistake]
    same: Callable[[Any, Any], bool]
    hint: str

    def failure(self, answer: Any) -> str:
        """Return what the answer fails at, in a sentence; empty if it's right. An error it raises is a failure."""
        for holds in self.properties:
            try:
                holds(answer)
            except Wrong as wrong:
                return str(wrong)
            except Unanswered:
                raise
            except Exception as error:  # the reader's code may raise anything: tell, don't crash
                return f"Checking it raised {type(error).__name__}: {error}"
        return ""


def check(exercise: Exercise, answer: Any) -> Verdict:
    """Return the verdict on ``answer``: right, or what fails on which input, with a hint that fits the mistake."""
    try:
        if answer is ...:
            raise Unanswered
        failure = exercise.failure(answer)
    except Unanswered:
        return Verdict(None, f"{exercise.name}: not answered yet. Replace the … and run this cell again.")
    if not failure:
        return Verdict(True, f"{exercise.name}: right.")
    return Verdict(False, f"{exercise.name}: not yet. {failure}", _hint(exercise, answer))


def _hint(exercise: Exercise, answer: Any) -> str:
    for mistake in exercise.mistakes:
        try:
            if exercise.same(answer, mistake.answer):
                return mistake.hint
        except Exception:  # an answer of another kind is none of the known mistakes
            continue
    return exercise.hint


def returned(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the reader's function; raise :class:`Unanswered` for ``...`` and :class:`Wrong` for what is no function.

    The sentence for a forgotten ``return`` is written here once.
    """
    if not callable(function):
        raise Wrong(f"A function is asked for, this is a {type(function).__name__}.")
    value = function(*arguments)
    if value is ...:
        raise Unanswered
    if value is None:
        raise Wrong("Your function returns nothing: is a return missing?")
    return value


def returned_array(
    function: Callable[..., Any],
    shape: tuple[int, ...],
    *arguments: Any,
    told: str = "It returns shape {found}, not {shape}.",
) -> NDArray[np.float64]:
    """Call the reader's function with copies, which it may change, and return its array in floats.

    Raises as :func:`returned`, and :class:`Wrong` for another shape than ``shape``: ``told`` says so.
    """
    found = np.asarray(returned(function, *deepcopy(arguments)), dtype=float)
    if found.shape != shape:
        raise Wrong(told.format(found=found.shape, shape=shape))
    return found


def as_number(value: Any) -> float:
    """Return the number that an answer gave; :class:`Wrong` for text, which float would read."""
    if isinstance(value, (str, bytes)):
        raise Wrong(f"A number is asked for, it returns a {type(value).__name__}.")
    return float(value)


def named(value: Any) -> str:
    """Return the kind of a value with its article, "a str" or "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def same_on(
    cases: Iterable[Sequence[Any]],
    read: Callable[[Any], Any] | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> Callable[[Any, Any], bool]:
    """Return the ``same`` of an exercise that asks for a function: do two functions return the same on all cases?

    Arrays of numbers that are near, NaN beside NaN; with ``read``, what it makes of both results is equal. Every call
    gets a copy of the case.
    """
    known = list(cases)

    def same(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
        for case in known:
            with np.errstate(all="ignore"):
                first, second = a(*deepcopy(case)), b(*deepcopy(case))
            if read is not None:
                alike = read(first) == read(second)
            else:
                alike = np.shape(first) == np.shape(second) and np.allclose(first, second, rtol, atol, equal_nan=True)
            if not alike:
                return False
        return True

    return same


def same_number(a: Any, b: Any) -> bool:
    """True if two numbers agree to one part in a thousand."""
    return abs(float(a) - float(b)) <= 1e-3 * max(abs(float(a)), abs(float(b)))


def number_near(truth: float, tolerance: float = 1e-3) -> Callable[[Any], None]:
    """A property: the answer is a number within ``tolerance`` (relative) of ``truth``, which is not given away."""

    def holds(answer: Any) -> None:
        try:
            value = float(answer)
        except (TypeError, ValueError):
            raise Wrong(f"A number is asked for, this is a {type(answer).__name__}.") from None
        if not abs(value - truth) <= tolerance * abs(truth):
            raise Wrong(f"{value:.6g} is not it.")

    return holds
