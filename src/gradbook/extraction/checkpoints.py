"""A run in a file, so that it can go on as if nothing had happened."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gradbook.training.files import read_tensors, write_tensors
from gradbook.training.history import History
from gradbook.training.settings import Settings
from gradbook.training.steps import Stepper
from gradbook.training.weights import check_fit, fill, trained_state

CONTENT = "gradbook checkpoint"
Weights = dict[str, Tensor]


def write_checkpoint(path: Path, stepper: Stepper, settings: Settings, history: History, best: Weights | None) -> None:
    """Write weights, the best weights so far, AdamW's moments, and the run so far, to one file."""
    tensors = _named("model", trained_state(stepper.model)) | _named("best", best or {})
    for name, parameter in stepper.trained.items():
        moments = stepper.optimizer.state[parameter]
        tensors |= {f"adamw/{key}/{name}": value for key, value in moments.items()}
    words = {"settings": settings.as_dict(), "history": asdict(history)}
    write_tensors(tensors, path, {"content": CONTENT, "run": json.dumps(words)})


def read_checkpoint(path: Path, stepper: Stepper, settings: Settings) -> tuple[History, Weights | None]:
    """Bring the model and its AdamW to where the checkpoint left off; return the history and the best weights.

    Raises ValueError, before anything is changed, for a file that is cut off or foreign, for settings that differ, and
    for weights of another model.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("content") != CONTENT:
        raise ValueError(f"{path} is not a checkpoint of this trainer")
    run = json.loads(metadata["run"])
    _check_settings(path, run["settings"], settings.as_dict())
    history = History(**run["history"])
    if history.epochs > settings.epochs:
        raise ValueError(f"epochs must be at least the {history.epochs} that {path} has run, got {settings.epochs}")
    state, best = trained_state(stepper.model), _part(tensors, "best/") or None
    if best is not None:
        check_fit(state, best, str(path), exact=True)
    moments = _moments(path, stepper, _part(tensors, "adamw/"))
    check_fit(state, _part(tensors, "model/"), str(path), exact=True)
    fill(state, _part(tensors, "model/"))
    for name, parameter in stepper.trained.items():
        if name in moments:
            stepper.optimizer.state[parameter] = moments[name]
    return history, best


def _check_settings(path: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    different = [name for name in wanted if found.get(name) != wanted[name]]
    if different:
        changes = "; ".join(f"{name} {found.get(name)!r}, now {wanted[name]!r}" for name in different)
        raise ValueError(f"{path} is of a run with other settings: {changes}; delete it to start anew")


def _moments(path: Path, stepper: Stepper, tensors: Weights) -> dict[str, Weights]:
    """Return AdamW's tensors by parameter; ValueError if they aren't of this model."""
    moments: dict[str, Weights] = {}
    for full, tensor in tensors.items():
        key, name = full.split("/", 1)
        if name not in stepper.trained or (key != "step" and tensor.shape != stepper.trained[name].shape):
            raise ValueError(f"{path} holds AdamW's {key} of {name}, which the model doesn't have in that shape")
        place = tensor.device if key == "step" else stepper.trained[name].device
        moments.setdefault(name, {})[key] = tensor.to(place)
    return moments


def copied(state: Weights) -> Weights:
    """Return copies that training doesn't change."""
    with torch.no_grad():
        return {name: tensor.detach().clone() for name, tensor in state.items()}


def _named(part: str, tensors: Weights) -> Weights:
    return {f"{part}/{name}": tensor for name, tensor in tensors.items()}


def _part(tensors: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
