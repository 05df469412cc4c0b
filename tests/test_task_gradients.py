"""Per-task gradients and their Gram matrix."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.task_gradients import gradient_norms, gradients_by_parameter, gramian, set_gradient, task_gradients

pytestmark = pytest.mark.numeric


@pytest.fixture
def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()


def two_losses(network):
    outputs = network(torch.linspace(-1, 1, 15, dtype=torch.float64).reshape(5, 3))
    return outputs.square().mean(0)


def test_rows_are_the_gradients_in_the_order_of_the_parameters(network):
    rows = task_gradients(two_losses(network), network.parameters())
    for i in (0, 1):
        network.zero_grad()
        two_losses(network)[i].backward()
        flat = torch.cat([p.grad.flatten() for p in network.parameters()])
        torch.testing.assert_close(rows[i], flat, rtol=0, atol=0)


def test_a_sequence_of_scalars_is_as_good_as_a_vector(network):
    losses = two_losses(network)
    parameters = list(network.parameters())
    assert torch.equal(task_gradients(list(losses), parameters), task_gradients(losses, parameters))


def test_what_a_loss_does_not_reach_counts_zero():
    a, b = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    rows = task_gradients([a.sum(), (2 * b).sum(), a.sum() * b.sum()], [a, b])
    assert rows.tolist() == [[1, 1, 0, 0, 0], [0, 0, 2, 2, 2], [3, 3, 2, 2, 2]]


def test_the_graph_survives(network):
    losses = two_losses(network)
    task_gradients(losses, network.parameters())
    losses.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_the_parameters(dtype):
    weight = torch.ones(3, dtype=dtype, requires_grad=True)
    assert task_gradients([weight.sum()], [weight]).dtype == dtype
    assert gramian(task_gradients([weight.sum()], [weight])).dtype == torch.float64


@pytest.mark.parametrize(
    ("losses", "error", "message"),
    [
        ([], ValueError, "at least one task"),
        (torch.ones(2, 2), ValueError, r"shape \(n,\)"),
        (torch.ones(2), ValueError, "without a graph"),
        ([1.0], TypeError, r"losses\[0\] must be a tensor"),
        (torch.tensor([1, 2]), TypeError, "floating point"),
        (torch.tensor([1.0, torch.nan]), ValueError, r"losses\[1\] must be finite.*task 2 of 2"),
    ],
)
def test_bad_losses_are_named(losses, error, message):
    with pytest.raises(error, match=message):
        task_gradients(losses, [torch.ones(1, requires_grad=True)])


def test_bad_parameters_and_gradients_are_named():
    x = torch.zeros(1, requires_grad=True)
    with pytest.raises(ValueError, match="at least one tensor"):
        task_gradients(x, [])
    with pytest.raises(TypeError, match="requires_grad"):
        task_gradients(x, [torch.ones(1)])
    with pytest.raises(ValueError, match=r"the gradient of losses\[1\]"):
        task_gradients([x.sum(), x.sqrt().sum()], [x])


# ---- Gram matrix ----


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_gramian_is_right(dtype):
    rows = torch.randn(7, 300_001, generator=torch.Generator().manual_seed(0)).to(dtype)
    exact = rows.double() @ rows.double().T
    error = 1e-12 if dtype != torch.float32 else 1e-7  # of the norms' product; long float32 sums go by runs
    assert float((gramian(rows) - exact).abs().max()) <= error * float(exact.max())
    few = rows[:, :10_000]
    torch.testing.assert_close(gramian(few), few.double() @ few.double().T, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-25, 1e-10, 1e25])
def test_squares_outside_float32_are_no_matter(scale):
    rows = torch.randn(3, 200_000, generator=torch.Generator().manual_seed(0)) * scale
    exact = rows.double() @ rows.double().T
    torch.testing.assert_close(gramian(rows), exact, rtol=1e-6, atol=1e-7 * float(exact.max()))


def test_a_zero_row_among_long_ones_is_zero():
    rows = torch.randn(3, 200_000, generator=torch.Generator().manual_seed(0))
    rows[1] = 0
    found = gramian([rows, rows[:, :50]])
    assert found[1].tolist() == [0.0, 0.0, 0.0]
    torch.testing.assert_close(found[0, 2], rows[0].double() @ rows[2].double() + rows[0, :50] @ rows[2, :50])


def test_conflicting_gradients_do_not_cancel_into_noise():
    """Two long gradients that nearly cancel: a float32 product is off by 1e-5, this one by rounding of float64."""
    generator = torch.Generator().manual_seed(0)
    base, small = torch.randn(2, 200_000, generator=generator)
    rows = torch.stack([base, -base + 1e-3 * small])
    truth = float((rows.double().sum(0)).square().sum())
    ones = torch.ones(2, dtype=torch.float64)
    assert abs(float(ones @ gramian(rows) @ ones) - truth) <= 1e-6 * truth
    single = (rows @ rows.T).double()
    assert abs(float(ones @ single @ ones) - truth) > 1e-3 * truth  # the reason for the care


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(0, 99))
def test_blocks_and_matrix_agree_and_it_is_symmetric(tasks, sizes, seed):
    generator = torch.Generator().manual_seed(seed)
    blocks = [torch.randn(tasks, size, generator=generator) for size in sizes]
    by_blocks, whole = gramian(blocks), gramian(torch.cat(blocks, dim=1))
    torch.testing.assert_close(by_blocks, whole, rtol=1e-12, atol=1e-12)
    assert torch.equal(whole, whole.T)


def test_blocks_of_any_shape_come_from_the_parameters(network):
    losses = two_losses(network)
    parameters = list(network.parameters())
    torch.testing.assert_close(
        gramian(gradients_by_parameter(losses, parameters)), gramian(task_gradients(losses, parameters))
    )


@pytest.mark.parametrize(
    ("gradients", "error", "message"),
    [
        ([], ValueError, "at least one tensor"),
        (torch.ones(3), ValueError, "shape"),
        (torch.ones(2, 2, dtype=torch.int64), TypeError, "floating point"),
        ([torch.ones(2, 3), torch.ones(3, 3)], ValueError, "3 rows"),
        (torch.tensor([[1.0], [torch.nan]]), ValueError, "task 2"),
        (torch.tensor([[torch.inf], [1.0]]), ValueError, "task 1"),
    ],
)
def test_bad_gradients_are_named(gradients, error, message):
    with pytest.raises(error, match=message):
        gramian(gradients)


# ---- writing a direction ----


def test_set_gradient_lets_any_optimizer_step(network):
    parameters = list(network.parameters())
    direction = task_gradients(two_losses(network), parameters).sum(0)
    before = torch.cat([p.detach().flatten() for p in parameters])
    set_gradient(parameters, direction)
    torch.optim.SGD(parameters, lr=0.5).step()
    after = torch.cat([p.detach().flatten() for p in parameters])
    torch.testing.assert_close(after, before - 0.5 * direction)


@pytest.mark.parametrize("direction", [torch.ones(5), torch.full((26,), torch.nan), torch.ones(1, 26)])
def test_a_bad_direction_changes_nothing(network, direction):
    with pytest.raises(ValueError, match="direction"):
        set_gradient(network.parameters(), direction.double())
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_norms_are_those_of_the_rows(network, dtype):
    network.to(dtype)
    losses = network(torch.ones(5, 3, dtype=dtype)).square().mean(0)
    rows = task_gradients(losses, network.parameters())
    norms = gradient_norms(losses, network.parameters())
    assert norms.dtype == torch.float64
    torch.testing.assert_close(norms, rows.double().norm(dim=1))
