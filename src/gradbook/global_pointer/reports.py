"""A toy text of pieces that all look alike, where rotary positions decide which end belongs to which start."""

from __future__ import annotations

import torch

from gradbook.encoders import BiLSTM, CharacterEmbedding, Characters, TextEncoder
from gradbook.global_pointer.efficient import EfficientGlobalPointer
from gradbook.global_pointer.spans import Span, span_positives


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


def reports_found(rotary: bool, context: bool, steps: int = 80) -> tuple[int, int, int]:
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
