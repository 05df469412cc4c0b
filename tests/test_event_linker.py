"""The neural half of event linking: the linker's scores and losses, the extractor, the comparison's small parts."""

from functools import cache

import pytest
import torch

from gradbook.event_linking import (
    TRIGGER,
    Argument,
    Event,
    EventLinker,
    Node,
    TooManySubgraphs,
    adjacency_from_links,
    decode_events,
)
from gradbook.event_linking.linker import decode_links
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer, decode_spans
from gradbook.relation_linking.linker import METHODS

CLASSES = [("A", TRIGGER), ("A", "x"), ("A", "y"), ("B", "x")]
TEXTS = ["甲乙丙丁戊己", "己戊", "丁"]
SHARED = Argument(0, 0, TRIGGER)
EVENTS = [
    [
        Event("A", frozenset({SHARED, Argument(1, 2, "x"), Argument(4, 5, "y")})),
        Event("A", frozenset({SHARED, Argument(3, 3, "x"), Argument(4, 4, "y")})),
    ],
    [Event("B", frozenset({Argument(1, 1, "x")}))],
    [],
]


def untrained(pointer=EfficientGlobalPointer, classes=CLASSES):
    torch.manual_seed(0)
    embedding = CharacterEmbedding(Characters("甲乙丙丁戊己"), 8)
    encoder = TextEncoder(embedding, BiLSTM(8, 6), dropout=0.0)
    return EventLinker(encoder, classes, pointer, head_size=8).double().eval()


@cache  # no test changes what it has learnt
def trained(pointer=EfficientGlobalPointer, steps=200):
    linker = untrained(pointer).train()
    optimizer = torch.optim.Adam(linker.parameters(), lr=0.03)
    for _ in range(steps):
        optimizer.zero_grad()
        linker.loss(TEXTS, EVENTS).mean().backward()
        optimizer.step()
    return linker


def test_scores_have_a_map_a_class_and_one_map_of_links_each():
    arguments, heads, tails = untrained()(TEXTS)
    assert arguments.shape == (3, 4, 6, 6)
    assert heads.shape == tails.shape == (3, 1, 6, 6)
    lower = torch.ones(6, 6, dtype=torch.bool).tril(-1)
    for scores in (arguments, heads, tails):
        assert (scores[..., lower] == -torch.inf).all()


def test_positives_name_each_pair_once():
    arguments, heads, tails = untrained().positives(EVENTS)
    assert arguments[0].tolist() == [[0, 0, 0], [1, 1, 2], [1, 3, 3], [2, 4, 4], [2, 4, 5]]
    assert heads[0].tolist() == [[0, 0, 1], [0, 0, 3], [0, 0, 4], [0, 1, 4], [0, 3, 4]]
    assert tails[0].tolist() == [[0, 0, 2], [0, 0, 3], [0, 0, 4], [0, 0, 5], [0, 2, 5], [0, 3, 4]]
    assert (arguments[2] == -1).all()


@pytest.mark.parametrize("pointer", [EfficientGlobalPointer, GlobalPointer])
def test_all_losses_are_equal(pointer):
    linker = untrained(pointer)
    own, *others = (linker.loss(TEXTS, EVENTS, method) for method in METHODS)
    assert own.shape == (3,)
    for loss in others:
        torch.testing.assert_close(loss, own, rtol=1e-6, atol=0)


@pytest.mark.parametrize("pointer", [EfficientGlobalPointer, GlobalPointer])
def test_it_learns_by_heart_shared_triggers_and_single_arguments_too(pointer):
    linker = trained(pointer)
    assert linker.decode(TEXTS) == [sorted(events) for events in EVENTS]
    assert linker.training


@pytest.mark.parametrize("threshold", [0.0, -2.0])
def test_decoding_is_what_the_scores_say(threshold):
    linker = trained(steps=30)
    arguments, heads, tails = linker(TEXTS)
    expected = []
    for b, spans in enumerate(decode_spans(arguments, threshold)):
        nodes = linker.nodes(spans)
        links = (scores[b, 0] > threshold for scores in (heads, tails))
        expected.append(decode_events(nodes, adjacency_from_links(nodes, *links)) if nodes else [])
    assert linker.decode(TEXTS, threshold) == expected
    assert any(expected)


def test_too_many_events_are_named_or_counted_as_none():
    linker = trained(EfficientGlobalPointer)
    with pytest.raises(TooManySubgraphs, match=r"texts\[0\] = '甲乙丙丁戊己'"):
        linker.decode(TEXTS, limit=1)
    assert linker.decode(TEXTS, limit=1, too_many="none") == [[], EVENTS[1], []]
    with pytest.raises(ValueError, match="too_many must be 'raise' or 'none'"):
        linker.decode(TEXTS, too_many="skip")


def test_no_nodes_no_events():
    table = torch.ones(3, 3, dtype=torch.bool)
    assert decode_links([], table, table) == []


def test_bad_input():
    linker = untrained()
    with pytest.raises(ValueError, match="classes must hold every argument's type and role"):
        linker.loss(["甲"], [[Event("B", frozenset({Argument(0, 0, "y")}))]])
    with pytest.raises(ValueError, match="must be"):
        linker.loss(["甲"], [[Event("B", frozenset({Argument(0, 1, "x")}))]])
    with pytest.raises(ValueError, match="one collection a text, 3"):
        linker.loss(TEXTS, EVENTS[:2])
    with pytest.raises(ValueError, match="classes must be different pairs"):
        untrained(classes=[("A", "x"), ("A", "x")])
    with pytest.raises(ValueError, match="threshold"):
        linker.decode(TEXTS, float("nan"))


def test_types_are_decoded_one_by_one_and_the_limit_is_theirs_together():
    nodes = [Node(k, k, kind, "x") for kind in "AB" for k in range(6)]
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        heads, tails = torch.rand(2, 6, 6, generator=generator) > 0.4
        whole = decode_events(nodes, adjacency_from_links(nodes, heads, tails))
        assert decode_links(nodes, heads, tails) == whole
        assert decode_links(nodes, heads, tails, limit=len(whole)) == whole
        with pytest.raises(TooManySubgraphs, match=f"12 nodes hold more than {len(whole) - 1} events, the limit"):
            decode_links(nodes, heads, tails, limit=len(whole) - 1)


def test_too_many_nodes_of_a_type_never_make_a_table(monkeypatch):
    nodes = [Node(i, j, "A", "x") for i in range(40) for j in range(i, 40)]
    table = torch.ones(40, 40, dtype=torch.bool)
    assert len(decode_links(nodes, table, table, limit=1)) == 1
    monkeypatch.setattr("gradbook.event_linking.linker.MOST_NODES", 819)
    assert len(decode_links(nodes, table, table)) == 1
    with pytest.raises(TooManySubgraphs, match="820 arguments of type 'A' are more than 819"):
        decode_links(nodes, table, table, limit=1)


def test_too_many_nodes_are_never_looked_at(monkeypatch):
    linker = trained(EfficientGlobalPointer)
    monkeypatch.setattr("gradbook.event_linking.linker.MOST_NODES", 4)
    monkeypatch.setattr(linker, "nodes", lambda spans: pytest.fail("looked at") if len(spans) > 4 else [])
    assert linker.decode(TEXTS, too_many="none")[0] == []
    with pytest.raises(
        TooManySubgraphs, match=r"texts\[0\] = .*: a sentence has 5 spans above the threshold, more than 4"
    ):
        linker.decode(TEXTS)
    with pytest.raises(pytest.fail.Exception, match="looked at"):
        linker.decode(TEXTS, limit=None)
