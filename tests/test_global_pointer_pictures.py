"""Chapter 4's stored models, its sentences, and what its pictures show of them."""

import json
import math
import re

import numpy as np
import pytest
import torch

from gradbook.book.data.msra import load_msra
from gradbook.book.explore import COLOURS
from gradbook.book.explore.live import Live
from gradbook.book.global_pointer import pictures
from gradbook.book.global_pointer.comparison import build
from gradbook.book.global_pointer.expressible import CASES, HEADS, STEPS, stored_runs, train_case
from gradbook.book.global_pointer.models import (
    EXAMPLES,
    LABELS,
    MODELS,
    Example,
    load_epochs,
    load_model,
    model_facts,
    model_path,
)
from gradbook.book.global_pointer.pictures import (
    costs,
    line,
    owners,
    sentence,
    training,
)
from gradbook.book.global_pointer.pictures import (
    sentence as boxes,
)
from gradbook.book.global_pointer.pictures import (
    sentence as maps,
)
from gradbook.book.global_pointer.pictures import (
    training as lengths,
)
from gradbook.book.stored import STORED
from gradbook.book.tables import HEAD_COLOURS
from gradbook.extraction.annotated import Entity
from gradbook.extraction.crf import CRFTagger
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer

BY_TITLE = {example.title: example for example in EXAMPLES}
BENCH = {
    f"{types} types, {length} tokens": {
        name: {"milliseconds": 10.0 * types * place, "memory": 3.0 * length / place, "parameters": 1, "ratio": 1.0}
        for place, (name, _) in enumerate({**costs.HEADS, **costs.PUBLIC}.values(), 1)
    }
    for types, length in [(10, 128), (100, 128), (3, 128), (3, 512), (10, 512)]
}


# ---- sentences and stored models ----


def test_the_sentences_are_short_and_none_is_from_the_corpus():
    known = {s.text for part in ("train", "test") for s in load_msra(part)}
    assert 5 <= len(EXAMPLES) == len(BY_TITLE)
    for example in EXAMPLES:
        assert 10 <= len(example.text) <= 24
        assert example.text not in known
        assert re.fullmatch(r"[ -~]+\.", example.english)
    nested = [e for e in EXAMPLES if e.sentence.nested]
    assert len(nested) >= 3
    assert all(any(entity.label == "PER" for entity in e.sentence.entities) for e in EXAMPLES)


def test_the_stored_files_are_small():
    files = [*STORED.glob("04-*.safetensors"), STORED / "04-lengths.json"]
    sizes = [file.stat().st_size for file in files]
    assert len(files) == 7
    assert max(sizes) < 1e6
    assert sum(sizes) < 3.5e6


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_model_is_what_its_facts_say(name):
    state = torch.random.get_rng_state()
    model = load_model(name)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert load_model(name) is model
    assert not model.training
    assert model.labels == LABELS
    assert all(p.dtype == torch.float64 for p in model.parameters())
    facts = model_facts(name)
    assert facts["head"] == MODELS[name][0]
    assert type(model.head) is type(build(facts["head"], LABELS).head)
    assert 0.65 < float(facts["test F1"]) < 0.85
    assert "gradbook.book.global_pointer.models" in facts["command"]
    if name != "crf":
        assert model.head.rotary == MODELS[name][1] == (facts["rotary"] == "True")


def test_another_name_of_a_model_is_refused():
    with pytest.raises(ValueError, match=r"name must be one of efficient, .* got 'best'"):
        load_model("best")
    with pytest.raises(ValueError, match=r"got '\.\./x'"):
        model_path("../x")


def test_the_efficient_model_finds_what_the_text_says_it_finds():
    answers = load_model("efficient").extract([example.text for example in EXAMPLES])
    right = {e.title for e, found in zip(EXAMPLES, answers, strict=True) if found == e.sentence.entities}
    assert right == set(BY_TITLE) - {"Three levels", "One mistake"}
    found = dict(zip(BY_TITLE, answers, strict=True))
    levels = BY_TITLE["Three levels"]
    assert found["Three levels"] - levels.sentence.entities == {Entity(0, 3, "ORG")}
    assert levels.sentence.entities <= found["Three levels"]
    mistake = BY_TITLE["One mistake"].text.index("莫斯科")
    assert found["One mistake"] ^ BY_TITLE["One mistake"].sentence.entities == {
        Entity(mistake, mistake + 2, "PER"),
        Entity(mistake, mistake + 2, "LOC"),
    }


def test_the_plain_model_joins_neighbours():
    example = BY_TITLE["Neighbours of one type"]
    (found,) = load_model("efficient-plain").extract([example.text])
    assert {example.sentence.surface(e) for e in found - example.sentence.entities} >= {"王丽和张强"}


def test_the_epochs_begin_with_nothing_and_end_near_the_stored_model():
    stored = load_epochs()
    assert list(stored.maps) == [example.text for example in EXAMPLES]
    assert len(stored.f1) == 13
    assert stored.f1[0] < 0.05
    assert max(stored.f1) == pytest.approx(float(model_facts("efficient")["dev F1"]))
    for text, scores in stored.maps.items():
        length = len(text)
        assert scores.shape == (13, 3, length, length)
        assert torch.equal(torch.isinf(scores[0, 0]), torch.ones(length, length).tril(-1).bool())
        finite = scores[:, :, torch.ones(length, length).triu().bool()]
        assert torch.isfinite(finite).all()
        assert finite[0].abs().max() < 3
        now = load_model("efficient").scores(text)[:, torch.ones(length, length).triu().bool()]
        assert (finite[-1] - now).abs().median() < 1


# ---- maps and boxes ----


def test_what_is_found_is_what_the_model_extracts():
    for example in EXAMPLES:
        scores = maps.scores_of("efficient", example.text)
        spans = maps.found(scores, "all types", 0.0)
        assert {e for e, _ in spans} == load_model("efficient").extract([example.text])[0]
        assert [s for _, s in spans] == sorted((s for _, s in spans), reverse=True)
        lower = maps.found(scores, "all types", -4.0)
        assert {e for e, _ in spans} < {e for e, _ in lower}
        of_kinds = [maps.found(scores, kind, -4.0) for kind in maps.KINDS if kind != "all types"]
        assert {e for spans in of_kinds for e, _ in spans} == {e for e, _ in lower}


def test_an_outline_is_round_its_cell():
    state = maps.map_state("s", "北京大学", np.triu(np.full((3, 4, 4), 1.0)) - 2 * np.eye(4), "LOC, places", 0.5)
    place = state["s LOC"][:5]
    assert place.min(0).tolist() == [0.25, 0.75]
    assert place.max(0).tolist() == [0.5, 1.0]
    assert not len(state["s ORG"])


def test_nested_boxes_lie_inside_each_other_and_side_by_side_ones_on_one_level():
    outer, inner, other, crossing = Entity(0, 5, "ORG"), Entity(0, 1, "LOC"), Entity(3, 3, "PER"), Entity(5, 8, "LOC")
    assert boxes.levels([outer, inner, other, crossing]) == {inner: 1, other: 1, crossing: 1, outer: 2}
    twice = boxes.levels([inner, Entity(0, 1, "ORG")])
    assert sorted(twice.values()) == [1, 2]
    state = boxes.boxes_state("一二三四五六七八九", [(outer, 2.0), (inner, 1.0)])
    (left, low), (right, high) = state["box LOC"].min(0), state["box LOC"].max(0)
    assert state["box ORG"].min(0)[0] == left
    assert state["box ORG"].min(0)[1] < low
    assert (state["box ORG"].max(0) > [right, high]).all()


def test_no_more_boxes_are_drawn_than_fit_and_the_note_says_so():
    spans = [(Entity(0, i, "LOC"), float(-i)) for i in range(20)]
    assert set(boxes.fitting(spans)) == {Entity(0, i, "LOC") for i in range(6)}
    picture = pictures.score_map()
    note = picture.state(picture.values(threshold=-10))["note"]
    total, drawn = (int(n) for n in re.findall(r"\d+", note))
    assert total > drawn > 3


def test_a_sentence_of_ones_own():
    live = Live(pictures.score_map())
    live._inputs["text"].value = "  上海Ａ公司总经理访问德国🙂 "
    assert live.values["text"] == "上海Ａ公司总经理访问德国🙂"
    assert "your own" in live._readout.value
    assert "🙂" in live._message.value
    assert sentence.known_characters(load_model("efficient").encoder).unknown("上海Ａ🙂") == ["🙂"]
    live._inputs["text"].value = "长" * 33
    assert "at most 32 characters, got 33" in live._message.value
    assert live.values["text"] == "上海Ａ公司总经理访问德国🙂"


# ---- the loss on a line ----


def line_picture(**changes):
    picture = pictures.scores_on_a_line()
    return picture.state(picture.values(**changes))


def test_the_gradients_are_those_of_the_formula():
    scores = np.random.default_rng(0).normal(0, 3, 9)
    loss, gradient = line.gradients(scores, 4)
    holds, others = np.exp(-scores[:4]), np.exp(scores[4:])
    assert loss == pytest.approx(math.log1p(holds.sum()) + math.log1p(others.sum()))
    np.testing.assert_allclose(gradient[:4], -holds / (1 + holds.sum()))
    np.testing.assert_allclose(gradient[4:], others / (1 + others.sum()))


def test_easy_labels_never_push_more_than_one_and_binary_losses_do():
    for preset in ({}, *pictures.scores_on_a_line().presets.values()):
        state = line_picture(**{**preset, "easy": 100000})
        assert (state["ours"] < 1).all()
    assert state["binary"][1] > 30


# ---- what can't be crossed ----


def test_the_stored_runs_are_what_training_gives_here():
    scores, losses = stored_runs()
    case = CASES.index(("diagonal", "other diagonal"))
    for head, head_class in enumerate(HEADS):
        again, loss = train_case(head_class, *CASES[case], steps=12)
        np.testing.assert_allclose(again, scores[case, head, :13], atol=1e-3)
        np.testing.assert_allclose(loss, losses[case, head, :13], atol=1e-3)


def test_the_identity_holds_for_the_efficient_head_only_and_only_the_crossed_patterns_have_a_floor():
    scores, losses = stored_runs()
    assert scores.shape == (36, 2, STEPS + 1, 2, 2, 2)
    difference = scores[:, :, :, 0] - scores[:, :, :, 1]
    identity = difference[..., 0, 0] + difference[..., 1, 1] - difference[..., 0, 1] - difference[..., 1, 0]
    assert identity[:, 1].abs().max() < 1e-4
    assert identity[:, 0].abs().max() > 50
    for case, pair in enumerate(CASES):
        assert losses[case, 0, -1] < 0.01
        if pair in owners.CROSSED:
            assert losses[case, 1].min() >= owners.FLOOR - 1e-5
            assert losses[case, 1, -1] == pytest.approx(owners.FLOOR, abs=0.02)
        else:
            assert losses[case, 1, -1] < 0.05, pair


# ---- costs ----


@pytest.mark.parametrize(("types", "hidden", "size"), [(1, 768, 64), (10, 768, 64), (7, 33, 6)])
def test_the_formulas_count_the_parameters_of_the_modules(types, hidden, size):
    modules = {
        "CRF": CRFTagger(hidden, types),
        "GP": GlobalPointer(hidden, types, size),
        "Efficient GP": EfficientGlobalPointer(hidden, types, size),
    }
    for name, module in modules.items():
        assert costs.parameters(name, types, hidden, size) == sum(p.numel() for p in module.parameters())


def test_measured_points_are_drawn_where_they_were_measured():
    picture = pictures.costs.heads(BENCH)
    state = picture.state(picture.values(types=100))
    assert state["GP time"].tolist() == [[3, 60], [10, 200], [100, 2000]]
    assert not len(state["bert4torch's GP time"])
    assert "GP 2000 ms" in state["times"]
    long = picture.state(picture.values(length="512 tokens", public=True, types=20))
    assert long["CRF memory"].tolist() == [[3, 1536], [10, 1536]]
    assert len(long["bert4torch's GP time"]) == 2
    assert "not measured for 20 types" in long["times"]


def test_without_a_table_the_picture_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(costs, "STORED", tmp_path)
    picture = costs.heads()
    assert "not been measured" in picture.state(picture.values())["note"]
    assert picture.faults(picture.values()) == []
    (tmp_path / "04-bench.json").write_text(json.dumps({"heads": BENCH}), encoding="utf-8")
    assert costs.measured() == BENCH


# ---- lengths ----


def test_rotary_positions_keep_long_wrong_spans_away_and_short_ones_not():
    counted = lengths.wrong_lengths()
    long = {name: rows[:, lengths.LONG - 1 :].sum(1) for name, rows in counted.items()}
    assert (long["with rotary"] < 10).all()
    assert (long["without rotary"] > 4 * long["with rotary"].max()).all()
    assert len(long["with rotary"]) == 3
    for rows in counted.values():
        assert lengths.binned(rows).sum() == pytest.approx(rows.sum(1).mean())
    picture = pictures.rotary()
    assert f"are {long['with rotary'].mean():.0f} with rotary" in picture.alt
    assert f"and {long['without rotary'].mean():.0f} without" in picture.alt
    words = lengths.verdict("both alike")
    assert f"17 characters or more: {long['with rotary'].mean():.0f} with rotary" in words
    assert f"{long['without rotary'].mean():.0f} without (the text has" in words


def test_what_is_not_annotated_is_named():
    example = Example("", BY_TITLE["Neighbours of one type"].sentence, "")
    spans = [(e, 1.0) for e in example.sentence.entities] + [(Entity(3, 7, "PER"), 0.5)]
    assert lengths.unannotated(example, spans) == "PER 王丽和张强"
    assert lengths.unannotated(example, spans[:-1]) == "none"


# ---- all pictures ----


def made(name):
    return costs.heads(BENCH) if name == "heads" else getattr(pictures, name)()


def test_the_figures_are_numbered_one_to_six():
    names = ("score_map", "scores_on_a_line", "epochs", "rotary", "heads", "crossing")
    assert [made(name).caption[:11] for name in names] == [f"Figure 4.{k}." for k in range(1, 7)]


def test_the_dots_of_the_epochs_lie_on_the_annotated_cells():
    example = EXAMPLES[0]
    cells = training.annotated_cells(example, "ORG, organisations") * len(example.text)
    assert cells.tolist() == [[3.5, len(example.text) - 0.5]]


def test_a_head_has_one_colour_everywhere():
    for name, head in {"CRF": "CRF", "GP": "GlobalPointer", "Efficient GP": "Efficient GlobalPointer"}.items():
        drawn = {
            mark.colour
            for picture in (made("heads"), made("crossing"))
            for panel in picture.panels
            for mark in panel.marks
            if getattr(mark, "label", "") == name
        }
        assert drawn == {COLOURS[HEAD_COLOURS[head]]}


def test_captions_say_what_is_seen():
    for text, scores in load_epochs().maps.items():
        highest = scores[0].max(0).values[torch.ones(len(text), len(text)).triu().bool()]
        assert (highest > 0).double().mean() > 0.9
        assert highest.abs().max() < 0.4
    assert "most of what is shown just above it" in pictures.epochs().caption
    for picture in (pictures.score_map(), pictures.rotary()):
        assert "浙江大学 (Zhejiang University) inside the hospital's name is right" in picture.caption


def test_the_crossings_alternative_text_describes_the_still():
    picture = pictures.crossing()
    state = picture.state(picture.values())
    assert len(state["GP curve"]) == 21
    assert "over the first 20 of 60 training steps" in picture.alt
    assert f"has fallen to {state['GP loss']:.2f};" in picture.alt
    assert state["Efficient GP loss"] == pytest.approx(owners.FLOOR, abs=0.02)
    assert state["GP map"].diagonal().min() > 11
    assert np.fliplr(state["GP map"]).diagonal().max() < -10
    assert np.abs(state["Efficient GP map"]).max() < 0.3
