"""Weights and runs in files of safetensors, which hold numbers only, and never half written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gradbook.extraction.training import History, Settings, Stepper


def write_tensors(tensors: dict[str, Tensor], path: str | Path, metadata: dict[str, str]) -> None:
    """Write the tensors to ``path``: first beside it, then moved into its place in one go."""
    part = Path(f"{path}.part")
    # copies: safetensors takes no two tensors of the same memory
    copies = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    try:
        part.write_bytes(save(copies, metadata))  # save_file would let nobody else read it
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and the metadata of a file; FileNotFoundError without one, ValueError if it can't be read."""
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is not a complete safetensors file: {error}") from error


def save_weights(
    model: nn.Module, path: str | Path, half: bool = False, metadata: Mapping[str, str] | None = None
) -> None:
    """Write the model's ``state_dict`` to a safetensors file; ``half`` stores floating point numbers in float16.

    What a frozen encoder read elsewhere is not in there. ``metadata``: words to keep beside them. Raises ValueError,
    before anything is written, for weights that are NaN, infinite or too large for float16; TypeError for metadata
    that aren't strings.
    """
    words = dict(metadata or {})
    for key, word in words.items():
        if not isinstance(key, str) or not isinstance(word, str):
            raise TypeError(f"metadata[{key!r}] must be a string with a string as name, got {word!r}")
    tensors = {}
    for name, tensor in model.state_dict().items():
        tensors[name] = tensor.half() if half and tensor.is_floating_point() else tensor
        check_finite(tensors[name], name)
    write_tensors(tensors, path, words)


def load_weights(model: nn.Module, path: str | Path) -> dict[str, str]:
    """Fill the model with the weights of a file and return the file's metadata.

    Raises ValueError, before anything is changed, for a file that is cut off or foreign, or whose names or shapes
    aren't the model's.
    """
    tensors, metadata = read_tensors(path)
    targets = model.state_dict()
    check_fit(targets, tensors, str(path))
    fill(targets, tensors)
    return metadata


def trained_state(model: nn.Module) -> dict[str, Tensor]:
    """Return what training changes: parameters that take a gradient, and the buffers that ``state_dict`` has."""
    parameters = dict(model.named_parameters(remove_duplicate=False))
    named = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    buffers = {name: tensor for name, tensor in model.state_dict().items() if name not in parameters}
    return {**named, **buffers}


def fill(targets: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    """Copy the tensors into the targets of the same names."""
    with torch.no_grad():
        for name, target in targets.items():
            target.copy_(tensors[name])


def check_fit(targets: Mapping[str, Tensor], tensors: Mapping[str, Tensor], what: str, exact: bool = False) -> None:
    """Raise ValueError unless both have the same names and shapes, and the same dtypes where ``exact``."""
    missing, foreign = sorted(targets.keys() - tensors.keys()), sorted(tensors.keys() - targets.keys())
    if missing or foreign:
        raise ValueError(f"{what} must hold the model's weights: {_some(missing)} missing, {_some(foreign)} not in it")
    for name, target in targets.items():
        if tensors[name].shape != target.shape:
            expected, found = tuple(target.shape), tuple(tensors[name].shape)
            raise ValueError(f"{what}: {name} must have shape {expected}, got {found}")
        given = tensors[name].dtype
        if given != target.dtype and (exact or given.is_floating_point != target.is_floating_point()):
            raise ValueError(f"{what}: {name} must be {target.dtype}, got {given}")
        check_finite(tensors[name], f"{what}: {name}")


def check_finite(tensor: Tensor, name: str) -> None:
    """Raise ValueError if the tensor holds NaN or infinity."""
    if tensor.is_floating_point() and not torch.isfinite(tensor).all():
        raise ValueError(f"{name} must be finite in {tensor.dtype}, got NaN or infinity")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "none"


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
