"""Chapter 5's runs by heart: what rounds the scores, one small run, the jobs; table, differences and figure of them."""

import math

import pytest
import torch

from gradbook.book.explore.style import png
from gradbook.book.relation_linking import by_heart
from gradbook.book.relation_linking import by_heart as by_heart_figures
from gradbook.book.relation_linking.comparison import build
from gradbook.extraction.annotated import RelationText, Triple

TEXTS = [
    RelationText("甲丙丙丙丙丙乙", frozenset({Triple("甲", "p", "乙")})),
    RelationText("乙丁丁丁丁丁甲", frozenset({Triple("甲", "q", "乙")})),
]


def small(method="article", precision="bfloat16", epochs=40):
    torch.set_num_threads(1)
    return by_heart.run(method, precision, 0, TEXTS * 10, TEXTS, epochs=epochs, every=10, hidden=16)


def test_scores_are_rounded_and_nothing_else_is():
    model = build("Efficient GlobalPointer", TEXTS, hidden=16).eval()
    texts = [text.text for text in TEXTS]
    before, found = model.linker(texts), model.extract(texts)
    losses = model(TEXTS)
    by_heart.round_scores(model.linker, "bfloat16")
    for old, new in zip(before, model.linker(texts), strict=True):
        assert new.dtype == torch.bfloat16
        assert torch.equal(new, old.to(torch.bfloat16))
    assert model.extract(texts) == found
    assert torch.equal(model(TEXTS), losses)  # the efficient pointers' own loss never makes the scores
    model.method = "sparse"
    rounded = model(TEXTS)
    assert rounded.dtype == torch.bfloat16
    assert torch.allclose(rounded.float(), losses, rtol=0.01)
    assert torch.allclose(torch.tensor(by_heart.true_loss(model, TEXTS)), losses.mean())
    rounded.sum().backward()
    assert all(p.grad is None or p.grad.dtype == torch.float32 for p in model.parameters())


@pytest.mark.parametrize("name", ["double", "float64", ""])
def test_other_precisions_are_refused(name):
    linker = build("Efficient GlobalPointer", TEXTS, hidden=16).linker
    with pytest.raises(ValueError, match="precision must be one of float32, float16, bfloat16, got"):
        by_heart.round_scores(linker, name)


def test_the_formula_says_what_no_loss_can_be_and_holds_scores_down():
    formula, exact = small(), small("sparse")
    assert min(formula["seen"]) < 0 < min(formula["true"])
    assert formula["steps below 0"] > 0.2
    assert exact["steps below 0"] == 0
    assert exact["seen"][-1] == pytest.approx(exact["true"][-1], rel=0.02)
    assert exact["true"][-1] < formula["true"][-1] / 2
    assert exact["highest"][-1] > formula["highest"][-1] + 1


def test_the_dense_loss_is_the_sparse_one():
    assert small("dense", "float32", epochs=10) == small("sparse", "float32", epochs=10)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"every": 0}])
def test_sizes_are_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        by_heart.run("sparse", "float32", 0, TEXTS, TEXTS, **wrong)


def test_jobs_keep_a_seed_together():
    jobs = list(by_heart.jobs(2))
    assert [job["seed"] for job in jobs] == [0] * 7 + [1] * 7
    assert {(job["precision"], job["method"]) for job in jobs[:7]} == {
        (precision, method) for precision, methods in by_heart.METHODS.items() for method in methods
    }


def stored(seeds=3):
    """What the command writes: true losses 0.5 and 2.0, F1 0.4 and 0.3 + 0.01 a seed."""
    runs = [
        {
            "precision": precision,
            "method": method,
            "seed": seed,
            "every": 8,
            "seen": [9.0, -4.0 if method == "article" else 0.5],
            "true": [9.0, 2.0 if method == "article" else 0.5],
            "highest": [3.0, 5.0 if method == "article" else 20.0],
            "steps below 0": 0.5 if method == "article" else 0.0,
            "learned": 1.0,
            "test": (0.3 if method == "article" else 0.4) + 0.01 * seed,
        }
        for seed in reversed(range(seeds))
        for precision, methods in by_heart.METHODS.items()
        for method in methods
    ]
    return {"command": "python -m …", "epochs": 16, "sentences": 100, "runs": runs}


class TestShown:
    def test_a_row_a_precision_and_loss(self):
        rows = by_heart_figures.heart_rows(stored())
        assert [row[:2] for row in rows][:3] == [
            ("float32", "exact, sparse"), ("float32", "exact, dense"), ("float32", "article's formula")
        ]  # fmt: skip
        assert rows[-1][2:] == (
            "-4.00 ± 0.00", "2.00 ± 0.00", "5.0 ± 0.0", "50%", "1.000 ± 0.000", "0.310 ± 0.010"
        )  # fmt: skip

    def test_differences_are_paired(self):
        found = by_heart_figures.differences(stored(), "test", "float16")
        assert found == pytest.approx([0.1, 0.1, 0.1])
        with pytest.raises(ValueError, match="precision must have runs of both losses, got 'float64'"):
            by_heart_figures.differences(stored(), "test", "float64")
        short = stored()
        short["runs"] = [run for run in short["runs"] if run["method"] != "article" or run["seed"]]
        with pytest.raises(ValueError, match=r"shorter|longer"):
            by_heart_figures.differences(short, "test", "float16")

    def test_the_figure_has_a_line_a_run(self):
        figure = by_heart_figures.heart_figure(stored())
        assert [len(ax.lines) for ax in figure.axes] == [22, 21, 21]
        assert figure.axes[0].lines[0].get_xdata().tolist() == [8, 16]
        assert all(math.isfinite(y) for ax in figure.axes for line in ax.lines for y in line.get_ydata())
        assert len(figure.legends[0].get_texts()) == 4
        assert len(png(figure)) > 2000
