"""The trained models that the chapter's pictures use, and the sentences that they are shown.

``python -m gradbook.book.relation_linking.models`` trains them and stores them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import torch
from torch import nn

from gradbook.book.data.silver_relations import silver_cut
from gradbook.book.relation_linking.comparison import POINTERS, build, f1
from gradbook.book.stored import STORED
from gradbook.book.tables import Budget, fit
from gradbook.extraction.annotated import Fact, RelationText, Triple
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.checkpoints import load_weights, read_tensors, save_weights
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.relation_extractor import RelationExtractor
from gradbook.relation_linking import RelationLinker


@dataclass(frozen=True)
class Example:
    """A sentence with its triples, what it says in English, and a few words to name it by."""

    title: str
    relations: RelationText
    english: str

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.relations.text


def _example(title: str, text: str, english: str, *triples: str) -> Example:
    """``triples``: "王芳 职务 校长", each mention where it first stands."""
    found = frozenset(Triple(*triple.split()) for triple in triples)
    places = {name: (text.index(name), text.index(name) + len(name) - 1) for t in found for name in (t[0], t[2])}
    facts = frozenset(Fact(places[t.subject], t.predicate, places[t.object]) for t in found)
    return Example(title, RelationText(text, found, facts), english)


EXAMPLES = (
    _example(
        "Two people",
        "上海市市长陈文华会见法国总理杜邦。",
        "Chen Wenhua, mayor of Shanghai, meets Dupont, prime minister of France.",
        *("陈文华 职务 市长", "陈文华 属地 上海市", "杜邦 职务 总理", "杜邦 属地 法国"),
    ),
    _example(
        "A university",
        "清华大学教授李国强昨天到了南京。",
        "Li Guoqiang, professor at Tsinghua University, arrived in Nanjing yesterday.",
        *("李国强 职务 教授", "李国强 任职于 清华大学"),
    ),
    _example(
        "Two posts of one person",
        "越南副总理兼外交部长阮文山今天访问泰国。",
        "Nguyen Van Son, deputy prime minister and foreign minister of Vietnam, visits Thailand today.",
        *("阮文山 职务 副总理", "阮文山 职务 外交部长", "阮文山 属地 越南"),
    ),
    _example(
        "Two posts, nobody in them",
        "记者张华从莫斯科报道，总统昨天会见了市长。",
        "Reporter Zhang Hua from Moscow: the president met the mayor yesterday.",
    ),
    _example(
        "One too many",
        "江苏省副省长赵国栋和南京大学校长钱志远参加了会议。",
        "Zhao Guodong, deputy governor of Jiangsu, and Qian Zhiyuan, president of Nanjing University, attended the "
        "meeting.",
        *("赵国栋 职务 副省长", "赵国栋 属地 江苏省", "钱志远 职务 校长", "钱志远 任职于 南京大学"),
    ),
    _example(
        "Mistakes",
        "日本首相山本一郎会见新加坡外长陈立新。",
        "Ichiro Yamamoto, prime minister of Japan, meets Chen Lixin, foreign minister of Singapore.",
        *("山本一郎 职务 首相", "山本一郎 属地 日本", "陈立新 职务 外长", "陈立新 属地 新加坡"),
    ),
)
"""Six sentences of 15 to 25 characters; the trained Efficient GlobalPointer is right in the first four.

In "One too many" it says that Qian Zhiyuan belongs to 南京 (Nanjing), the place at the front of his university's name,
which the triples here leave out: the silver rule that it learned from says so too where the place is a word of its own.
And it misses that the deputy governor belongs to 江苏省 (Jiangsu). In "Mistakes" it cuts 山本一郎 (Yamamoto Ichiro) to
山本, and has the minister of Singapore belong to 日本 (Japan) as well.
"""


PREDICATES = ("任职于", "属地", "职务")
ENGLISH = {"任职于": "works at", "属地": "belongs to the place", "职务": "holds the post of"}
"""What the predicates say."""

MODELS = {"efficient": "Efficient GlobalPointer", "global": "GlobalPointer"}
"""By name of the stored model: its pointer."""


PARTS = ("characters", "context", "pointers")
"""The files of a model, none above a megabyte: the characters' vectors, the BiLSTM, the three pointers."""


def model_path(name: str, part: str = PARTS[0]) -> Path:
    """Return where a part of a model is kept; ValueError for a name that is none of ``MODELS``, a part none of its."""
    if name not in MODELS:
        raise ValueError(f"name must be one of {', '.join(MODELS)}, got {name!r}")
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, got {part!r}")
    return STORED / f"05-{name}-{part}.safetensors"


def parts_of(model: RelationExtractor) -> dict[str, nn.Module]:
    """Return what goes into each of a model's files."""
    encoder = cast(TextEncoder, model.linker.encoder)
    context = cast(nn.Module, encoder.context)
    return dict(zip(PARTS, (encoder.embedding, context, nn.ModuleList(model.linker.pointers)), strict=True))


@cache
def load_model(name: str) -> RelationExtractor:
    """Return the trained model in float64 and eval mode, predicates ``PREDICATES``; each is read once.

    The weights, those of the characters' vectors among them, were rounded to float16 when they were stored. Raises
    ValueError for a name that is none of ``MODELS``, FileNotFoundError if it isn't there.
    """
    facts = model_facts(name)
    with torch.random.fork_rng(devices=[]):  # the random weights that are replaced at once
        vectors = CharacterEmbedding(Characters(facts["characters"]))
        encoder = TextEncoder(vectors, BiLSTM(vectors.size))
        linker = RelationLinker(encoder, len(PREDICATES), POINTERS[MODELS[name]])
        model = RelationExtractor(linker, PREDICATES, joint=True).double()
    for part, module in parts_of(model).items():
        load_weights(module, model_path(name, part))
    return model.eval()


@cache
def found_by_model(name: str, texts: tuple[str, ...]) -> tuple[frozenset[Fact], ...]:
    """Return the facts that the model finds in ``texts``, which it reads once; errors as ``load_model``."""
    return tuple(load_model(name).extract(list(texts)))


@cache
def model_facts(name: str) -> dict[str, str]:
    """Return what was written beside the weights: the characters, the budget, and F1 on dev and test."""
    return read_tensors(model_path(name))[1]


BUDGET = Budget(epochs=20)
COMMAND = "python -m gradbook.book.relation_linking.models"


def store_model(name: str) -> None:
    """Train one model with seed 0 and write it with what is known of it."""
    train, dev, test = (part.sentences for part in silver_cut())
    model = build(MODELS[name], train, joint=True)
    history = fit(model, train, dev, BUDGET, f1, show=False)
    embedding = model.linker.encoder.embedding
    assert isinstance(embedding, CharacterEmbedding)
    facts = {
        "command": f"{COMMAND} {name}",
        "pointer": MODELS[name],
        "characters": "".join(embedding.characters.tokens),
        "epochs": str(BUDGET.epochs),
        "best epoch": str(history.best_epoch),
        "dev F1": f"{max(history.scores):.4f}",
        "test F1": f"{f1(model, test):.4f}",
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
