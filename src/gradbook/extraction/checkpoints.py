"""Weights and runs in files of safetensors, which hold numbers only, and are never half written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

CONTENT = "gradbook checkpoint 2"
Weights = dict[str, Tensor]


def write_tensors(tensors: Mapping[str, Tensor], path: str | Path, metadata: Mapping[str, str]) -> None:
    """Write the tensors to ``path``: first beside it, then moved into its place in one go."""
    part = Path(f"{path}.part")
    # copies: safetensors takes no two tensors of the same memory
    copies = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    try:
        part.write_bytes(save(copies, dict(metadata)))  # save_file would let nobody else read it
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_tensors(path: str | Path) -> tuple[Weights, dict[str, str]]:
    """Return the tensors and the metadata of a file; FileNotFoundError without one, ValueError if it can't be read."""
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is not a complete safetensors file: {error}") from error


# ---- weights ----


def save_weights(
    model: nn.Module, path: str | Path, half: bool = False, metadata: Mapping[str, str] | None = None
) -> None:
    """Write the model's ``state_dict`` to a safetensors file; ``half`` stores floating point numbers in float16.

    What a frozen encoder read elsewhere is not in there. ``metadata``: words to keep beside them, such as the labels
    by number. Raises ValueError, before anything is written, for weights that are NaN, infinite or too large for
    float16; TypeError for metadata that aren't strings.
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


def load_weights(model: nn.Module, path: str | Path, expected: Mapping[str, str] | None = None) -> dict[str, str]:
    """Fill the model with the weights of a file and return the file's metadata.

    ``expected``: words that must stand beside the weights, such as the labels by number: a shape tells only how many
    there are. Raises ValueError, before anything is changed, for a file that is cut off or foreign, whose names or
    shapes aren't the model's, or whose words differ.
    """
    tensors, metadata = read_tensors(path)
    for key, word in (expected or {}).items():
        if metadata.get(key) != word:
            raise ValueError(f"{path}: {key} must be {word!r}, got {metadata.get(key)!r}")
    targets = model.state_dict()
    check_fit(targets, tensors, str(path))
    fill(targets, tensors)
    return metadata


def trained_state(model: nn.Module) -> Weights:
    """Return what training changes: parameters that take a gradient, and the buffers that ``state_dict`` has."""
    parameters = dict(model.named_parameters(remove_duplicate=False))
    named = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    buffers = {name: tensor for name, tensor in model.state_dict().items() if name not in parameters}
    return {**named, **buffers}


def copied(state: Mapping[str, Tensor]) -> Weights:
    """Return copies that training doesn't change."""
    return {name: tensor.detach().clone() for name, tensor in state.items()}


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


# ---- runs ----


def write_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, best: Weights | None, run: Mapping[str, Any]
) -> None:
    """Write weights, the best weights so far, the optimizer's moments, and ``run`` (plain numbers and words)."""
    parts = {"model": trained_state(model), "best": best or {}}
    tensors = {f"{part}/{name}": tensor for part, state in parts.items() for name, tensor in state.items()}
    for name, parameter in model.named_parameters():
        moments = optimizer.state.get(parameter, {})
        tensors |= {f"adamw/{key}/{name}": value for key, value in moments.items()}
    write_tensors(tensors, path, {"content": CONTENT, "run": json.dumps(run)})


def read_checkpoint(path: Path) -> tuple[Weights, dict[str, Any]]:
    """Return a checkpoint's tensors and its run; ValueError for a file that is cut off or of something else."""
    tensors, metadata = read_tensors(path)
    if metadata.get("content") != CONTENT:
        raise ValueError(f"{path} is not a checkpoint of this trainer")
    return tensors, json.loads(metadata["run"])


def restore(path: Path, tensors: Weights, model: nn.Module, optimizer: torch.optim.Optimizer) -> Weights | None:
    """Bring model and moments to where the checkpoint left off; return the best weights, None if there are none.

    Raises ValueError, before anything is changed, for tensors of another model.
    """
    state, trained = trained_state(model), {n: p for n, p in model.named_parameters() if p.requires_grad}
    parts = {part: _part(tensors, f"{part}/") for part in ("model", "best", "adamw")}
    check_fit(state, parts["model"], str(path), exact=True)
    if parts["best"]:
        check_fit(state, parts["best"], str(path), exact=True)
    moments: dict[str, Weights] = {}
    for full, tensor in parts["adamw"].items():
        key, name = full.split("/", 1)
        if name not in trained or (key != "step" and tensor.shape != trained[name].shape):
            raise ValueError(f"{path} holds AdamW's {key} of {name}, which the model doesn't have in that shape")
        moments.setdefault(name, {})[key] = tensor if key == "step" else tensor.to(trained[name].device)
    fill(state, parts["model"])
    for name, found in moments.items():
        optimizer.state[trained[name]] = found
    return parts["best"] or None


def _part(tensors: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def digest(value: object) -> str:
    """Return a fingerprint of plain data that is the same in every process.

    Looks into dataclasses, mappings, sequences, sets (in any order) and tensors; of an object of another kind it knows
    the type alone.
    """
    return _digest(value).hex()[:16]


def _digest(value: object) -> bytes:
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | Path):
        parts = [repr(value).encode()]
    elif isinstance(value, Tensor):
        parts = [save({"": value.detach().cpu().contiguous()})]
    elif is_dataclass(value) and not isinstance(value, type):
        parts = [_digest((field.name, getattr(value, field.name))) for field in fields(value)]
    elif isinstance(value, Mapping):
        parts = sorted(_digest(item) for item in value.items())
    elif isinstance(value, Set):
        parts = sorted(map(_digest, value))
    elif isinstance(value, Sequence):
        parts = list(map(_digest, value))
    else:
        parts = []
    return sha256(b"".join([type(value).__qualname__.encode(), *(sha256(part).digest() for part in parts)])).digest()
