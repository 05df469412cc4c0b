"""The three losses against float64 truth, at the ends of the number range, and against bad input."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.multilabel_loss import (
    BLOCK,
    RUN,
    _positives_of,
    multilabel_cross_entropy,
    naive_sparse_multilabel_cross_entropy,
    sparse_multilabel_cross_entropy,
)

pytestmark = pytest.mark.numeric

TOLERANCE = {torch.float64: 1e-13, torch.float32: 1e-6, torch.float16: 1e-3, torch.bfloat16: 8e-3}


def truth(scores, holds):
    """The definition in float64, without a shortcut: both sums by logsumexp, log(1 + x) by log1p."""
    scores = scores.double()
    positive = torch.where(holds, -scores, -torch.inf).logsumexp(-1)
    negative = torch.where(holds, -torch.inf, scores).logsumexp(-1)
    return torch.nn.functional.softplus(positive, threshold=100) + torch.nn.functional.softplus(negative, threshold=100)


def random_case(labels, spread, dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scores = (torch.rand(4, labels, generator=generator) * 2 - 1) * spread
    holds = torch.rand(4, labels, generator=generator) < min(0.5, 5 / labels)
    holds[0] = False
    positives = (torch.rand(4, labels, generator=generator) * 2 - 1) * 90
    return torch.where(holds, positives, scores).to(dtype), holds


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("spread", [1, 20, 90])
@pytest.mark.parametrize("labels", [1, 7, RUN, RUN + 1, 5000, 128 * 128])
def test_the_loss_and_its_gradient_are_right_from_minus_90_to_90(labels, spread, dtype):
    scores, holds = random_case(labels, spread, dtype)
    scores.requires_grad_()
    reference = scores.detach().double().requires_grad_()
    expected = truth(reference, holds)
    found = sparse_multilabel_cross_entropy(scores, _positives_of(holds), "none")
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), expected, rtol=TOLERANCE[dtype], atol=6e-8 if dtype.itemsize == 2 else 0)
    found.sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(scores.grad.double(), reference.grad, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("level", [-80.0, 0.1234, 80.0])
def test_equal_scores_add_up_without_drift(level):
    """A float32 sum of many equal terms loses bits the same way each time; runs put together in float64 don't."""
    scores = torch.full((1, 512 * 512), level)
    none = torch.zeros(1, 512 * 512, dtype=torch.bool)
    torch.testing.assert_close(
        multilabel_cross_entropy(scores, none, "none").double(), truth(scores, none), rtol=1e-6, atol=0
    )


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_dense_and_sparse_agree_with_the_definition(data):
    labels = data.draw(st.integers(1, 12))
    values = st.one_of(st.floats(-90, 90, width=32), st.just(-torch.inf))
    scores = torch.tensor(data.draw(st.lists(values, min_size=labels, max_size=labels)), dtype=torch.float64)
    holds = torch.tensor(data.draw(st.lists(st.booleans(), min_size=labels, max_size=labels))) & scores.isfinite()
    positives = torch.nonzero(holds).flatten()
    mixed = torch.cat((positives.flip(0), torch.full((2,), -1)))[torch.randperm(len(positives) + 2)]
    for loss in (multilabel_cross_entropy(scores, holds), sparse_multilabel_cross_entropy(scores, mixed)):
        torch.testing.assert_close(loss, truth(scores, holds), rtol=1e-13, atol=0)


def test_rows_of_every_kind_have_finite_losses_and_gradients():
    scores = torch.zeros(4, 5000)
    holds = torch.zeros(4, 5000, dtype=torch.bool)
    holds[1] = True  # row 0: nothing holds, 1: everything, 2: all masked, 3: all masked but one, which holds
    scores[2] = scores[3] = -torch.inf
    scores[3, 4999] = 2.0
    holds[3, 4999] = True
    scores.requires_grad_()
    losses = multilabel_cross_entropy(scores, holds, "none")
    torch.testing.assert_close(losses.double(), truth(scores.detach(), holds), rtol=1e-6, atol=0)
    losses.sum().backward()
    assert torch.isfinite(scores.grad).all()
    assert scores.grad[2].abs().max() == 0
    assert scores.grad[3, :4999].abs().max() == 0


def test_a_stand_in_for_masked_loses_nothing_in_float16():
    scores = torch.randn(3, 700, dtype=torch.float64).half()
    positives = torch.tensor([[0], [1], [2]])
    low, inf = scores.clone(), scores.clone()
    low[:, 600:], inf[:, 600:] = torch.finfo(torch.float16).min, -torch.inf
    assert torch.equal(
        sparse_multilabel_cross_entropy(low, positives, "none"), sparse_multilabel_cross_entropy(inf, positives, "none")
    )


def test_label_0_counts_like_any_other():
    scores = torch.tensor([[3.0, -1.0, 0.5]])
    expected = truth(scores, torch.tensor([[True, False, False]]))
    found = sparse_multilabel_cross_entropy(scores, torch.tensor([[0, -1]]), "none")
    torch.testing.assert_close(found.double(), expected)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("shape", [(6,), (3, 6), (2, 4, 6)])
def test_shapes_and_reductions(shape, reduction):
    scores = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    holds = scores > 0.5
    expected = truth(scores, holds)
    expected = expected if reduction == "none" else getattr(expected, reduction)()
    for loss in (
        multilabel_cross_entropy(scores, holds, reduction),
        sparse_multilabel_cross_entropy(scores, _positives_of(holds), reduction),
        naive_sparse_multilabel_cross_entropy(scores.double(), _positives_of(holds), reduction),
    ):
        torch.testing.assert_close(loss.double(), expected, rtol=1e-5, atol=1e-7)


def test_blocks_don_t_show():
    rows = 3 * (BLOCK // 512) + 5
    scores = torch.randn(rows, 512, generator=torch.Generator().manual_seed(2))
    positives = torch.arange(rows).unsqueeze(1) % 512
    together = sparse_multilabel_cross_entropy(scores, positives, "none")
    one_by_one = [sparse_multilabel_cross_entropy(scores[i], positives[i]) for i in range(0, rows, 97)]
    assert torch.equal(together[::97], torch.stack(one_by_one))


def test_derivatives_first_and_second():
    scores = torch.randn(3, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()
    positives = torch.tensor([[0, 4, -1], [-1, -1, -1], [8, 1, 2]])

    def losses(s):
        return sparse_multilabel_cross_entropy(s, positives, "none")

    assert torch.autograd.gradcheck(losses, scores)
    assert torch.autograd.gradgradcheck(losses, scores)


def test_a_kept_graph_gives_the_gradient_again():
    scores = torch.randn(2, 50).requires_grad_()
    loss = sparse_multilabel_cross_entropy(scores, torch.tensor([[1], [2]]))
    (first,) = torch.autograd.grad(loss, scores, retain_graph=True)
    (second,) = torch.autograd.grad(loss, scores)
    assert torch.equal(first, second)


def test_scores_are_left_as_they_were():
    scores = torch.randn(2, 50)
    before = scores.clone()
    sparse_multilabel_cross_entropy(scores, torch.tensor([[1], [2]]))
    assert torch.equal(scores, before)


# ---- the article's formula ----


def test_the_article_s_formula_is_right_for_small_scores_and_wrong_for_large_ones():
    """One positive at s beside 80,000 negatives that weigh 0.1 together: the truth is near 0.0953 for large s."""
    negatives = torch.full((80_000,), 0.1 / 80_000).log()
    for score, low, high in ((0.0, -1e-5, 1e-5), (5.0, -1e-3, 1e-3), (20.0, 3.0, 6.0), (40.0, 22.0, 26.0)):
        scores = torch.cat((torch.tensor([score]), negatives))
        expected = truth(scores, torch.arange(80_001) == 0).item()
        exact = sparse_multilabel_cross_entropy(scores, torch.tensor([0])).item()
        assert exact == pytest.approx(expected, rel=1e-6)
        assert low < naive_sparse_multilabel_cross_entropy(scores, torch.tensor([0])).item() - expected < high


def test_the_article_s_formula_has_no_gradient_for_a_hard_negative():
    scores = torch.tensor([20.0, 2.0]).requires_grad_()
    naive_sparse_multilabel_cross_entropy(scores, torch.tensor([0])).backward()
    assert scores.grad[1].abs() < 1e-6
    scores.grad = None
    sparse_multilabel_cross_entropy(scores, torch.tensor([0])).backward()
    assert scores.grad[1] == pytest.approx(torch.tensor(2.0).sigmoid().item(), rel=1e-6)


def test_the_article_s_formula_bare_breaks():
    scores = torch.cat((torch.tensor([25.0]), torch.full((10,), -5.0)))
    assert naive_sparse_multilabel_cross_entropy(scores, torch.tensor([0]), clip=0.0) == -torch.inf


# ---- bad input ----

GOOD = torch.zeros(2, 4)


@pytest.mark.parametrize("loss", [sparse_multilabel_cross_entropy, naive_sparse_multilabel_cross_entropy])
@pytest.mark.parametrize(
    ("scores", "positives", "error", "message"),
    [
        ([[0.0]], torch.zeros(1, 1, dtype=torch.int64), TypeError, "scores must be a floating point tensor, got list"),
        (GOOD.long(), torch.zeros(2, 1, dtype=torch.int64), TypeError, "scores must be a floating point tensor"),
        (torch.zeros(2, 0), torch.zeros(2, 1, dtype=torch.int64), ValueError, "at least one row and K ≥ 1"),
        (torch.zeros(0, 4), torch.zeros(0, 1, dtype=torch.int64), ValueError, "at least one row"),
        (GOOD, torch.zeros(2, 1), TypeError, "positives must be an int64 tensor, got torch.float32"),
        (GOOD, torch.zeros(3, 1, dtype=torch.int64), ValueError, r"positives must have shape \(2, M\)"),
        (GOOD, torch.zeros(2, dtype=torch.int64), ValueError, r"positives must have shape \(2, M\)"),
        (GOOD, torch.tensor([[0], [4]]), ValueError, r"positives\[1, 0\] must be a label from 0 to 3.*got 4"),
        (GOOD, torch.tensor([[0], [-2]]), ValueError, r"positives\[1, 0\].*got -2"),
        (GOOD, torch.tensor([[1, 2], [3, 3]]), ValueError, r"positives\[1\] must name a label once, got 3 twice"),
    ],
)
def test_bad_input_is_refused_by_name(loss, scores, positives, error, message):
    with pytest.raises(error, match=message):
        loss(scores, positives)


@pytest.mark.parametrize(("value", "message"), [(torch.nan, "got nan at label 1"), (torch.inf, "got inf at label 1")])
def test_scores_that_are_no_numbers_are_refused(value, message):
    scores = torch.zeros(2, 4)
    scores[1, 1] = value
    with pytest.raises(ValueError, match=message):
        sparse_multilabel_cross_entropy(scores, torch.tensor([[0], [0]]))


@pytest.mark.parametrize("loss", [sparse_multilabel_cross_entropy, naive_sparse_multilabel_cross_entropy])
@pytest.mark.parametrize(
    ("value", "message"), [(-torch.inf, "must not name a masked label"), (torch.nan, "got nan at a label that holds")]
)
def test_a_label_that_holds_has_a_score(loss, value, message):
    with pytest.raises(ValueError, match=message):
        loss(torch.tensor([[0.0, value]]), torch.tensor([[1]]))


@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        (torch.zeros(2, 4), TypeError, "targets must be a bool tensor, got torch.float32"),
        (torch.zeros(2, 3, dtype=torch.bool), ValueError, r"targets must have shape \(2, 4\)"),
    ],
)
def test_targets_are_checked(targets, error, message):
    with pytest.raises(error, match=message):
        multilabel_cross_entropy(GOOD, targets)


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="reduction must be one of none, mean, sum, got 'max'"):
        multilabel_cross_entropy(GOOD, GOOD > 0, "max")
