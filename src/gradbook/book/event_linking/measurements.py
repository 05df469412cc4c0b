"""The measurements behind chapter 6's derivation and fine print, on small made-up problems."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from gradbook.book.event_linking.ceiling import Coding, recoded
from gradbook.event_linking import Argument, Event, EventLinker, complete_subgraphs, node_adjacency
from gradbook.event_linking.cliques import pivot_sets
from gradbook.event_linking.linker import Class
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.f1 import OverlapScore, Score, argument_score, event_score, role_arguments

Family = frozenset[frozenset[int]]
Edge = tuple[int, int]


def graph_of(nodes: int, edges: Iterable[Edge]) -> Tensor:
    """Return the bool tensor (n, n) of a graph with these edges."""
    adjacency = torch.zeros(nodes, nodes, dtype=torch.bool)
    places = torch.tensor(list(edges), dtype=torch.int64).reshape(-1, 2)
    adjacency[places[:, 0], places[:, 1]] = True
    return adjacency | adjacency.T


def parted(nodes: int, size: int) -> Tensor:
    """Return the graph (n, n) in which all are adjacent but the nodes of one part; parts of ``size``, in order.

    Parts of 2 make the cocktail party, on which nobody talks to their own partner; parts of 3 the graph with the most
    cliques, where 3 divides ``nodes`` (Moon and Moser 1965).
    """
    parts = torch.arange(nodes) // size
    return parts.unsqueeze(0) != parts.unsqueeze(1)


def random_graph(seed: int, most: int = 9) -> Tensor:
    """Return a random graph of 1 to ``most`` nodes, its density random too; the same on every machine."""
    chance = random.Random(seed)
    nodes, density = chance.randint(1, most), chance.random()
    return graph_of(nodes, [pair for pair in combinations(range(nodes), 2) if chance.random() < density])


def all_graphs(nodes: int) -> Iterator[Tensor]:
    """Yield all 2^(n(n − 1)/2) graphs on n numbered nodes."""
    pairs = list(combinations(range(nodes), 2))
    for bits in range(1 << len(pairs)):
        yield graph_of(nodes, [pair for k, pair in enumerate(pairs) if bits >> k & 1])


def families(nodes: int) -> Iterator[Family]:
    """Yield all families of non-empty subsets of n numbered nodes, the empty family left out: 2^(2^n − 1) − 1."""
    subsets = [frozenset(s) for size in range(1, nodes + 1) for s in combinations(range(nodes), size)]
    for bits in range(1, 1 << len(subsets)):
        yield frozenset(subset for k, subset in enumerate(subsets) if bits >> k & 1)


def given_back(family: Family) -> Family:
    """Return the maximal complete subgraphs of the graph in which the members of each set are adjacent."""
    names = sorted(frozenset().union(*family))
    near = [frozenset().union(*(some for some in family if name in some)) for name in names]
    rows = [sum(1 << names.index(other) for other in some) for some in near]
    return frozenset(frozenset(names[node] for node in clique) for clique in pivot_sets(rows, None))


def nested(family: Family) -> bool:
    """Return whether one of the sets is inside another."""
    return any(some < other for some in family for other in family)


def conformal(family: Family) -> bool:
    """Return whether every set whose members are two by two together in some set is inside one, by trying them all."""
    nodes = sorted(frozenset().union(*family))
    together = {pair for some in family for pair in combinations(sorted(some), 2)}
    larger = (subset for size in range(3, len(nodes) + 1) for subset in combinations(nodes, size))
    complete = (frozenset(subset) for subset in larger if together.issuperset(combinations(subset, 2)))
    return all(any(some >= clique for some in family) for clique in complete)


def by_threes(family: Family) -> bool:
    """Return whether for each three of the sets one holds all that two of the three share.

    That is the same as ``conformal``: Gilmore's theorem, in Berge, Hypergraphs (1989).
    """
    shared = [(a & b) | (a & c) | (b & c) for a, b, c in combinations(family, 3)]
    return all(any(some >= core for some in family) for core in shared)


def disturbed(adjacency: Tensor, missing: float, added: float, chance: random.Random) -> Tensor:
    """Return the graph with each edge left out with probability ``missing``, each other pair joined with ``added``."""
    return graph_of(len(adjacency), _disturbed_edges(adjacency.tolist(), missing, added, chance))


def _disturbed_edges(table: list[list[bool]], missing: float, added: float, chance: random.Random) -> list[Edge]:
    pairs = combinations(range(len(table)), 2)
    return [(i, j) for i, j in pairs if chance.random() >= (missing if table[i][j] else 1 - added)]


def _closed_rows(nodes: int, edges: Iterable[Edge]) -> list[int]:
    """Each node with its neighbours as a set of bits, what ``pivot_sets`` takes."""
    rows = [1 << node for node in range(nodes)]
    for first, second in edges:
        rows[first] |= 1 << second
        rows[second] |= 1 << first
    return rows


def sharing_events(number: int, arguments: int) -> list[Event]:
    """Return events that share their trigger and have ``arguments`` arguments each, the trigger among them."""
    trigger, own = Argument(0, 0, "trigger"), arguments - 1
    firsts = range(1, 1 + number * own, own) if own else [1]
    return [Event("event", frozenset([trigger, *(Argument(k, k, "role") for k in range(i, i + own))])) for i in firsts]


def noise_score(events: Sequence[Event], missing: float, added: float, rounds: int = 1000, seed: int = 0) -> Score:
    """Return the score of whole events decoded from their disturbed graph, over ``rounds`` disturbances.

    The graph's nodes are right and all are found; only edges go wrong, each by itself.
    """
    chance = random.Random(seed)
    graph = node_adjacency(events)
    cliques, table = complete_subgraphs(graph), graph.tolist()
    drawn = (_disturbed_edges(table, missing, added, chance) for _ in range(rounds))
    found = [pivot_sets(_closed_rows(len(table), edges), None) for edges in drawn]
    return Score(sum(len(some & cliques) for some in found), sum(map(len, found)), rounds * len(cliques))


class TwoScores(NamedTuple):
    """DuEE's score of arguments and the score of whole events."""

    arguments: OverlapScore
    events: Score


def both_scores(text: str, predicted: Iterable[Event], gold: Iterable[Event]) -> TwoScores:
    """Return the two scores of one text."""
    predicted, gold = list(predicted), list(gold)
    words = argument_score([role_arguments(text, predicted)], [role_arguments(text, gold)])
    return TwoScores(words, event_score([predicted], [gold]))


def coding_scores(text: str, events: Iterable[Event], coding: Coding = "positions") -> TwoScores:
    """Return the two scores of what perfect links for the events of one text decode to."""
    events = list(events)
    return both_scores(text, recoded(events, coding), events)


def untrained_linker(text: str, classes: Sequence[Class], head_size: int = 8) -> EventLinker:
    """Return a small linker in float64 for the characters of ``text``, the same every time, in eval mode.

    The caller's random numbers go on as before.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        embedding = CharacterEmbedding(Characters.from_texts([text]), 16)
        encoder = TextEncoder(embedding, BiLSTM(16, 16), dropout=0.0)
        return EventLinker(encoder, classes, head_size=head_size).double().eval()
