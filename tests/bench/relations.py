"""Decoding of relations and their loss against the public ways, interleaved, on one thread.

``python -m tests.bench.relations`` prints; with ``--store`` it also writes stored/05-bench.json. Times are
medians of CPU time; memory is the peak of what PyTorch allocated on top of the inputs. "Nested loops" is the decoder of
the public code: subject by subject and object by object.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch import Tensor

from gradbook.book.relation_linking.pictures.decoders import planted_scores
from gradbook.book.stored import STORED, write_table
from gradbook.multilabel_loss import (
    multilabel_cross_entropy,
    naive_sparse_multilabel_cross_entropy,
    sparse_multilabel_cross_entropy,
)
from gradbook.relation_linking import decode_relations, nested_loops
from tests.bench.methods import interleaved
from tests.bench.rivals import bert4torch
from tests.bench.token_pairs import loss_case, peak

CANDIDATES, PREDICATES, LENGTHS = (1, 3, 10, 30), (5, 50, 170), (32, 128, 512)
CASES = {
    "candidates": [(k, 50, 128) for k in CANDIDATES],
    "predicates": [(10, n, 128) for n in PREDICATES],
    "length": [(10, 50, length) for length in LENGTHS],
}
"""By what varies: (k, P, L), with k subjects and k objects in the text."""


def decoding_row(candidates: int, predicates: int, length: int) -> dict[str, float]:
    """Milliseconds of both decoders for one text, their ratio, and how many relations both find."""
    scores = [part.float() for part in planted_scores(candidates, predicates, length)]
    gathered, looped = decode_relations(*scores), nested_loops(*scores)
    if gathered != looped:
        raise AssertionError(f"the decoders differ for {candidates}, {predicates}, {length}")
    ours, theirs = interleaved(lambda: decode_relations(*scores), lambda: nested_loops(*scores), repeats=41)
    return {
        "candidates": candidates,
        "predicates": predicates,
        "length": length,
        "gathering": _short(ours * 1e3),
        "nested loops": _short(theirs * 1e3),
        "ratio": _short(theirs / ours),
        "relations": len(gathered[0]),
    }


def loss_row(predicates: int, length: int) -> dict[str, dict[str, float]]:
    """Time and peak memory of each loss, forward and backward, in units of the article's formula and of the scores."""
    scores, positives, table = loss_case(predicates, length)
    multi_hot, numbers = bert4torch()[1].MultilabelCategoricalCrossentropy(), table.float()
    ways: dict[str, Callable[[Tensor], Tensor]] = {
        "article's formula": lambda s: naive_sparse_multilabel_cross_entropy(s, positives),
        "multi-hot targets, bert4torch": lambda s: multi_hot(s, numbers).mean(),
        "gradbook, dense": lambda s: multilabel_cross_entropy(s, table),
        "gradbook, sparse": lambda s: sparse_multilabel_cross_entropy(s, positives),
    }

    def walk(loss: Callable[[Tensor], Tensor]) -> Callable[[], object]:
        def run() -> object:
            leaf = scores.detach().requires_grad_()
            return torch.autograd.grad(loss(leaf), leaf)

        return run

    runs = {name: walk(loss) for name, loss in ways.items()}
    times = interleaved(*runs.values(), repeats=7)
    size = scores.numel() * scores.element_size()
    return {
        name: {"time": _short(spent / times[0]), "memory": _short(peak(run) / size)}
        for (name, run), spent in zip(runs.items(), times, strict=True)
    }


def public_losses() -> dict[str, list[float]]:
    """Return pairs of losses that show what bert4torch's sparse loss does; scores of six labels in float64.

    agreement: its loss and ours; label 0: with label 0 named and without, under ``mask_zero``; twice: a label named
    once and twice; beyond: with the index one beyond the last named, and without.
    """
    scores = torch.tensor([[0.5, -1.0, 2.0, -0.5, 1.0, -2.0]], dtype=torch.float64)
    plain, masked = (bert4torch()[1].SparseMultilabelCategoricalCrossentropy(mask_zero=zero) for zero in (False, True))
    labels = torch.tensor

    def value(loss: Callable[[Tensor, Tensor], Tensor], *indices: int) -> float:
        return round(float(loss(scores, labels([indices])).sum()), 6)

    ours = round(float(sparse_multilabel_cross_entropy(scores, labels([[2, 4]]))), 6)
    return {
        "agreement": [value(plain, 2, 4), ours],
        "label 0": [value(masked, 0, 2), value(masked, 2)],
        "twice": [value(plain, 2), value(plain, 2, 2)],
        "beyond": [value(plain, 2, 6), value(plain, 2)],
    }


def main() -> None:
    """Measure, print, and with ``--store`` write stored/05-bench.json."""
    torch.set_num_threads(1)
    stored: dict[str, object] = {"command": "python -m tests.bench.relations --store", "decoding": {}, "losses": {}}
    decoding: dict[str, list[dict[str, float]]] = {}
    for varied, cases in CASES.items():
        decoding[varied] = [decoding_row(*case) for case in cases]
        for row in decoding[varied]:
            print(varied, row)
    losses = {"16 texts, 50 predicates, 128 tokens": loss_row(50, 128)}
    print(losses)
    stored |= {"decoding": decoding, "losses": losses, "public": public_losses()}
    if "--store" in sys.argv:
        write_table(STORED / "05-bench.json", stored)


def _short(value: float) -> float:
    return float(f"{value:.3g}")


if __name__ == "__main__":
    main()
