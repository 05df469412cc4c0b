"""The models that are compared: one encoder, three heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from gradbook.encoders import BiLSTM, TextEncoder, jieba_embedding
from gradbook.global_pointer.crf import CRFTagger
from gradbook.global_pointer.efficient import EfficientGlobalPointer
from gradbook.global_pointer.extractor import EntityExtractor
from gradbook.global_pointer.global_pointer import GlobalPointer
from gradbook.global_pointer.head import TokenPairHead

LONGEST = 100  # characters, of the corpus's longest sentence: about longer texts the models learn nothing
Head = TokenPairHead | CRFTagger
HEADS: dict[str, Callable[[int, int, bool], Head]] = {
    "CRF": lambda size, types, rotary: CRFTagger(size, types),
    "GlobalPointer": lambda size, types, rotary: GlobalPointer(size, types, rotary=rotary),
    "Efficient GlobalPointer": lambda size, types, rotary: EfficientGlobalPointer(size, types, rotary=rotary),
}


def build(
    head: str,
    labels: Sequence[str],
    seed: int = 0,
    rotary: bool = True,
    embedding: nn.Module | None = None,
    joint: bool = False,
) -> EntityExtractor:
    """Return an untrained extractor: frozen vectors, a BiLSTM of 2 × 128, and the head named ``head``.

    ``embedding`` maps texts to vectors; without one, the character vectors that jieba ships. Raises ValueError for
    another name of a head, ModuleNotFoundError without jieba.
    """
    if head not in HEADS:
        raise ValueError(f"head must be one of {', '.join(HEADS)}, got {head!r}")
    torch.manual_seed(seed)
    vectors = embedding if embedding is not None else jieba_embedding()
    encoder = TextEncoder(vectors, BiLSTM(int(vectors.size)), limit=LONGEST)  # type: ignore[arg-type]
    return EntityExtractor(encoder, HEADS[head](encoder.size, len(labels), rotary), labels, joint)
