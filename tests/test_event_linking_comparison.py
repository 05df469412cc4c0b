"""The comparison of chapter 6: one small run a pointer, classes, the tables' jobs, the sets."""

import json
from pathlib import Path

import pytest
import torch

from gradbook.book.event_linking import comparison as tables
from gradbook.book.event_linking import sets as facts
from gradbook.book.event_linking.comparison import build, classes_of, evaluate, run
from gradbook.book.event_linking.sets import EventSet, load_set
from gradbook.book.relation_linking.comparison import POINTERS
from gradbook.book.stored import STORED
from gradbook.book.tables import Budget
from gradbook.event_linking import TRIGGER, Argument, Event, TooManySubgraphs
from gradbook.extraction.annotated import EventText
from gradbook.extraction.event_extractor import EventExtractor

DATA = Path(__file__).parents[1].parent / "shared" / "data"
MEETING = Event("会见", frozenset({Argument(0, 0, "会见者"), Argument(1, 2, TRIGGER), Argument(3, 3, "会见对象")}))
OTHER = Event("会见", frozenset({Argument(1, 2, TRIGGER), Argument(4, 4, "会见对象")}))
TEXTS = [EventText("甲会见乙", frozenset({MEETING})), EventText("丙丙丙", frozenset())]


@pytest.mark.parametrize("pointer", POINTERS)
def test_both_pointers_learn_by_heart(pointer):
    torch.set_num_threads(1)
    row = run(pointer, (TEXTS * 6, TEXTS, TEXTS), Budget(epochs=30, batch_size=4, learning_rate=0.02), 0, joint=True)
    assert (row["dev"], row["arguments"], row["events"]) == (1.0, 1.0, 1.0)


def test_every_type_has_its_trigger_among_the_classes():
    silent = EventText("甲会见乙", frozenset({Event("访问", frozenset({Argument(0, 0, "访问者")}))}))
    assert classes_of([*TEXTS, silent]) == sorted(
        [("会见", TRIGGER), ("会见", "会见者"), ("会见", "会见对象"), ("访问", TRIGGER), ("访问", "访问者")], key=str
    )


def test_arguments_are_scored_by_their_words_and_events_whole():
    class Answers(EventExtractor):
        def __init__(self):
            torch.nn.Module.__init__(self)

        def extract(self, texts, **options):
            assert options == {"too_many": "none"}
            return [frozenset({Event("会见", MEETING.arguments - {Argument(1, 2, TRIGGER)})}), frozenset()]

    arguments, events = evaluate(Answers(), TEXTS)
    assert arguments.f1 == 1.0
    assert events.f1 == 0.0


def test_no_score_of_arguments_is_above_one():
    class Answers(EventExtractor):
        def __init__(self):
            torch.nn.Module.__init__(self)

        def extract(self, texts, **options):
            whole, part = Argument(0, 3, "会见对象"), Argument(2, 3, "会见对象")
            return [frozenset({Event("会见", MEETING.arguments | {whole, part})}), frozenset()]

    assert evaluate(Answers(), TEXTS, "best")[0].recall > 1
    assert evaluate(Answers(), TEXTS)[0].recall == 1


def test_too_many_events_stop_the_extractor_or_count_as_none():
    two = [EventText("甲会见乙丙", frozenset({Event("会见", MEETING.arguments), OTHER}))]
    model = build("Efficient GlobalPointer", two)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        model(two).mean().backward()
        optimizer.step()
    assert model.extract([two[0].text]) == [two[0].events]
    with pytest.raises(TooManySubgraphs, match="甲会见乙丙"):
        model.extract([two[0].text], limit=1)
    assert model.extract([two[0].text], limit=1, too_many="none") == [frozenset()]


def test_bad_input():
    with pytest.raises(ValueError, match="pointer must be one of GlobalPointer, Efficient GlobalPointer, got 'CRF'"):
        build("CRF", TEXTS)
    with pytest.raises(ValueError, match="method must be one of"):
        build("GlobalPointer", TEXTS, method="fast")
    with pytest.raises(ValueError, match="name must be bylines, meetings or duee, got 'ace'"):
        load_set("ace")


def test_jobs():
    assert list(tables.jobs("meetings", ["GlobalPointer"], 2)) == [
        {"pointer": "GlobalPointer", "seed": seed} for seed in (0, 1)
    ]
    assert {job["head_size"] for job in tables.jobs("duee", list(POINTERS), 3)} == {16}
    assert list(tables.jobs("duee-64", list(POINTERS), 1)) == [
        {"pointer": "Efficient GlobalPointer", "head_size": 64, "seed": 0}
    ]


def match(*arguments):
    return Event("match", frozenset(Argument(place, place, role) for place, role in arguments))


def test_crowded_texts_are_counted():
    ring = [match((0, "a"), (1, "b")), match((1, "b"), (2, "c")), match((0, "a"), (2, "c"))]
    texts = [ring, ring[:2], ring[:1], [], [*ring[:2], match((5, "a"))]]
    assert facts.crowding(texts) == {"two of a type": 3, "three of a type": 2, "three that share nodes pairwise": 1}


def test_spurious_events_are_counted_by_type_and_by_the_two_roles_of_a_span():
    texts = [[match((0, "winner"), (1, "cup")), match((0, "loser"))], [match((0, "winner"))]]
    assert facts.spurious_facts(texts) == {"types": {"match": 1}, "roles": {"loser/winner": 1}}


def test_parts_are_counted():
    train, dev, test = facts.part_facts(EventSet(TEXTS * 2, TEXTS[1:], TEXTS, Budget()))
    assert train == {
        "part": "train",
        "texts": 4,
        "events": 2,
        "types": 1,
        "pairs": 3,
        "most in test": "会见",
        "of these": 2,
    }
    assert (dev["events"], dev["of these"], test["events"], test["of these"]) == (0, 0, 1, 1)


@pytest.mark.skipif(not DATA.exists(), reason="DuEE isn't here")
def test_the_stored_ceiling_is_what_duee_gives():
    stored = json.loads((STORED / "06-ceiling.json").read_text())
    del stored["command"]
    assert stored == json.loads(json.dumps(tables.ceilings(DATA / "duee")))
