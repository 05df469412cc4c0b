"""Train the models that the chapter's pictures show: ``python -m gradbook.relation_linking.store``.

Both pointers on the silver relations, one threshold class a text, written to chapters/stored. On one thread some ten
minutes each; with names (efficient, global) only those.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import torch

from gradbook.corpora import silver_cut
from gradbook.encoders import CharacterEmbedding
from gradbook.relation_linking.comparison import Budget, build, evaluate, fit
from gradbook.relation_linking.extractor import RelationExtractor
from gradbook.relation_linking.stored import MODELS, PARTS, model_path, parts_of
from gradbook.training import save_weights

BUDGET = Budget(epochs=20)
COMMAND = "python -m gradbook.relation_linking.store"


def store_model(name: str) -> None:
    """Train one model with seed 0 and write it with what is known of it."""
    train, dev, test = (part.sentences for part in silver_cut())
    model = build(MODELS[name], train, joint=True)
    history = fit(model, train, dev, BUDGET, show=False)
    embedding = model.linker.encoder.embedding
    assert isinstance(embedding, CharacterEmbedding)
    facts = {
        "command": f"{COMMAND} {name}",
        "pointer": MODELS[name],
        "characters": "".join(embedding.characters.tokens),
        "epochs": str(BUDGET.epochs),
        "best epoch": str(history.best_epoch),
        "dev F1": f"{max(history.scores):.4f}",
        "test F1": f"{evaluate(model, test).f1:.4f}",
    }
    print({key: fact for key, fact in facts.items() if key != "characters"}, flush=True)
    print("F1 on dev", [round(score, 4) for score in history.scores], flush=True)
    save_parts(name, model, facts)


def save_parts(name: str, model: RelationExtractor, facts: Mapping[str, str]) -> None:
    """Write the model's files; what is known of it stands in the first, the command in all."""
    for part, module in parts_of(model).items():
        known = facts if part == PARTS[0] else {"command": facts["command"]}
        save_weights(module, model_path(name, part), half=True, metadata=known)


def main() -> None:
    """Train the models that the command line names, or both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    asked = parser.parse_args().models or list(MODELS)
    if unknown := set(asked) - set(MODELS):
        parser.error(f"MODEL must be {', '.join(MODELS)}, got {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    for name in asked:
        store_model(name)


if __name__ == "__main__":
    main()
