"""What chapter 4 measures, draws and tabulates, and its exercises, held against slower or independent ways."""

import itertools
import math
import re

import numpy as np
import pytest
import torch

from gradbook.book.exercises import check
from gradbook.book.explore.style import png
from gradbook.book.global_pointer import exercises, figures
from gradbook.book.global_pointer import figures as tables
from gradbook.book.global_pointer import measurements as fine_print
from gradbook.book.global_pointer import measurements as reports
from gradbook.book.global_pointer.comparison import judged_row
from gradbook.book.global_pointer.exercises import scores as parameters
from gradbook.book.global_pointer.exercises import spans as separable
from gradbook.book.global_pointer.expressible import inexpressible
from gradbook.book.tables import quoted_rows
from gradbook.extraction.annotated import Entity, Sentence
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.crf import CRFTagger
from gradbook.extraction.encoders import TextEncoder
from gradbook.extraction.entity_extractor import EntityExtractor
from gradbook.global_pointer import EfficientGlobalPointer, GlobalPointer, Span
from gradbook.global_pointer.heads import TokenPairHead


def by_package(first, second):
    """The verdict of ``inexpressible`` on what the exercise asks."""
    size = 1 + max((end for _, end in first | second), default=0)
    entities = [Entity(i, j, "A") for i, j in first] + [Entity(i, j, "B") for i, j in second]
    return inexpressible(Sentence("字" * size, frozenset(entities))) is None


class TestTables:
    def test_the_articles_numbers(self):
        rows = {corpus: scores for corpus, *scores in quoted_rows(tables.QUOTED)}
        assert rows["CLUENER, test"] == ["78.70", "79.44", "80.04"]

    def test_a_row_a_case_of_the_bench(self):
        bench = {"decoding": {"10 types": {"spans": 7, "milliseconds": 1.0, "scores": 12.34, "viterbi": 1.0}}}
        assert tables.decoding_rows(bench) == [("10 types", "7", "1", "12.3", "1")]


class TestLosses:
    @pytest.mark.parametrize("scale", [0.5, 1.0])
    def test_the_bare_product_is_the_sum_over_all_scores(self, scale):
        parts = fine_print.random_parts(3, 9, scale)
        dense = fine_print.scores_of(*parts).exp().sum((2, 3))
        torch.testing.assert_close(fine_print.bare_sums(*parts), dense)

    @pytest.mark.parametrize("case", [fine_print.one_high, fine_print.best_held])
    def test_all_three_agree_where_numbers_are_small(self, case):
        found = case(1.0)
        assert found.bare == pytest.approx(found.truth, rel=1e-5)
        assert found.factored == pytest.approx(found.truth, rel=1e-5)

    @pytest.mark.parametrize(("case", "value"), [("one_high", 20.0), ("one_high", 30.0), ("best_held", 40.0)])
    def test_only_the_bare_product_fails_where_they_are_large(self, case, value):
        found = getattr(fine_print, case)(value)
        assert found.factored == pytest.approx(found.truth, rel=1e-5)
        assert found.bare != pytest.approx(found.truth, rel=1e-2)

    def test_the_articles_formula_ends_at_its_clip(self):
        exact, formula, ours = fine_print.formula_errors(40.0)
        assert formula == pytest.approx(40 + math.log(1e-7), abs=1e-3)
        assert ours == pytest.approx(exact, rel=1e-5)

    def test_an_untrained_loss_grows_with_the_types_only_without_joint(self):
        apart = [fine_print.untrained_loss(types, joint=False) for types in (10, 100)]
        joint = [fine_print.untrained_loss(types, joint=True) for types in (10, 100)]
        assert 9 < apart[1] / apart[0] < 11
        assert joint[1] - joint[0] == pytest.approx(math.log(10), abs=0.3)
        assert fine_print.untrained_loss(1, joint=True) == pytest.approx(fine_print.untrained_loss(1, joint=False))


class TestHeads:
    @pytest.mark.parametrize("kind", [GlobalPointer, EfficientGlobalPointer])
    def test_padding_changes_nothing(self, kind):
        change = fine_print.padding_effect(kind)
        assert change.scores < 1e-12
        assert change.loss < 1e-12
        assert change.gradient == 0

    def test_only_the_efficient_heads_difference_is_additive(self):
        for seed, (i, k), (j, m) in itertools.product(range(3), [(0, 1), (2, 5)], [(0, 3), (1, 4)]):
            corners = [
                D[i, j] + D[k, m] - D[i, m] - D[k, j]
                for D in (fine_print.difference(kind, seed) for kind in (GlobalPointer, EfficientGlobalPointer))
            ]
            assert abs(corners[0]) > 1e-3
            assert abs(corners[1]) < 1e-12

    def test_sizes_are_those_of_the_modules_and_of_the_exercise(self):
        sizes = fine_print.head_sizes(40, 8, 5)
        assert sizes["CRF"] == sum(p.numel() for p in CRFTagger(40, 5).parameters())
        assert sizes["GlobalPointer"] == 2 * 41 * 8 * 5
        assert sizes["Efficient GlobalPointer"] == parameters.solve_parameters(40, 8, 5)
        assert tables.size_rows(768, 64, [100])[0] == ("100", "195,372", "9,843,200", "124,232")

    def test_a_random_head_leaves_the_callers_random_numbers_alone(self):
        torch.manual_seed(1)
        before = torch.random.get_rng_state()
        head: TokenPairHead = fine_print.random_head(EfficientGlobalPointer, 8, 2)
        assert torch.equal(torch.random.get_rng_state(), before)
        assert next(head.parameters()).dtype == torch.float64


class TestReports:
    def test_the_spans_are_the_bracketed_pieces(self):
        texts, truth = reports.reports(30)
        for text, spans in zip(texts, truth, strict=True):
            surfaces = {text[span.start : span.end + 1] for span in spans}
            assert len(spans) == text.count("「") == text.count("」")
            assert all(s[0] + s[-1] == "「」" and set(s[1:-1]) == {"一"} for s in surfaces)

    def test_without_places_every_start_goes_with_every_end(self):
        there, right, wrong = reports.reports_found(rotary=False, context=False)
        assert (there, right, wrong) == (200, 200, 80)

    def test_with_places_none_is_wrong(self):
        assert reports.reports_found(rotary=True, context=False) == (200, 200, 0)


def untrained_extractor(kind=EfficientGlobalPointer):
    torch.manual_seed(0)
    encoder = TextEncoder(CharacterEmbedding(Characters("北京大学"), 12))
    head = CRFTagger(12, 2) if kind is CRFTagger else kind(12, 2, 4)
    return EntityExtractor(encoder, head, ["LOC", "ORG"]).double().eval()


class TestOnText:
    def test_a_bound_is_never_passed_by_fewer_pairs_than_are_found(self):
        texts = ["北京大学", "京", "大学北京大"]
        counts = figures.count_candidates(untrained_extractor(), texts, batch_size=2)
        assert [row.pairs for row in counts] == [1, 10, 15]
        assert all(0 <= row.found <= row.candidates <= row.pairs for row in counts)
        assert sum(row.found for row in counts) > 0

    def test_a_judged_row_counts(self):
        sentence = Sentence("北京大学", frozenset({Entity(0, 1, "LOC"), Entity(0, 3, "ORG")}))
        model = untrained_extractor()
        model.extract = lambda texts: [frozenset({Entity(0, 1, "LOC"), Entity(2, 2, "LOC")})] * len(texts)
        row = judged_row("mine", model, [sentence])
        shares = ("0.500", "0.500", "0.500", "0.000", "1.000")  # F1, precision, recall, outermost names, inner names
        assert row == ("mine", f"{parameters.solve_parameters(12, 4, 2)}", *shares, "1", "0")
        assert judged_row("mine", model, [sentence], [sentence.entities])[2:] == ("1.000",) * 5 + ("0", "0")

    @pytest.mark.parametrize(
        "draw",
        [
            figures.formula_figure,
            lambda: figures.candidates_figure([figures.Candidates(1, 0, 0), figures.Candidates(10, 3, 2)]),
        ],
    )
    def test_figures_are_drawn(self, draw):
        assert len(png(draw())) > 2000


class TestExercises:
    def test_counting_by_the_module(self):
        for sizes in [(7, 4, 3), (30, 2, 1)]:
            head = EfficientGlobalPointer(sizes[0], sizes[2], sizes[1])
            assert parameters.solve_parameters(*sizes) == sum(p.numel() for p in head.parameters())

    def test_the_gradient_is_autograds(self):
        from gradbook.multilabel_loss import multilabel_cross_entropy

        generator = np.random.default_rng(0)
        scores, holds = generator.normal(size=20), generator.random(20) < 0.3
        leaf = torch.tensor(scores, requires_grad=True)
        multilabel_cross_entropy(leaf, torch.tensor(holds)).backward()
        np.testing.assert_allclose(exercises.solve_gradient(scores, holds), leaf.grad.numpy(), rtol=1e-9)

    def test_turning_is_the_packages(self):
        from gradbook.global_pointer.heads import rotate

        vector = np.random.default_rng(1).normal(size=8)
        turned = rotate(torch.tensor(vector).expand(31, 8))[30]
        np.testing.assert_allclose(exercises.solve_turned(vector, 30), turned.numpy(), rtol=1e-9)

    def test_summing_is_a_loop_over_pairs(self):
        generator = np.random.default_rng(2)
        spans, starts, ends = (
            generator.normal(size=(4, 4)),
            generator.normal(size=(3, 4)),
            generator.normal(size=(3, 4)),
        )
        loop = [
            sum(math.exp(spans[i, j] + starts[t, i] + ends[t, j]) for i in range(4) for j in range(i, 4))
            for t in range(3)
        ]
        np.testing.assert_allclose(exercises.solve_sums(spans, starts, ends), loop)

    def test_separable_is_the_packages_verdict(self):
        generator = np.random.default_rng(3)
        verdicts = []
        for _ in range(200):
            kinds = generator.integers(0, 4, size=(4, 4))
            first, second = ({(int(i), int(j) + 4) for i, j in np.argwhere(kinds & bit)} for bit in (1, 2))
            verdicts.append(separable.solve_separable(first, second))
            assert verdicts[-1] == by_package(first, second)
        assert 20 < sum(verdicts) < 190

    def test_a_loop_over_types_is_small_enough(self):
        def by_type(spans, starts, ends):
            return np.array([np.triu(np.exp(spans + a[:, None] + b)).sum() for a, b in zip(starts, ends, strict=True)])

        assert check(exercises.pair_sums, by_type).right

    @pytest.mark.parametrize("exercise", exercises.ALL, ids=lambda e: e.name)
    def test_every_mistake_is_wrong_and_gets_its_own_hint(self, exercise):
        for mistake in exercise.mistakes:
            verdict = check(exercise, mistake.answer)
            assert verdict.right is False
            assert verdict.hint == mistake.hint

    @pytest.mark.parametrize("kind", [bool, int, np.bool_, np.int64])
    def test_truth_may_be_a_number_0_or_1(self, kind):
        assert check(exercises.two_types, lambda a, b: kind(separable.solve_separable(a, b))).right

    @pytest.mark.parametrize(("value", "named"), [(2, "an int"), ("yes", "a str"), (1.0, "a float")])
    def test_what_else_is_no_truth(self, value, named):
        text = check(exercises.two_types, lambda a, b: value).text
        assert f"True or False is asked for, it returns {named}." in text

    def test_verdicts_of_the_new_patterns(self):
        assert separable.solve_separable({(0, 1), (1, 2)}, {(0, 2)})
        assert not separable.solve_separable({(0, 5), (1, 6), (2, 7), (3, 8)}, {(0, 6), (1, 7), (2, 8), (3, 5)})
        for first, second in separable._CASES:
            assert separable.solve_separable(first, second) == by_package(first, second)

    def test_a_count_in_words_is_refused(self):
        verdict = check(exercises.count_parameters, lambda *sizes: str(parameters.solve_parameters(*sizes)))
        assert "a number is asked for, it returns a str" in verdict.text.lower()

    @pytest.mark.parametrize("holder", [torch.tensor, lambda a: torch.tensor(a, requires_grad=True)])
    def test_sums_in_torch_are_refused(self, holder):
        verdict = check(exercises.pair_sums, lambda *parts: holder(exercises.solve_sums(*parts)))
        assert "numpy is asked for" in verdict.text

    def test_an_answer_that_works_in_place_spoils_no_later_check(self):
        def wrong(spans, starts, ends):
            for part in (spans, starts, ends):
                np.exp(part, out=part)
            return np.ones(len(starts))

        def right(spans, starts, ends):
            for part in (spans, starts, ends):
                np.exp(part, out=part)
            return (starts * (ends @ np.triu(spans).T)).sum(1)

        before = [part.copy() for parts in (*parameters._SMALL, parameters._LARGE) for part in parts]
        assert check(exercises.pair_sums, wrong).right is False
        assert check(exercises.pair_sums, right).right
        assert check(exercises.pair_sums, right).right
        after = [part for parts in (*parameters._SMALL, parameters._LARGE) for part in parts]
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))

    def test_a_gradient_in_float32_or_by_central_differences_is_right(self):
        def single(scores, holds):
            return exercises.solve_gradient(scores.astype(np.float32), holds).astype(np.float32)

        def loss(scores, holds):
            return np.log1p(np.exp(scores[~holds]).sum()) + np.log1p(np.exp(-scores[holds]).sum())

        def differences(step):
            def answer(scores, holds):
                moves = step * np.eye(len(scores))
                return np.array([(loss(scores + m, holds) - loss(scores - m, holds)) / (2 * step) for m in moves])

            return answer

        assert check(exercises.loss_gradient, single).right
        assert check(exercises.loss_gradient, differences(1e-5)).right
        assert re.search(r"up to \de-0[345] off", check(exercises.loss_gradient, differences(0.05)).text)

    def test_complex_pairs_are_no_real_vector(self):
        verdict = check(exercises.turn, lambda vector, place: exercises.solve_turned(vector, place) + 0j)
        assert "real numbers are asked for" in verdict.text


def test_spans_in_the_made_up_losses_are_on_the_diagonal_or_above():
    scores = fine_print.scores_of(*fine_print.random_parts(2, 5, 1.0))
    assert torch.isinf(scores[..., 3, 1]).all()
    assert torch.isfinite(scores[..., 1, 3]).all()
    assert fine_print.three_losses(fine_print.random_parts(1, 5, 1.0), {Span(0, 0, 0)}).truth > 0
