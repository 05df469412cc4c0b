"""Where installed packages keep their data, and the character vectors that jieba ships with its tagger."""

from __future__ import annotations

import struct
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gradbook.extraction.characters import CharacterEmbedding, Characters, folded


def installed_path(package: str, inside: str, what: str) -> Path:
    """Return the path of ``inside``, a file or folder that the pip package ``package`` ships.

    Importing would cost time, and what a package imports in turn may be missing or may warn; reading needs neither.
    Raises ModuleNotFoundError if the package isn't installed; ``what`` names the data in the message.
    """
    try:
        return Path(str(distribution(package).locate_file(inside)))
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(f"{what} come with the package: pip install {package}") from error


WIDTH = 128
OUTSIDE = "OOV"  # LAC's own row for what it doesn't know
# What has no trained row of its own takes the one of its nearest ASCII kin.
KIN = dict(zip("。、“”„「」『』‘’【】〔〕〖〗—‐…", '.,"""""""\'\'[][][]--.', strict=True))


def jieba_embedding(characters: Characters | None = None, frozen: bool = True) -> CharacterEmbedding:
    """Return LAC's character vectors, 128 entries each, for all its characters or for those of ``characters``.

    Characters it doesn't know get its own vector for unknown ones. 。、“” and their like get the vector of their ASCII
    kin, see ``KIN``. The files are read in place; jieba itself is not imported.

    Raises ModuleNotFoundError without jieba, ValueError for a file that isn't as expected.
    """
    rows = jieba_rows()
    known = characters or Characters(c for c in rows if len(c) == 1 and folded(c) == c)
    vectors = jieba_vectors()
    places = [rows[OUTSIDE]] * 2 + [rows.get(KIN.get(c, c), rows[OUTSIDE]) for c in known.tokens]
    return CharacterEmbedding(known, weights=vectors[places], frozen=frozen)


@cache
def jieba_rows() -> dict[str, int]:
    """Return LAC's tokens, single characters but for five kinds of unknown ones, with the number of their row."""
    path = installed_path("jieba", "jieba/lac_small/word.dic", "LAC's character vectors")
    pairs = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line]
    if any(len(pair) != 2 for pair in pairs) or OUTSIDE not in (token for _, token in pairs):
        raise ValueError(f"{path} must hold lines of number, tab, token, and the token {OUTSIDE}")
    return {token: int(row) for row, token in pairs}


def jieba_vectors() -> Tensor:
    """Return LAC's vectors (20941, 128), float32."""
    return read_paddle(installed_path("jieba", "jieba/lac_small/model_baseline/word_emb", "LAC's vectors"), WIDTH)


def read_paddle(path: Path, width: int) -> Tensor:
    """Return the rows of a Paddle tensor file in float32, (n, ``width``).

    The layout: uint32 version, uint64 level of nesting, uint32 version, int32 length of a description, the description,
    the numbers. Raises ValueError for a file of another layout, one that is cut off, or numbers that aren't finite.
    """
    data = path.read_bytes()
    if len(data) < 20 or data[:16] != bytes(16):
        raise ValueError(f"{path} must start like a Paddle tensor, with 16 bytes of 0")
    start = 20 + struct.unpack_from("<i", data, 16)[0]
    if not 20 <= start < len(data) or (len(data) - start) % (4 * width):
        raise ValueError(f"{path} must hold rows of {width} float32 after its description, got {len(data)} bytes")
    values = np.frombuffer(data, "<f4", offset=start).reshape(-1, width)
    if not np.isfinite(values).all():
        raise ValueError(f"{path} must hold finite numbers")
    return torch.from_numpy(values.copy())
