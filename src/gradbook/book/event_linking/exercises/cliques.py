"""Exercise 6.2: complete subgraphs, and how readers' functions are asked and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

from gradbook.book.exercises import Exercise, Mistake, Unanswered, Wrong, named, returned, same_on


def returned_for(case: str, answer: Callable[..., Any], *arguments: Any) -> Any:
    """Return what ``answer`` returns for ``arguments``; ``case`` names them in a sentence: "For 3 nodes".

    Raises Wrong if it raises anything, and as ``returned`` does.
    """
    try:
        return returned(answer, *arguments)
    except (Unanswered, Wrong):
        raise
    except Exception as error:  # the reader's code may raise anything
        raise Wrong(f"{case} it raises {type(error).__name__}: {error}.") from error


def as_pair(value: Any, words: str) -> tuple[Any, Any]:
    """Return the two parts of a pair; raise Wrong with ``words``, what the two should be, for anything else."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise Wrong(f"A pair is asked for, {words}; it returns {named(value)}.")
    return value[0], value[1]


def as_sets(value: Any, words: str) -> set[frozenset[Any]]:
    """Return a collection of collections as a set of frozensets; raise Wrong, with ``words``, for anything else."""
    return {frozenset(map(_plain, _members(some, words))) for some in _members(value, words)}


def as_pairs(value: Any, words: str) -> set[tuple[Any, ...]]:
    """Return a collection of pairs as a set of tuples; raise Wrong, with ``words``, for anything else."""
    found = {tuple(map(_plain, _members(some, words))) for some in _members(value, words)}
    if odd := [some for some in found if len(some) != 2]:
        raise Wrong(f"{words} asked for, one of them is {odd[0]}.")
    return found


def shown(sets: Iterable[Iterable[Any]]) -> str:
    """Write sets in a fixed order: {a, b} {b, c}, or "none"."""
    return " ".join("{" + ", ".join(map(str, some)) + "}" for some in in_order(map(in_order, sets))) or "none"


def in_order(values: Iterable[Any]) -> list[Any]:
    """Sort ``values``; what can't be compared, such as a number and a word, goes by how it is written."""
    values = list(values)
    try:
        return sorted(values)
    except (TypeError, ValueError, RuntimeError):  # the last two: tensors and arrays of several numbers
        return sorted(values, key=str)


def _members(value: Any, words: str) -> list[Any]:
    if isinstance(value, (str, bytes, dict)) or not isinstance(value, Iterable):
        raise Wrong(f"{words} asked for, it returns {named(value)}.")
    return list(value)


def _plain(some: Any) -> Any:
    """A whole number as an int: tensors of one number have a hash each, and two equal ones aren't one in a set."""
    if getattr(some, "ndim", 0):
        return some
    try:
        number = int(some)
    except (TypeError, ValueError, OverflowError):
        return some
    return number if number == some else some


Pair = tuple[int, int]
Sets = set[frozenset[int]]
_WORDS = "A collection of sets of node numbers is"

_CASES: list[tuple[int, set[Pair]]] = [
    (5, {(0, 1), (0, 2), (1, 2), (2, 3), (2, 4), (3, 4)}),
    (3, {(0, 1)}),
    (4, {(0, 1), (1, 2), (2, 3)}),
    (4, {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}),
    (6, {(0, 2), (0, 3), (0, 4), (0, 5), (1, 2), (1, 3), (1, 4), (1, 5), (2, 4), (2, 5), (3, 4), (3, 5)}),
    (2, set()),
]
"""In turn: two triangles that share a node, a node by itself, a path, a complete graph, the cocktail party of three
pairs, and no edge at all."""


def solve_cliques(nodes: int, edges: set[Pair]) -> Sets:
    """The reference: every set of nodes tried, complete ones kept, then those inside others dropped."""
    complete = _complete(nodes, edges)
    return {some for some in complete if not any(some < other for other in complete)}


def _complete(nodes: int, edges: set[Pair]) -> Sets:
    sets = (frozenset(some) for size in range(1, nodes + 1) for some in combinations(range(nodes), size))
    return {some for some in sets if edges.issuperset(combinations(sorted(some), 2))}


def _components(nodes: int, edges: set[Pair]) -> Sets:
    groups = [{node} for node in range(nodes)]
    for edge in edges:
        joined = [group for group in groups if group & set(edge)]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return {frozenset(group) for group in groups}


def _largest(nodes: int, edges: set[Pair]) -> Sets:
    found = solve_cliques(nodes, edges)
    return {some for some in found if len(some) == max(map(len, found))}


def _neighbourhoods(nodes: int, edges: set[Pair]) -> Sets:
    around = [{node} | {i + j - node for i, j in edges if node in (i, j)} for node in range(nodes)]
    return {frozenset(some) for some in around}


def _once_each(nodes: int, edges: set[Pair]) -> Sets:
    """Nodes handed out greedily: none is in two sets."""
    left, found = set(range(nodes)), set()
    for some in sorted(solve_cliques(nodes, edges), key=lambda some: (-len(some), sorted(some))):
        if own := some & left:
            found.add(own)
            left -= own
    return found


def _cliques_agree(answer: Callable[..., Any]) -> None:
    for nodes, edges in _CASES:
        case = f"For {nodes} nodes and the edges {sorted(edges)}"
        found = as_sets(returned_for(case, answer, nodes, set(edges)), _WORDS)
        if found != solve_cliques(nodes, edges):
            raise Wrong(f"{case} it returns {shown(found)}.")


list_cliques = Exercise(
    name="Exercise 6.2",
    prompt="Write cliques(nodes, edges): all maximal complete subgraphs of a small graph. Its nodes are 0 to "
    "nodes − 1, its edges pairs (i, j) with i < j. Return sets of node numbers, in any collection.",
    properties=[_cliques_agree],
    solution=solve_cliques,
    mistakes=[
        Mistake(_complete, "These are all complete subgraphs. Maximal means: no other node is adjacent to all of it."),
        Mistake(_components, "Connected isn't enough: each two nodes of the set must be adjacent."),
        Mistake(
            lambda nodes, edges: {frozenset(edge) for edge in edges},
            "An edge is complete, but where a third node is adjacent to both it isn't maximal.",
        ),
        Mistake(_largest, "Maximal isn't largest: a small set counts, if no node can be added to it."),
        Mistake(
            lambda nodes, edges: {some for some in solve_cliques(nodes, edges) if len(some) > 1},
            "A node without edges is an event with one argument: keep it.",
        ),
        Mistake(_neighbourhoods, "The neighbours of a node need not be adjacent to one another."),
        Mistake(_once_each, "A node may be in several: a trigger that two events share."),
    ],
    same=same_on(_CASES, read=lambda value: as_sets(value, _WORDS)),
    hint="With so few nodes you may try every set: is each pair of it an edge? Then drop those inside another.",
)
