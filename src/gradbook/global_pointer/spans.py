"""Spans, the index tensors that the losses take, and what all heads ask of their inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Span(NamedTuple):
    """Tokens ``start`` to ``end``, both included, counted from 0, of type number ``type``."""

    start: int
    end: int
    type: int


def span_positives(sentences: Sequence[Iterable[Span]], device: torch.device | str = "cpu") -> Tensor:
    """Return the spans of B sentences as positives (B, M, 3) int64 of (type, start, end), filled up with −1.

    Raises TypeError for something else than a Span, ValueError for one whose numbers aren't whole or below 0: that
    would be taken for "no span".
    """
    sentences = [list(spans) for spans in sentences]
    for b, spans in enumerate(sentences):
        for span in spans:
            if not isinstance(span, Span):
                raise TypeError(f"sentences[{b}] must hold Span(start, end, type), got {span!r}")
            if not all(type(number) is int and number >= 0 for number in span):
                raise ValueError(f"sentences[{b}] must hold spans of whole numbers ≥ 0, got {span}")
    rows = [sorted((span.type, span.start, span.end) for span in spans) for spans in sentences]
    most = max((len(row) for row in rows), default=0)
    filled = [row + [(-1, -1, -1)] * (most - len(row)) for row in rows]
    return torch.tensor(filled, dtype=torch.int64, device=device).reshape(len(rows), most, 3)


def check_positives(positives: Tensor, mask: Tensor, num_types: int, triangular: bool) -> None:
    """Raise unless ``positives`` (B, M, 3) int64 are different pairs that the scores hold, or (−1, −1, −1).

    ``mask`` (B, L) tells the tokens; a start after its end is refused where ``triangular``.
    """
    if not isinstance(positives, Tensor) or positives.dtype != torch.int64:
        kind = positives.dtype if isinstance(positives, Tensor) else type(positives).__name__
        raise TypeError(f"positives must be an int64 tensor, got {kind}")
    if positives.ndim != 3 or len(positives) != len(mask) or positives.shape[2] != 3:
        raise ValueError(f"positives must have shape ({len(mask)}, M, 3), got {tuple(positives.shape)}")
    if positives.device != mask.device:
        raise ValueError(f"positives must lie on {mask.device} like hidden, got {positives.device}")
    length = mask.shape[1]
    types, starts, ends = positives.unbind(2)
    empty = (positives == -1).all(2)
    low = (positives < 0).any(2)
    outside = low | (types >= num_types) | (starts >= length) | (ends >= length)
    _refuse(outside & ~empty, positives, f"(type < {num_types}, start < {length}, end < {length}), or −1 three times")
    inside = torch.stack((starts, ends)).clamp(0, length - 1)
    on_padding = ~(mask.gather(1, inside[0]) & mask.gather(1, inside[1]))
    _refuse(on_padding & ~empty, positives, "a pair of tokens, not of padding")
    if triangular:
        _refuse((starts > ends) & ~empty, positives, "a start that is not after its end")
    keys = ((types * length + starts) * length + ends).masked_fill(empty, -1).sort(1).values
    twice = torch.nonzero((keys[:, 1:] == keys[:, :-1]) & (keys[:, 1:] >= 0))
    if len(twice):
        key = int(keys[tuple(twice[0])])
        pair = [key // length**2, key // length % length, key % length]
        raise ValueError(f"positives[{int(twice[0, 0])}] must name a span once, got (type, start, end) = {pair} twice")


def _refuse(wrong: Tensor, positives: Tensor, demand: str) -> None:
    places = torch.nonzero(wrong)
    if len(places):
        b, m = places[0].tolist()
        raise ValueError(f"positives[{b}, {m}] must be {demand}, got {positives[b, m].tolist()}")


def by_type(positives: Tensor, num_types: int, length: int) -> Tensor:
    """Return positives (B, M, 3) as indices (B, T, M) into the scores (B, T, L·L) of one type, filled up with −1."""
    types, starts, ends = positives.unbind(2)
    places = (starts * length + ends).unsqueeze(1)
    own = types.unsqueeze(1) == torch.arange(num_types, device=types.device).unsqueeze(1)
    return torch.where(own, places, -1)


def joined(positives: Tensor, length: int) -> Tensor:
    """Return positives (B, M, 3) as indices (B, M) into the scores (B, T·L·L) of all types, filled up with −1."""
    types, starts, ends = positives.unbind(2)
    return torch.where(types < 0, -1, (types * length + starts) * length + ends)


def checked_hidden(hidden: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """Return ``hidden``, with zeros for a padding that isn't finite; raise unless all else is as it should be.

    ``hidden`` (B, L, D), ``mask`` (B, L) bool; ``weight`` (…, D) is what the head multiplies them with.
    """
    if not isinstance(hidden, Tensor) or not hidden.is_floating_point():
        kind = hidden.dtype if isinstance(hidden, Tensor) else type(hidden).__name__
        raise TypeError(f"hidden must be a floating point tensor, got {kind}")
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a bool tensor, True at tokens, got {kind}")
    size = weight.shape[-1]
    if hidden.ndim != 3 or hidden.shape[2] != size or not hidden.numel():
        raise ValueError(f"hidden must have shape (B, L, {size}) with B, L ≥ 1, got {tuple(hidden.shape)}")
    if mask.shape != hidden.shape[:2]:
        raise ValueError(f"mask must have shape {tuple(hidden.shape[:2])} like hidden, got {tuple(mask.shape)}")
    if not hidden.device == mask.device == weight.device:
        places = f"{hidden.device}, {mask.device}"
        raise ValueError(f"hidden and mask must lie on {weight.device} like the head, got {places}")
    if hidden.dtype != weight.dtype and not torch.is_autocast_enabled(hidden.device.type):
        raise TypeError(f"hidden must be {weight.dtype} like the head's weights, got {hidden.dtype}")
    if torch.isfinite(hidden.detach().sum()):  # one number tells, nearly always
        return hidden
    # zeros in the padding: the scores there are masked, but a NaN would still reach the weights' gradient
    hidden = hidden.masked_fill(~mask.unsqueeze(2), 0.0)
    if not torch.isfinite(hidden).all():
        b, i, _ = torch.nonzero(~torch.isfinite(hidden))[0].tolist()
        raise ValueError(f"hidden must be finite, got NaN or infinity in sentence {b} at token {i}")
    return hidden


def used_length(mask: Tensor) -> int:
    """Return the length of ``mask`` (L,) up to its last True, at least 1: what follows is padding."""
    used = torch.nonzero(mask).flatten()
    return int(used[-1]) + 1 if len(used) else 1
