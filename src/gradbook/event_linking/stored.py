"""The trained model that the chapter's pictures use; made by ``python -m gradbook.event_linking.store``."""

from __future__ import annotations

import json
from functools import cache

import torch

from gradbook.event_linking.comparison.models import build
from gradbook.event_linking.extractor import EventExtractor
from gradbook.global_pointer.stored import STORED
from gradbook.training.files import read_tensors
from gradbook.training.weights import load_weights

POINTER = "Efficient GlobalPointer"
MODEL = STORED / "06-efficient.safetensors"
ENGLISH = {
    "报道": "report",
    "会见": "meeting",
    "触发词": "trigger",
    "通讯社": "agency",
    "地点": "place",
    "日期": "date",
    "记者": "reporter",
    "会见者": "host",
    "会见对象": "guest",
    "时间": "time",
}
"""The types and roles that the model knows, in English."""


@cache
def load_model() -> EventExtractor:
    """Return the trained model in float64 and eval mode; it is read once.

    The weights were rounded to float16 when they were stored. Raises FileNotFoundError if it isn't there,
    ModuleNotFoundError without jieba, whose vectors it needs.
    """
    classes = [(kind, role) for kind, role in json.loads(model_facts()["classes"])]
    with torch.random.fork_rng(devices=[]):  # the random weights that are replaced at once
        model = build(POINTER, [], joint=True, classes=classes, frozen=True).double()
    load_weights(model, MODEL)
    return model.eval()


@cache
def model_facts() -> dict[str, str]:
    """Return what was written beside the weights: the classes, the budget, and the scores on dev and test."""
    return read_tensors(MODEL)[1]
