"""Features of a frozen encoder, computed once and kept in one file.

The file is in safetensors' format: the header's length in 8 bytes, the header in JSON, the tensors' bytes. It is
written place by place here, since the features of a corpus may be larger than the memory.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from gradbook.encoders.texts import check_texts
from gradbook.training.bars import shown
from gradbook.training.modes import evaluating

DIGEST = 32  # bytes of a text's sha256
CONTENT = "gradbook text features"
TYPES = {"F16": "<f2", "I64": "<i8", "U8": "u1"}


def store_features(
    encoder: nn.Module, texts: Iterable[str], path: str | Path, progress: bool = True, batch_size: int = 32
) -> None:
    """Compute the encoder's features of all texts and write them to ``path`` in float16.

    Holds ``features`` (N, D) with one row a character, ``offsets`` (texts + 1,), and ``texts`` (texts, 32) uint8, the
    texts' sha256: no text is stored. A text that comes twice is stored once. The encoder is used in eval mode, in
    batches of texts of like length. Readable by :class:`StoredFeatures` and by safetensors. The file is put in its
    place when it is complete.

    Raises ValueError or TypeError for texts the encoder can't take and for features that float16 can't hold.
    """
    found = list(dict.fromkeys(check_texts(list(texts))))
    offsets = np.cumsum([0, *map(len, found)])
    digests = np.frombuffer(b"".join(map(digest, found)), np.uint8).reshape(-1, DIGEST)
    order = sorted(range(len(found)), key=lambda i: (-len(found[i]), i))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    shape = (int(offsets[-1]), cast(int, encoder.size))
    part = Path(f"{path}.part")
    try:
        features = _laid_out(part, shape, offsets, digests)
        with evaluating(encoder):
            for rows in shown(batches, "features", show=progress):
                hidden, mask = encoder([found[i] for i in rows])
                for i, values, seen in zip(rows, half(hidden), mask, strict=True):
                    features[offsets[i] : offsets[i + 1]] = values[seen].cpu().numpy()
        features.flush()
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def digest(text: str) -> bytes:
    """Return the text's sha256."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def half(hidden: Tensor) -> Tensor:
    """Return the features in float16; ValueError if one is NaN or too large for it."""
    values = hidden.to(torch.float16)
    if not torch.isfinite(values).all():
        raise ValueError(f"features must be finite in float16, got {float(hidden.abs().max()):g}")
    return values


def _laid_out(path: Path, shape: tuple[int, int], offsets: np.ndarray, digests: np.ndarray) -> np.memmap:
    """Write header, offsets and digests; return the room for the features, still empty."""
    sizes = {"features": 2 * shape[0] * shape[1], "offsets": offsets.nbytes, "texts": digests.nbytes}
    shapes = {"features": list(shape), "offsets": [len(offsets)], "texts": list(digests.shape)}
    header: dict[str, object] = {"__metadata__": {"content": CONTENT}}
    end = 0
    for name, kind in (("offsets", "I64"), ("features", "F16"), ("texts", "U8")):
        header[name] = {"dtype": kind, "shape": shapes[name], "data_offsets": [end, end + sizes[name]]}
        end += sizes[name]
    text = json.dumps(header)
    text += " " * (-len(text) % 8)  # so that the numbers begin at a multiple of 8 bytes
    start = 8 + len(text)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text.encode() + offsets.astype("<i8").tobytes())
        file.seek(start + end - digests.nbytes)
        file.write(digests.tobytes())
    return np.memmap(path, dtype="<f2", mode="r+", offset=start + offsets.nbytes, shape=shape)
