"""Which annotations an Efficient GlobalPointer can express, whatever its weights, and which it can't."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, pairwise, product

import numpy as np
import torch
from torch import Tensor

from gradbook.book.stored import STORED
from gradbook.extraction.annotated import Entity, Sentence
from gradbook.extraction.checkpoints import read_tensors, write_tensors
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer, Span, span_positives

Place = tuple[int, int]  # start and end of a span
Node = tuple[str, int]  # ("start", i) or ("end", j)


def inexpressible(sentence: Sentence) -> list[Entity] | None:
    """Return spans that no Efficient GlobalPointer can score rightly for two types at once; None if there are none.

    The spans form a cycle: of two types in turn, each shares its start with the one before and its end with the one
    after, or the other way round. Four are the least; there may be more.

    The test is exact for two types. Draw an arrow from start i to end j where α alone is true, and from end j to
    start i where β alone is.

    - A cycle makes it impossible. It enters a start by β and leaves it by α, enters an end by α and leaves it by β.
      So in Σ D over its α-spans − Σ D over its β-spans each A(i) and B(j) on the way comes once with + and once with
      −: the sum is 0. But all its terms would have to be positive.
    - Without a cycle it is possible. The starts and ends can be numbered by h so that every arrow leads upwards.
      A(i) = −h(i) and B(j) = h(j) give D = h(j) − h(i), positive on α's arrows and negative on β's. The other spans
      ask nothing of D: S(i, j) puts both scores above 0 where both types are true, below where neither is.

    With three types or more, each two may be possible and all together not: ``expressible`` decides that.
    """
    for first, second, ones, others in _pairs_of_types(sentence):
        if cycle := _cycle(ones, others):
            return [_entity(source, target, first, second) for source, target in pairwise(cycle)]
    return None


def _pairs_of_types(sentence: Sentence) -> Iterator[tuple[str, str, set[Place], set[Place]]]:
    """Each two labels that occur, with the spans of which only the first holds, and only the second."""
    places: defaultdict[str, set[Place]] = defaultdict(set)
    for entity in sentence.entities:
        places[entity.label].add((entity.start, entity.end))
    for first, second in combinations(sorted(places), 2):
        yield first, second, places[first] - places[second], places[second] - places[first]


def _cycle(ones: set[Place], others: set[Place]) -> list[Node]:
    """A directed cycle, its first node also the last; [] if there is none."""
    before: defaultdict[Node, list[Node]] = defaultdict(list)  # where the arrows to a node come from
    for start, end in sorted(ones):
        before["end", end].append(("start", start))
    for start, end in sorted(others):
        before["start", start].append(("end", end))
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        cycle: list[Node] = error.args[1]
        return cycle
    return []


def _entity(source: Node, target: Node, first: str, second: str) -> Entity:
    """The entity that an arrow stands for."""
    if source[0] == "start":
        return Entity(source[1], target[1], first)
    return Entity(target[1], source[1], second)


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
    from scipy.optimize import linprog  # here: a third of a second, and hardly any annotation gets this far

    unknowns = {key: column for column, key in enumerate(dict.fromkeys(key for demand in demands for key in demand))}
    table = np.zeros((len(demands), len(unknowns)))
    for row, demand in enumerate(demands):
        for key, coefficient in demand.items():
            table[row, unknowns[key]] = coefficient
    found = linprog(np.zeros(len(unknowns)), A_ub=-table, b_ub=-np.ones(len(demands)), bounds=(None, None))
    if found.status not in (0, 2):  # 0: found, 2: there is none
        raise RuntimeError(f"the linear programme wasn't solved: {found.message}")
    return bool(found.status == 0)


HEADS = (GlobalPointer, EfficientGlobalPointer)
PATTERNS = {
    "nowhere": (),
    "row 1": ((0, 0), (0, 1)),
    "row 2": ((1, 0), (1, 1)),
    "diagonal": ((0, 0), (1, 1)),
    "other diagonal": ((0, 1), (1, 0)),
    "everywhere": ((0, 0), (0, 1), (1, 0), (1, 1)),
}
"""Cells (start, end) of the grid by the name of their pattern."""

CASES = tuple(product(PATTERNS, PATTERNS))
STEPS = 60
HIDDEN, HEAD_SIZE, RATE = 8, 8, 0.03
_FILE = STORED / "04-crossing.safetensors"


def train_case(
    head_class: type[GlobalPointer | EfficientGlobalPointer], a: str, b: str, steps: int = STEPS
) -> tuple[Tensor, Tensor]:
    """Return the grid's scores (steps + 1, 2, 2, 2) as (step, type, start, end), and the losses (steps + 1,).

    Adam with learning rate 0.03 on the head's weights, float64; the hidden states stay as they are.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        hidden = torch.randn(1, 4, HIDDEN, dtype=torch.float64)
        head = head_class(HIDDEN, 2, HEAD_SIZE).double()
    mask = torch.ones(1, 4, dtype=torch.bool)
    cells = [Span(i, 2 + j, kind) for kind, pattern in enumerate((a, b)) for i, j in PATTERNS[pattern]]
    positives = span_positives([cells])
    optimizer = torch.optim.Adam(head.parameters(), RATE)
    scores, losses = [], []
    for _ in range(steps + 1):
        loss = head.loss(hidden, mask, positives).sum()
        scores.append(head(hidden, mask)[0, :, :2, 2:].detach())
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.stack(scores), torch.stack(losses)


def store_runs(command: str) -> None:
    """Train both heads on all cases and write their scores and losses, float32."""
    runs = [[train_case(head, a, b) for head in HEADS] for a, b in CASES]
    scores = torch.stack([torch.stack([scores for scores, _ in case]) for case in runs]).float()
    losses = torch.stack([torch.stack([losses for _, losses in case]) for case in runs]).float()
    write_tensors({"scores": scores, "losses": losses}, _FILE, {"command": command})


@cache
def stored_runs() -> tuple[Tensor, Tensor]:
    """Return scores (cases, heads, STEPS + 1, types, starts, ends) and losses (cases, heads, STEPS + 1)."""
    tensors, _ = read_tensors(_FILE)
    return tensors["scores"].double(), tensors["losses"].double()
