"""Checkers tell right from wrong, recognise the usual mistakes, and never crash on what a reader may write."""

import numpy as np
import pytest

from gradbook.book.chapters import CHAPTERS
from gradbook.book.exercises import Exercise, check
from gradbook.book.loss_weighting import exercises as chapter1


def all_exercises():
    """Every exercise of every chapter module."""
    found = []
    for chapter in CHAPTERS:
        found += chapter.module("exercises").ALL
    return found


EXERCISES = all_exercises()


def test_chapter_1_has_its_exercises():
    names = [exercise.name for exercise in EXERCISES]
    assert {f"Exercise 1.{i}" for i in range(1, 6)} < set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
class TestEveryExercise:
    def test_the_solution_is_right(self, exercise: Exercise):
        verdict = check(exercise, exercise.solution)
        assert verdict.right is True, verdict

    def test_at_least_three_mistakes_fail_each_with_its_own_hint(self, exercise: Exercise):
        assert len(exercise.mistakes) >= 3
        for mistake in exercise.mistakes:
            verdict = check(exercise, mistake.answer)
            assert verdict.right is False
            assert verdict.hint == mistake.hint
        assert len({mistake.hint for mistake in exercise.mistakes}) == len(exercise.mistakes)

    def test_an_unanswered_exercise_is_no_error(self, exercise: Exercise):
        verdict = check(exercise, ...)
        assert verdict.right is None
        assert "not answered yet" in verdict.text

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            "text",
            [],
            float("nan"),
            float("inf"),
            1 + 2j,
            {},
            lambda *_: 1 / 0,
            lambda *_: None,
            lambda: 1,
            lambda *_: "text",
            lambda *_: [],
            lambda *_: float("nan"),
            np.zeros((3, 2)),
            np.full((3, 2), np.nan),
            object,
        ],
    )
    def test_nonsense_is_wrong_and_never_raises(self, exercise: Exercise, answer):
        with np.errstate(all="ignore"):
            verdict = check(exercise, answer)
        assert verdict.right is False
        assert verdict.text
        assert verdict.hint


def test_a_function_that_still_returns_dots_is_unanswered():
    assert check(chapter1.stable_mean, lambda losses, gamma: ...).right is None
    assert check(chapter1.invariant_direction, lambda gradients: ...).right is None


def test_other_right_answers_are_right():
    assert check(chapter1.reference, 0.9404).right
    assert check(chapter1.exponent, np.float64(2.5)).right
    assert check(chapter1.trap, np.array([[0, 5.0, 0], [0.97, -0.26, 0], [-1.94, -0.52, 0]])).right
    scaled = lambda g: 7 * (g / np.linalg.norm(g, axis=1, keepdims=True)).sum(0)  # noqa: E731
    assert check(chapter1.invariant_direction, scaled).right


def test_the_failing_input_is_named():
    text = check(chapter1.stable_mean, lambda losses, gamma: 2.5 if gamma == 1 else 0.0).text
    assert "[1.0, 4.0]" in text
    assert "γ = 2" in text
    assert "returns nothing" in check(chapter1.stable_mean, lambda losses, gamma: None).text
    assert "ZeroDivisionError" in check(chapter1.stable_mean, lambda losses, gamma: 1 / 0).text
    assert "shape" in check(chapter1.invariant_direction, lambda gradients: gradients).text


def test_a_checker_does_not_let_the_answer_change_its_inputs():
    def greedy(gradients):
        gradients *= 0
        return np.ones(3)

    check(chapter1.invariant_direction, greedy)
    assert check(chapter1.invariant_direction, chapter1.solve_direction).right


def test_verdicts_are_safe_html():
    verdict = check(chapter1.reference, "<script>")
    assert "<script>" not in verdict._repr_html_()
