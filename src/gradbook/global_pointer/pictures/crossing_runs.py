"""Two heads learn who owns the four cells of a 2 × 2 grid of pairs: small enough to train every case at once.

Four tokens i₁, i₂, j₁, j₂ with random hidden states; a pair (i, j) of the grid is of type A, of type B, of both or of
neither, and no pair outside the grid is of any type.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import torch
from torch import Tensor

from gradbook.global_pointer.efficient import EfficientGlobalPointer
from gradbook.global_pointer.global_pointer import GlobalPointer
from gradbook.global_pointer.spans import Span, span_positives
from gradbook.global_pointer.stored import STORED
from gradbook.training.files import read_tensors, write_tensors

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
