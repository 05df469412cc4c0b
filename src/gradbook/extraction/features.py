"""Features of a frozen encoder, computed once and kept in one file.

One safetensors file, which a reader maps instead of loading it. While it is made, it is in memory: a gigabyte for
450,000 characters of 1,152 numbers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from gradbook.encoders.texts import check_texts
from gradbook.training.bars import shown
from gradbook.training.modes import evaluating

DIGEST = 32  # bytes of a text's sha256
CONTENT = "gradbook text features"


def store_features(
    encoder: nn.Module, texts: Iterable[str], path: str | Path, progress: bool = True, batch_size: int = 32
) -> None:
    """Compute the encoder's features of all texts and write them to ``path`` in float16.

    Holds ``features`` (N, D) with one row a character, ``offsets`` (texts + 1,), and ``texts`` (texts, 32) uint8, the
    texts' sha256: no text is stored. A text that comes twice is stored once. The encoder is used in eval mode, in
    batches of texts of like length. Readable by :class:`StoredFeatures` and by safetensors. The file is put in its
    place when it is complete.

    Raises ValueError or TypeError for texts the encoder can't take, features that float16 can't hold, and an encoder
    whose tokens aren't characters.
    """
    found = list(dict.fromkeys(check_texts(list(texts))))
    offsets = torch.tensor([0, *map(len, found)]).cumsum(0)
    digests = torch.frombuffer(bytearray(b"".join(map(digest, found))), dtype=torch.uint8).reshape(-1, DIGEST)
    features = torch.empty(int(offsets[-1]), cast(int, encoder.size), dtype=torch.float16)
    order = sorted(range(len(found)), key=lambda i: (-len(found[i]), i))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    with evaluating(encoder):
        for rows in shown(batches, "features", show=progress):
            hidden, mask = encoder([found[i] for i in rows])
            for i, values, seen in zip(rows, half(hidden), mask, strict=True):
                if int(seen.sum()) != len(found[i]):
                    raise ValueError(f"encoder must give one row a character, got {int(seen.sum())} for {found[i]!r}")
                features[offsets[i] : offsets[i + 1]] = values[seen].cpu()
    part = Path(f"{path}.part")
    try:
        save_file({"features": features, "offsets": offsets, "texts": digests}, part, {"content": CONTENT})
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
