"""Chapter 6's stored model, its sentences, and what its pictures show of them."""

import importlib.util
import json
import re

import numpy as np
import pytest
import torch

from gradbook.book.data.meetings import load_meetings
from gradbook.book.event_linking import pictures
from gradbook.book.event_linking.ceiling import EXAMPLES as CODED
from gradbook.book.event_linking.ceiling import recoded
from gradbook.book.event_linking.models import (
    ENGLISH,
    EXAMPLES,
    MODEL,
    SENTENCED,
    both_types,
    load_model,
    main,
    model_facts,
    with_byline,
)
from gradbook.book.event_linking.pictures import (
    arcs,
    calls,
    ceiling,
    graph,
    noise,
    searches,
)
from gradbook.book.event_linking.pictures import (
    arcs as scored,
)
from gradbook.book.event_linking.pictures import (
    graph as circle,
)
from gradbook.book.event_linking.pictures.calls import (
    COUNTED_SEARCHES as SEARCHES,
)
from gradbook.book.event_linking.pictures.calls import (
    DENSITIES,
    MOST,
    SIZES,
    random_calls,
    random_graph,
)
from gradbook.book.event_linking.traces import count_calls
from gradbook.book.explore import Switches
from gradbook.book.explore.live import Live
from gradbook.book.stored import STORED
from gradbook.event_linking import Argument, Event, complete_subgraphs
from gradbook.extraction.event_extractor import EventExtractor

BY_TITLE = {example.title: example for example in EXAMPLES}


@pytest.fixture(autouse=True)
def jieba():
    if importlib.util.find_spec("jieba") is None:
        pytest.skip("the stored model needs jieba's vectors, in the extra 'encoders'")


def made(name, **changes):
    picture = getattr(pictures, name)()
    return picture.state(picture.values(**changes))


# ---- sentences and the stored model ----


def test_the_sentences_are_short_and_none_is_from_the_corpus():
    known = [text.text for text in load_meetings().sentences]
    assert 5 <= len(EXAMPLES) == len(BY_TITLE)
    for example in (*EXAMPLES, SENTENCED):
        assert 12 <= len(example.text) <= 30
        assert not any(example.text in text or text in example.text for text in known)
        assert re.fullmatch(r"[ -~]+\.", example.english)
        assert all(argument.end < len(example.text) for event in example.events for argument in event.arguments)
    first, second = EXAMPLES[0].events
    assert len(first.arguments & second.arguments) == 3
    assert {kind for example in EXAMPLES for kind in {event.type for event in example.events}} == {"报道", "会见"}


def test_the_illustration_has_two_events_and_one_trigger():
    first, second = SENTENCED.events
    assert first.triggers == second.triggers
    assert {SENTENCED.surface(a) for event in SENTENCED.events for a in event.arguments} == dict(
        SENTENCED.glosses
    ).keys()
    groups = {
        frozenset(graph.NODES.index(gloss) for gloss in graph.NODES if gloss[0] in words)
        for words in ({SENTENCED.surface(a) for a in event.arguments} for event in SENTENCED.events)
    }
    assert groups == set(map(frozenset, graph.STORIES["two people, two terms"]))


def test_the_stored_model_is_small_and_what_its_facts_say():
    assert MODEL.stat().st_size < 1_000_000
    state = torch.random.get_rng_state()
    model = load_model()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert load_model() is model
    assert isinstance(model, EventExtractor)
    assert not model.training
    assert all(p.dtype == torch.float64 for p in model.parameters())
    facts = model_facts()
    assert len(model.linker.classes) == 10
    assert {word for known in model.linker.classes for word in known} <= ENGLISH.keys()
    assert float(facts["test bylines F1 of arguments"]) > 0.95
    assert 0.7 < float(facts["test meetings F1 of arguments"]) < float(facts["dev F1 of arguments"])
    assert facts["command"] == "python -m gradbook.book.event_linking.models model"


def test_the_model_is_right_in_all_sentences_but_one():
    answers = load_model().extract([example.text for example in EXAMPLES])
    wrong = {e.title: found for e, found in zip(EXAMPLES, answers, strict=True) if found != e.events}
    assert list(wrong) == ["One mistake"]
    guests = {
        BY_TITLE["One mistake"].surface(argument)
        for event in wrong["One mistake"]
        for argument in event.arguments
        if argument.role == "会见对象"
    }
    assert guests == {"杜邦和伊万诺夫", "伊万诺夫"}


def test_no_text_of_the_training_is_annotated_for_one_type_only():
    train, dev, test = both_types()
    assert model_facts()["texts"] == f"{len(train)}, {len(dev)}, {len(test)}"
    assert f"from {len([t for t in train if '会见' not in t.text])} bylines" in pictures.event_arcs().caption
    both = [text for part in (train, dev, test) for text in part if len(text.labels) == 2]
    assert both
    assert all("会见" in text.text for text in both)
    assert not {text.text for text in train} & {text.text for text in test}
    plain = next(text for text in train if "报道" in text.labels)
    assert with_byline(plain, []) == plain
    assert with_byline(plain, [plain]) == plain


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["weights"])
    assert "PART must be model, calls, got weights" in capsys.readouterr().err


# ---- switches ----


def switches():
    return Switches("links", "links", {"ab": (0, 0), "ac": (1, 0), "bc": (1, 1)}, "ab")


def test_switches_put_names_in_order_and_flip():
    assert switches().checked(" bc  ab bc") == "ab bc"
    assert switches().flipped("ab", 2) == "ab bc"
    assert switches().flipped("ab bc", 0) == "bc"
    assert switches().samples()[0] == ""
    assert switches().samples()[-1] == "ab ac bc"


def test_switches_refuse_unknown_names():
    with pytest.raises(ValueError, match=r"links must hold names of ab ac bc, got 'ad'"):
        switches().checked("ab ad")
    with pytest.raises(ValueError, match="in the order of places"):
        Switches("links", "links", {"ab": (0, 0), "ac": (1, 0)}, "ac ab")
    with pytest.raises(ValueError, match="names without spaces, got 'a b'"):
        Switches("links", "links", {"a b": (0, 0)})


def test_a_click_and_a_button_flip_a_pair():
    live = Live(pictures.argument_graph())
    control = live._controls["linked"]
    targets = [mark for mark in live._figures[0][0].marks if getattr(mark, "stroke", "") == "ivory"]
    assert len(targets) == 1
    number = list(control.places).index("67")
    targets[0]._handle_custom_msgs(targets[0], {"event": "element_click", "data": {"index": number}}, [])
    assert "67" not in live.values["linked"].split()
    assert "1 of 2 annotated" in live._readout.value
    row = live._inputs["linked"]
    assert not row._buttons["67"].value
    row._buttons["67"].value = True
    assert live.values["linked"] == control.value
    assert "2 of 2 annotated" in live._readout.value
    live.set(linked="")
    assert not any(button.value for button in row._buttons.values())


# ---- the graph that is edited ----


def test_the_stories_come_back_as_the_caption_says():
    picture = pictures.argument_graph()
    verdicts = {name: picture.state(picture.values(**values))["verdict"] for name, values in picture.presets.items()}
    assert verdicts == {
        "One false link: one event more": "2 of 2 annotated, 1 that nobody annotated",
        "One missing link: an event splits": "1 of 2 annotated, 2 that nobody annotated",
        "One false link: two become one": "0 of 2 annotated, 1 that nobody annotated",
        "Three pairs": "0 of 3 annotated, 1 that nobody annotated",
        "An event inside another": "1 of 2 annotated, 0 that nobody annotated",
    }
    assert made("argument_graph")["verdict"] == "2 of 2 annotated, 0 that nobody annotated"
    assert made("argument_graph", linked="")["verdict"] == "0 of 2 annotated, 7 that nobody annotated"


def test_every_graph_of_seven_nodes_has_room():
    three_apart = circle.edges_of([range(7)]) - {(0, 1), (0, 2), (1, 2), (3, 4), (5, 6)}
    groups = graph.events_of(graph.switched(three_apart))
    assert len(groups) == 12 == graph.MOST
    state = made("argument_graph", linked=graph.switched(three_apart))
    assert all(len(state[f"event {slot}"]) for slot in range(12))


def test_beads_of_one_node_stand_in_a_row():
    rows = circle.beads([(0, 1), (0, 2)], circle.places(3))
    assert rows[0][0, 1] < rows[1][0, 1]
    assert rows[0][0, 0] == pytest.approx(0)


def test_a_clique_of_two_is_a_line_beside_its_edge():
    line = circle.outline([0, 1], circle.places(4), 0.1)
    assert line.shape == (2, 2)
    assert not np.allclose(line, circle.places(4)[:2])
    assert len(circle.outline([2], circle.places(4), 0.1)) == 0


# ---- the searches ----


@pytest.mark.parametrize("name", searches.GRAPHS)
@pytest.mark.parametrize("method", searches.METHODS)
def test_the_trees_are_whole_and_find_every_complete_set(name, method):
    tree, spots, repeated = searches.plan(name, method)
    count, edges = searches.GRAPHS[name]
    assert tree.complete
    assert len(tree.calls) <= searches.LAST
    assert {c.found for c in tree.calls} - {None} == complete_subgraphs(circle.adjacency_of(edges, count))
    assert len({tuple(spot) for spot in spots.round(9)}) == len(tree.calls)
    assert "pivot" not in method or not repeated.any()


def test_the_numbers_of_the_caption():
    party = made("recursion", graph="cocktail party of 6", step=searches.LAST)
    assert party["count"] == "79 of 79"
    assert party["distinct"].startswith("27;")
    assert party["found"] == "8 so far, met 48 times"
    assert party["note"] == "The search is over."
    pivot = made("recursion", graph="cocktail party of 6", method="Bron and Kerbosch, pivot", step=searches.LAST)
    assert pivot["count"] == "15 of 15"


def test_the_stored_counts_are_what_counting_gives_here():
    table = random_calls()
    for density, size in ((0.1, 12), (0.5, 10), (0.95, 14)):
        for search in SEARCHES:
            again = sorted(count_calls(random_graph(size, density, seed), search, MOST) for seed in range(5))[2]
            assert again == table[density, search][SIZES.index(size)], (density, size, search)
    assert all(len(row) == len(SIZES) for row in table.values())
    for density in DENSITIES:
        more = [c >= p for c, p in zip(table[density, "pivot"], table[density, "cliques"], strict=True)]
        assert all(more)


def test_the_laws_of_the_cocktail_party_are_counted():
    drawn = {(n, c) for n, c in calls.counted_parties().tolist()}
    laws = {(n, calls.party_calls(search, n // 2)) for search in SEARCHES for n in range(2, calls.COUNTED + 1, 2)}
    assert drawn == laws
    assert calls.party_calls("recursive", 6) == 75973


def test_what_was_not_counted_says_so():
    words = made("call_counts", density=0.9, size=24)["words"]
    assert f"recursion more than {MOST:,}" in words
    assert "memory 4,401" in words


# ---- the model's events ----


def test_the_picture_shows_what_the_model_extracts():
    for example in EXAMPLES:
        assert set(scored.found(example.text, 0.0).events) == load_model().extract([example.text])[0]
    state = made("event_arcs")
    assert state["links"].shape == (5, 5)
    assert (state["links"] < 0).sum() == 2  # the two hosts
    assert not len(state["arcs 2"])


def test_nodes_of_two_types_have_no_link():
    answer = scored.found(BY_TITLE["A report and a meeting"].text, 0.0)
    for i, a in enumerate(answer.nodes):
        for j, b in enumerate(answer.nodes):
            assert np.isnan(answer.links[i, j]) == (i == j or a.type != b.type)


def test_a_low_threshold_keeps_the_highest_arguments():
    answer = scored.found(BY_TITLE["One mistake"].text, -10.0)
    assert len(answer.nodes) == scored.MOST_NODES
    assert answer.more > 0
    assert (
        f"the {scored.MOST_NODES} highest"
        in made("event_arcs", text=BY_TITLE["One mistake"].text, threshold=-10)["note"]
    )


def test_a_sentence_of_ones_own():
    live = Live(pictures.event_arcs())
    live._inputs["text"].value = "  王建国昨天会见了🙂 "
    assert live.values["text"] == "王建国昨天会见了🙂"
    assert "your own" in live._readout.value
    live._inputs["text"].value = "长" * 37
    assert "at most 36 characters, got 37" in live._message.value


def test_roles_never_overlap_while_there_is_room():
    words = arcs.role_words(scored.found(BY_TITLE["A report and a meeting"].text, 0.0).nodes, 20.0)
    for n, (x, y, word) in enumerate(words):
        for other, level, also in words[:n]:
            assert y != level or abs(x - other) >= 3.6 * (len(word) + len(also))


def test_a_box_round_a_box_is_higher():
    inner, outer = arcs.boxes({(4, 5), (2, 6)}, 10.0)[1], arcs.boxes({(4, 5), (2, 6)}, 10.0)[0]
    assert (outer.max(0) > inner.max(0)).all()
    assert (outer.min(0) < inner.min(0)).all()


def test_an_event_of_one_argument_is_drawn():
    assert len(arcs.event_arcs_path(Event("会见", frozenset({Argument(2, 3, "会见者")})), 10.0, 0)) == 2


# ---- noise ----


@pytest.mark.parametrize("kind", noise.KINDS)
def test_recall_is_what_the_number_of_links_says(kind):
    precision, recall = noise.grid(kind)
    assert precision[0, 0] == recall[0, 0] == 1
    sizes = [len(group) * (len(group) - 1) / 2 for group in noise.KINDS[kind]]
    place = noise.RATES.index(0.1)
    expected = np.mean([0.9**links for links in sizes])
    spread = 4 * (expected * (1 - expected) / noise.DRAWS) ** 0.5
    assert recall[place, 0] == pytest.approx(expected, abs=spread)
    assert (precision[1:, 0] <= recall[1:, 0]).all()  # pieces come instead


def test_false_links_hurt_precision_first():
    precision, recall = noise.grid("two of five, one trigger")
    place = noise.RATES.index(0.1)
    assert recall[0, place] > 0.95
    assert precision[0, place] < 0.7
    one = noise.drawn("two of five, one trigger", 0.0, 0.1, 0)
    assert one.edges >= circle.edges_of(noise.KINDS["two of five, one trigger"])


# ---- what perfect scores give back ----


@pytest.mark.parametrize("kind", CODED)
@pytest.mark.parametrize("coding", ceiling.CODINGS)
def test_what_is_drawn_is_what_decodes(kind, coding):
    back, added = ceiling.decoded(kind, ceiling.CODINGS[coding])
    assert set(back) == set(recoded(CODED[kind], ceiling.CODINGS[coding]))
    state = ceiling.ceiling_state({}, kind, coding)
    assert bool(added) == bool(len(state["wrong"]))
    false_edges = sum(len(one.edges) for one in added)
    for side in ("gold", "found"):
        for dot in ("heads", "tails"):
            assert len(state[f"{side} {dot} dots"]) == 2 * false_edges
    assert not added or set(state["kind words"].split("; ")) == {kind}


def test_only_a_triangle_resists_the_roles_tables():
    left = {kind for kind in CODED if ceiling.decoded(kind, "roles")[1]}
    assert left == {"merged"} == {kind for kind in CODED if ceiling.decoded(kind, "nodes")[1]}
    assert {kind for kind in CODED if not ceiling.decoded(kind, "types")[1]} == {"type"}


def test_without_a_table_the_picture_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(ceiling, "STORED", tmp_path)
    assert made("ceiling_kinds")["counts"] == "not counted on this machine"
    row = {"events": 2405, "lost": 0, "spurious": 36, "reasons": {"type": 1, "role": 35}}
    (tmp_path / "06-ceiling.json").write_text(json.dumps({"codings": {"positions": row}}), encoding="utf-8")
    assert made("ceiling_kinds")["counts"] == "36 spurious, 0 lost of 2,405 events (35 role, 1 type)"


# ---- all pictures ----


def test_the_figures_are_numbered_one_to_six():
    names = ("argument_graph", "recursion", "call_counts", "event_arcs", "edge_noise", "ceiling_kinds")
    assert [getattr(pictures, name)().caption[:11] for name in names] == [f"Figure 6.{k}." for k in range(1, 7)]
    assert set(names) == set(pictures.__all__)


def test_the_stored_files_are_small():
    sizes = [file.stat().st_size for file in (MODEL, STORED / "06-calls.json", STORED / "06-bench.json")]
    assert sum(sizes) < 1_000_000
