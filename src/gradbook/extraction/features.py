"""Features of a frozen encoder, computed once, kept in one file and read back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from gradbook.checks import evaluating
from gradbook.extraction.characters import check_texts, text_mask
from gradbook.extraction.training import shown

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


class StoredFeatures(nn.Module):
    """Texts → the features that :func:`store_features` kept for them, float32 (B, L, D), and the mask (B, L) bool.

    Has no weights. The features stay on disk; what a batch needs is read from there. ``.size`` is D, ``len`` the number
    of texts, ``text in store`` says whether it is there. A text that isn't raises ValueError.

    Raises ValueError for a file that is not a complete store.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        tensors = read_store(Path(path))
        self.path = str(path)
        self.features = tensors["features"]
        self.size: int = self.features.shape[1]
        offsets = tensors["offsets"].tolist()
        keys = tensors["texts"].numpy().tobytes()
        self.places = {
            keys[DIGEST * i : DIGEST * (i + 1)]: (offsets[i], offsets[i + 1]) for i in range(len(offsets) - 1)
        }

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, text: str) -> bool:
        return digest(text) in self.places

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return features (B, L, D) and mask (B, L)."""
        found = check_texts(texts)
        mask = text_mask(found)
        hidden = torch.zeros(*mask.shape, self.size)
        for i, text in enumerate(found):
            if (place := self.places.get(digest(text))) is None:
                raise ValueError(f"texts[{i}] is not in the store {self.path}: {text[:20]!r}")
            hidden[i, : len(text)] = self.features[place[0] : place[1]]
        return hidden, mask


def read_store(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a store, mapped: their data stay on disk. ValueError if it isn't a complete one."""
    try:
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("content") != CONTENT:
                raise ValueError("the header names other content")
            return {name: file.get_tensor(name) for name in ("features", "offsets", "texts")}
    except (ValueError, SafetensorError) as error:
        raise ValueError(f"{path} is not a complete store of text features: {error}") from error
