"""The trained models that the chapter's pictures use; made by ``python -m gradbook.relation_linking.store``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import cast

import torch
from torch import nn

from gradbook.encoders import BiLSTM, CharacterEmbedding, Characters, TextEncoder
from gradbook.global_pointer.stored import STORED
from gradbook.relation_linking.comparison.models import POINTERS
from gradbook.relation_linking.extractor import RelationExtractor
from gradbook.relation_linking.linker import RelationLinker
from gradbook.training.files import read_tensors
from gradbook.training.weights import load_weights

PREDICATES = ("任职于", "属地", "职务")
ENGLISH = {"任职于": "works at", "属地": "belongs to the place", "职务": "holds the post of"}
"""What the predicates say."""

MODELS = {"efficient": "Efficient GlobalPointer", "global": "GlobalPointer"}
"""By name of the stored model: its pointer."""


PARTS = ("characters", "context", "pointers")
"""The files of a model, none above a megabyte: the characters' vectors, the BiLSTM, the three pointers."""


def model_path(name: str, part: str = PARTS[0]) -> Path:
    """Return where a part of a model is kept; ValueError for a name that is none of ``MODELS``, a part none of its."""
    if name not in MODELS:
        raise ValueError(f"name must be one of {', '.join(MODELS)}, got {name!r}")
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, got {part!r}")
    return STORED / f"05-{name}-{part}.safetensors"


def parts_of(model: RelationExtractor) -> dict[str, nn.Module]:
    """Return what goes into each of a model's files."""
    encoder = cast(TextEncoder, model.linker.encoder)
    context = cast(nn.Module, encoder.context)
    return dict(zip(PARTS, (encoder.embedding, context, nn.ModuleList(model.linker.pointers)), strict=True))


@cache
def load_model(name: str) -> RelationExtractor:
    """Return the trained model in float64 and eval mode, predicates ``PREDICATES``; each is read once.

    The weights, those of the characters' vectors among them, were rounded to float16 when they were stored. Raises
    ValueError for a name that is none of ``MODELS``, FileNotFoundError if it isn't there.
    """
    facts = model_facts(name)
    with torch.random.fork_rng(devices=[]):  # the random weights that are replaced at once
        vectors = CharacterEmbedding(Characters(facts["characters"]))
        encoder = TextEncoder(vectors, BiLSTM(vectors.size))
        linker = RelationLinker(encoder, len(PREDICATES), POINTERS[MODELS[name]])
        model = RelationExtractor(linker, PREDICATES, joint=True).double()
    for part, module in parts_of(model).items():
        load_weights(module, model_path(name, part))
    return model.eval()


@cache
def model_facts(name: str) -> dict[str, str]:
    """Return what was written beside the weights: the characters, the budget, and F1 on dev and test."""
    return read_tensors(model_path(name))[1]
