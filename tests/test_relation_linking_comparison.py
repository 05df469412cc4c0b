"""The comparison of chapter 5: one small run a pointer, the tables' jobs, what the sets hold; and the shared loop."""

import json
from pathlib import Path

import pytest
import torch

from gradbook.book.relation_linking import comparison as tables
from gradbook.book.relation_linking.comparison import POINTERS, build, run
from gradbook.book.relation_linking.sets import RelationSet, load_set, repeated, set_counts, unwanted
from gradbook.book.stored import fill_table
from gradbook.book.tables import Budget
from gradbook.extraction.annotated import Fact, RelationText, Triple

DATA = Path(__file__).parents[1].parent / "shared" / "data"
FAR = "丙" * 9
TEXTS = [
    RelationText(f"甲{FAR}乙", frozenset({Triple("甲", "p", "乙")})),
    RelationText(f"乙{FAR}甲", frozenset({Triple("甲", "q", "乙")})),
    RelationText(FAR, frozenset()),
]


@pytest.mark.parametrize("pointer", POINTERS)
def test_both_pointers_learn_by_heart(pointer):
    torch.set_num_threads(1)
    row = run(pointer, (TEXTS * 4, TEXTS, TEXTS), Budget(epochs=15, batch_size=4, learning_rate=0.02), 0, dropout=0.0)
    assert (row["dev"], row["test"], row["precision"], row["recall"]) == (1.0, 1.0, 1.0, 1.0)


def test_words_where_the_texts_are_words():
    texts = [RelationText("Ann likes Bob", frozenset({Triple("Ann", "p", "Bob")}), words=True)] * 2
    model = build("Efficient GlobalPointer", texts)
    assert model.linker.encoder.unit == "words"
    assert model.linker(["Ann likes Bob"]).heads.shape == (1, 1, 3, 3)


def test_an_unknown_pointer_is_refused():
    with pytest.raises(ValueError, match="pointer must be one of GlobalPointer, Efficient GlobalPointer, got 'CRF'"):
        build("CRF", TEXTS)


def test_jobs_vary_what_the_table_is_about():
    assert list(tables.jobs("methods", tuple(POINTERS), 2)) == [
        {"pointer": "Efficient GlobalPointer", "method": method, "seed": seed}
        for seed in (0, 1)
        for method in ("dense", "article")
    ]
    assert len(list(tables.jobs("silver", tuple(POINTERS), 3))) == 6
    assert len(list(tables.jobs("silver", ("GlobalPointer",), 3))) == 3
    assert {job["pointer"] for job in tables.jobs("slim", tuple(POINTERS), 3)} == set(POINTERS)
    assert {job["head_size"] for job in tables.jobs("slim", tuple(POINTERS), 3)} == {16}
    usual = [job for table in ("slim-64", "duie-64") for job in tables.jobs(table, tuple(POINTERS), 1)]
    assert usual == [{"pointer": tables.EFFICIENT, "head_size": 64, "seed": 0}] * 2
    assert tables.TABLES["slim-64"].epochs == tables.TABLES["slim"].epochs


def test_the_size_of_the_queries_can_be_asked_for():
    pointers = build("GlobalPointer", TEXTS, head_size=16).linker.pointers
    assert [pointer.head_size for pointer in pointers] == [16, 16, 16]


def test_passes_are_those_asked_for_then_the_tables_then_the_sets(monkeypatch):
    monkeypatch.setattr(tables, "load_set", lambda name, data: RelationSet(TEXTS, TEXTS, TEXTS, Budget(epochs=30)))
    epochs = [tables.table_set(table, "", asked).budget.epochs for table, asked in (("slim", 2), ("slim", None))]
    assert epochs == [2, tables.TABLES["slim"].epochs]
    assert tables.table_set("webnlg", "", None).budget.epochs == 30


def test_unknown_sets_are_refused():
    with pytest.raises(ValueError, match="name must be silver, agr, webnlg or duie, got 'nyt'"):
        load_set("nyt")


@pytest.mark.skipif(not DATA.exists(), reason="the public sets aren't here")
def test_no_text_stands_in_two_parts():
    found = load_set("agr", str(DATA))
    parts = [{text.text for text in part} for part in found[:3]]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert len(found.test) == 999


def test_counts():
    ambiguous = RelationText("甲乙丙丁", frozenset({Triple("甲乙", "p", "丁"), Triple("甲", "p", "丙丁")}))
    assert unwanted(ambiguous) == {Triple("甲", "p", "丁"), Triple("甲乙", "p", "丙丁")}
    twice = RelationText("甲乙甲", frozenset({Triple("甲", "p", "乙")}))
    assert repeated(twice, *twice.triples)
    assert not repeated(ambiguous, Triple("甲", "p", "丙丁"))
    counts = set_counts(RelationSet([ambiguous], [twice], TEXTS, Budget()))
    assert counts == {
        "texts": [1, 1, 3],
        "triples": 5,
        "predicates": 2,
        "mean length": 7.6,  # (4 + 3 + 11 + 11 + 9) / 5
        "longest": 11,
        "repeated mentions": 1,
        "spurious": {"nearest": 2, "first": 2},
        "backwards": 1,
    }


def test_places_of_the_annotation_are_what_counts():
    facts = frozenset({Fact((0, 1), "p", (3, 3)), Fact((2, 2), "p", (4, 5))})
    text = RelationText("甲乙甲丁丙丁", frozenset({Triple("甲乙", "p", "丁"), Triple("甲", "p", "丙丁")}), facts)
    assert unwanted(text) == frozenset()


class Pool:
    """Stands in for a pool of processes."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    map = staticmethod(map)


def test_a_table_grows_row_by_row_and_is_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr("gradbook.book.stored.ProcessPoolExecutor", Pool)
    path, jobs = tmp_path / "05-x.json", [{"seed": seed} for seed in range(3)]

    def fails_at_2(job):
        if job["seed"] == 2:
            raise KeyboardInterrupt
        return {"test": job["seed"] + 0.123456}

    with pytest.raises(KeyboardInterrupt):
        fill_table(path, {"command": "x"}, jobs, fails_at_2)
    assert [row["test"] for row in json.loads(path.read_text())["runs"]] == [0.1235, 1.1235]
    done = []
    fill_table(path, {"command": "x"}, jobs, lambda job: done.append(job) or {"test": 9.0}, resume=True)
    assert done == [{"seed": 2}]
    with pytest.raises(ValueError, match="of the same command to be resumed, 'y', got 'x'"):
        fill_table(path, {"command": "y"}, jobs, fails_at_2, resume=True)
    exact = tmp_path / "05-y.json"
    fill_table(exact, {}, [{"rate": 0.00003}], lambda job: {"test": 0.00003})
    assert json.loads(exact.read_text())["runs"] == [{"rate": 0.00003, "test": 0.0}]
    assert [row["test"] for row in json.loads(path.read_text())["runs"]] == [0.1235, 1.1235, 9.0]
