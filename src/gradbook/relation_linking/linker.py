"""RelationLinker: an encoder and three pointers, for entities, heads and tails, with the losses that train them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from gradbook.checks import check_sizes, evaluating
from gradbook.global_pointer import EfficientGlobalPointer
from gradbook.global_pointer.decoding import check_threshold
from gradbook.global_pointer.heads import TokenPairHead
from gradbook.global_pointer.spans import by_type, check_positives, joined
from gradbook.multilabel_loss import (
    multilabel_cross_entropy,
    naive_sparse_multilabel_cross_entropy,
    sparse_multilabel_cross_entropy,
)
from gradbook.relation_linking.decoding import Corners, decode_relations, link
from gradbook.relation_linking.relations import Positives, Relation, relation_positives

METHODS = ("own", "sparse", "dense", "article")


def pointer_loss(
    pointer: TokenPairHead, hidden: Tensor, mask: Tensor, positives: Tensor, method: str = "own", joint: bool = False
) -> Tensor:
    """Return the loss (B,) of ``positives`` (B, M, 3), summed over types.

    ``method``: "own", the pointer's way (Efficient GlobalPointer: without the scores); from all scores "sparse"
    (indices), "dense" (a number a class), or "article" (the formula of kexue.fm/archives/8888, which loses the
    negatives as the positives grow). All but the last are equal to rounding. ``joint``: one threshold class a sentence
    in place of one a type. Raises ValueError for another method.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if method == "own":
        return pointer.loss(hidden, mask, positives, joint)
    check_positives(positives, mask, pointer.num_types, pointer.triangular)
    scores = pointer(hidden, mask)
    length = mask.shape[1]
    rows = scores.flatten(1) if joint else scores.flatten(2)
    indices = joined(positives, length) if joint else by_type(positives, pointer.num_types, length)
    if method == "dense":
        losses = multilabel_cross_entropy(rows, _multi_hot(indices, rows.shape[-1]), "none")
    elif method == "sparse":
        losses = sparse_multilabel_cross_entropy(rows, indices, "none")
    else:
        losses = naive_sparse_multilabel_cross_entropy(rows, indices, "none")
    return losses if joint else losses.sum(1)


def _multi_hot(indices: Tensor, classes: int) -> Tensor:
    """Indices (…, M), −1 where empty → bool (…, classes)."""
    held = torch.zeros(*indices.shape[:-1], classes + 1, dtype=torch.bool, device=indices.device)
    return held.scatter_(-1, torch.where(indices < 0, classes, indices), True)[..., :classes]


class RelationScores(NamedTuple):
    """Scores of entities (B, 2, L, L), heads and tails (B, P, L, L), −inf where masked."""

    entities: Tensor
    heads: Tensor
    tails: Tensor


class RelationLinker(nn.Module):
    """Score of (s, p, o) in four pieces: S(s_h, s_t) + S(o_h, o_t) + S(s_h, o_h | p) + S(s_t, o_t | p).

    ``encoder(texts)`` → hidden (B, L, D) and mask (B, L), D its ``.size``; ``pointer`` makes the three heads: entities
    (2 types, start ≤ end, rotary positions), head-head and tail-tail links (``num_predicates`` types, any order, no
    rotary positions, as in the article's code). ``forward(texts)`` → :class:`RelationScores`.

    Su, "GPLinker" (2022, kexue.fm/archives/8888). Raises ValueError for sizes below 1.
    """

    def __init__(
        self,
        encoder: nn.Module,
        num_predicates: int,
        pointer: type[TokenPairHead] = EfficientGlobalPointer,
        head_size: int = 64,
    ) -> None:
        super().__init__()
        check_sizes(num_predicates=num_predicates)
        size = cast(int, encoder.size)
        self.encoder, self.num_predicates = encoder, num_predicates
        self.entities = pointer(size, 2, head_size)
        self.heads = pointer(size, num_predicates, head_size, rotary=False, triangular=False)
        self.tails = pointer(size, num_predicates, head_size, rotary=False, triangular=False)

    @property
    def pointers(self) -> tuple[TokenPairHead, TokenPairHead, TokenPairHead]:
        """The three heads: entities, heads, tails."""
        return self.entities, self.heads, self.tails

    def forward(self, texts: Sequence[str]) -> RelationScores:
        """Return the scores of B texts."""
        hidden, mask = self.encoder(texts)
        return RelationScores(*(pointer(hidden, mask) for pointer in self.pointers))

    def loss(
        self, texts: Sequence[str], relations: Sequence[Iterable[Relation]], method: str = "own", joint: bool = False
    ) -> Tensor:
        """Return the loss (B,) of every text: the sum of the three heads' losses.

        ``method``: see :func:`gradbook.relation_linking.linker.pointer_loss`. ``joint`` puts all types of a head under
        one threshold class. Raises ValueError for another number of relations than of texts, and for a relation outside
        its text or with a predicate outside ``num_predicates``.
        """
        if len(relations) != len(texts):
            raise ValueError(f"relations must be one collection a text, {len(texts)}, got {len(relations)}")
        relations = [list(some) for some in relations]
        positives = relation_positives(relations)
        hidden, mask = self.encoder(texts)
        self._check(relations, mask)
        positives = Positives(*(pairs.to(mask.device) for pairs in positives))
        losses = [
            pointer_loss(pointer, hidden, mask, pairs, method, joint)
            for pointer, pairs in zip(self.pointers, positives, strict=True)
        ]
        return torch.stack(losses).sum(0)

    def _check(self, relations: Sequence[Iterable[Relation]], mask: Tensor) -> None:
        """Raise ValueError for a relation outside its text, or whose predicate there is none of."""
        for b, (some, length) in enumerate(zip(relations, mask.sum(1).tolist(), strict=True)):
            for relation in some:
                if max(relation.subject[1], relation.object[1]) >= length:
                    raise ValueError(f"relations[{b}] must lie inside the {length} tokens of its text, got {relation}")
                if relation.predicate >= self.num_predicates:
                    raise ValueError(f"relations[{b}] must have predicates below {self.num_predicates}, got {relation}")

    @torch.no_grad()
    def decode(self, texts: Sequence[str], threshold: float = 0.0) -> list[set[Relation]]:
        """Return the relations of every text, in eval mode: the same sets as from the scores.

        With EfficientGlobalPointer the (B, P, L, L) scores of heads and tails are never made: of each, only the corners
        of candidate pairs.
        """
        check_threshold(threshold)
        with evaluating(self):
            hidden, mask = self.encoder(texts)
            if not isinstance(self.heads, EfficientGlobalPointer):
                entities, heads, tails = (pointer(hidden, mask) for pointer in self.pointers)
                return decode_relations(entities, heads, tails, threshold)
            spans = self.entities.decode(hidden, mask, threshold)
            rows = [(b, s.type, s.start, s.end) for b, found in enumerate(spans) for s in sorted(found)]
            places = torch.tensor(rows, dtype=torch.int64, device=mask.device).reshape(-1, 4)
            by_head, by_tail = (
                _corners(cast(EfficientGlobalPointer, head), hidden) for head in (self.heads, self.tails)
            )
            return link(places, by_head, by_tail, len(spans), self.num_predicates, threshold)


def _corners(head: EfficientGlobalPointer, hidden: Tensor) -> Corners:
    """The scores at given pairs, summed in the same order as the head sums all of them."""
    pairs, starts, ends = head.parts(hidden)
    for part in (pairs, starts, ends):
        if not torch.isfinite(part).all():
            raise ValueError("the links' scores are not finite: weights or hidden are too large")
    return lambda b, i, j: pairs[b, i, j].unsqueeze(1) + starts[b, :, i] + ends[b, :, j]
