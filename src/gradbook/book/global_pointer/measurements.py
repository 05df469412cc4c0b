"""The measurements behind chapter 4's derivation and fine print, on small made-up problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gradbook.book.tables import count_numbers
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.crf import CRFTagger
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer, Span, span_positives
from gradbook.global_pointer.heads import TokenPairHead
from gradbook.global_pointer.losses import factored_loss
from gradbook.global_pointer.spans import by_type
from gradbook.multilabel_loss import naive_sparse_multilabel_cross_entropy, sparse_multilabel_cross_entropy

Parts = tuple[Tensor, Tensor, Tensor]


def random_hidden(batch: int, length: int, size: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return normally distributed hidden (batch, length, size), float64, and a mask without padding."""
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(batch, length, size, generator=generator, dtype=torch.float64)
    return hidden, torch.ones(batch, length, dtype=torch.bool)


def random_head(kind: type[TokenPairHead], size: int, types: int, head_size: int = 8, seed: int = 0) -> TokenPairHead:
    """Return an untrained head in float64, the same every time; the caller's random numbers go on as before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(size, types, head_size).double()


def random_parts(types: int, length: int, scale: float, seed: int = 0) -> Parts:
    """Return span scores (1, L, L), start and end parts (1, T, L), normally distributed times ``scale``, float64."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(1, length, length), (1, types, length), (1, types, length)]
    spans, starts, ends = (scale * torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes)
    return spans, starts, ends


def scores_of(spans: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Return S + a + b as scores (B, T, L, L), −inf below the diagonal."""
    scores = spans.unsqueeze(1) + starts.unsqueeze(3) + ends.unsqueeze(2)
    return scores.masked_fill(~torch.ones(scores.shape[2:], dtype=torch.bool).triu(), -torch.inf)


def bare_sums(spans: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Return Σ_{i ≤ j} e^{S + a + b} (B, T) by the bare product of matrices, without any shift."""
    return (starts.exp() * (ends.exp() @ spans.exp().triu().transpose(1, 2))).sum(2)


def bare_loss(spans: Tensor, starts: Tensor, ends: Tensor, positives: Tensor) -> Tensor:
    """Return the loss (B,) from the bare product: the pairs that hold are subtracted from the sum of all."""
    held = scores_of(spans, starts, ends).flatten(2)
    indices = by_type(positives, starts.shape[1], starts.shape[2])
    own = held.gather(2, indices.clamp(min=0)).masked_fill(indices < 0, -torch.inf)
    others = bare_sums(spans, starts, ends) - own.exp().sum(2)
    right = torch.where(indices < 0, 0.0, (-own).exp()).sum(2)
    return (torch.log(1 + others) + torch.log(1 + right)).sum(1)


class ThreeLosses(NamedTuple):
    """The loss of one sentence: from all scores in float64, by the bare product and by the package in float32."""

    truth: float
    bare: float
    factored: float


def best_held(scale: float, types: int = 5, length: int = 40) -> ThreeLosses:
    """Compare the three losses where S, a and b spread by ``scale`` and the best pair of every type holds."""
    parts = random_parts(types, length, scale)
    best = scores_of(*parts).flatten(2).argmax(2)[0].tolist()
    return three_losses(parts, {Span(k // length, k % length, t) for t, k in enumerate(best)})


def one_high(score: float, length: int = 40) -> ThreeLosses:
    """Compare the three losses where one pair holds, at ``score``, and all others lie around −6, as after training."""
    spans, starts, ends = random_parts(1, length, 1.0)
    spans = spans - 6
    spans[0, 4, 7] = score - starts[0, 0, 4] - ends[0, 0, 7]
    return three_losses((spans, starts, ends), {Span(4, 7, 0)})


def three_losses(parts: Parts, held: set[Span]) -> ThreeLosses:
    """Return the loss of one sentence in which the spans ``held`` are true, in three ways."""
    _, types, length = parts[1].shape
    positives = span_positives([held])
    scores, indices = scores_of(*parts).flatten(2), by_type(positives, types, length)
    truth = sparse_multilabel_cross_entropy(scores, indices, "none").sum(1)
    spans, starts, ends = (part.float() for part in parts)
    allowed = torch.ones(1, length, length, dtype=torch.bool).triu()
    factored = factored_loss(spans, starts, ends, allowed, positives, joint=False)
    return ThreeLosses(float(truth), float(bare_loss(spans, starts, ends, positives)), float(factored))


def formula_errors(score: float, negatives: int = 8256) -> tuple[float, float, float]:
    """Return (exact loss, the article's sparse formula in float32, the book's in float32) of a row of one label.

    The label that holds stands at ``score``; the others, as many as pairs in 128 tokens, are spread around −12.
    """
    scores = _row(score, negatives)
    label = torch.zeros(1, dtype=torch.int64)
    exact = sparse_multilabel_cross_entropy(scores, label)
    naive = naive_sparse_multilabel_cross_entropy(scores.float(), label)
    ours = sparse_multilabel_cross_entropy(scores.float(), label)
    return float(exact), float(naive), float(ours)


def formula_pushes(score: float) -> dict[str, tuple[float, float]]:
    """Return the push (the gradient) on the label that holds and on all others together, of the row above, float32."""
    found = {}
    losses = {
        "the article's formula": naive_sparse_multilabel_cross_entropy,
        "gradbook": sparse_multilabel_cross_entropy,
    }
    for name, loss in losses.items():
        scores = _row(score).float().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(scores, torch.zeros(1, dtype=torch.int64)), scores)
        found[name] = (float(gradient[0]), float(gradient[1:].sum()))
    return found


def _row(score: float, negatives: int = 8256) -> Tensor:
    """The label that holds at ``score``, then the others, spread around −12; float64."""
    others = torch.randn(negatives, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 12
    return torch.cat([torch.tensor([score], dtype=torch.float64), others])


class Padding(NamedTuple):
    """What padding changes: the largest differences of scores and loss, and the largest gradient on the padding."""

    scores: float
    loss: float
    gradient: float


def padding_effect(kind: type[TokenPairHead], length: int = 7, padded: int = 30) -> Padding:
    """Score a sentence of ``length`` tokens alone, and in a batch ``padded`` with random numbers beside a long one."""
    head = random_head(kind, 16, 3)
    hidden, mask = random_hidden(2, padded, 16)
    mask[0, length:] = False
    positives = span_positives([{Span(1, 3, 0), Span(1, 1, 2)}, {Span(4, 20, 1)}])
    leaf = hidden.clone().requires_grad_()
    losses = head.loss(leaf, mask, positives)
    (gradient,) = torch.autograd.grad(losses.sum(), leaf)
    own = hidden[:1, :length], mask[:1, :length]
    with torch.no_grad():
        alone, beside = head(*own), head(hidden, mask)[:1, :, :length, :length]
        loss = head.loss(*own, positives[:1]) - losses[0]
    seen = alone.isfinite()
    return Padding(
        float((alone - beside)[seen].abs().max()), float(loss.abs().max()), float(gradient[0, length:].abs().max())
    )


def untrained_loss(types: int, joint: bool, length: int = 50) -> float:
    """Return the mean loss a sentence of an untrained Efficient GlobalPointer, two spans a sentence.

    ``joint``: one threshold class for all types together, instead of one a type.
    """
    head = random_head(EfficientGlobalPointer, 64, types, 64)
    hidden, mask = random_hidden(8, length, 64)
    positives = span_positives([{Span(3, 5, 0), Span(20, 21, types - 1)}] * 8)
    with torch.no_grad():
        return float(head.loss(hidden, mask, positives, joint).mean())


def difference(kind: type[TokenPairHead], seed: int = 0) -> Tensor:
    """Return D = s_A − s_B (L, L) of an untrained head of ``kind`` on six random tokens."""
    head = random_head(kind, 16, 2, seed=seed)
    head.triangular = False
    hidden, mask = random_hidden(1, 6, 16, seed)
    with torch.no_grad():
        scores: Tensor = head(hidden, mask)[0]
    return scores[0] - scores[1]


def head_sizes(hidden_size: int, head_size: int, types: int) -> dict[str, int]:
    """Return the number of parameters of the three heads, counted from the modules themselves."""
    heads: dict[str, Callable[[], nn.Module]] = {
        "CRF": lambda: CRFTagger(hidden_size, types),
        "GlobalPointer": lambda: GlobalPointer(hidden_size, types, head_size),
        "Efficient GlobalPointer": lambda: EfficientGlobalPointer(hidden_size, types, head_size),
    }
    with torch.device("meta"):
        return {name: count_numbers(make()) for name, make in heads.items()}


def reports(count: int, seed: int = 0) -> tuple[list[str], list[set[Span]]]:
    """Return texts such as 一「一一」一一「一」 of one or two bracketed pieces, and these pieces as spans.

    A stand-in for lists of things that all begin and end alike: "Beijing 21 °C, Shanghai 22 °C".
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(1, 5, (count, 5), generator=generator).tolist()
    texts, truth = [], []
    for number, (before, first, between, second, after) in enumerate(drawn):
        text = "一" * before + "「" + "一" * first + "」"
        spans = {Span(before, len(text) - 1, 0)}
        if number % 3:  # two of three texts have a second piece
            start = len(text) + between
            text += "一" * between + "「" + "一" * second + "」"
            spans.add(Span(start, len(text) - 1, 0))
        texts.append(text + "一" * after)
        truth.append(spans)
    return texts, truth


def reports_found(rotary: bool, context: bool, steps: int = 45) -> tuple[int, int, int]:
    """Train on :func:`reports`; return how many spans of 120 new texts there are, are found, and are found wrongly.

    The encoder gives every character its vector and nothing else, or with ``context`` a BiLSTM on top, which knows
    what stands before and behind.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        embedding = CharacterEmbedding(Characters("一「」"), 16)
        encoder = TextEncoder(embedding, BiLSTM(16, 16) if context else None, dropout=0.0).double()
        head = EfficientGlobalPointer(encoder.size, 1, 16, rotary).double()
        _descend(encoder, head, steps)
    texts, truth = reports(120, seed=1)
    with torch.no_grad():
        found = head.decode(*encoder(texts))
    right = sum(len(f & t) for f, t in zip(found, truth, strict=True))
    return sum(map(len, truth)), right, sum(map(len, found)) - right


def _descend(encoder: TextEncoder, head: EfficientGlobalPointer, steps: int) -> None:
    optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=0.02)
    texts, truth = reports(240)
    for step in range(steps):
        piece = slice(16 * step % 240, 16 * step % 240 + 16)
        optimizer.zero_grad()
        hidden, mask = encoder(texts[piece])
        head.loss(hidden, mask, span_positives(truth[piece])).mean().backward()
        optimizer.step()
