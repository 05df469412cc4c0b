"""What chapter 5 measures, draws and tabulates, and its exercises, held against slower or independent ways."""

import math
from itertools import product

import numpy as np
import pytest
import torch

from gradbook.book.exercises import check
from gradbook.book.explore.style import png
from gradbook.book.relation_linking import exercises as chapter_exercises
from gradbook.book.relation_linking import figures
from gradbook.book.relation_linking import figures as tables
from gradbook.book.relation_linking import measurements as fine_print
from gradbook.book.relation_linking.ambiguity import ambiguities, spurious
from gradbook.book.relation_linking.comparison import judged_row
from gradbook.book.relation_linking.exercises import counts, joining, negatives
from gradbook.book.relation_linking.exercises import counts as pairs
from gradbook.book.relation_linking.exercises import joining as ambiguous
from gradbook.book.relation_linking.measurements import (
    cancelled,
    formula_pushes,
    formulas,
    label_row,
    misread,
    pair_counts,
    perfect_scores,
    precision_errors,
    random_scores,
    summed,
    two_rules,
    untrained_linker,
    untrained_loss,
)
from gradbook.book.relation_linking.models import ENGLISH
from gradbook.book.relation_linking.pictures.quintuples import factor_count, quintuple_count
from gradbook.book.tables import quoted_rows
from gradbook.extraction.annotated import Fact, RelationText, Triple
from gradbook.extraction.relation_extractor import RelationExtractor
from gradbook.relation_linking import Relation, decode_relations

SHARED = {Relation((5, 7), 0, (0, 3)), Relation((9, 10), 0, (0, 3))}  # two subjects with one object


class TestTables:
    def test_the_articles_numbers(self):
        assert dict(quoted_rows(tables.QUOTED))["CasRel"] == "82.20"

    def test_counts(self):
        counts = {"texts": [1000, 20, 3], "triples": 4000, "predicates": 3, "longest": 149, "repeated mentions": 7}
        counts["mean length"] = 56.9
        rows = tables.count_rows(
            {"sets": {"silver": {**counts, "spurious": {"nearest": 1, "first": 2}, "backwards": 8}}}
        )
        assert rows == [("silver", "1,023", "1,000", "4,000", "3", "57", "149", "7", "8", "1", "2")]

    def test_a_row_a_case_of_the_bench(self):
        row = {"candidates": 30, "predicates": 50, "length": 128, "gathering": 1.25, "nested loops": 250.0}
        bench = {
            "decoding": {"candidates": [row | {"ratio": 200.0, "relations": 1234}], "length": [], "predicates": []}
        }
        assert tables.decoding_rows(bench) == [("candidates", "30 × 30", "50", "128", "1,234", "250", "1.25", "200")]

    def test_a_judged_row(self):
        person, place, title = (0, 1), (2, 3), (4, 5)
        facts = frozenset({Fact(person, "职务", title), Fact(person, "属地", place)})
        triples = frozenset({Triple("甲乙", "职务", "戊己"), Triple("甲乙", "属地", "丙丁")})
        text = RelationText("甲乙丙丁戊己", triples, facts)
        model = RelationExtractor(untrained_linker("甲乙丙丁戊己", 3), sorted(ENGLISH))
        found = frozenset({Fact(person, "职务", title), Fact(place, "属地", person)})
        model.extract = lambda texts: [found] * len(texts)
        row = judged_row("mine", model, [text, text])
        size = sum(p.numel() for pointer in model.linker.pointers for p in pointer.parameters())
        by_predicate = {"职务": "1.000", "属地": "0.000", "任职于": "0.000"}
        assert row == ("mine", f"{size:,}", "0.500", "0.500", "0.500", *(by_predicate[name] for name in ENGLISH))


class TestSums:
    def test_the_sum_of_four_pieces(self):
        entities, heads, tails = scores = random_scores(2, 4, seed=3)
        for p in range(2):
            found = summed(scores, p)
            for i, j, k, m in product(range(4), repeat=4):
                own = entities[0, 0, i, j] + entities[0, 1, k, m] + heads[0, p, i, k] + tails[0, p, j, m]
                assert found[i, j, k, m] == pytest.approx(float(own))
            assert found[2, 1, 0, 0] == found[0, 0, 3, 2] == -math.inf

    @pytest.mark.parametrize("seed", range(5))
    def test_the_sum_is_the_weaker_rule(self, seed):
        rules = two_rules(random_scores(2, 6, seed))
        assert rules.quintuples == quintuple_count(6, 2)
        assert 0 < rules.all_four < rules.by_sum < rules.quintuples

    def test_two_names_with_one_object_are_joined_by_the_sum(self):
        scores = perfect_scores(SHARED, 1, 11)
        assert two_rules(scores)[1:] == (3, 2)
        assert summed(scores, 0)[5, 10, 0, 3] == 2

    def test_too_many_to_be_summed(self):
        with pytest.raises(ValueError, match="at most 64 tokens"):
            summed(random_scores(1, 65), 0)

    def test_three_relations_need_one_side_only(self):
        three = SHARED | {Relation((5, 10), 1, (13, 14))}
        assert spurious(three) == {Relation((5, 10), 0, (0, 3))}
        assert decode_relations(*perfect_scores(three, 2, 15)) == [three | spurious(three)]

    def test_perfect_entities_are_masked_below_the_diagonal(self):
        entities, heads, tails = perfect_scores(SHARED, 1, 11)
        below = ~torch.ones(11, 11, dtype=torch.bool).triu()
        assert (entities[..., below] == -math.inf).all()
        assert all(part.isfinite().all() for part in (entities[..., ~below], heads, tails))

    @pytest.mark.parametrize("relations", [SHARED, set(), {Relation((0, 0), 1, (0, 0))}])
    def test_perfect_scores_come_back(self, relations):
        assert decode_relations(*perfect_scores(relations, 2, 11)) == [relations]

    def test_finite_scores_are_counted(self):
        with torch.no_grad():
            scores = untrained_linker("甲乙丙", 3)(["甲乙丙乙"])
        assert sum(int(part.isfinite().sum()) for part in scores) == factor_count(4, 3)

    def test_made_up_numbers_leave_the_callers_alone(self):
        torch.manual_seed(1)
        before = torch.random.get_rng_state()
        untrained_linker("甲乙丙", 2)
        random_scores(2, 3)
        label_row(1.0, 0.0, 5)
        assert torch.equal(torch.random.get_rng_state(), before)


class TestFormula:
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
    def test_the_error_is_within_what_is_expected(self, dtype):
        rows = [cancelled(score / 4, dtype) for score in range(72)]
        assert all(row.error <= row.expected for row in rows)
        assert max(row.error / row.expected for row in rows) > 0.1  # not far too cautious
        assert rows[-1].rounded == 0

    def test_the_weight_is_the_share_of_the_others(self):
        row = label_row(3.0, -12.0, 8256, held=1).exp()
        assert cancelled(3.0).exact == pytest.approx(float((1 + row[1:].sum()) / (1 + row.sum())), rel=1e-12)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
    def test_the_packages_loss_is_right_to_rounding_in_every_precision(self, dtype):
        hard = label_row(20, others=-15, number=80_000, held=1, hardest=2)
        formula, ours = precision_errors(hard, 1, dtype).values()
        assert max(ours) < torch.finfo(dtype).eps
        assert formula.loss > 0.5
        assert formula.gradient > 0.9  # the label that holds is pushed down with all its force
        calm = precision_errors(label_row(0, others=-1, number=20, held=2), 2, torch.float64)
        assert max(*calm["gradbook"], *calm["article's formula"]) < 1e-12

    @pytest.mark.parametrize(("score", "clipped"), [(20, 4.98), (30, 14.98)])
    def test_the_clipped_formula_ends_on_a_line(self, score, clipped):
        found = formulas(label_row(score, -score, 80_000), 3)
        assert found.clipped == pytest.approx(math.log(3) + score + math.log(1e-7), abs=1e-3)
        assert round(found.clipped, 2) == clipped
        assert found.bare == -math.inf
        assert found.ours == pytest.approx(found.exact, rel=1e-6)
        assert found.exact < 1e-3

    def test_all_agree_where_scores_are_small(self):
        found = formulas(label_row(1.0, -1.0, 50), 3)
        assert all(value == pytest.approx(found.exact, rel=1e-5) for value in found)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_only_the_books_loss_sees_a_hard_negative(self, dtype):
        pushes = formula_pushes(label_row(20, -15, 80_000, 1, hardest=2), 1, dtype)
        assert pushes["the article's formula"][0] > 0.9
        assert abs(pushes["the article's formula"][1]) < 1e-3
        assert pushes["gradbook"][1] == pytest.approx(0.88, abs=0.01)
        assert abs(pushes["gradbook"][0]) < 1e-6

    def test_rows_that_the_formula_misjudges_are_counted(self):
        text = RelationText("甲乙丙丁", frozenset({Triple("甲", "p", "丙丁")}))
        model = RelationExtractor(untrained_linker("甲乙丙丁", 1), ["p"])
        calm = misread(model, [text, text])
        assert calm[:3] == (6, 0, 0)
        held = perfect_scores(model.relations(text), 1, 4, margin=15.5)
        model.linker.forward = lambda texts: held
        sure = misread(model, [text])
        assert (sure.rows, sure.highest) == (3, 15.5)
        assert sure.off == 3
        assert sure.below >= 1

    def test_a_row_needs_a_label(self):
        with pytest.raises(ValueError, match="number"):
            label_row(1.0, 0.0, 0)

    def test_an_untrained_loss_grows_with_the_predicates_only_without_joint(self):
        apart, joint = ([untrained_loss(n, j) for n in (10, 100)] for j in (False, True))
        assert apart[1] - apart[0] == pytest.approx(2 * 90 * math.log(1 + 30**2), rel=0.05)
        assert joint[1] - joint[0] == pytest.approx(2 * math.log(10), abs=0.5)


def test_pairs_are_counted_one_by_one():
    found = pair_counts(length=3, predicates=2, hidden_size=5)
    upper = [(i, j) for i in range(3) for j in range(i, 3)]
    assert found.vectors == 5 * len(upper)
    assert found.tplinker == sum(2 + 3 + 3 + 3 + 3 for _ in upper)
    assert found.gplinker == factor_count(3, 2)
    with pytest.raises(ValueError, match="hidden_size"):
        pair_counts(3, 2, 0)


def test_the_figure_of_the_error_is_drawn():
    figure = figures.cancellation_figure(highest=6.0)
    assert [line.get_label() for line in figure.axes[0].lines[::2]][:3] == list(figures.PRECISIONS)
    assert all(max(line.get_ydata()) <= 1 for line in figure.axes[0].lines[:-1])
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()][3:] == ["measured", "(5.8), at most"]
    assert len(png(figure)) > 2000


def as_tuples(relations):
    return {tuple(relation) for relation in relations}


class TestExercises:
    @pytest.mark.parametrize("exercise", chapter_exercises.ALL, ids=lambda e: e.name)
    def test_the_solution_is_right(self, exercise):
        assert check(exercise, exercise.solution).right

    @pytest.mark.parametrize("exercise", chapter_exercises.ALL, ids=lambda e: e.name)
    def test_every_mistake_is_wrong_and_gets_its_own_hint(self, exercise):
        assert len(exercise.mistakes) >= 3
        assert len({mistake.hint for mistake in exercise.mistakes}) == len(exercise.mistakes)
        for mistake in exercise.mistakes:
            verdict = check(exercise, mistake.answer)
            assert verdict.right is False
            assert verdict.hint == mistake.hint

    def test_candidates_are_the_packages(self):
        for length, predicates in product((1, 7, 300), (1, 171)):
            own = chapter_exercises.solve_candidates(length, predicates)
            assert own == (quintuple_count(length, predicates), factor_count(length, predicates))

    @pytest.mark.parametrize(
        "answer", [7, ("6", "7"), (1, 2, 3), ([1], [2]), (None, 1), (1j, 1), (True, 1), (math.nan, 1)]
    )
    def test_what_is_no_pair_of_numbers(self, answer):
        assert "Two numbers are asked for" in check(chapter_exercises.count_candidates, lambda length, n: answer).text

    def test_a_set_has_no_order(self):
        text = check(chapter_exercises.count_candidates, lambda *sizes: set(counts.solve_candidates(*sizes))).text
        assert "in order" in text

    def test_whole_numbers_are_asked_for(self):
        def shifted(triples):
            entities, heads, tails = pairs.solve_pairs(triples)
            return entities, heads, {(p, i, j + 0.5) for p, i, j in tails}

        assert "Three sets" in check(chapter_exercises.triples_to_pairs, shifted).text
        halves = check(chapter_exercises.join_pairs, lambda *parts: {((0.5, 1), 0, (4, 6))})
        assert "A set of ((i, j), p, (k, m)) is asked for" in halves.text

    def test_what_is_told_is_the_readers_and_not_the_truth(self):
        def empty(triples):
            return *pairs.solve_pairs(triples)[:2], set()

        assert "your tails are []" in check(chapter_exercises.triples_to_pairs, empty).text

    def test_a_swap_of_two_objects_is_not_enough(self):
        def swapped(triples):
            more = {(s, p, k) for s, p, o in triples for t, q, k in triples if p == q and s != t and o != k}
            return {triple for triple in more if triple in ambiguous.solve_unwanted(triples)}

        verdict = check(chapter_exercises.unwanted_triples, swapped)
        assert verdict.right is False
        assert "returns none" in verdict.text

    def test_pairs_are_those_of_the_package(self):
        from gradbook.relation_linking import relation_positives

        relations = {Relation(*triple) for triple in pairs._CASES[2]}
        positives = relation_positives([relations])
        for own, rows in zip(chapter_exercises.solve_pairs(pairs._CASES[2]), positives, strict=True):
            assert own == {tuple(row) for row in rows[0].tolist()}

    def test_lists_and_arrays_may_stand_for_sets(self):
        def lists(triples):
            return [sorted(part) for part in pairs.solve_pairs(triples)]

        assert check(chapter_exercises.triples_to_pairs, lists).right
        assert check(chapter_exercises.join_pairs, lambda *parts: sorted(joining.solve_joined(*parts))).right
        assert "Three sets" in check(chapter_exercises.triples_to_pairs, lambda triples: {1, 2, 3}).text

    @pytest.mark.parametrize("seed", range(5))
    def test_joining_is_the_packages_decoding(self, seed):
        scores = random_scores(2, 5, seed)
        sets = [{tuple(row[1:]) for row in torch.nonzero(part > 0).tolist()} for part in scores]
        (found,) = decode_relations(*scores)
        assert chapter_exercises.solve_joined(*sets) == as_tuples(found)

    def test_the_negative_part_is_the_packages_loss(self):
        from gradbook.multilabel_loss import sparse_multilabel_cross_entropy

        for scores, held in (*negatives._ROWS, negatives._CONFIDENT, negatives._LARGE, negatives._NONE):
            loss = sparse_multilabel_cross_entropy(torch.tensor(scores), torch.tensor(held))
            own = chapter_exercises.solve_negative_part(scores, held) + math.log1p(np.exp(-scores[held]).sum())
            assert float(loss) == pytest.approx(own, rel=1e-9)

    def test_a_negative_part_that_works_in_place_spoils_no_later_check(self):
        def wrong(scores, positives):
            scores[:] = 0
            return 1.0

        def masked(scores, positives):
            scores[positives] = -np.inf
            return np.logaddexp(0, np.logaddexp.reduce(scores))

        assert check(chapter_exercises.negative_part, wrong).right is False
        assert check(chapter_exercises.negative_part, masked).right

    def test_unwanted_triples_are_the_packages(self):
        searched = [{tuple(r) for r in found.relations} for found in ambiguities(3, 2)]
        for triples in [*ambiguous._CASES, *searched]:
            known = spurious(Relation(*triple) for triple in triples)
            assert chapter_exercises.solve_unwanted(triples) == as_tuples(known)

    def test_a_verdict_is_no_set(self):
        text = check(chapter_exercises.unwanted_triples, lambda triples: len(triples) > 2).text
        assert "spurious triples themselves" in text


def test_gradients_of_the_formula_are_named():
    assert set(formula_pushes(label_row(1.0, -1.0, 10), 3)) == {"the article's formula", "gradbook"}
    assert fine_print.MOST >= 2**20
