"""Scores with as many candidates as one likes, and how often a decoder looks links up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradbook.checks import check_sizes
from gradbook.relation_linking.linker import RelationScores
from gradbook.relation_linking.relations import Relation

Decoder = Callable[[Tensor, Tensor, Tensor], list[set[Relation]]]


def planted_scores(candidates: int, predicates: int, length: int, seed: int = 0) -> RelationScores:
    """Return scores of one text, float64, in which just ``candidates`` subjects and as many objects are above 0.

    Where they stand is drawn at random. Of the links of each pair of candidates a tenth are above 0 at the first
    tokens and a tenth at the last, and one predicate a pair at both. Raises ValueError for sizes below 1, or more
    candidates than spans.
    """
    check_sizes(candidates=candidates, predicates=predicates, length=length)
    spans = torch.ones(length, length).triu().nonzero()
    if candidates > len(spans):
        raise ValueError(f"candidates must be at most {len(spans)}, the spans of {length} tokens, got {candidates}")
    generator = torch.Generator().manual_seed(seed)
    entities = torch.full((1, 2, length, length), -5.0, dtype=torch.float64)
    entities.masked_fill_(~torch.ones(length, length, dtype=torch.bool).triu(), -torch.inf)
    drawn = [spans[torch.randperm(len(spans), generator=generator)[:candidates]] for _ in range(2)]
    for kind, places in enumerate(drawn):
        entities[0, kind, places[:, 0], places[:, 1]] = 5.0
    links = []
    for end in (0, 1):
        scores = torch.full((1, predicates, length, length), -5.0, dtype=torch.float64)
        rows, columns = torch.cartesian_prod(drawn[0][:, end], drawn[1][:, end]).unbind(1)
        held = torch.rand(predicates, len(rows), generator=generator) < 0.1
        held[torch.arange(len(rows)) % predicates, torch.arange(len(rows))] = True
        scores[0, :, rows, columns] = torch.where(held, 5.0, -5.0).double()
        links.append(scores)
    return RelationScores(entities, links[0], links[1])


class Counted(NamedTuple):
    """What a decoder found, and how many times it looked into the scores of heads or tails."""

    relations: set[Relation]
    lookups: int


class _Lookups(TorchFunctionMode):
    """Counts indexing of tensors with three axes or more, what scores of links are, by a tuple of places."""

    count = 0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is Tensor.__getitem__ and args[0].ndim >= 3:
            self.count += 1
        return function(*args, **(kwargs or {}))


def counted(decoder: Decoder, scores: RelationScores) -> Counted:
    """Run a decoder on the scores of one text and watch it."""
    with _Lookups() as watched:
        (relations,) = decoder(*scores)
    return Counted(relations, watched.count)
