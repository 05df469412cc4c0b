"""The models that are compared: one encoder, two pointers."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gradbook.corpora import EventText
from gradbook.corpora.events import TRIGGER, Label
from gradbook.encoders import BiLSTM, Characters, TextEncoder, jieba_embedding
from gradbook.event_linking.extractor import EventExtractor
from gradbook.event_linking.linker import EventLinker
from gradbook.relation_linking.comparison.models import POINTERS


def classes_of(texts: Sequence[EventText]) -> list[tuple[Label, Label]]:
    """Return the pairs (type, role) in ``texts``, sorted, every type's trigger among them."""
    events = [event for text in texts for event in text.events]
    pairs = {(event.type, argument.role) for event in events for argument in event.arguments}
    return sorted(pairs | {(event.type, TRIGGER) for event in events}, key=str)


def build(
    pointer: str,
    texts: Sequence[EventText],
    seed: int = 0,
    method: str = "own",
    joint: bool = False,
    classes: Sequence[tuple[Label, Label]] | None = None,
    frozen: bool = False,
    head_size: int = 64,
) -> EventExtractor:
    """Return an untrained extractor for ``classes``, or those in the training ``texts``.

    Characters get jieba's vectors, trained further unless ``frozen``; then a BiLSTM of 2 × 128, three pointers. Raises
    ValueError for another name of a pointer, ModuleNotFoundError without jieba.
    """
    if pointer not in POINTERS:
        raise ValueError(f"pointer must be one of {', '.join(POINTERS)}, got {pointer!r}")
    torch.manual_seed(seed)
    characters = None if frozen else Characters.from_texts([text.text for text in texts])
    embedding = jieba_embedding(characters, frozen=frozen)
    encoder = TextEncoder(embedding, BiLSTM(embedding.size))
    linker = EventLinker(encoder, classes or classes_of(texts), POINTERS[pointer], head_size)
    return EventExtractor(linker, method, joint)
