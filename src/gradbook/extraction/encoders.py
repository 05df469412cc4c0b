"""What lets the vector of a character know its neighbours: a BiLSTM or a Transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.checks import check_sizes


class BiLSTM(nn.Module):
    """Vectors (B, L, ``size``) and mask (B, L) bool → (B, L, 2 ``hidden``); ``.size`` is 2 ``hidden``. Padding holds 0.

    Two LSTMs, one in each direction (Hochreiter and Schmidhuber 1997; Graves and Schmidhuber 2005), which see no
    padding. ``dropout`` acts between ``layers``. Raises ValueError for a mask that isn't True up to each text's end
    and False after it.
    """

    def __init__(self, size: int, hidden: int = 128, layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        check_sizes(size=size, hidden=hidden, layers=layers)
        between = dropout if layers > 1 else 0.0  # with one layer there is no between
        self.lstm = nn.LSTM(size, hidden, layers, batch_first=True, dropout=between, bidirectional=True)
        self.size = 2 * hidden

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return the states (B, L, 2 hidden) of both directions, side by side."""
        lengths = check_vectors(vectors, mask, self.lstm.input_size)
        packed = nn.utils.rnn.pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, _ = self.lstm(packed)
        return nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=mask.shape[1])[0]


class Transformer(nn.Module):
    """Vectors (B, L, ``size``) and mask (B, L) bool → (B, L, ``width``); ``.size`` is ``width``. Padding holds 0.

    torch's encoder layers, normalised before each block (Vaswani et al., arXiv 1706.03762; Xiong et al., arXiv
    2002.04745), with sines and cosines as positions, so that there is no longest text.
    """

    def __init__(self, size: int, width: int = 128, heads: int = 4, layers: int = 2, dropout: float = 0.1) -> None:
        super().__init__()
        check_sizes(size=size, width=width, heads=heads, layers=layers)
        if width % 2 or width % heads:
            raise ValueError(f"width must be even and divisible by heads ({heads}), got {width}")
        self.entry = nn.Linear(size, width)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.size = width

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return the states (B, L, width) of the last layer."""
        check_vectors(vectors, mask, self.entry.in_features)
        entered = self.entry(vectors)
        states: Tensor = self.encoder(entered + sinusoids(mask.shape[1], entered), src_key_padding_mask=~mask)
        return states.masked_fill(~mask.unsqueeze(2), 0.0)


def sinusoids(length: int, like: Tensor) -> Tensor:
    """Return positions (length, D): sin and cos of place · 10000^(−2k/D), in dtype and place like ``like``."""
    width = like.shape[-1]
    place = torch.arange(length, device=like.device, dtype=torch.float64)
    speed = 10000.0 ** (-torch.arange(0, width, 2, device=like.device, dtype=torch.float64) / width)
    angle = place.unsqueeze(1) * speed
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1).to(like.dtype)


def check_vectors(vectors: Tensor, mask: Tensor, size: int) -> Tensor:
    """Return the texts' lengths (B,); raise unless vectors are (B, L, ``size``) and the mask (B, L) fits them."""
    if vectors.ndim != 3 or vectors.shape[2] != size:
        raise ValueError(f"vectors must have shape (B, L, {size}), got {tuple(vectors.shape)}")
    if mask.dtype != torch.bool or mask.shape != vectors.shape[:2]:
        expected = tuple(vectors.shape[:2])
        raise ValueError(f"mask must be bool of shape {expected}, got {mask.dtype} of shape {tuple(mask.shape)}")
    if not mask[:, 0].all() or (mask[:, 1:] & ~mask[:, :-1]).any():
        raise ValueError("mask must be True from each text's first character to its last, then False")
    return mask.sum(1)
