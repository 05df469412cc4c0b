"""The measurements behind chapter 5's derivation and fine print, on small made-up problems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gradbook.checks import check_sizes
from gradbook.extraction.annotated import RelationText
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.relation_extractor import RelationExtractor
from gradbook.global_pointer import EfficientGlobalPointer
from gradbook.global_pointer.heads import TokenPairHead
from gradbook.global_pointer.spans import joined
from gradbook.multilabel_loss import naive_sparse_multilabel_cross_entropy, sparse_multilabel_cross_entropy
from gradbook.relation_linking import Relation, RelationLinker, RelationScores, decode_relations, relation_positives
from gradbook.relation_linking.relations import OBJECT, SUBJECT

MOST = 1 << 24  # quintuples of one predicate that are looked at one by one


def untrained_linker(
    characters: str, predicates: int, pointer: type[TokenPairHead] = EfficientGlobalPointer, seed: int = 0
) -> RelationLinker:
    """Return a small linker in float64 and eval mode, the same every time; the caller's random numbers go on."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = TextEncoder(CharacterEmbedding(Characters(characters), 16), BiLSTM(16, 16), dropout=0.0)
        return RelationLinker(encoder, predicates, pointer, head_size=16).double().eval()


def random_scores(predicates: int, length: int, seed: int = 0, batch: int = 1) -> RelationScores:
    """Return normally distributed scores, float64; of the entities −inf below the diagonal."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (2, predicates, predicates)
    parts = [torch.randn(batch, n, length, length, generator=generator, dtype=torch.float64) for n in sizes]
    below = ~torch.ones(length, length, dtype=torch.bool).triu()
    return RelationScores(parts[0].masked_fill(below, -torch.inf), parts[1], parts[2])


def perfect_scores(relations: Iterable[Relation], predicates: int, length: int, margin: float = 1.0) -> RelationScores:
    """Return the scores of one text, ``margin`` where a pair holds and −``margin`` elsewhere, float64.

    Of the entities −inf below the diagonal, as a pointer with the triangle has it.
    """
    parts = []
    for positives, types in zip(relation_positives([relations]), (2, predicates, predicates), strict=True):
        scores = torch.full((1, types, length, length), -margin, dtype=torch.float64)
        kinds, starts, ends = positives[0].unbind(1)
        scores[0, kinds, starts, ends] = margin
        parts.append(scores)
    below = ~torch.ones(length, length, dtype=torch.bool).triu()
    return RelationScores(parts[0].masked_fill(below, -torch.inf), parts[1], parts[2])


def summed(scores: RelationScores, predicate: int) -> Tensor:
    """Return equation (5.3) for all quintuples of a predicate: (L, L, L, L) by s_h, s_t, o_h, o_t, of the first text.

    −inf where a span ends before it starts. Raises ValueError for more than ``MOST`` quintuples.
    """
    length = scores.heads.shape[2]
    if length**4 > MOST:
        raise ValueError(f"scores must be of at most {int(MOST**0.25)} tokens to be summed one by one, got {length}")
    subjects, objects = scores.entities[0, SUBJECT], scores.entities[0, OBJECT]
    heads, tails = scores.heads[0, predicate], scores.tails[0, predicate]
    below = ~torch.ones(length, length, dtype=torch.bool).triu()
    subjects, objects = subjects.masked_fill(below, -torch.inf), objects.masked_fill(below, -torch.inf)
    spans = subjects[:, :, None, None] + objects[None, None]
    return spans + heads[:, None, :, None] + tails[None, :, None, :]


class Rules(NamedTuple):
    """How many quintuples of a text there are, have a sum above 0, and have all four scores above 0."""

    quintuples: int
    by_sum: int
    all_four: int


def two_rules(scores: RelationScores) -> Rules:
    """Return what the two rules would take of the first text of ``scores``."""
    predicates, length = scores.heads.shape[1:3]
    positive = sum(int((summed(scores, p) > 0).sum()) for p in range(predicates))
    spans = length * (length + 1) // 2
    return Rules(
        predicates * spans**2,
        positive,
        len(decode_relations(scores.entities[:1], scores.heads[:1], scores.tails[:1])[0]),
    )


class Cancelled(NamedTuple):
    """The weight 1 − e^{b−a} of the labels that don't hold: exact, by rounded steps, and the error that is expected."""

    exact: float
    rounded: float
    expected: float

    @property
    def error(self) -> float:
        """How far the rounded one is off, relative."""
        return abs(self.rounded - self.exact) / self.exact


def cancelled(score: float, dtype: torch.dtype = torch.float32, number: int = 8256) -> Cancelled:
    """Compute 1 − e^{b−a} with every step rounded to ``dtype`` as well as can be; one label holds, at ``score``.

    The others are spread around −12. Expected is (1 + a) ε / (1 − e^{b−a}), ε the distance from 1 to the next number:
    a and b are each off by up to a ε / 2, their difference by both, and 1 minus something near 1 keeps that whole.
    """

    def rounded(value: Tensor) -> Tensor:
        return value.to(dtype).double()

    row = label_row(score, -12.0, number, held=1)
    everything, held = torch.logsumexp(torch.cat([row, row.new_zeros(1)]), 0), row[0]
    others = torch.logsumexp(torch.cat([row[1:], row.new_zeros(1)]), 0)
    exact = float(torch.exp(others - everything))
    difference = rounded(rounded(held) - rounded(everything))
    left = rounded(1 - rounded(difference.exp()))
    return Cancelled(exact, float(left), (1 + float(everything)) * torch.finfo(dtype).eps / exact)


class Formulas(NamedTuple):
    """The loss of one row: exact; and in a smaller precision the article's clipped and bare, and the package's."""

    exact: float
    clipped: float
    bare: float
    ours: float


def formulas(row: Tensor, held: int, dtype: torch.dtype = torch.float32) -> Formulas:
    """Return the loss of a row of scores (K,) in float64 whose first ``held`` labels hold, in four ways."""
    labels, small = torch.arange(held), row.to(dtype)
    return Formulas(
        float(sparse_multilabel_cross_entropy(row, labels)),
        float(naive_sparse_multilabel_cross_entropy(small, labels)),
        float(naive_sparse_multilabel_cross_entropy(small, labels, clip=0.0)),
        float(sparse_multilabel_cross_entropy(small, labels)),
    )


def formula_pushes(row: Tensor, held: int, dtype: torch.dtype = torch.float32) -> dict[str, tuple[float, float]]:
    """Return by loss its push (the gradient) on all labels that hold and on the highest other, at K − 1."""
    losses = {
        "the article's formula": naive_sparse_multilabel_cross_entropy,
        "gradbook": sparse_multilabel_cross_entropy,
    }
    found = {}
    for name, loss in losses.items():
        leaf = row.to(dtype).requires_grad_()
        (gradient,) = torch.autograd.grad(loss(leaf, torch.arange(held)), leaf)
        found[name] = (float(gradient[:held].sum()), float(gradient[-1]))
    return found


class Errors(NamedTuple):
    """How far a loss is off, relative, and the entry of its gradient that is off most."""

    loss: float
    gradient: float


def precision_errors(row: Tensor, held: int, dtype: torch.dtype) -> dict[str, Errors]:
    """Return by loss its errors on scores (K,) in ``dtype``, against every term written out in float64.

    The reference sees the same rounded scores, so that only what the loss does with them counts. The first ``held``
    labels hold; the article's formula is the clipped one.
    """
    rounded = row.to(dtype)
    leaf = rounded.double().requires_grad_()
    exact = (-leaf[:held]).exp().sum().log1p() + leaf[held:].exp().sum().log1p()
    (truth,) = torch.autograd.grad(exact, leaf)
    losses = {
        "article's formula": naive_sparse_multilabel_cross_entropy,
        "gradbook": sparse_multilabel_cross_entropy,
    }
    found = {}
    for name, loss in losses.items():
        small = rounded.clone().requires_grad_()
        value = loss(small, torch.arange(held))
        (gradient,) = torch.autograd.grad(value, small)
        off = abs(value.item() - exact.item()) / exact.item()
        found[name] = Errors(off, float((gradient.double() - truth).abs().max()))
    return found


class Misread(NamedTuple):
    """How many rows of scores (a text and pointer), how many are misjudged, how many put below 0; the highest score."""

    rows: int
    off: int
    below: int
    highest: float


def misread(model: RelationExtractor, texts: Sequence[RelationText], tolerance: float = 0.01) -> Misread:
    """Return how the article's formula in float32 would judge what ``model`` says of annotated ``texts``.

    All types of a pointer under one threshold class. Off: by more than ``tolerance`` of the exact loss.
    """
    off, below, highest = [], [], -torch.inf
    for text in texts:
        positives = relation_positives([model.relations(text)])
        with torch.no_grad():
            parts = model.linker([text.text])
        for scores, pairs in zip(parts, positives, strict=True):
            row, labels = scores.flatten(1), joined(pairs, scores.shape[-1])
            exact = float(sparse_multilabel_cross_entropy(row.double(), labels))
            formula = float(naive_sparse_multilabel_cross_entropy(row.float(), labels))
            off.append(abs(formula - exact) > tolerance * exact)
            below.append(formula < 0)
            highest = max(highest, float(row.max()))
    return Misread(len(off), sum(off), sum(below), highest)


def label_row(score: float, others: float, number: int, held: int = 3, hardest: float | None = None) -> Tensor:
    """Return ``held`` scores at ``score``, then ``number`` spread around ``others``, the last at ``hardest``; float64.

    The spread is normal with standard deviation 1, the same every time.
    """
    check_sizes(number=number, held=held)
    rest = torch.randn(number, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + others
    if hardest is not None:
        rest[-1] = hardest
    return torch.cat([torch.full((held,), score, dtype=torch.float64), rest])


def untrained_loss(predicates: int, joint: bool, text: str = "甲乙丙丁戊己庚辛壬癸" * 3) -> float:
    """Return the loss of an untrained linker for a text of 30 characters with two relations.

    ``joint``: one threshold class a head for all predicates together, instead of one each.
    """
    linker = untrained_linker("".join(sorted(set(text))), predicates)
    relations = {Relation((3, 5), 0, (9, 9)), Relation((20, 21), predicates - 1, (9, 9))}
    with torch.no_grad():
        return float(linker.loss([text], [relations], joint=joint))


class Pairs(NamedTuple):
    """Of a text: the scores of TPLinker and of GPLinker, and the numbers TPLinker holds in its vectors of pairs."""

    tplinker: int
    gplinker: int
    vectors: int


def pair_counts(length: int, predicates: int, hidden_size: int) -> Pairs:
    """Return how many numbers the two ways make of a text of ``length`` tokens.

    TPLinker (arXiv 2010.13415) has a vector of ``hidden_size`` for each of l(l + 1)/2 pairs, and from it a two-way
    softmax for entities and two three-way ones a predicate. Raises ValueError for sizes below 1.
    """
    check_sizes(length=length, predicates=predicates, hidden_size=hidden_size)
    pairs = length * (length + 1) // 2
    gplinker = 2 * pairs + 2 * predicates * length**2
    return Pairs(pairs * (2 + 2 * 3 * predicates), gplinker, pairs * hidden_size)
