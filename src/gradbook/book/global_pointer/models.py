"""The trained models that the chapter's pictures use, and the score maps of one of them while it learned.

Made by ``python -m gradbook.global_pointer.store``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from gradbook.encoders import CharacterEmbedding, jieba_embedding
from gradbook.global_pointer.comparison.models import build
from gradbook.global_pointer.extractor import EntityExtractor
from gradbook.training.files import read_tensors
from gradbook.training.weights import load_weights

STORED = Path(__file__).resolve().parents[3] / "chapters" / "stored"
LABELS = ("LOC", "ORG", "PER")
MODELS = {
    "efficient": ("Efficient GlobalPointer", True),
    "efficient-plain": ("Efficient GlobalPointer", False),
    "global": ("GlobalPointer", True),
    "crf": ("CRF", True),
}
"""By name of the stored model: its head, and whether that has rotary positions."""


def model_path(name: str) -> Path:
    """Return where the model is kept; ValueError for a name that is none of ``MODELS``."""
    if name not in MODELS:
        raise ValueError(f"name must be one of {', '.join(MODELS)}, got {name!r}")
    return STORED / f"04-{name}.safetensors"


@cache
def load_model(name: str) -> EntityExtractor:
    """Return the trained model in float64 and eval mode, labels LOC, ORG, PER; each is read once.

    The weights were rounded to float16 when they were stored. Raises ValueError for a name that is none of
    ``MODELS``, FileNotFoundError if it isn't there, ModuleNotFoundError without jieba, whose vectors it needs.
    """
    path, (head, rotary) = model_path(name), MODELS[name]
    with torch.random.fork_rng(devices=[]):  # the random weights that are replaced at once
        model = build(head, LABELS, rotary=rotary, embedding=_embedding()).double()
    load_weights(model, path)
    return model.eval()


@cache
def _embedding() -> CharacterEmbedding:
    return jieba_embedding().double()


def model_facts(name: str) -> dict[str, str]:
    """Return what was written beside the weights: the budget, and F1 on dev and test."""
    return read_tensors(model_path(name))[1]


@dataclass(frozen=True)
class Epochs:
    """A model while it learned: entry 0 before the first epoch, entry e after e epochs.

    ``maps``: by text its scores (E + 1, T, L, L), −inf where masked; ``f1``: on the dev part, E + 1 numbers.
    """

    maps: dict[str, Tensor]
    f1: tuple[float, ...]


@cache
def load_epochs() -> Epochs:
    """Return the score maps of the model "efficient" for the sentences of the pictures, float64."""
    tensors, facts = read_tensors(STORED / "04-epochs.safetensors")
    texts = json.loads(facts["texts"])
    maps = {text: tensors[str(i)].double() for i, text in enumerate(texts)}
    return Epochs(maps, tuple(json.loads(facts["f1"])))
