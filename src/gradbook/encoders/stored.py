"""Reading stored features back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gradbook.encoders.store import CONTENT, DIGEST, digest
from gradbook.encoders.texts import check_texts, text_mask


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
