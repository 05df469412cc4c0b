"""Train what the chapter's pictures show and store it: ``python -m gradbook.book.global_pointer.train_models``.

With names of parts only those: ``models`` (the four models of ``MODELS``, and the score maps of one of them after
every epoch), ``lengths`` (how long the wrong spans are with and without rotary positions, three seeds), ``crossing``
(the 2 × 2 grid). All on one thread: about a quarter of an hour.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from gradbook.book.data.msra import nested_cut
from gradbook.book.fitting import Budget, fit
from gradbook.book.global_pointer.comparison import LONGEST, build, f1, learnable, wrong
from gradbook.book.global_pointer.models import EXAMPLES, LABELS, MODELS, load_model, model_path
from gradbook.book.global_pointer.pictures.owners import store_runs
from gradbook.book.stored import STORED, write_table
from gradbook.extraction.annotated import Entity
from gradbook.extraction.checkpoints import save_weights, write_tensors
from gradbook.extraction.entity_extractor import EntityExtractor
from gradbook.extraction.training import History

BUDGET = Budget(epochs=12)
SEEDS = 3
COMMAND = "python -m gradbook.book.global_pointer.train_models"


def trained(
    name: str, seed: int = 0, after_epoch: Callable[[int, EntityExtractor], None] | None = None
) -> tuple[EntityExtractor, History]:
    """Return the model ``name`` trained on the nested cut; before that ``after_epoch`` is called with epoch −1."""
    cut, (head, rotary) = nested_cut(), MODELS[name]
    model = build(head, LABELS, seed, rotary)
    if after_epoch is not None:
        after_epoch(-1, model)
    parts = learnable(model, cut.train.sentences), cut.dev.sentences
    history = fit(model, *parts, BUDGET, f1, seed=seed, show=False, after_epoch=after_epoch)
    print(name, "seed", seed, "F1 on dev", [round(score, 4) for score in history.scores], flush=True)
    return model, history


def store_models() -> None:
    """Write the four models, and for the first one the score maps after every epoch."""
    cut = nested_cut()
    maps: list[list[Tensor]] = []
    start: list[float] = []

    def keep(epoch: int, model: EntityExtractor) -> None:
        maps.append([model.scores(example.text) for example in EXAMPLES])
        if epoch < 0:
            start.append(f1(model, cut.dev.sentences))

    for name, (head, rotary) in MODELS.items():
        watched = name == "efficient"
        model, history = trained(name, after_epoch=keep if watched else None)
        facts = {
            "command": f"{COMMAND} models",
            "head": head,
            "rotary": str(rotary),
            "epochs": str(BUDGET.epochs),
            "dev F1": f"{max(history.scores):.4f}",
            "test F1": f"{f1(model, cut.test.sentences):.4f}",
        }
        print(facts, flush=True)
        save_weights(model, model_path(name), half=True, metadata=facts)
        if watched:
            store_epochs(maps, [*start, *history.scores])


def store_epochs(maps: Sequence[Sequence[Tensor]], f1: Sequence[float]) -> None:
    """Write the maps of each example as (epochs + 1, T, L, L) in float16, and F1 on the dev part."""
    tensors = {str(i): torch.stack(list(of_one)).half() for i, of_one in enumerate(zip(*maps, strict=True))}
    facts = {
        "command": f"{COMMAND} models",
        "texts": json.dumps([example.text for example in EXAMPLES]),
        "f1": json.dumps([round(score, 4) for score in f1]),
    }
    write_tensors(tensors, STORED / "04-epochs.safetensors", facts)


def store_lengths() -> None:
    """Write how many wrong spans of each length the models with and without rotary positions find in the test part.

    Seed 0 is the stored model, the others are trained for this.
    """
    test = nested_cut().test.sentences
    texts = [sentence.text for sentence in test]
    table: dict[str, object] = {
        "command": f"{COMMAND} lengths",
        "part": f"the {len(test)} test sentences of nested_cut()",
        "names": counts(entity for sentence in test for entity in sentence.entities),
    }
    for key, name in (("with rotary", "efficient"), ("without rotary", "efficient-plain")):
        models = [load_model(name), *(trained(name, seed)[0] for seed in range(1, SEEDS))]
        table[key] = {"wrong": [counts(wrong(model.extract(texts), test)) for model in models]}
    write_table(STORED / "04-lengths.json", table)


def counts(entities: Iterable[Entity]) -> list[int]:
    """Return how many have 1, 2, … LONGEST characters."""
    lengths = Counter(entity.end - entity.start + 1 for entity in entities)
    return [lengths[length] for length in range(1, LONGEST + 1)]


def main() -> None:
    """Write the parts that the command line names, or all."""
    parts: dict[str, Callable[[], None]] = {
        "models": store_models,
        "lengths": store_lengths,
        "crossing": lambda: store_runs(f"{COMMAND} crossing"),
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    asked = parser.parse_args().parts or list(parts)
    if unknown := set(asked) - set(parts):
        parser.error(f"PART must be {', '.join(parts)}, got {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    for part in asked:
        parts[part]()


if __name__ == "__main__":
    main()
