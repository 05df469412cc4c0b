"""Exercise 4.1: a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.exercises import Exercise, Mistake, Wrong, returned

_SIZES = [(768, 64, 10), (768, 64, 100), (256, 32, 1), (5, 2, 7)]


def solve_parameters(hidden_size: int, head_size: int, num_types: int) -> int:
    """The reference: the weights and biases of both layers."""
    return 2 * (hidden_size + 1) * head_size + 2 * (2 * head_size + 1) * num_types


def _no_biases(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * hidden_size * head_size + 4 * head_size * num_types


def _not_shared(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size * num_types


def _types_from_hidden(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size + 2 * (hidden_size + 1) * num_types


def _starts_only(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size + (2 * head_size + 1) * num_types


def _queries_only(hidden_size: int, head_size: int, num_types: int) -> int:
    return (hidden_size + 1) * head_size + 2 * (2 * head_size + 1) * num_types


def _one_bias(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size + 4 * head_size * num_types


def _one_bias_a_type(hidden_size: int, head_size: int, num_types: int) -> int:
    return 2 * (hidden_size + 1) * head_size + (4 * head_size + 1) * num_types


def _counts_agree(answer: Callable[..., Any]) -> None:
    for sizes in _SIZES:
        value = returned(answer, *sizes)
        if isinstance(value, (str, bytes)):  # float would read it
            raise Wrong(f"A number is asked for, it returns a {type(value).__name__}.")
        found = float(value)
        if found != solve_parameters(*sizes):
            raise Wrong(
                f"For hidden_size, head_size, num_types = {', '.join(map(str, sizes))} it returns {found:,.0f}."
                if abs(found) < 1e15
                else f"For hidden_size, head_size, num_types = {', '.join(map(str, sizes))} it returns {found}."
            )


def _same_counts(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    return all(float(a(*sizes)) == float(b(*sizes)) for sizes in _SIZES)


count_parameters = Exercise(
    name="Exercise 4.1",
    prompt="Write parameters(hidden_size, head_size, num_types): how many numbers an EfficientGlobalPointer learns, "
    "biases included.",
    properties=[_counts_agree],
    solution=solve_parameters,
    mistakes=[
        Mistake(_no_biases, "These are the weights. Each layer also has a bias, one number an output."),
        Mistake(_not_shared, "That is GlobalPointer. Here the queries and keys are shared by all types."),
        Mistake(_types_from_hidden, "That is (4.4): the type part reads h. In (4.5) it reads [q; k], 2d numbers."),
        Mistake(_starts_only, "A type scores the start and the end: two outputs."),
        Mistake(_queries_only, "Queries and keys: two vectors of head_size a token."),
        Mistake(_one_bias, "The layer that scores the types has biases too, two a type."),
        Mistake(_one_bias_a_type, "a_α and b_α have a bias each: two a type, though one would do."),
    ],
    same=_same_counts,
    hint="Two linear layers: D → 2d once, and 2d → 2T. A layer from n to m has (n + 1)·m parameters.",
)
