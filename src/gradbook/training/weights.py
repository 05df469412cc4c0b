"""Weights into a file and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from gradbook.training.files import read_tensors, write_tensors


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
