"""Relations: encoding, decoding, losses, counts, ambiguity, scores."""

from itertools import product

import pytest
import torch

from gradbook.book.relation_linking.ambiguity import ambiguities, smallest_ambiguities, spurious
from gradbook.book.relation_linking.pictures.quintuples import factor_count, quintuple_count
from gradbook.extraction.annotated import Fact, RelationText, Triple
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.f1 import triple_score
from gradbook.extraction.relation_extractor import RelationExtractor, located
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer
from gradbook.relation_linking import Relation, RelationLinker, decode_relations, nested_loops, relation_positives
from gradbook.relation_linking.decoding import CHUNK
from gradbook.relation_linking.linker import METHODS, pointer_loss

pytestmark = pytest.mark.numeric

TEXTS = ["甲乙丙丁", "甲丁", "丙乙甲丁戊己"]
RELATIONS = [
    {Relation((0, 1), 0, (3, 3)), Relation((3, 3), 2, (0, 1)), Relation((0, 1), 1, (3, 3))},
    set(),
    {Relation((2, 2), 1, (0, 0)), Relation((1, 4), 1, (1, 1)), Relation((0, 0), 0, (5, 5))},
]


def untrained(pointer=EfficientGlobalPointer, predicates=3, seed=0):
    torch.manual_seed(seed)
    embedding = CharacterEmbedding(Characters("甲乙丙丁戊己"), 8)
    return (
        RelationLinker(TextEncoder(embedding, BiLSTM(8, 6), dropout=0.0), predicates, pointer, head_size=4)
        .double()
        .eval()
    )


def random_scores(batch, predicates, length, seed=0, shift=1.0):
    generator = torch.Generator().manual_seed(seed)
    sizes = (2, predicates, predicates)
    entities, heads, tails = (torch.randn(batch, n, length, length, generator=generator) - shift for n in sizes)
    return entities.triu().masked_fill(~torch.ones(length, length, dtype=torch.bool).triu(), -torch.inf), heads, tails


def perfect_scores(relations, predicates, length):
    """+1 where a pair holds, −1 elsewhere."""
    made = []
    for positives, types in zip(relation_positives([relations]), (2, predicates, predicates), strict=True):
        scores = -torch.ones(1, types, length, length)
        for kind, i, j in positives[0].tolist():
            if kind >= 0:
                scores[0, kind, i, j] = 1.0
        made.append(scores)
    return made


class TestEncoding:
    def test_every_pair_is_named_once(self):
        entities, heads, tails = relation_positives(RELATIONS[:1])
        assert entities[0].tolist() == [[0, 0, 1], [0, 3, 3], [1, 0, 1], [1, 3, 3]]
        assert heads[0].tolist() == [[0, 0, 3], [1, 0, 3], [2, 3, 0]]  # the last: subject behind object
        assert tails[0].tolist() == [[0, 1, 3], [1, 1, 3], [2, 3, 1]]

    def test_it_comes_back(self):
        for relations in RELATIONS:
            assert decode_relations(*perfect_scores(relations, 3, 6)) == [relations]

    @pytest.mark.parametrize("seed", range(20))
    def test_random_relations_come_back_with_what_is_spurious(self, seed):
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randint(0, 5, (6, 5), generator=generator).tolist()
        relations = {Relation((min(a, b), max(a, b)), p % 2, (min(c, d), max(c, d))) for a, b, p, c, d in drawn}
        (found,) = decode_relations(*perfect_scores(relations, 2, 5))
        assert found == relations | spurious(relations)

    @pytest.mark.parametrize(
        ("relation", "message"),
        [
            (Relation((2, 1), 0, (0, 0)), "subject must not end before it starts"),
            (Relation((0, 0), 0, (3, 1)), "object must not end before it starts"),
            (Relation((0, 0), -1, (1, 1)), "whole numbers ≥ 0"),
            (Relation((0, 0.5), 0, (1, 1)), "whole numbers ≥ 0"),
            (Relation(5, 0, (1, 2)), "subject must be a pair"),
            (Relation((0, 1), 0, (2, 3, 4)), "object must be a pair"),
        ],
    )
    def test_bad_relations_are_refused(self, relation, message):
        with pytest.raises(ValueError, match=message):
            relation_positives([set(), {relation}])

    def test_a_tuple_is_no_relation(self):
        with pytest.raises(TypeError, match="Relation"):
            relation_positives([[((0, 0), 0, (1, 1))]])


class TestDecoding:
    @pytest.mark.parametrize("seed", range(10))
    def test_gathering_equals_the_loops(self, seed):
        scores = random_scores(3, 4, 7, seed)
        found = decode_relations(*scores)
        assert found == nested_loops(*scores)
        assert sum(map(len, found)) > 0

    def test_by_definition(self):
        scores = random_scores(2, 2, 4, shift=0.3)
        spans = [(i, j) for i in range(4) for j in range(i, 4)]
        for b, found in enumerate(decode_relations(*scores, threshold=0.2)):
            entities, heads, tails = (part[b] for part in scores)
            assert found == {
                Relation(s, p, o)
                for s, o, p in product(spans, spans, range(2))
                if min(entities[0][s], entities[1][o], heads[p, s[0], o[0]], tails[p, s[1], o[1]]) > 0.2
            }

    def test_many_candidates_are_taken_in_pieces(self, monkeypatch):
        scores = random_scores(2, 3, 12, shift=-0.5)
        whole = decode_relations(*scores)
        monkeypatch.setattr("gradbook.relation_linking.decoding.CHUNK", 50)
        assert decode_relations(*scores) == whole
        assert CHUNK > 50

    def test_nothing_above_the_threshold(self):
        scores = random_scores(2, 3, 5)
        assert decode_relations(*scores, threshold=100.0) == [set(), set()]

    @pytest.mark.parametrize("number", range(3))
    @pytest.mark.parametrize("value", [torch.nan, torch.inf])
    def test_no_nan_and_no_infinity(self, number, value):
        scores = random_scores(2, 3, 5)
        scores[number][1, 1, 0, 0] = value
        with pytest.raises(ValueError, match=("entities", "heads", "tails")[number]):
            decode_relations(*scores)

    def test_no_entity_ends_before_it_starts(self):
        entities, heads, tails = random_scores(2, 3, 5)
        entities[1, 0, 3, 1] = 0.5
        for decode in (decode_relations, nested_loops):
            with pytest.raises(ValueError, match=r"ends before it starts, not so at \[1, 0, 3, 1\]"):
                decode(entities, heads, tails)
            decode(entities, heads, tails, threshold=0.6)

    def test_large_finite_scores_in_half_precision(self):
        scores = [part.clamp(-60000, 60000).half() * 30000 for part in random_scores(1, 2, 6)]
        scores = [part.clamp(-65504, 65504) for part in scores]
        assert decode_relations(*scores) == nested_loops(*scores)

    def test_shapes(self):
        entities, heads, tails = random_scores(2, 3, 5)
        with pytest.raises(ValueError, match=r"entities must have shape \(B, 2, L, L\)"):
            decode_relations(heads, heads, tails)
        with pytest.raises(ValueError, match="tails must have shape"):
            decode_relations(entities, heads, tails[:, :2])
        with pytest.raises(ValueError, match="heads must have shape"):
            decode_relations(entities, heads[:, :, :, :4], tails)
        with pytest.raises(TypeError, match="heads must be a floating point tensor"):
            decode_relations(entities, heads > 0, tails)
        with pytest.raises(ValueError, match="threshold"):
            decode_relations(entities, heads, tails, threshold=float("nan"))


class TestLinker:
    @pytest.mark.parametrize("pointer", [EfficientGlobalPointer, GlobalPointer])
    @pytest.mark.parametrize("threshold", [0.0, -0.05])
    def test_decode_equals_decoding_the_scores(self, pointer, threshold):
        linker = untrained(pointer)
        scores = linker(TEXTS)
        assert [tuple(part.shape) for part in scores] == [(3, 2, 6, 6), (3, 3, 6, 6), (3, 3, 6, 6)]
        found = linker.decode(TEXTS, threshold)
        assert found == nested_loops(*scores, threshold)
        assert any(found)

    def test_subjects_may_follow_objects_but_no_entity_ends_before_it_starts(self):
        entities, heads, tails = untrained()(TEXTS)
        lower = torch.ones(6, 6, dtype=torch.bool).tril(-1)
        assert (entities[0, :, lower] == -torch.inf).all()
        assert torch.isfinite(heads[0, :, :4, :4]).all()
        assert torch.isfinite(tails[0, :, :4, :4]).all()
        assert (heads[1, :, 2:] == -torch.inf).all()
        assert (heads[1, :, :, 2:] == -torch.inf).all()

    @pytest.mark.parametrize("pointer", [EfficientGlobalPointer, GlobalPointer])
    @pytest.mark.parametrize("joint", [False, True])
    def test_all_losses_are_equal(self, pointer, joint):
        linker = untrained(pointer)
        own, *others = (linker.loss(TEXTS, RELATIONS, method, joint) for method in METHODS)
        assert own.shape == (3,)
        for loss in others:
            torch.testing.assert_close(loss, own, rtol=1e-6, atol=0)

    def test_a_text_has_the_same_loss_alone(self):
        linker = untrained()
        together = linker.loss(TEXTS, RELATIONS)
        alone = torch.cat([linker.loss([t], [r]) for t, r in zip(TEXTS, RELATIONS, strict=True)])
        torch.testing.assert_close(alone, together)

    @pytest.mark.once
    def test_it_learns_by_heart(self):
        linker = untrained().train()
        optimizer = torch.optim.Adam(linker.parameters(), lr=0.03)
        for _ in range(200):
            optimizer.zero_grad()
            linker.loss(TEXTS, RELATIONS).mean().backward()
            optimizer.step()
        assert linker.decode(TEXTS) == RELATIONS
        assert linker.training

    def test_bad_input(self):
        linker = untrained()
        with pytest.raises(ValueError, match="relations must be one collection a text, 3"):
            linker.loss(TEXTS, RELATIONS[:2])
        with pytest.raises(ValueError, match=r"relations\[0\] must have predicates below 3, got Relation"):
            linker.loss(["甲乙"], [{Relation((0, 0), 3, (1, 1))}])
        with pytest.raises(ValueError, match=r"relations\[1\] must lie inside the 2 tokens of its text"):
            linker.loss(["甲乙丙", "甲乙"], [set(), {Relation((0, 2), 0, (1, 1))}])
        with pytest.raises(ValueError, match="method must be one of own"):
            linker.loss(TEXTS, RELATIONS, "fast")
        with pytest.raises(ValueError, match="num_predicates"):
            untrained(predicates=0)
        with pytest.raises(ValueError, match="method must be one of"):
            pointer_loss(linker.heads, torch.zeros(1, 2, 12).double(), torch.ones(1, 2, dtype=torch.bool), None, "x")


TEXT = RelationText("甲乙甲丁和丙", frozenset({Triple("甲", "p", "丁"), Triple("丙", "q", "甲")}))


class TestExtractor:
    def test_nearest_and_first(self):
        assert located(TEXT) == {Fact((2, 2), "p", (3, 3)), Fact((5, 5), "q", (2, 2))}
        assert located(TEXT, "first") == {Fact((0, 0), "p", (3, 3)), Fact((5, 5), "q", (0, 0))}
        with pytest.raises(ValueError, match="occurrence"):
            located(TEXT, "last")

    def test_a_mention_inside_the_other_is_the_last_choice(self):
        text = RelationText("甲乙丙甲", frozenset({Triple("甲乙", "p", "甲")}))
        assert located(text) == {Fact((0, 1), "p", (3, 3))}
        assert located(RelationText("甲乙", text.triples)) == {Fact((0, 1), "p", (0, 0))}

    def test_places_of_the_annotation_are_kept(self):
        facts = frozenset({Fact((0, 0), "p", (3, 3)), Fact((5, 5), "q", (2, 2))})
        assert located(RelationText(TEXT.text, TEXT.triples, facts)) == facts

    @pytest.mark.once
    def test_trained_and_asked(self):
        extractor = RelationExtractor(untrained(predicates=2).train(), ["p", "q"])
        optimizer = torch.optim.Adam(extractor.parameters(), lr=0.03)
        for _ in range(200):
            optimizer.zero_grad()
            extractor([TEXT]).mean().backward()
            optimizer.step()
        (facts, none) = extractor.extract([TEXT.text, "己"])
        assert facts == located(TEXT)
        assert {TEXT.triple(fact) for fact in facts} == TEXT.triples
        assert none == set()

    def test_bad_input(self):
        linker = untrained(predicates=2)
        with pytest.raises(ValueError, match="predicates must be 2 different names"):
            RelationExtractor(linker, ["p", "p"])
        with pytest.raises(ValueError, match=r"predicates must hold 'q', got \['p', 'r'\]"):
            RelationExtractor(linker, ["p", "r"])([TEXT])
        with pytest.raises(TypeError, match="predicates must be a collection of strings"):
            RelationExtractor(linker, "pq")
        with pytest.raises(ValueError, match="occurrence must be"):
            RelationExtractor(linker, ["p", "q"], occurrence="last")
        with pytest.raises(ValueError, match="texts must be cut into characters as the encoder does, got words=True"):
            RelationExtractor(linker, ["p", "q"])([RelationText("a b", frozenset(), words=True)])
        with pytest.raises(TypeError, match="list of texts"):
            RelationExtractor(linker, ["p", "q"]).extract("甲")
        with pytest.raises(ValueError, match="batch_size"):
            RelationExtractor(linker, ["p", "q"]).extract(["甲"], batch_size=0)


class TestCounts:
    @pytest.mark.parametrize(("length", "predicates"), [(1, 1), (3, 2), (5, 3)])
    def test_counted_one_by_one(self, length, predicates):
        spans = [(i, j) for i in range(length) for j in range(i, length)]
        assert quintuple_count(length, predicates) == len(list(product(spans, range(predicates), spans)))
        assert factor_count(length, predicates) == 2 * len(spans) + 2 * predicates * length**2

    def test_exact_at_512(self):
        assert quintuple_count(512, 50) == 50 * 131328**2 == 862_352_179_200
        with pytest.raises(ValueError, match="length"):
            quintuple_count(0, 1)


class TestAmbiguity:
    def test_the_smallest(self):
        found = smallest_ambiguities()
        assert {(a.length, len(a.relations), len(a.spurious)) for a in found} == {(2, 2, 2)}
        assert len(found) == 4

    def test_the_smallest_with_subjects_and_objects_apart(self):
        found = smallest_ambiguities(apart=True)
        assert {(a.length, len(a.relations)) for a in found} == {(4, 2)}
        for ambiguity in found:
            (first, second) = ambiguity.relations
            assert first.subject[0] == second.subject[0] or first.subject[1] == second.subject[1]

    def test_none_in_one_token_or_of_one_relation(self):
        assert smallest_ambiguities(longest=1) == []
        assert list(ambiguities(4, 1)) == []

    def test_it_takes_shared_first_and_shared_last_tokens(self):
        for count in (2, 3):
            for a in ambiguities(3, count):
                for edge in (0, 1):
                    subjects = {r.subject for r in a.relations}
                    objects = {r.object for r in a.relations}
                    shared = [len({span[edge] for span in spans}) < len(spans) for spans in (subjects, objects)]
                    assert any(shared)

    def test_of_other_predicates_nothing_is_joined(self):
        (first, *_) = smallest_ambiguities()
        one, two = first.relations
        assert spurious({one, two._replace(predicate=1)}) == set()


class TestScores:
    GOLD = ({Triple("甲乙", "p", "丙"), Triple("甲乙", "q", "丙")}, set(), {Triple("Alan Bean", "p", "New York")})

    def test_exact(self):
        predicted = [{Triple("甲乙", "p", "丙"), Triple("甲", "q", "丙")}, {Triple("a", "p", "b")}, set()]
        score = triple_score(predicted, self.GOLD)
        assert score == (1, 3, 3)
        assert score.f1 == pytest.approx(1 / 3)

    def test_partial_looks_at_the_last_word(self):
        predicted = [set(), set(), {Triple("Bean", "p", "York")}]
        assert triple_score(predicted, self.GOLD) == (0, 1, 3)
        assert triple_score(predicted, self.GOLD, "partial") == (1, 1, 3)

    def test_a_triple_counts_once_a_text(self):
        assert triple_score([[Triple("甲乙", "p", "丙")] * 2], self.GOLD[:1]) == (1, 1, 2)

    def test_bad_input(self):
        with pytest.raises(TypeError, match="Triple objects, got 'abc'"):
            triple_score([["abc"]], [["abc"]])
        with pytest.raises(ValueError, match="must have a word"):
            triple_score([{Triple(" ", "p", "b")}], [set()], "partial")
        with pytest.raises(ValueError, match="match"):
            triple_score(self.GOLD, self.GOLD, "loose")
        with pytest.raises(ValueError, match="as many texts"):
            triple_score(self.GOLD[:1], self.GOLD)
