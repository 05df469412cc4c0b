"""Token-pair losses, heads and decoding against the public ones, interleaved, on one thread.

``python -m tests.bench.token_pairs`` prints; with ``--store`` it also writes the table that chapter 4 shows. Times are
medians of CPU time; memory is the peak of what PyTorch allocated on top of the inputs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from gradbook.book.stored import STORED
from gradbook.extraction.crf import CRFTagger
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer, Span, decode_spans, span_positives
from gradbook.global_pointer.spans import by_type
from gradbook.multilabel_loss import (
    multilabel_cross_entropy,
    naive_sparse_multilabel_cross_entropy,
    sparse_multilabel_cross_entropy,
)
from tests.bench.methods import interleaved
from tests.bench.rivals import bert4torch

BATCH, HIDDEN, HEAD = 16, 768, 64


def peak(run: Callable[[], object]) -> int:
    """The most bytes that PyTorch held at a time during ``run``, beyond what it held before."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        run()
    events = [e for e in record.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def sentences(types: int, length: int) -> list[set[Span]]:
    """Four spans a sentence, of up to eight tokens."""
    generator = torch.Generator().manual_seed(types * length)
    starts = torch.randint(0, length - 8, (BATCH, 4), generator=generator)
    sizes = torch.randint(0, 8, (BATCH, 4), generator=generator)
    kinds = torch.randint(0, types, (BATCH, 4), generator=generator)
    rows = zip(starts.tolist(), sizes.tolist(), kinds.tolist(), strict=True)
    # one every thirty tokens, so that no two overlap and a CRF can carry them
    return [
        {
            Span(m * length // 4, m * length // 4 + n % (length // 4), t)
            for m, (_, n, t) in enumerate(zip(*row, strict=True))
        }
        for row in rows
    ]


def loss_case(types: int, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Scores (B, T, L·L) whose lower triangle stands at −1e4, positives (B, T, M), and the yes/no table."""
    torch.manual_seed(0)
    scores = torch.randn(BATCH, types, length, length)
    scores = scores.masked_fill(torch.ones(length, length, dtype=torch.bool).tril(-1), -1e4).flatten(2)
    positives = by_type(span_positives(sentences(types, length)), types, length)
    table = torch.zeros(scores.shape, dtype=torch.bool)
    table.scatter_(2, positives.clamp(min=0), positives >= 0)
    return scores, positives, table


def loss_rows(types: int, length: int) -> dict[str, dict[str, float]]:
    """Time and memory of each loss, forward and backward, in units of the article's formula and of the scores."""
    scores, positives, table = loss_case(types, length)
    _, losses = bert4torch()
    dense, sparse = losses.MultilabelCategoricalCrossentropy(), losses.SparseMultilabelCategoricalCrossentropy()
    # bert4torch's labels are padded with a repeated index, which it counts as often: its time is what is compared here
    padded, numbers = positives.clamp(min=0), table.float()

    def walk(loss: Callable[[Tensor], Tensor]) -> Callable[[], object]:
        def run() -> object:
            leaf = scores.detach().requires_grad_()
            return torch.autograd.grad(loss(leaf).mean(), leaf)

        return run

    runs = {
        "article's formula": walk(lambda s: naive_sparse_multilabel_cross_entropy(s, positives)),
        "bert4torch, dense": walk(lambda s: dense(s, numbers)),
        "bert4torch, sparse": walk(lambda s: sparse(s, padded)),
        "gradbook, dense": walk(lambda s: multilabel_cross_entropy(s, table)),
        "gradbook, sparse": walk(lambda s: sparse_multilabel_cross_entropy(s, positives)),
    }
    times = interleaved(*runs.values(), repeats=9)
    size = scores.numel() * scores.element_size()
    return {
        name: {"time": spent / times[0], "memory": peak(run) / size}
        for (name, run), spent in zip(runs.items(), times, strict=True)
    }


class Public(nn.Module):
    """A head of bert4torch and its sparse loss, as its examples put them together."""

    def __init__(self, name: str, types: int) -> None:
        super().__init__()
        layers, losses = bert4torch()
        self.head = getattr(layers, name)(HIDDEN, types, HEAD)
        self.criterion = losses.SparseMultilabelCategoricalCrossentropy(mask_zero=True)

    def loss(self, hidden: Tensor, mask: Tensor, positives: Tensor) -> Tensor:
        """The loss (B,), with a row of indices a type padded with 0."""
        scores = self.head(hidden, mask.long()).flatten(2).clamp(min=-1e4)
        indices = by_type(positives, scores.shape[1], mask.shape[1])
        loss: Tensor = self.criterion(scores, indices.clamp(min=0)).sum(1)
        return loss


def heads(types: int) -> dict[str, nn.Module]:
    """All heads by name."""
    return {
        "CRF (pytorch-crf)": CRFTagger(HIDDEN, types),
        "GlobalPointer, bert4torch": Public("GlobalPointer", types),
        "GlobalPointer, gradbook": GlobalPointer(HIDDEN, types, HEAD),
        "Efficient GlobalPointer, bert4torch": Public("EfficientGlobalPointer", types),
        "Efficient GlobalPointer, gradbook": EfficientGlobalPointer(HIDDEN, types, HEAD),
    }


def head_rows(types: int, length: int, repeats: int = 7) -> dict[str, dict[str, float]]:
    """Parameters, time in units of our Efficient GlobalPointer, and peak MB of each head's loss and gradients."""
    torch.manual_seed(0)
    hidden, mask = torch.randn(BATCH, length, HIDDEN), torch.ones(BATCH, length, dtype=torch.bool)
    positives = span_positives(sentences(types, length))

    def walk(head: nn.Module) -> Callable[[], object]:
        def run() -> object:
            leaf = hidden.detach().requires_grad_()
            return torch.autograd.grad(head.loss(leaf, mask, positives).mean(), [leaf, *head.parameters()])

        return run

    named = heads(types)
    runs = [walk(head) for head in named.values()]
    times = interleaved(*runs, repeats=repeats)
    return {
        name: {
            "parameters": sum(p.numel() for p in head.parameters()),
            "milliseconds": round(spent * 1e3, 1),
            "ratio": spent / times[-1],
            "memory": peak(run) / 1e6,
        }
        for (name, head), run, spent in zip(named.items(), runs, times, strict=True)
    }


def decode_rows(types: int, length: int) -> dict[str, float]:
    """Decoding a batch by scores, by bounds and by Viterbi, in units of the bounds; few spans are found."""
    torch.manual_seed(0)
    hidden, mask = torch.randn(BATCH, length, HIDDEN), torch.ones(BATCH, length, dtype=torch.bool)
    head, crf = EfficientGlobalPointer(HIDDEN, types, HEAD), CRFTagger(HIDDEN, types)
    with torch.no_grad():
        # shift all scores so that about a hundred pairs are above 0
        head.types.bias[:types].sub_(head(hidden, mask).flatten().topk(100).values[-1])
        bounds, dense, viterbi = interleaved(
            lambda: head.decode(hidden, mask),
            lambda: decode_spans(head(hidden, mask)),
            lambda: crf.decode(hidden, mask),
            repeats=5,
        )
        spans = sum(len(found) for found in head.decode(hidden, mask))
    return {
        "spans": spans,
        "milliseconds": round(bounds * 1e3, 1),
        "scores": dense / bounds,
        "viterbi": viterbi / bounds,
    }


def agreement() -> dict[str, float]:
    """The largest difference between bert4torch's Efficient GlobalPointer and ours, given the same weights."""
    layers, losses = bert4torch()
    torch.manual_seed(0)
    theirs, ours = layers.EfficientGlobalPointer(32, 5, 8).double(), EfficientGlobalPointer(32, 5, 8).double()
    hidden, mask = torch.randn(2, 11, 32, dtype=torch.float64), torch.ones(2, 11, dtype=torch.bool)
    with torch.no_grad():
        ours.queries_keys.load_state_dict(theirs.p_dense.state_dict())
        # it halves the type part, and keeps start and end of a type side by side
        ours.types.weight.copy_(torch.cat((theirs.q_dense.weight[::2], theirs.q_dense.weight[1::2])) / 2)
        ours.types.bias.copy_(torch.cat((theirs.q_dense.bias[::2], theirs.q_dense.bias[1::2])) / 2)
        a, b = theirs(hidden, mask.long()), ours(hidden, mask)
    seen = b.isfinite()
    positives = by_type(span_positives([{Span(1, 3, 0), Span(4, 4, 0)}, {Span(2, 9, 0), Span(0, 5, 0)}]), 5, 11)[:, 0]
    loss = losses.SparseMultilabelCategoricalCrossentropy()(b[:, 0].flatten(1).clamp(min=-1e4), positives)
    exact = sparse_multilabel_cross_entropy(b[:, 0].flatten(1), positives, "none")
    return {"scores": float((a - b)[seen].abs().max()), "loss": float((loss - exact).abs().max())}


def main() -> None:
    """Measure, print, and with ``--store`` write stored/04-bench.json."""
    torch.set_num_threads(1)
    cases = [(10, 128), (100, 128)]
    stored = {
        "command": "python -m tests.bench.token_pairs --store",
        "agreement": agreement(),
        "losses": {
            f"{types} types, {length} tokens": loss_rows(types, length) for types, length in [(10, 128), (50, 128)]
        },
        "heads": {f"{types} types, {length} tokens": head_rows(types, length) for types, length in cases},
        "decoding": {f"{types} types, {length} tokens": decode_rows(types, length) for types, length in cases},
    }
    for types, length, repeats in [(3, 128, 3), (3, 512, 3), (10, 512, 3), (100, 512, 1)]:  # the last takes minutes
        stored["heads"][f"{types} types, {length} tokens"] = head_rows(types, length, repeats)
    text = json.dumps(_rounded(stored), indent=1, ensure_ascii=False)
    print(text)
    if "--store" in sys.argv:
        (STORED / "04-bench.json").write_text(text + "\n", encoding="utf-8")


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return float(f"{value:.3g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
