"""What chapter 6 measures, draws and tabulates, and its exercises, held against slower or independent ways."""

import itertools
import random
from math import comb
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gradbook.book.event_linking import exercises, figures
from gradbook.book.event_linking import figures as tables
from gradbook.book.event_linking import measurements as fine_print
from gradbook.book.event_linking.ceiling import EXAMPLES, obstacles, spurious_events
from gradbook.book.event_linking.comparison import judged_row
from gradbook.book.event_linking.exercises import (
    cliques,
)
from gradbook.book.event_linking.exercises import (
    events as links,
)
from gradbook.book.event_linking.exercises import (
    events as overlap,
)
from gradbook.book.event_linking.exercises import (
    graphs as calls,
)
from gradbook.book.event_linking.exercises import (
    graphs as given_back,
)
from gradbook.book.event_linking.traces import count_calls
from gradbook.book.exercises import check
from gradbook.book.explore.style import png
from gradbook.book.tables import quoted_rows
from gradbook.event_linking import (
    TRIGGER,
    Argument,
    Event,
    complete_subgraphs,
    decode_events,
    event_nodes,
    node_adjacency,
    position_links,
)
from gradbook.extraction.annotated import EventText
from gradbook.extraction.f1 import RoleArgument, argument_score, role_arguments

FULL, EFFICIENT = "GlobalPointer", "Efficient GlobalPointer"


class TestTables:
    def test_the_articles_numbers_fit_each_other(self):
        for _, *shares in quoted_rows(tables.QUOTED):
            precision, recall, f1 = map(float, shares)
            assert f1 == pytest.approx(2 * precision * recall / (precision + recall), abs=0.01)

    def test_ceiling_rows(self):
        counts = {"texts": 3, "changed": 1, "events": 1234, "lost": 0, "spurious": 3, "obstacles": {}}
        codings = {"nodes": {**counts, "reasons": {}}, "positions": {**counts, "reasons": {"type": 1, "role": 2}}}
        rows = tables.ceiling_rows({"codings": codings})
        assert rows[0] == ("nodes", "none can hold them", "1,234", "0", "3", "1", "none")
        assert rows[1][1:] == ("2", "1,234", "0", "3", "1", "role 2, type 1")

    @pytest.mark.parametrize("start", ["tensor", "ready"])
    def test_bench_rows(self, start):
        times = {"gradbook": 12.34, "igraph": 6.17, "networkx": 123.4, "recursion with memory": 24.68}
        measured = {"microseconds": times, "ratio": {name: time / 12.34 for name, time in times.items()}}
        graph = {"nodes": 9, "cliques": 3, "tensor": {}, "ready": {}, start: measured}
        assert tables.bench_rows({"graphs": {"a graph": graph}}, start) == [
            ("a graph", "3", "12.3", "0.5", "10", "2", "–")
        ]
        times["the article's recursion"] = measured["ratio"]["the article's recursion"] = 12345.0
        assert tables.bench_rows({"graphs": {"a graph": graph}}, start)[0][-1] == "12,345"

    def test_a_judged_row(self):
        annotated = Event("t", frozenset({Argument(0, 1, "a"), Argument(2, 2, TRIGGER)}))
        half = Event("t", frozenset({Argument(0, 0, "a"), Argument(2, 2, TRIGGER)}))
        texts = [EventText("甲乙丙", frozenset({annotated})), EventText("丁戊己", frozenset({annotated}))]
        linker = SimpleNamespace(pointers=[torch.nn.Linear(2, 3), torch.nn.Linear(1, 1)])
        unasked = Event("another type", frozenset({Argument(0, 0, "a")}))
        found = [frozenset({annotated, unasked}), frozenset({half})]
        model = SimpleNamespace(linker=linker, extract=lambda texts, too_many: found)
        row = judged_row("mine", model, texts)
        words, whole = f"{(1 + 2 / 3) / 2:.3f}", "0.500"
        assert row == ("mine", "11", words, words, words, whole, whole, whole)


class TestGraphs:
    def test_a_party_of_couples_and_of_threes(self):
        for pairs in range(1, 6):
            party = fine_print.parted(2 * pairs, 2)
            assert party.sum() == 2 * (comb(2 * pairs, 2) - pairs)
            assert len(complete_subgraphs(party)) == 2**pairs
            assert len(complete_subgraphs(fine_print.parted(3 * pairs, 3))) == 3**pairs

    def test_random_graphs_are_symmetric_without_loops_and_the_same_again(self):
        sizes = set()
        for seed in range(50):
            graph = fine_print.random_graph(seed, most=6)
            assert torch.equal(graph, graph.T)
            assert not graph.diagonal().any()
            assert torch.equal(graph, fine_print.random_graph(seed, most=6))
            sizes.add(len(graph))
        assert sizes == {1, 2, 3, 4, 5, 6}

    def test_all_graphs_are_different(self):
        assert [len({tuple(g.flatten().tolist()) for g in fine_print.all_graphs(n)}) for n in (1, 2, 3, 4)] == [
            1,
            2,
            8,
            64,
        ]

    def test_nothing_disturbed_and_everything(self):
        graph, chance = fine_print.random_graph(3), random.Random(0)
        assert torch.equal(fine_print.disturbed(graph, 0.0, 0.0, chance), graph)
        opposite = ~graph
        assert torch.equal(fine_print.disturbed(graph, 1.0, 1.0, chance), opposite.fill_diagonal_(False))

    def test_disturbed_as_often_as_asked(self):
        graph = fine_print.parted(40, 20)  # two parts: 400 edges, 380 other pairs
        changed = fine_print.disturbed(graph, 0.2, 0.05, random.Random(1))
        missing, added = (int((graph & ~changed).sum()) // 2, int((changed & ~graph).sum()) // 2)
        assert missing == pytest.approx(80, abs=30)
        assert added == pytest.approx(19, abs=15)

    @pytest.mark.parametrize(("number", "size"), [(1, 1), (2, 2), (3, 4)])
    def test_sharing_events_share_the_trigger_alone(self, number, size):
        events = fine_print.sharing_events(number, size)
        assert len(events) == number
        assert {len(event.arguments) for event in events} == {size}
        for one, other in itertools.combinations(events, 2):
            assert one.arguments & other.arguments == {Argument(0, 0, "trigger")}
        assert obstacles(events) == []

    def test_two_events_cost_the_recursion_two_calls_a_pair_across(self):
        for m in (2, 4, 8):
            assert count_calls(node_adjacency(fine_print.sharing_events(2, m))) == 1 + 2 * (m - 1) ** 2


class TestFamilies:
    def test_all_families_are_there(self):
        assert [sum(1 for _ in fine_print.families(n)) for n in (1, 2, 3)] == [1, 7, 127]

    def test_what_is_given_back_is_what_the_package_decodes(self):
        for family in itertools.islice(fine_print.families(4), 0, None, 400):
            events = [Event("t", frozenset(Argument(k, k, "r") for k in some)) for some in family]
            decoded = decode_events(event_nodes(events), node_adjacency(events))
            sets = frozenset(frozenset(a.start for a in event.arguments) for event in decoded)
            assert fine_print.given_back(family) == sets

    @pytest.mark.parametrize("nodes", [1, 2, 3, 4])
    def test_families_come_back_exactly_if_conformal_and_not_nested(self, nodes):
        for family in itertools.islice(fine_print.families(nodes), 0, None, 1 if nodes < 4 else 7):
            back = fine_print.given_back(family) == family
            assert back == (fine_print.conformal(family) and not fine_print.nested(family))
            assert fine_print.by_threes(family) == fine_print.conformal(family)

    def test_the_smallest_that_fail(self):
        words = lambda *some: frozenset(map(frozenset, some))  # noqa: E731
        assert not fine_print.conformal(words("ab", "bc", "ac"))
        assert fine_print.given_back(words("ab", "bc", "ac")) == words("abc")
        assert fine_print.nested(words("abc", "ab"))
        assert fine_print.given_back(words("ab", "bc", "cd", "ad")) == words("ab", "bc", "cd", "ad")


class TestNoise:
    def test_without_noise_all_is_right(self):
        score = fine_print.noise_score(fine_print.sharing_events(3, 3), 0.0, 0.0, rounds=3)
        assert (score.precision, score.recall) == (1, 1)

    @pytest.mark.parametrize("size", [2, 4])
    def test_recall_falls_by_the_law(self, size):
        score = fine_print.noise_score(fine_print.sharing_events(2, size), 0.1, 0.0)
        assert score.recall == pytest.approx(figures.survival(size, 0.1), abs=0.05)

    def test_a_false_edge_merges_pairs_and_adds_to_larger_events(self):
        pairs, larger = (fine_print.noise_score(fine_print.sharing_events(2, m), 0.0, 0.2) for m in (2, 4))
        assert pairs.recall < 0.9
        assert larger.recall > 0.95
        assert larger.precision < 0.7

    def test_the_figure(self):
        assert figures.survival(5, 0.1) == pytest.approx(0.9**10)
        figure = figures.survival_figure(sizes=(2, 3), rounds=3)
        assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [31, 7, 31, 7]
        assert len(png(figure)) > 2000


class TestScores:
    @pytest.mark.parametrize("kind", list(EXAMPLES))
    def test_the_official_score_is_blind_to_spurious_events(self, kind):
        words, whole = fine_print.coding_scores("abcd", EXAMPLES[kind])
        assert words.f1 == 1
        assert whole.precision < 1

    def test_both_scores_are_the_packages(self):
        text = "abcdef"
        gold = [Event("t", frozenset({Argument(0, 1, "a"), Argument(3, 4, "b")}))]
        said = [Event("t", frozenset({Argument(0, 2, "a"), Argument(3, 4, "b")}))]
        words, whole = fine_print.both_scores(text, said, gold)
        assert words == argument_score([role_arguments(text, said)], [role_arguments(text, gold)])
        assert words.f1 == pytest.approx((1 + 4 / 5) / 2)
        assert whole.f1 == 0


def test_an_untrained_linker_is_the_same_again_and_leaves_random_numbers_alone():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first, second = (fine_print.untrained_linker("甲乙丙", [("t", "a"), ("t", "b")]) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
        assert one.dtype == torch.float64
    assert first(["甲乙丙"]).arguments.shape == (1, 2, 3, 3)


class TestExercises:
    @pytest.mark.parametrize("exercise", exercises.ALL, ids=lambda e: e.name)
    def test_the_solution_is_right(self, exercise):
        assert check(exercise, exercise.solution).right

    @pytest.mark.parametrize("exercise", exercises.ALL, ids=lambda e: e.name)
    def test_every_mistake_is_wrong_and_gets_its_own_hint(self, exercise):
        assert len({mistake.hint for mistake in exercise.mistakes}) == len(exercise.mistakes) >= 3
        for mistake in exercise.mistakes:
            verdict = check(exercise, mistake.answer)
            assert verdict.right is False
            assert verdict.hint == mistake.hint

    @pytest.mark.parametrize("exercise", exercises.ALL, ids=lambda e: e.name)
    @pytest.mark.parametrize("answer", [lambda *a: None, lambda *a: "yes", lambda *a: 7.5, lambda *a: [3], 12])
    def test_answers_of_another_kind_are_wrong_without_an_error(self, exercise, answer):
        assert check(exercise, answer).right is False

    @pytest.mark.parametrize("exercise", exercises.ALL, ids=lambda e: e.name)
    def test_an_open_answer_is_open(self, exercise):
        assert check(exercise, lambda *arguments: ...).right is None

    def test_links_are_the_packages(self):
        for events in links._LINK_CASES:
            made = [Event("t", frozenset(Argument(*some) for some in event)) for event in events]
            assert links.solve_links(events) == tuple(position_links(made))

    def test_lists_are_taken_for_sets(self):
        assert check(exercises.link_sets, lambda events: [sorted(p) for p in links.solve_links(events)]).right
        assert check(exercises.list_cliques, lambda n, e: [list(c) for c in cliques.solve_cliques(n, e)]).right
        assert check(exercises.what_comes_back, lambda e: [list(s) for s in given_back.solve_given_back(e)]).right

    def test_cliques_are_the_packages(self):
        for seed in range(40):
            graph = fine_print.random_graph(seed, most=7)
            edges = {(int(i), int(j)) for i, j in torch.nonzero(graph.triu()).tolist()}
            assert cliques.solve_cliques(len(graph), edges) == complete_subgraphs(graph)

    def test_calls_are_counted(self):
        for pairs in range(1, 6):
            assert calls.solve_calls(pairs) == count_calls(fine_print.parted(2 * pairs, 2))

    def test_given_back_is_the_packages(self):
        for events in given_back._CASES:
            made = [Event("t", frozenset(Argument(ord(c), ord(c), "r") for c in event)) for event in events]
            spurious = {
                frozenset(chr(a.start) for a in some.event.arguments) for some in spurious_events(made, "nodes")
            }
            assert given_back.solve_given_back(events)[0] == spurious

    def test_overlap_is_the_packages(self):
        for case in overlap._CASES:
            sides = [{RoleArgument("t", *some) for some in side} for side in case]
            assert overlap.solve_overlap(*case) == pytest.approx(argument_score(sides[:1], sides[1:]).f1)

    def test_an_answer_that_works_in_place_spoils_no_later_check(self):
        def spoiling(events):
            found = links.solve_links(events)
            for event in events:
                event.clear()
            events.clear()
            return found

        assert check(exercises.link_sets, spoiling).right
        assert check(exercises.link_sets, spoiling).right

    def test_what_reads_like_the_solution_and_is_not(self):
        def greedy(predicted, gold):
            left, total = list(gold), 0.0
            for role, mention in predicted:
                rest = [some for some in left if some[0] == role]
                if rest:
                    taken = max(rest, key=lambda some: overlap._mention_f1(mention, some[1]))
                    total += overlap._mention_f1(mention, taken[1])
                    left.remove(taken)
            return 2 * total / (len(predicted) + len(gold))

        def substring(predicted, gold):
            def common(a, b):
                return max(n for n in range(len(a) + 1) for i in range(len(a) - n + 1) if a[i : i + n] in b)

            scores = [
                max((2 * common(m, g) / (len(m) + len(g)) for r, g in gold if r == role), default=0)
                for role, m in predicted
            ]
            return 2 * sum(scores) / (len(predicted) + len(gold))

        assert "none is used up" in check(exercises.role_overlap, greedy).hint
        assert "Order plays no part" in check(exercises.role_overlap, substring).hint

    def test_links_of_spans_without_their_roles(self):
        def spans(events):
            return links.solve_links([{(start, end, "") for start, end, _ in event} for event in events])

        assert "(1, 1)" in check(exercises.link_sets, spans).hint

    def test_an_error_names_the_input(self):
        def united(events):
            frozenset.union(*events)
            return given_back.solve_given_back(events)

        verdict = check(exercises.what_comes_back, united)
        assert "For no event, an empty set, it raises TypeError: " in verdict.text
        divided = check(exercises.role_overlap, lambda p, g: overlap.solve_overlap(p, g) + 0 / len(p))
        assert "For predicted [] and annotated [('winner', 'ab')] it raises ZeroDivisionError: " in divided.text
        assert "For pairs = 1 it raises KeyError: " in check(exercises.count_recursion, lambda k: {}[k]).text
        assert "For 5 nodes and the edges [(0, 1), " in check(exercises.list_cliques, lambda n, e: 1 / 0).text
        assert "For the events [[(0, 1, 'person'), " in check(exercises.link_sets, lambda e: 1 / 0).text

    def test_sets_of_mixed_kinds_are_wrong_and_shown(self):
        text = check(exercises.list_cliques, lambda n, e: [{0, "a"}, {"b", None}, {1}]).text
        assert "it returns {0, a} {1} {None, b}." in text
        text = check(exercises.what_comes_back, lambda e: ([{0, "a"}], [])).text
        assert "as spurious: {0, a}." in text
        text = check(exercises.link_sets, lambda e: ([(0, "a"), (0, 1)], [])).text
        assert "it returns [(0, 'a'), (0, 1)] as heads." in text
        assert not check(exercises.list_cliques, lambda n, e: [map(str, c) for c in cliques.solve_cliques(n, e)]).right
        assert not check(exercises.list_cliques, lambda n, e: [[i + 0.5 for i in range(n)]]).right

    @pytest.mark.parametrize("number", [torch.tensor, np.int64, np.array, float])
    def test_sets_of_other_numbers_count(self, number):
        def wrapped(sets):
            return [[number(node) for node in some] for some in sets]

        assert check(exercises.list_cliques, lambda n, e: wrapped(cliques.solve_cliques(n, e))).right
        assert check(exercises.link_sets, lambda e: [wrapped(some) for some in links.solve_links(e)]).right
        verdict = check(exercises.list_cliques, lambda n, e: wrapped(cliques._components(n, e)))
        assert verdict.hint.startswith("Connected isn't enough")

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
    def test_tensors_of_one_number_count(self, dtype):
        assert check(exercises.count_recursion, lambda k: torch.tensor(calls.solve_calls(k), dtype=dtype)).right

    def test_numbers_of_numpy_count(self):
        assert check(exercises.count_recursion, lambda k: np.int64(calls.solve_calls(k))).right
        assert check(exercises.role_overlap, lambda p, g: np.float32(overlap.solve_overlap(p, g))).right
