"""Tensors and words in one file of safetensors, which holds numbers only, and never half written."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor


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
