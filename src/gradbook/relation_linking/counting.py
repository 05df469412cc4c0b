"""How many candidates a text has: quintuples, and the factors that stand in for them."""

from __future__ import annotations

from gradbook.checks import check_sizes


def quintuple_count(length: int, predicates: int) -> int:
    """Return n · (l(l + 1)/2)²: all (s_h, s_t, p, o_h, o_t) with s_h ≤ s_t and o_h ≤ o_t in l tokens, exactly.

    Su, "GPLinker" (2022). Raises ValueError for numbers that aren't whole and ≥ 1.
    """
    check_sizes(length=length, predicates=predicates)
    return predicates * (length * (length + 1) // 2) ** 2


def factor_count(length: int, predicates: int) -> int:
    """Return 2 · l(l + 1)/2 + 2 n l²: the scores of subjects, objects, head pairs and tail pairs, exactly."""
    check_sizes(length=length, predicates=predicates)
    return length * (length + 1) + 2 * predicates * length**2
