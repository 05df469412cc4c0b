"""The rows and the figure that chapters 4 to 6 share: what varied in the book's order, seeds in pairs, spreads."""

import matplotlib.colors
import pytest
import torch

from gradbook.book import tables
from gradbook.book.explore.style import png

CRF, FULL, EFFICIENT = HEADS = list(tables.HEAD_COLOURS)


def stored_runs(option="pointer", values=(EFFICIENT, FULL), seeds=3):
    """A comparison as the chapters' commands write it; "test" is 0.8, 0.81, … by seed, 0.02 more by value."""
    runs = [
        {
            "pointer": EFFICIENT,
            option: value,
            "seed": seed,
            "test": round(0.8 + 0.01 * seed + 0.02 * number, 4),
            "events": round(0.5 + 0.02 * seed - 0.01 * number, 4),
            "precision": 0.7,
            "recall": 0.9,
            "best epoch": 3 + seed,
        }
        for seed in reversed(range(seeds))  # a table is filled as runs end
        for number, value in enumerate(values)
    ]
    return {"command": "python -m …", "epochs": 20, "runs": runs}


class TestRows:
    def test_a_row_a_head_in_the_books_order(self):
        rows = tables.score_rows(stored_runs())
        assert [row[0] for row in rows] == [FULL, EFFICIENT]
        assert rows[1][1:] == ("0.810 ± 0.010", "0.700 ± 0.000", "0.900 ± 0.000", "4 ± 1")
        rows = tables.score_rows(stored_runs("head", HEADS[::-1]), "head", ("test", "events"), ())
        assert [row[0] for row in rows] == HEADS
        assert rows[2][1:] == ("0.810 ± 0.010", "0.520 ± 0.020")

    def test_a_head_without_runs_has_no_row(self):
        assert [row[0] for row in tables.score_rows(stored_runs("head", [CRF]), "head")] == [CRF]

    def test_other_options_in_the_tables_order_and_one_run_without_a_spread(self):
        rows = tables.score_rows(stored_runs("method", ("own", "dense", "article"), seeds=1), "method")
        assert [row[:2] for row in rows] == [("own", "0.800"), ("dense", "0.820"), ("article", "0.840")]
        assert [row[0] for row in tables.score_rows(stored_runs("joint", (True, False)), "joint")] == ["True", "False"]

    def test_seeds_are_paired_whatever_the_order_of_the_runs(self):
        assert tables.by_option(stored_runs(), "test")[EFFICIENT] == [0.8, 0.81, 0.82]
        text = tables.seed_by_seed(stored_runs(), FULL, EFFICIENT)
        assert text == "+0.020   by seed +0.020, +0.020, +0.020"
        assert tables.seed_by_seed(stored_runs(), FULL, EFFICIENT, "events").startswith("-0.010")
        heads = stored_runs("head", HEADS)
        assert tables.seed_by_seed(heads, EFFICIENT, CRF, option="head").startswith("+0.040")

    def test_an_option_that_no_run_has(self):
        with pytest.raises(ValueError, match="option must stand in every run of the table, got 'method'"):
            tables.score_rows(stored_runs(), "method")

    def test_a_run_that_is_missing(self):
        table = stored_runs()
        del table["runs"][0]
        with pytest.raises(ValueError, match=r"shorter|longer"):
            tables.seed_by_seed(table, FULL, EFFICIENT)

    def test_the_usual_runs_beside_the_others(self):
        table = stored_runs("method", ("dense",), seeds=2)
        rows = tables.score_rows(tables.beside(table, stored_runs(), "method", "own"), "method")
        assert [row[:2] for row in rows] == [("own", "0.805 ± 0.007"), ("dense", "0.805 ± 0.007")]
        with pytest.raises(ValueError, match="base must have 9 epochs like stored, got"):
            tables.beside({**table, "epochs": 9}, stored_runs(), "method", "own")

    def test_pointers_by_the_size_of_their_queries(self):
        small, usual = stored_runs(), stored_runs("pointer", [EFFICIENT])
        for size, table in ((16, small), (64, usual)):
            for run in table["runs"]:
                run["head_size"] = size
        found = tables.score_rows(tables.by_size(small, usual), "model")
        assert sorted(row[0] for row in found) == [f"{EFFICIENT}, 16", f"{EFFICIENT}, 64", f"{FULL}, 16"]
        with pytest.raises(ValueError, match="tables must have the same number of epochs"):
            tables.by_size(small, {**usual, "epochs": 9})

    def test_a_bench_has_a_cell_for_every_case_and_measure(self):
        measured = {"ours": {"parameters": 12345, "ratio": 2.0, "memory": 1234.5}}
        cases = {"10 types": measured, "100 types": measured}
        assert tables.side_by_side(cases, ["parameters"]) == [("ours", "12,345", "12,345")]
        assert tables.side_by_side(cases, ["ratio", "memory"]) == [("ours", "2", "1,234", "2", "1,234")]

    def test_quoted_numbers_have_two_decimals(self):
        assert tables.quoted_rows({"one": (78.7, 80.04), "two": (9,)}) == [("one", "78.70", "80.04"), ("two", "9.00")]

    def test_numbers_are_counted_over_all_modules(self):
        assert tables.count_numbers(torch.nn.Linear(2, 3), torch.nn.Linear(1, 1)) == 11


class TestFigure:
    def test_every_seed_is_shown_in_its_heads_colour(self):
        runs = stored_runs("head", HEADS)
        figure = tables.scores_figure({"one": runs, "two": stored_runs("head", [CRF], seeds=1)}, "head")
        seeds = [[line for line in ax.lines if line.get_marker() == "."] for ax in figure.axes]
        assert [[len(line.get_xdata()) for line in lines] for lines in seeds] == [[3] * 3, [1]]
        assert len({matplotlib.colors.to_hex(line.get_color()) for line in seeds[0]}) == 3
        assert len(png(figure)) > 2000

    def test_a_second_key_stands_below_the_first(self):
        figure = tables.scores_figure({"one": stored_runs()}, keys=("test", "events"))
        seeds = [line for line in figure.axes[0].lines if line.get_marker() == "."]
        assert [len(line.get_xdata()) for line in seeds] == [3] * 4
        rows = {float(line.get_xdata()[0]): float(line.get_ydata()[0]) for line in seeds}
        assert rows[0.82] < rows[0.49] < rows[0.8] < rows[0.5]
