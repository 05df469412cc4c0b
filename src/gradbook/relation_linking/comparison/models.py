"""The models that are compared: one encoder a data set, two pointers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from gradbook.corpora import RelationText
from gradbook.encoders import BiLSTM, Characters, TextEncoder, WordEmbedding, Words, jieba_embedding
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer
from gradbook.relation_linking.encoding import Occurrence
from gradbook.relation_linking.extractor import RelationExtractor
from gradbook.relation_linking.linker import RelationLinker

POINTERS = {"GlobalPointer": GlobalPointer, "Efficient GlobalPointer": EfficientGlobalPointer}


def build(
    pointer: str,
    texts: Sequence[RelationText],
    seed: int = 0,
    method: str = "own",
    joint: bool = False,
    occurrence: Occurrence = "nearest",
    hidden: int = 128,
    dropout: float = 0.3,
    head_size: int = 64,
) -> RelationExtractor:
    """Return an untrained extractor for the predicates in the training ``texts``: vectors, a BiLSTM, three pointers.

    Characters get jieba's vectors, trained further; words get random ones and a convolution over their letters: nothing
    pretrained. Raises ValueError for another name of a pointer, ModuleNotFoundError without jieba.
    """
    if pointer not in POINTERS:
        raise ValueError(f"pointer must be one of {', '.join(POINTERS)}, got {pointer!r}")
    torch.manual_seed(seed)
    vectors = word_embedding(texts) if texts[0].words else character_embedding(texts)
    encoder = TextEncoder(vectors, BiLSTM(int(vectors.size), hidden), dropout)  # type: ignore[arg-type]
    predicates = sorted({triple.predicate for text in texts for triple in text.triples})
    linker = RelationLinker(encoder, len(predicates), POINTERS[pointer], head_size)
    return RelationExtractor(linker, predicates, occurrence, method, joint)


def character_embedding(texts: Sequence[RelationText]) -> nn.Module:
    """Return jieba's vectors of the characters in ``texts``, to be trained further."""
    return jieba_embedding(Characters.from_texts([text.text for text in texts]), frozen=False)


def word_embedding(texts: Sequence[RelationText]) -> nn.Module:
    """Return random vectors of the words in ``texts`` beside a convolution over their letters."""
    return WordEmbedding(Words.from_texts([text.text for text in texts]))
