"""The nearest point of a hull: exactness against 50 digits and a quadratic programme, certificates, training steps."""

import mpmath
import numpy as np
import pytest
import quadprog
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradbook.book.pareto_gradients import (
    comparison,
)
from gradbook.book.pareto_gradients import (
    measurements as fine_print,
)
from gradbook.book.pareto_gradients import (
    measurements as landscape,
)
from gradbook.book.pareto_gradients import (
    measurements as plane,
)
from gradbook.book.pareto_gradients.pictures.hull import pareto_front
from gradbook.book.pareto_gradients.pictures.solvers import first_weight
from gradbook.pareto_gradients import min_norm_weights, pareto_backward, pareto_direction, two_task_weights
from gradbook.pareto_gradients.active_set import min_norm_combination, nonnegative_quadratic
from gradbook.pareto_gradients.iterations import ITERATIONS
from gradbook.pareto_gradients.min_norm import certificate
from gradbook.task_gradients import gramian

pytestmark = pytest.mark.numeric

KINDS = ("random", "common", "conflict", "norms 10^±1", "norms 10^±8", "duplicates", "opposite", "collinear", "zero")


def gradients(kind, n, d, seed=0):
    """Task gradients (n, d) of the named kind, float64."""
    rng = np.random.default_rng([seed, n, d])
    rows = rng.standard_normal((n, d))
    if kind == "common":
        rows += 3
    if kind == "conflict":
        rows += 1e-2 * rng.standard_normal(d) - rows.mean(0)
    if kind == "norms 10^±1":
        rows *= 10 ** rng.uniform(-1, 1, (n, 1))
    if kind == "norms 10^±8":
        rows *= 10 ** rng.uniform(-8, 8, (n, 1))
    if kind == "duplicates":
        rows = rows[rng.integers(0, max(1, n // 2), n)]
    if kind == "opposite":
        rows[: n // 2] = -rows[n - n // 2 :]
    if kind == "collinear":
        rows = np.outer(rng.uniform(0.1, 3, n), rows[0])
    if kind == "zero":
        rows[-1] = 0
    return torch.from_numpy(rows)


def nearest_to_fifty_digits(matrix, support):
    """‖u‖² of the point with equal inner products on ``support``, in 50 digits: 1 / Σ (K_SS)⁻¹ 1."""
    with mpmath.workdps(50):
        block = mpmath.matrix([[mpmath.mpf(float(matrix[i, j])) for j in support] for i in support])
        return 1 / sum(mpmath.lu_solve(block, mpmath.matrix([1] * len(support))))


# ---- the exact solver ----


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 20, 100, 200])
def test_the_active_set_is_certified_for_every_kind_of_gradients(kind, n):
    for d in (2, n, 2 * n, 500):
        matrix = gramian(gradients(kind, n, d)).numpy()
        weights, steps = min_norm_combination(matrix, np.ones(n, dtype=bool))
        assert weights.min() >= 0
        assert abs(weights.sum() - 1) <= 1e-13
        assert certificate(matrix, weights) <= 1e-14 * n
        assert steps <= 12 + 2 * n


@pytest.mark.parametrize("kind", ["random", "common", "conflict", "norms 10^±1", "norms 10^±8"])
@pytest.mark.parametrize("n", [2, 3, 5, 10, 20])
def test_the_squared_norm_is_right_to_rounding(kind, n):
    """A small sum of large terms is off by their rounding: that of numpy's longest floats, 1e-19 on most machines."""
    for seed in range(5):
        matrix = gramian(gradients(kind, n, 2 * n, seed))
        found = min_norm_weights(matrix)
        support = torch.nonzero(found.weights).flatten().tolist()
        truth = nearest_to_fifty_digits(matrix, support)
        terms = float(found.weights @ matrix.diagonal().sqrt()) ** 2
        rounding = float(np.finfo(np.float64).eps * truth + np.finfo(np.longdouble).eps * terms)
        assert abs(found.squared_norm - truth) <= 8 * n * rounding
        assert found.converged


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 12), d=st.integers(1, 15))
def test_no_quadratic_programme_finds_a_nearer_point(seed, n, d):
    matrix = gramian(gradients("random", n, d, seed)).numpy()
    weights, _ = min_norm_combination(matrix, np.ones(n, dtype=bool))
    ridge = 1e-12 * np.trace(matrix) * np.eye(n)  # quadprog asks for a definite matrix
    rival = quadprog.solve_qp(matrix + ridge, np.zeros(n), np.vstack([np.ones(n), np.eye(n)]).T, np.eye(n + 1)[0], 1)
    assert weights @ matrix @ weights <= rival[1] * 2 + 1e-9 * np.trace(matrix)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 8), d=st.integers(1, 10), kind=st.sampled_from(KINDS))
def test_u_is_on_the_right_side_of_every_gradient(seed, n, d, kind):
    """The optimality condition ⟨g_i, u⟩ ≥ ‖u‖², with equality where α_i > 0."""
    rows = gradients(kind, n, d, seed)
    found = min_norm_weights(gramian(rows))
    u = found.weights @ rows
    norms = rows.norm(dim=1)
    reach = found.weights @ norms
    slack = (rows @ u - u @ u) / (norms * reach).clamp(min=1e-300)
    if norms.min() > 0:
        assert slack.min() >= -1e-13
        assert (slack * (found.weights * norms / reach)).max() <= 1e-13
    else:
        assert found.squared_norm == 0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 8))
def test_permuting_the_tasks_permutes_the_weights(seed, n):
    rows = gradients("norms 10^±1", n, n + 2, seed)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    first, second = min_norm_weights(gramian(rows)).weights, min_norm_weights(gramian(rows[order])).weights
    torch.testing.assert_close(first[order], second, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e-3, 1e3, 1e8, 1e150])
@pytest.mark.parametrize("method", ["active_set", *ITERATIONS])
def test_a_common_scale_changes_nothing(method, scale):
    rows = gradients("random", 6, 10)
    plain, scaled = (min_norm_weights(gramian(rows * c), method, max_steps=300) for c in (1.0, scale))
    torch.testing.assert_close(plain.weights, scaled.weights, rtol=1e-6, atol=1e-9)
    assert plain.converged == scaled.converged


def test_the_general_solver_agrees_with_scipy():
    from scipy.optimize import nnls

    rng = np.random.default_rng(3)
    for n, d in [(3, 5), (8, 20), (30, 40), (40, 30)]:
        columns, aim = rng.standard_normal((d, n)), rng.standard_normal(d)
        found, _ = nonnegative_quadratic(columns.T @ columns, columns.T @ aim)
        np.testing.assert_allclose(columns @ found, columns @ nnls(columns, aim)[0], atol=1e-10)


def test_the_slow_way_is_taken_and_right_when_exchanging_fails(monkeypatch):
    """Without the exchanges, Lawson and Hanson's way alone gives the same points."""
    import gradbook.pareto_gradients.active_set as module

    monkeypatch.setattr(module, "_EXCHANGES", 0)
    for kind in KINDS:
        matrix = gramian(gradients(kind, 30, 20)).numpy()
        weights, _ = min_norm_combination(matrix, np.ones(30, dtype=bool))
        assert certificate(matrix, weights) <= 1e-13


# ---- the iterations ----


@pytest.mark.parametrize("method", ITERATIONS)
@pytest.mark.parametrize("kind", ["random", "common", "norms 10^±1"])
def test_every_iteration_goes_to_the_same_point_and_its_gap_covers_its_error(method, kind):
    matrix = gramian(gradients(kind, 5, 10))
    best = min_norm_weights(matrix).squared_norm
    errors = []
    for steps in (10, 100, 1000):
        found = min_norm_weights(matrix, method, tolerance=1e-12, max_steps=steps)
        error = found.squared_norm - best
        assert error >= -1e-12 * best
        assert error <= 2 * found.gap + 1e-12 * best
        assert found.converged or found.steps == steps
        errors.append(error)
    assert errors[2] <= 0.2 * errors[0] + 1e-12 * best


@pytest.mark.parametrize("method", ITERATIONS)
def test_an_iteration_stops_at_its_tolerance(method):
    matrix = gramian(gradients("random", 4, 10))
    loose = min_norm_weights(matrix, method, tolerance=1e-1)
    tight = min_norm_weights(matrix, method, tolerance=1e-3, max_steps=100_000)
    assert loose.converged
    assert tight.converged
    assert loose.steps < tight.steps
    assert tight.gap <= 1e-3 * float(tight.weights @ matrix.diagonal())


@pytest.mark.parametrize("method", ITERATIONS)
def test_a_cap_that_is_hit_is_told(method):
    found = min_norm_weights(gramian(gradients("random", 10, 20)), method, tolerance=1e-14, max_steps=7)
    assert not found.converged
    assert found.steps == 7
    assert found.gap > 0


# ---- two tasks ----


@settings(max_examples=100, deadline=None)
@given(
    first=st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
    second=st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
)
def test_the_closed_form_is_the_active_set_and_frank_wolfe(first, second):
    rows = torch.tensor([first, second], dtype=torch.float64)
    matrix = gramian(rows)
    scale = float(matrix.diagonal().max())
    closed = two_task_weights(matrix)
    squares = [float((weights @ rows).square().sum()) for weights in (closed, min_norm_weights(matrix).weights)]
    squares.append(min_norm_weights(matrix, "frank_wolfe").squared_norm)
    assert max(squares) - min(squares) <= 1e-8 * scale


def test_the_closed_form_takes_a_vertex_where_the_foot_lies_outside():
    rows = torch.tensor([[1.0, 0.0], [3.0, 1.0]])
    assert two_task_weights(gramian(rows)).tolist() == [1.0, 0.0]
    assert min_norm_weights(gramian(rows)).weights.tolist() == [1.0, 0.0]


# ---- directions ----


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("normalize", [False, True])
def test_a_small_step_raises_no_loss(dtype, normalize):
    rows = gradients("norms 10^±1", 5, 20).to(dtype)
    u = pareto_direction(rows, normalize)
    assert u.dtype == dtype
    assert u.shape == (20,)
    assert (rows @ u).min() >= 0.99 * (0 if normalize else u @ u)


def test_normalising_removes_the_lengths():
    rows = gradients("random", 4, 10)
    lengths = torch.tensor([1e-3, 1.0, 50.0, 1e6], dtype=torch.float64)
    torch.testing.assert_close(
        pareto_direction(rows, normalize=True), pareto_direction(lengths[:, None] * rows, normalize=True)
    )
    units = rows / rows.norm(dim=1, keepdim=True)
    torch.testing.assert_close(pareto_direction(rows, normalize=True), pareto_direction(units))


def test_a_zero_gradient_is_stationary():
    rows = gradients("zero", 3, 4)
    assert pareto_direction(rows).tolist() == [0.0] * 4
    assert pareto_direction(rows, normalize=True).tolist() == [0.0] * 4


def test_torchjd_agrees_where_it_is_right():
    from torchjd.aggregation import MGDA

    rows = gradients("random", 2, 10)
    torch.testing.assert_close(MGDA()(rows), pareto_direction(rows), rtol=1e-9, atol=1e-12)


# ---- training steps ----


@pytest.fixture
def network():
    torch.manual_seed(0)
    trunk = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh()).double()
    heads = torch.nn.ModuleList([torch.nn.Linear(8, 1).double() for _ in range(3)])
    return trunk, heads


def forward(network, seed=1):
    trunk, heads = network
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(16, 4, generator=generator, dtype=torch.float64)
    targets = torch.randn(16, 3, generator=generator, dtype=torch.float64)
    features = trunk(inputs)
    return [(head(features)[:, 0] - targets[:, i]).square().mean() for i, head in enumerate(heads)], features


@pytest.mark.parametrize("normalize", [False, True])
def test_the_trunk_gets_the_direction_and_the_heads_their_own_gradient(network, normalize):
    from gradbook.task_gradients import task_gradients

    trunk, heads = network
    losses, _ = forward(network)
    expected = pareto_direction(task_gradients(losses, trunk.parameters()), normalize)
    own = torch.autograd.grad(sum(losses), list(heads.parameters()), retain_graph=True)
    found = pareto_backward(losses, trunk.parameters(), heads.parameters(), normalize=normalize)
    torch.testing.assert_close(torch.cat([p.grad.flatten() for p in trunk.parameters()]), expected)
    for parameter, gradient in zip(heads.parameters(), own, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
    assert abs(float(found.weights.sum()) - 1) < 1e-12


def test_the_upper_bound_minimises_the_features_gradients(network):
    trunk, heads = network
    losses, features = forward(network)
    at_features = torch.stack([torch.autograd.grad(loss, features, retain_graph=True)[0].flatten() for loss in losses])
    weights = min_norm_weights(gramian(at_features)).weights
    expected = torch.autograd.grad(weights @ torch.stack(losses), list(trunk.parameters()), retain_graph=True)
    found = pareto_backward(losses, trunk.parameters(), heads.parameters(), features=features)
    torch.testing.assert_close(found.weights, weights)
    for parameter, gradient in zip(trunk.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def test_one_linear_layer_per_task_makes_the_bound_exact():
    """Where ∇_θ H is the identity, MGDA-UB is MGDA."""
    theta = torch.tensor([0.3, -1.0], dtype=torch.float64, requires_grad=True)
    for features in (None, "θ + 0"):
        h = theta + 0
        losses = [(h - 1).square().sum(), (h + 2).square().sum() * 3]
        pareto_backward(losses, [theta], features=None if features is None else h)
        if features is None:
            plain = theta.grad.clone()
    torch.testing.assert_close(theta.grad, plain)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "RMSprop", "Adagrad", "NAdam"])
def test_any_optimizer_takes_the_step(network, optimizer):
    trunk, heads = network
    parameters = [*trunk.parameters(), *heads.parameters()]
    steps = getattr(torch.optim, optimizer)(parameters, lr=0.01)
    first = [loss.item() for loss in forward(network)[0]]
    for _ in range(60):
        losses, _ = forward(network)
        pareto_backward(losses, trunk.parameters(), heads.parameters())
        steps.step()
    last = [loss.item() for loss in forward(network)[0]]
    assert all(after < before for before, after in zip(first, last, strict=True))


# ---- bad input ----


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], "positive semidefinite"),
        ([[1.0, 0.5], [0.0, 1.0]], r"symmetric, got 0.5 at \(0, 1\)"),
        ([[1.0, float("nan")], [float("nan"), 1.0]], r"finite, got nan at \(0, 1\)"),
        ([[float("inf"), 0.0], [0.0, 1.0]], "finite, got inf"),
        ([[-1.0, 0.0], [0.0, 1.0]], r"gramian\[0, 0\] is a squared norm"),
        ([[0.0, 1.0], [1.0, 1.0]], "positive semidefinite"),
        ([[1.0, 2.0, 3.0]], r"shape \(n, n\)"),
        ([], r"shape \(n, n\)"),
    ],
)
def test_what_no_gradients_can_have_is_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        min_norm_weights(torch.tensor(matrix))
    with pytest.raises(ValueError, match=message):
        two_task_weights(torch.tensor(matrix))


def test_rounding_of_a_long_float32_product_is_not_refused():
    rows = gradients("random", 20, 10_000)
    rows = (rows - rows.mean(0)).float()
    matrix = rows @ rows.T
    assert torch.linalg.eigvalsh(matrix.double()).min() < 1e-2  # of about 10,000
    assert certificate(matrix.double().numpy(), min_norm_weights(matrix).weights.double().numpy()) < 1e-5


@pytest.mark.parametrize("bad", [[[1, 0], [0, 1]], None, torch.ones(2, 2, dtype=torch.int64)])
def test_what_is_no_floating_point_tensor_is_refused(bad):
    with pytest.raises(TypeError, match="gramian must be a floating point tensor"):
        min_norm_weights(bad)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "newton"}, "method must be one of active_set, frank_wolfe"),
        ({"tolerance": 0.0}, "tolerance must be > 0"),
        ({"tolerance": float("nan")}, "tolerance must be > 0"),
        ({"max_steps": 0}, "max_steps a whole number ≥ 1"),
        ({"max_steps": 2.5}, "max_steps a whole number ≥ 1"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        min_norm_weights(torch.eye(2), **options)


def test_three_tasks_have_no_closed_form():
    with pytest.raises(ValueError, match="2 × 2"):
        two_task_weights(torch.eye(3))


@pytest.mark.parametrize("bad", [torch.ones(3), torch.ones(2, 2, 2), torch.full((2, 3), torch.nan), torch.ones(0, 3)])
def test_bad_gradients_are_refused(bad):
    with pytest.raises(ValueError, match="gradient"):
        pareto_direction(bad)


def test_a_bad_loss_writes_nothing(network):
    trunk, heads = network
    losses, features = forward(network)
    with pytest.raises(ValueError, match=r"losses\[1\]"):
        pareto_backward([losses[0], losses[1] * torch.nan, losses[2]], trunk.parameters(), heads.parameters())
    with pytest.raises(ValueError, match="features"):
        pareto_backward(losses, trunk.parameters(), features=features.detach())
    with pytest.raises(ValueError, match="at least one"):
        pareto_backward([], trunk.parameters())
    assert all(p.grad is None for p in [*trunk.parameters(), *heads.parameters()])


# ---- the chapter's own pieces ----


@pytest.mark.parametrize("stretch", [0.2, 1.0, 5.0])
def test_the_pictures_directions_are_the_packages(stretch):
    rows = torch.tensor([[1.5, -0.1], [-0.7, 1.0], [1.3, 0.7]], dtype=torch.float64)
    plain = rows.numpy()
    np.testing.assert_allclose(plane.direction("MGDA", plain), pareto_direction(rows))
    np.testing.assert_allclose(plane.direction("normalised MGDA", plain), pareto_direction(rows, normalize=True))
    np.testing.assert_allclose(plane.direction("sum", plain), rows.sum(0))
    np.testing.assert_allclose(plane.direction("normalised sum", plain), (rows / rows.norm(dim=1, keepdim=True)).sum(0))
    theta = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    features = theta * torch.tensor([stretch, 1.0], dtype=torch.float64)
    at_features = rows / torch.tensor([stretch, 1.0], dtype=torch.float64)
    pareto_backward(list(at_features @ features), [theta], features=features)
    np.testing.assert_allclose(plane.direction("MGDA-UB", plain, stretch), theta.grad)
    with pytest.raises(ValueError, match="name must be one of"):
        plane.direction("Adam", plain)


@pytest.mark.parametrize("method", landscape.DIRECTIONS)
def test_the_landscapes_directions_are_the_packages(method):
    rows = np.array([[1.5, -0.1], [-0.7, 1.0]])
    ours = landscape.combine(method, tuple(rows[0]), tuple(rows[1]), stretch=3.0)
    np.testing.assert_allclose(ours, plane.direction(method, rows, 3.0), atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(x=st.floats(-9.5, 9.5), y=st.floats(-9.5, 9.5))
def test_the_landscapes_slopes_are_those_of_its_losses(x, y):
    ahead = 1e-6
    walls = [abs((-x - 7) / 2 + np.tanh(y)), abs((7 - x) / 2 + np.tanh(y))]
    assume(min(walls) > 1e-3)  # a log has no slope at its pole
    assume(abs(y) > 1e-3)  # nor the maximum of two at its kink
    for i, slope in enumerate(landscape.slopes(x, y)):
        for j, (dx, dy) in enumerate([(ahead, 0.0), (0.0, ahead)]):
            up, down = (landscape.losses(np.array(x + s * dx), np.array(y + s * dy))[i] for s in (1, -1))
            assert slope[j] == pytest.approx((up - down) / 2 / ahead, rel=1e-4, abs=1e-5)


@settings(max_examples=100, deadline=None)
@given(length=st.floats(0.01, 100), angle=st.floats(0.1, 180))
def test_the_weight_of_a_long_gradient(length, angle):
    rows = torch.tensor([[length, 0.0], [np.cos(np.radians(angle)), np.sin(np.radians(angle))]], dtype=torch.float64)
    expected = float(min_norm_weights(gramian(rows)).weights[0])
    assert float(first_weight(length, angle)) == pytest.approx(expected, abs=1e-6)


def test_the_front_is_where_no_step_lowers_both_losses():
    for x, y in pareto_front()[::8]:
        g1, g2 = (np.array(g) for g in landscape.slopes(x, y))
        u = np.array(landscape.combine("MGDA", tuple(g1), tuple(g2)))
        assert np.linalg.norm(u) <= 0.02 * max(np.linalg.norm(g1), np.linalg.norm(g2))


def test_mgda_ub_raises_a_loss_in_a_good_third_of_random_problems_and_mgda_in_none():
    pairs, updates = fine_print.bound_directions(500, seed=3)
    assert 0.3 < (fine_print.worst_cosines(pairs, updates) < 0).mean() < 0.5
    own = np.stack([plane.direction("MGDA", pair) for pair in pairs])
    assert (fine_print.worst_cosines(pairs, own) > -1e-9).all()


def test_the_regimes_are_what_they_are_called():
    assert set(fine_print.tasks_that_matter("edge", seeds=10)) == {2}
    assert min(fine_print.tasks_that_matter("equal", seeds=10)) >= 8
    norms = fine_print.regime("equal", 0).norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(10, dtype=torch.float64))


def test_a_finished_task_stops_mgda_and_not_the_normalised_one():
    assert fine_print.valley_run("MGDA")[-1] == pytest.approx([0.0, 2.0], abs=1e-6)
    assert fine_print.valley_run("normalised MGDA")[-1][1] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.once
def test_a_short_training_repeats_itself_and_every_method_learns():
    budget = comparison.Schedule(width=16, batch=64, steps=30, rate=0.005)
    data = comparison.yeast(0)
    for name, method in comparison.methods().items():
        first, second = (comparison.train(data, method, seed=0, budget=budget) for _ in range(2))
        assert torch.equal(first.scores, second.scores), name
        assert float(first.scores.mean()) > 0.5, name
        assert float(first.weights.sum()) == pytest.approx(1.0), name
        if "MGDA" in name and "UB" not in name:
            assert first.direction_raises == 0.0, name


# ---- edges that a reader may come upon ----


def test_a_tiny_weight_on_a_huge_gradient_is_not_rounded_away():
    rows = torch.tensor([[1e-8, 0.0], [-1e8, 1e8]], dtype=torch.float64)
    found = min_norm_weights(gramian(rows))
    assert found.squared_norm == pytest.approx(5e-17, rel=1e-9)
    assert found.converged
    assert two_task_weights(gramian(rows))[1] > 0


@pytest.mark.parametrize("size", [1e-150, 1e150, 1e153])
def test_entries_at_the_ends_of_float64(size):
    rows = gradients("random", 4, 6)
    assert torch.allclose(min_norm_weights(gramian(rows * size)).weights, min_norm_weights(gramian(rows)).weights)


def test_normalising_gradients_that_are_too_short_for_their_dtype():
    theta = torch.zeros(2, dtype=torch.float32, requires_grad=True)
    losses = [theta[0] * 1e-39, theta[1]]
    pareto_backward(losses, [theta], normalize=True)
    torch.testing.assert_close(theta.grad, torch.tensor([0.5, 0.5]), rtol=1e-3, atol=0)


def test_losses_and_features_that_have_nothing_to_do_with_each_other(network):
    trunk, heads = network
    losses, features = forward(network)
    beside = next(trunk.parameters()).sum()
    with pytest.raises(ValueError, match=r"losses\[3\] doesn't depend on features"):
        pareto_backward([*losses, beside], trunk.parameters(), features=features)
    with pytest.raises(ValueError, match="computed from the shared parameters"):
        pareto_backward(losses, [torch.zeros(3, requires_grad=True)], features=features)
    with pytest.raises(ValueError, match="each parameter once"):
        pareto_backward(losses, [*trunk.parameters(), next(trunk.parameters())])
    with pytest.raises(ValueError, match="each parameter once"):
        pareto_backward(losses, trunk.parameters(), trunk.parameters())
    assert all(p.grad is None for p in [*trunk.parameters(), *heads.parameters()])


def test_a_direction_has_no_graph():
    assert not pareto_direction(gradients("random", 3, 4).requires_grad_()).requires_grad


def test_no_preset_of_the_hull_lets_mgda_raise_a_loss():
    from gradbook.book.pareto_gradients.pictures.hull import hull_of_gradients

    picture = hull_of_gradients()
    for values in picture.sweep():
        assert "MGDA: none" in picture.state(values)["rising"], values
