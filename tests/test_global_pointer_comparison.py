"""The comparison of the heads: what a CRF is given, one small run of each head, the tables' jobs, texts in windows."""

import json

import pytest
import torch

from gradbook.book.global_pointer import comparison as tables
from gradbook.book.global_pointer.comparison import HEADS, build, f1, inner, joined_names, outermost, run
from gradbook.book.global_pointer.measurements import formula_pushes
from gradbook.book.tables import Budget, fit
from gradbook.extraction.annotated import Entity, Sentence
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.entity_extractor import EntityExtractor
from gradbook.extraction.f1 import Score, entity_score
from gradbook.global_pointer import EfficientGlobalPointer

NESTED = Sentence("北京大学在上海", frozenset({Entity(0, 1, "LOC"), Entity(0, 3, "ORG"), Entity(5, 6, "LOC")}))


def small_embedding():
    torch.manual_seed(0)
    return CharacterEmbedding(Characters.from_texts([NESTED.text, "从到天"]), 16)


def test_the_outermost_of_names_that_overlap_are_kept():
    assert outermost(NESTED).entities == {Entity(0, 3, "ORG"), Entity(5, 6, "LOC")}
    assert inner(NESTED) == {Entity(0, 1, "LOC")}
    crossing = Sentence("天天天天天", frozenset({Entity(0, 2, "A"), Entity(2, 4, "B")}))
    assert outermost(crossing).entities == {Entity(0, 2, "A")}


def test_scores_count_what_is_exactly_right():
    gold = [NESTED.entities, frozenset()]
    found = [frozenset({Entity(0, 3, "ORG"), Entity(5, 6, "ORG")}), frozenset({Entity(0, 0, "LOC")})]
    score = entity_score(found, gold)
    assert score == Score(1, 3, 3)
    assert (score.precision, score.recall, score.f1) == (1 / 3, 1 / 3, 1 / 3)
    assert entity_score([frozenset()], [frozenset()]).f1 == 0
    with pytest.raises(ValueError, match="as many sentences, got 1 and 2"):
        entity_score(found[:1], gold)


@pytest.mark.parametrize("head", HEADS)
def test_every_head_learns_what_it_can_carry(head):
    parts = ([NESTED] * 8, [NESTED], [NESTED])
    row = run(head, parts, Budget(epochs=12, batch_size=4, learning_rate=0.02), 0, embedding=small_embedding())
    if head == "CRF":
        assert (row["precision"], row["recall"], row["inner recall"]) == (1.0, 2 / 3, 0.0)
    else:
        assert (row["test"], row["inner recall"], row["wrong"]) == (1.0, 1.0, 0)


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="head must be one of CRF, GlobalPointer, Efficient GlobalPointer, got 'RNN'"):
        build("RNN", ["LOC"], embedding=small_embedding())


def test_jobs_leave_the_crf_out_where_positions_are_compared():
    assert [(job["head"], job["seed"]) for job in tables.jobs("rotary", list(HEADS), 2)] == [
        (head, seed) for seed in (0, 1) for head in ("GlobalPointer", "Efficient GlobalPointer")
    ]
    assert len(list(tables.jobs("msra", list(HEADS), 3))) == 9


def test_a_table_is_resumed_where_it_stopped(tmp_path, monkeypatch):
    done = {"head": "CRF", "seed": 0, "test": 0.5}
    (tmp_path / "04-msra-7.json").write_text(json.dumps({"runs": [done]}), encoding="utf-8")

    class Pool:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def map(self, _, jobs):
            return ({"test": 0.123456} for _ in jobs)

    monkeypatch.setattr(tables, "STORED", tmp_path)
    monkeypatch.setattr("gradbook.book.stored.ProcessPoolExecutor", Pool)
    monkeypatch.setattr("sys.argv", ["comparison", "msra", "--seeds", "1", "--epochs", "7", "--resume"])
    tables.main()
    stored = json.loads((tmp_path / "04-msra-7.json").read_text(encoding="utf-8"))
    assert stored["command"] == "python -m gradbook.book.global_pointer.comparison msra --epochs 7 --seeds 1"
    assert stored["epochs"] == 7
    assert [(row["head"], row["test"]) for row in stored["runs"]] == [
        ("CRF", 0.5),
        ("GlobalPointer", 0.1235),
        ("Efficient GlobalPointer", 0.1235),
    ]


def trained(limit):
    """An extractor that knows NESTED by heart."""
    embedding = small_embedding()
    torch.manual_seed(0)
    encoder = TextEncoder(embedding, BiLSTM(16, 16), dropout=0.0, limit=limit)
    model = EntityExtractor(encoder, EfficientGlobalPointer(32, 2, 16), ("LOC", "ORG"))
    shifted = frozenset(Entity(e.start + 3, e.end + 3, e.label) for e in NESTED.entities)
    texts = [NESTED, Sentence("从从从" + NESTED.text + "从从从", shifted), Sentence("从从从从从", frozenset())]
    fit(model, texts * 8, texts, Budget(epochs=15, batch_size=4, learning_rate=0.02), f1, show=False)
    return model


def test_names_in_windows_are_taken_where_they_lie_inside():
    model = trained(limit=16)
    text = "从" * 9 + NESTED.text + "从" * 20 + NESTED.text
    with pytest.raises(ValueError, match="has 43 characters, the encoder takes at most 16"):
        model.extract([text])
    found = model.extract([text], long="windows")[0]
    assert {Entity(e.start + 36, e.end + 36, e.label) for e in NESTED.entities} <= found
    assert {text[e.start : e.end + 1] for e in found} <= {"北京", "北京大学", "上海"}
    assert model.extract([NESTED.text], long="windows") == model.extract([NESTED.text])


def test_a_single_text_is_refused():
    with pytest.raises(TypeError, match="texts must be a list of texts, got one str"):
        trained(limit=16).extract(NESTED.text)


def test_extracting_leaves_the_mode_as_it_was_also_after_an_error():
    model = trained(limit=16).train()
    model.extract([NESTED.text])
    with pytest.raises(ValueError, match="at most 16"):
        model.scores("从" * 20)
    assert model.training
    with pytest.raises(ValueError, match="batch_size must be a whole number ≥ 1, got 0"):
        model.extract([NESTED.text], batch_size=0)


def test_a_threshold_is_refused_where_there_is_none():
    model = build("CRF", ["LOC"], embedding=small_embedding())
    with pytest.raises(ValueError, match="threshold must be 0 for a CRF, which has none, got 1"):
        model.extract([NESTED.text], threshold=1.0)


def test_the_article_s_formula_pushes_the_wrong_way():
    pushes = formula_pushes(20)
    assert pushes["the article's formula"][0] == pytest.approx(1.0, abs=1e-3)
    assert pushes["the article's formula"][1] < 1e-6
    assert abs(pushes["gradbook"][0]) < 1e-6
    assert pushes["gradbook"][1] > 0.05


def test_joined_names_are_counted():
    found = frozenset({Entity(0, 39, "LOC"), Entity(1, 39, "LOC"), Entity(0, 5, "LOC")})
    sentence = Sentence("天" * 40, frozenset({Entity(0, 1, "LOC"), Entity(38, 39, "LOC")}))
    assert joined_names([found], [sentence]) == (2, 1)
