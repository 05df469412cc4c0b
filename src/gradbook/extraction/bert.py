"""A BERT that reads one token a character: what the pretrained encoders share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from gradbook.encoders.frozen import freeze
from gradbook.encoders.texts import check_lengths, check_texts, padded, text_mask


class HiddenLayers(nn.Module):
    """Texts → the hidden states of some layers side by side (B, L, D) and the mask (B, L) bool; padding holds 0.

    ``network`` is a model of transformers; ``number`` gives a character's id there; ``around`` holds the ids put
    before and after a text, whose states are taken off again; ``layers`` counts from 0, the embeddings, or from −1,
    the last. ``frozen``: no gradient, no dropout, not in ``state_dict``. Longer texts than the network has positions
    raise ValueError.
    """

    def __init__(
        self,
        network: Any,
        number: Callable[[str], int],
        around: tuple[Sequence[int], Sequence[int]],
        padding: int,
        layers: Sequence[int],
        frozen: bool,
    ) -> None:
        super().__init__()
        config = network.config
        self.layers = check_layers(layers, config.num_hidden_layers)
        self.size: int = config.hidden_size * len(self.layers)
        self.before, self.after = (list(ids) for ids in around)
        self.limit: int = config.max_position_embeddings - len(self.before) - len(self.after)
        self.number: Callable[[str], int] = number
        self.padding, self.frozen = padding, frozen
        self.network: Any = freeze(network) if frozen else network

    def ids(self, text: str) -> list[int]:
        """Return the network's id of each character; those it doesn't know share one id."""
        return [self.number(character) for character in text]

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return hidden (B, L, D) and mask (B, L); raises ValueError or TypeError naming the text that doesn't fit."""
        found = check_texts(texts)
        check_lengths(found, self.limit)
        place = self.network.get_input_embeddings().weight.device
        rows = [[*self.before, *self.ids(text), *self.after] for text in found]
        ids = padded(rows, self.padding).to(place)
        seen = padded([[1] * len(row) for row in rows]).to(place)
        mask = text_mask(found).to(place)
        with torch.no_grad() if self.frozen else nullcontext():
            states = self.network(input_ids=ids, attention_mask=seen, output_hidden_states=True).hidden_states
            start = len(self.before)
            hidden = torch.cat([states[i][:, start : start + mask.shape[1]] for i in self.layers], 2)
            return hidden.masked_fill(~mask.unsqueeze(2), 0.0), mask

    def train(self, mode: bool = True) -> HiddenLayers:
        """Set the mode; a frozen network stays in eval mode."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
        return self


def check_layers(layers: Sequence[int], count: int) -> tuple[int, ...]:
    """Return the layers counted from 0; ValueError for none or one outside −count − 1 to count."""
    if not layers:
        raise ValueError("layers must name at least one layer, got none")
    for layer in layers:
        if not isinstance(layer, int) or not -count - 1 <= layer <= count:
            raise ValueError(f"layers must be from 0 to {count}, or from −1 for the last, got {layer!r}")
    return tuple(layer % (count + 1) for layer in layers)
