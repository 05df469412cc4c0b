"""Whether an Efficient GlobalPointer can express an annotation of any number of types."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from scipy.optimize import linprog

from gradbook.corpora.entities import Sentence
from gradbook.corpora.inexpressible import Place


def expressible(sentence: Sentence) -> bool:
    """Return whether there are scores s_α(i, j) = S(i, j) + a_α(i) + b_α(j) > 0 for the entities, < 0 elsewhere.

    S may be any matrix, the same for all types. So only spans that hold an entity count, and there each type that is
    true must beat each that isn't: S then puts 0 between them.

    Entities that nest or lie apart, never across each other's edges, can always be expressed, by these two steps.

    - A span can be left out if no other has its start, or none its end: a_α(i) then serves this span alone, and a
      large one for the types that are true there does it. Leave out one after the other.
    - Let (i, j) be a shortest span of what remains. Another with start i ends at j′ > j, another with end j begins at
      i′ < i. Then (i, j′) and (i′, j) cross: i′ < i ≤ j < j′. Without spans that cross, nothing remains.

    If spans remain, a linear programme decides about them. Raises RuntimeError if its solver gives up.
    """
    true: defaultdict[Place, set[str]] = defaultdict(set)
    for entity in sentence.entities:
        true[entity.start, entity.end].add(entity.label)
    rest = {place: true[place] for place in _core(set(true))}
    return _solvable(_demands(rest))


def _core(places: set[Place]) -> set[Place]:
    """What remains when spans that alone have their start or their end are left out, again and again."""
    starts, ends = Counter(i for i, _ in places), Counter(j for _, j in places)
    kept = {(i, j) for i, j in places if starts[i] > 1 and ends[j] > 1}
    return kept if kept == places else _core(kept)


def _demands(true: dict[Place, set[str]]) -> list[dict[tuple[str, str, int], int]]:
    """For each span, each type that is true there and each that isn't: coefficients of what must be positive."""
    types = sorted(set().union(*true.values()))
    return [
        {("start", yes, i): 1, ("end", yes, j): 1, ("start", no, i): -1, ("end", no, j): -1}
        for (i, j), holding in sorted(true.items())
        for yes in sorted(holding)
        for no in types
        if no not in holding
    ]


def _solvable(demands: list[dict[tuple[str, str, int], int]]) -> bool:
    """Whether some values of the unknowns make all demands positive. Any scale will do, so: at least 1."""
    if not demands:
        return True
    unknowns = {key: column for column, key in enumerate(dict.fromkeys(key for demand in demands for key in demand))}
    table = np.zeros((len(demands), len(unknowns)))
    for row, demand in enumerate(demands):
        for key, coefficient in demand.items():
            table[row, unknowns[key]] = coefficient
    found = linprog(np.zeros(len(unknowns)), A_ub=-table, b_ub=-np.ones(len(demands)), bounds=(None, None))
    if found.status not in (0, 2):  # 0: found, 2: there is none
        raise RuntimeError(f"the linear programme wasn't solved: {found.message}")
    return bool(found.status == 0)
