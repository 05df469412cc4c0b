"""The trained models that the chapter's pictures use, and the sentences that they are shown.

``python -m gradbook.book.global_pointer.models [models] [crossing] [lengths]`` makes them again, all on one
thread in about a quarter of an hour: the four models of ``MODELS`` with the score maps of one of them after every
epoch; the 2 × 2 grid; how long the wrong spans are with and without rotary positions, three seeds.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from gradbook.book.data.msra import nested_cut
from gradbook.book.global_pointer.comparison import LONGEST, build, f1, learnable, wrong
from gradbook.book.global_pointer.expressible import store_runs
from gradbook.book.stored import STORED, write_table
from gradbook.book.tables import Budget, fit
from gradbook.extraction.annotated import Entity, Sentence
from gradbook.extraction.characters import CharacterEmbedding
from gradbook.extraction.checkpoints import load_weights, read_tensors, save_weights, write_tensors
from gradbook.extraction.entity_extractor import EntityExtractor
from gradbook.extraction.jieba_vectors import jieba_embedding
from gradbook.extraction.training import History


@dataclass(frozen=True)
class Example:
    """A sentence with its entities, what it says in English, and a few words to name it by."""

    title: str
    sentence: Sentence
    english: str

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.sentence.text


def _example(title: str, text: str, english: str, *names: str) -> Example:
    """``names``: "LOC 北京", each the first place where it stands, or "LOC 北京 14" from character 14 on."""
    found = set()
    for name in names:
        label, surface, *after = name.split()
        start = text.index(surface, int(after[0]) if after else 0)
        found.add(Entity(start, start + len(surface) - 1, label))
    return Example(title, Sentence(text, frozenset(found)), english)


EXAMPLES = (
    _example(
        "A place in a university",
        "北京大学校长陈国华昨天抵达上海。",
        "Chen Guohua, president of Peking University, arrived in Shanghai yesterday.",
        *("LOC 北京", "ORG 北京大学", "PER 陈国华", "LOC 上海"),
    ),
    _example(
        "Two nested names",
        "俄罗斯科学院院长伊万诺夫访问上海交通大学。",
        "Ivanov, president of the Russian Academy of Sciences, visits Shanghai Jiao Tong University.",
        *("LOC 俄罗斯", "ORG 俄罗斯科学院", "PER 伊万诺夫", "LOC 上海", "ORG 上海交通大学"),
    ),
    _example(
        "Three levels",
        "浙江大学附属医院医生李国强在杭州工作。",
        "Li Guoqiang, doctor at the affiliated hospital of Zhejiang University, works in Hangzhou.",
        *("LOC 浙江", "ORG 浙江大学附属医院", "PER 李国强", "LOC 杭州"),
    ),
    _example(
        "One word, three kinds",
        "华盛顿大学教授华盛顿先生到了华盛顿。",
        "Mr Washington, professor at the University of Washington, arrived in Washington.",
        *("LOC 华盛顿", "ORG 华盛顿大学", "PER 华盛顿 5", "LOC 华盛顿 12"),
    ),
    _example(
        "Neighbours of one type",
        "李文、王丽和张强昨天从天津到了南京。",
        "Li Wen, Wang Li and Zhang Qiang went from Tianjin to Nanjing yesterday.",
        *("PER 李文", "PER 王丽", "PER 张强", "LOC 天津", "LOC 南京"),
    ),
    _example(
        "One mistake",
        "新华社记者张华从莫斯科报道。",
        "Xinhua's reporter Zhang Hua reports from Moscow.",
        *("ORG 新华社", "PER 张华", "LOC 莫斯科"),
    ),
)
"""Six sentences of 14 to 21 characters; the trained Efficient GlobalPointer is right in four of them.

In "Three levels" it also finds 浙江大学 (Zhejiang University) inside the hospital's name: true, but the corpus's rule
marks places at the head of organisations only. In "One mistake" it takes 莫斯科 (Moscow) for a person.
"""


LABELS = ("LOC", "ORG", "PER")
MODELS = {
    "efficient": ("Efficient GlobalPointer", True),
    "efficient-plain": ("Efficient GlobalPointer", False),
    "global": ("GlobalPointer", True),
    "crf": ("CRF", True),
}
"""By name of the stored model: its head, and whether that has rotary positions."""


def model_path(name: str) -> Path:
    """Return where the model is kept; ValueError for a name that is none of ``MODELS``."""
    if name not in MODELS:
        raise ValueError(f"name must be one of {', '.join(MODELS)}, got {name!r}")
    return STORED / f"04-{name}.safetensors"


@cache
def load_model(name: str) -> EntityExtractor:
    """Return the trained model in float64 and eval mode, labels LOC, ORG, PER; each is read once.

    The weights were rounded to float16 when they were stored. Raises ValueError for a name that is none of
    ``MODELS``, FileNotFoundError if it isn't there, ModuleNotFoundError without jieba, whose vectors it needs.
    """
    path, (head, rotary) = model_path(name), MODELS[name]
    with torch.random.fork_rng(devices=[]):  # the random weights that are replaced at once
        model = build(head, LABELS, rotary=rotary, embedding=_embedding()).double()
    load_weights(model, path)
    return model.eval()


@cache
def _embedding() -> CharacterEmbedding:
    return jieba_embedding().double()


@cache
def found_by_model(name: str, texts: tuple[str, ...]) -> tuple[frozenset[Entity], ...]:
    """Return the entities that the model finds in ``texts``, which it reads once; errors as ``load_model``."""
    return tuple(load_model(name).extract(list(texts)))


def model_facts(name: str) -> dict[str, str]:
    """Return what was written beside the weights: the budget, and F1 on dev and test."""
    return read_tensors(model_path(name))[1]


@dataclass(frozen=True)
class Epochs:
    """A model while it learned: entry 0 before the first epoch, entry e after e epochs.

    ``maps``: by text its scores (E + 1, T, L, L), −inf where masked; ``f1``: on the dev part, E + 1 numbers.
    """

    maps: dict[str, Tensor]
    f1: tuple[float, ...]


@cache
def load_epochs() -> Epochs:
    """Return the score maps of the model "efficient" for the sentences of the pictures, float64."""
    tensors, facts = read_tensors(STORED / "04-epochs.safetensors")
    texts = json.loads(facts["texts"])
    maps = {text: tensors[str(i)].double() for i, text in enumerate(texts)}
    return Epochs(maps, tuple(json.loads(facts["f1"])))


BUDGET = Budget(epochs=12)
SEEDS = 3
COMMAND = "python -m gradbook.book.global_pointer.models"


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
