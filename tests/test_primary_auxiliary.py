"""Chapter 3: multipliers, directions, training steps, the hybrid, masking, and L2 without a coefficient."""

import copy
import itertools
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
import quadprog
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from gradbook.book.primary_auxiliary.measurements import (
    STALL,
    article_path,
    curved_losses,
    fitted_exponent,
    harmful_shares,
    mixed_share,
    random_problems,
    rises,
    solve,
    stall_share,
    stalls,
    uphill_share,
)
from gradbook.book.primary_auxiliary.pictures.growth import free
from gradbook.pareto_gradients import min_norm_weights
from gradbook.primary_auxiliary import (
    BlockedWarning,
    auxiliary_multipliers,
    hybrid_direction,
    hybrid_weights,
    masked_backward,
    primary_backward,
    primary_direction,
    without_growth,
)
from gradbook.primary_auxiliary.multipliers import most_violated
from gradbook.task_gradients import gramian, task_gradients

pytestmark = pytest.mark.numeric

METHODS = ("active_set", "cyclic", "article")
EPSILON = float(np.finfo(np.float64).eps)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def quiet_direction(primary, auxiliaries):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BlockedWarning)
        return primary_direction(primary, auxiliaries)


def projected(primary, auxiliaries):
    """The truth by scipy's Lawson and Hanson on unit vectors."""
    unit = auxiliaries / auxiliaries.norm(dim=1, keepdim=True)
    found, _ = nnls(unit.T.numpy(), -primary.numpy())
    return primary + unit.T @ torch.from_numpy(found)


def slacks(primary, auxiliaries, direction):
    """⟨g_i, u⟩ / (‖g_i‖ ‖g_0‖)."""
    return auxiliaries @ direction / auxiliaries.norm(dim=1) / primary.norm()


# ---- the multipliers ----


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 20])
@pytest.mark.parametrize("d", [1, 2, 4, 10, 60])
def test_active_set_agrees_with_scipy_and_quadprog(n, d):
    for seed in range(8):
        gradients = normal(n + 1, d, seed=seed)
        found = solve(gradients)
        u = gradients[0] + found.values @ gradients[1:]
        rounding, kappa = 4 * (n + 1 + d) * EPSILON, condition(gradients[1:][found.values > 0])
        size, lengths = float(gradients[0].norm()), gradients[1:].norm(dim=1)
        assert float((u - projected(gradients[0], gradients[1:])).norm()) <= rounding * kappa**2 * size
        assert found.converged
        pull = float((gradients[1:] @ gradients[0] / lengths).abs().max())
        assert found.residual <= rounding * kappa**2 * size / pull
        assert (found.values >= 0).all()
        correction = found.values @ gradients[1:]
        assert found.squared_norm == pytest.approx(float(correction @ correction), rel=1e-9, abs=1e-12)
        if u.norm() > 1e-9:  # where the primary is blocked, quadprog finds the constraints inconsistent, or not
            x, *_ = quadprog.solve_qp(np.eye(d), gradients[0].numpy(), gradients[1:].T.numpy().copy(), np.zeros(n))
            torch.testing.assert_close(u, torch.from_numpy(x), rtol=0, atol=1e-8)


def test_the_cyclic_iteration_agrees_where_it_is_given_time():
    for n, d in ((1, 3), (2, 4), (3, 10), (6, 20)):
        for gradients in random_problems(n, d, 20):
            exact, cyclic = solve(gradients), solve(gradients, "cyclic", max_steps=200_000)
            assert cyclic.converged
            assert cyclic.residual <= 1e-9
            difference = (exact.values - cyclic.values) @ gradients[1:]
            assert difference.norm() < 1e-6 * gradients[0].norm()
    assert not solve(normal(6, 5, seed=3), "cyclic", max_steps=2).converged


entries = st.floats(-5, 5).map(lambda x: round(x, 3))


@settings(deadline=None, max_examples=200)
@given(st.lists(entries, min_size=3, max_size=3), st.lists(entries, min_size=3, max_size=3))
def test_one_auxiliary_is_the_closed_form(first, second):
    g0, g1 = torch.tensor(first, dtype=torch.float64), torch.tensor(second, dtype=torch.float64)
    square, inner = g1 @ g1, g1 @ g0
    expected = torch.relu(-inner) / square if square > 0 else torch.zeros((), dtype=torch.float64)
    for method in METHODS:
        found = auxiliary_multipliers(square.reshape(1, 1), inner.reshape(1), method)
        torch.testing.assert_close(found.values[0], expected, rtol=1e-12, atol=0)
        assert found.steps <= 1
    torch.testing.assert_close(quiet_direction(g0, g1[None]), g0 + expected * g1, rtol=0, atol=1e-12)


problems = st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(0, 10**6))


@settings(deadline=None, max_examples=200)
@given(problems, st.data())
def test_the_update_meets_all_conditions_and_knows_no_scale_and_no_order(problem, data):
    n, d, seed = problem
    gradients = normal(n + 1, d, seed=seed)
    g0, others = gradients[0], gradients[1:]
    powers = torch.tensor(data.draw(st.lists(st.integers(-8, 8), min_size=n, max_size=n)), dtype=torch.float64)
    factors = 10**powers
    order = torch.tensor(data.draw(st.permutations(range(n))))
    lam = solve(gradients)
    scaled = solve(torch.cat([g0[None], factors[:, None] * others]))
    rounding, size = 4 * (n + 1 + d) * EPSILON, float(g0.norm())
    kappa = max(condition(others[found.values > 0]) for found in (lam, scaled))
    u = quiet_direction(g0, others)
    assert slacks(g0, others, u).min() >= -rounding * kappa
    assert abs(float(u @ (g0 - u))) <= rounding * kappa * size**2  # complementary slackness, summed
    again = quiet_direction(g0, (factors[:, None] * others)[order])
    assert float((again - u).norm()) <= 2 * rounding * kappa * size
    assert float((quiet_direction(1e-150 * g0, 1e150 * others) * 1e150 - u).norm()) <= 2 * rounding * kappa * size
    if n < d:  # otherwise λ need not be unique
        lengths = others.norm(dim=1)
        differences = (scaled.values * factors - lam.values) * lengths
        assert float(differences.norm()) <= 2 * rounding * kappa**3 * size
    cosines = others @ g0 / others.norm(dim=1) / size
    assert scaled.residual <= rounding * kappa**2 / float(cosines.abs().max())


def test_the_articles_iteration_stalls_on_the_smallest_example():
    path = article_path(STALL)
    torch.testing.assert_close(path, torch.tensor([[0, 0], [0, 0.6], [0.8, 0.6]], dtype=torch.float64))
    stalled, exact = solve(STALL, "article"), solve(STALL)
    assert stalled.steps == 2
    assert not stalled.converged
    # min(λ_2 ‖g_2‖, ⟨g_2, u⟩ / ‖g_2‖) = min(0.6 √5, 1.6 / √5) over the largest pull, ⟨g_1, g_0⟩ / ‖g_1‖ = 2
    assert stalled.residual == pytest.approx(1.6 / math.sqrt(5) / 2)
    torch.testing.assert_close(STALL[0] + stalled.values @ STALL[1:], torch.tensor([0, -1.6], dtype=torch.float64))
    torch.testing.assert_close(exact.values, torch.tensor([2.0, 0], dtype=torch.float64))
    torch.testing.assert_close(primary_direction(STALL[0], STALL[1:]), torch.tensor([0.0, -1], dtype=torch.float64))
    assert exact.squared_norm == pytest.approx(4.0)


def test_the_stall_holds_in_exact_arithmetic():
    rows = [[Fraction(int(x)) for x in row] for row in STALL.tolist()]
    inner = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in rows] for p in rows]
    lam = [Fraction(0), Fraction(0)]
    for _ in range(5):
        slopes = [inner[i][0] + sum(inner[i][j + 1] * lam[j] for j in (0, 1)) for i in (1, 2)]
        tau = slopes.index(min(slopes))
        lam[tau] = max(lam[tau] - slopes[tau] / inner[tau + 1][tau + 1], Fraction(0))
    assert lam == [Fraction(4, 5), Fraction(3, 5)]


@pytest.mark.once
def test_about_a_quarter_of_small_random_problems_stall_and_cycling_cures_all():
    assert 0.2 < mixed_share() < 0.33
    assert stall_share("article", 3, 20, trials=200) > 0.2
    assert stall_share("article", 10, 100, trials=100) > 0.8
    assert stall_share("cyclic", 3, 20, trials=200) == stall_share("cyclic", 10, 100, trials=50) == 0


@pytest.mark.once
def test_where_the_primary_is_blocked_the_articles_iteration_can_make_it_rise():
    blocked, free = harmful_shares(2, 2, 200)
    assert 0.03 < blocked < 0.12
    assert free == 0.0
    assert harmful_shares(3, 3, 300)[1] > 0.0
    assert harmful_shares(2, 20, 100) == (0.0, 0.0)
    assert stalls(STALL)
    assert not stalls(STALL, "cyclic")
    for gradients in random_problems(2, 2, 200):
        u = gradients[0] + solve(gradients, "article", max_steps=1000).values @ gradients[1:]
        if float(gradients[0] @ u) < -1e-6:
            assert quiet_direction(gradients[0], gradients[1:]).tolist() == [0.0, 0.0]


def test_the_promise_is_for_plain_gradient_descent():
    assert uphill_share(lambda p: torch.optim.SGD(p, lr=0.01), seeds=4) == 0
    assert uphill_share(lambda p: torch.optim.Adam(p, lr=0.01), seeds=4) > 0.2


def test_a_large_residual_is_a_longer_update():
    for gradients in random_problems(4, 6, 100):
        found = solve(gradients, "article")
        best = quiet_direction(gradients[0], gradients[1:])
        reached = gradients[0] + found.values @ gradients[1:]
        worse = float(reached.norm() ** 2 - best.norm() ** 2) > 1e-9 * float(gradients[0] @ gradients[0])
        assert worse is (found.residual > 1e-6)


def test_the_articles_iteration_never_makes_the_sum_longer():
    for gradients in random_problems(4, 5, 30):
        products = (gradients @ gradients.T).numpy()
        path = list(most_violated(products[1:, 1:], products[1:, 0]))
        lengths = [float((gradients[0] + torch.from_numpy(lam) @ gradients[1:]).norm()) for lam in path]
        assert all(b <= a + 1e-12 for a, b in itertools.pairwise(lengths))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("method", METHODS)
def test_dtype_in_dtype_out(dtype, method):
    gradients = STALL.to(dtype)
    products = gramian(gradients)
    found = auxiliary_multipliers(products[1:, 1:].to(dtype), products[1:, 0].to(dtype), method)
    assert found.values.dtype == dtype
    assert found.values.shape == (2,)
    assert primary_direction(gradients[0], gradients[1:]).dtype == dtype
    assert hybrid_direction(gradients[:1], gradients[1:]).dtype == dtype


def test_zero_auxiliaries_and_no_conflict():
    gradients = torch.tensor([[1.0, 0], [0, 0], [-1, 1]], dtype=torch.float64)
    for method in METHODS:
        found = solve(gradients, method)
        assert found.values.tolist() == pytest.approx([0.0, 0.5], rel=1e-15)
        assert found.converged
        agreeing = solve(torch.tensor([[1.0, 0], [0, 0], [1, 1]], dtype=torch.float64), method)
        assert agreeing.values.tolist() == [0.0, 0.0]
        assert (agreeing.squared_norm, agreeing.residual, agreeing.steps > 1) == (0.0, 0.0, False)
        nothing = auxiliary_multipliers(torch.zeros(2, 2), torch.zeros(2), method)
        assert (nothing.values.tolist(), nothing.residual) == ([0.0, 0.0], 0.0)
    assert primary_direction(gradients[0], gradients[1:2]).tolist() == [1.0, 0.0]
    assert primary_direction(gradients[0], gradients[:0]).tolist() == [1.0, 0.0]
    assert primary_direction(torch.zeros(2), torch.ones(3, 2)).tolist() == [0.0, 0.0]


def exact_update(rows):
    """g_0 + Σ λ_i g_i in rational arithmetic, and which λ_i are positive, by trying every set of them."""
    vectors = [[Fraction(x) for x in row] for row in rows.tolist()]
    inner = [[sum(a * b for a, b in zip(v, w, strict=True)) for w in vectors] for v in vectors]
    others = range(1, len(vectors))
    for size in range(len(vectors)):
        for chosen in itertools.combinations(others, size):
            values = solved([[inner[i][j] for j in chosen] for i in chosen], [-inner[i][0] for i in chosen])
            if values is None or any(value < 0 for value in values):
                continue
            slack = [inner[i][0] + sum(v * inner[i][j] for v, j in zip(values, chosen, strict=True)) for i in others]
            if min(slack) >= 0:
                whole = [(Fraction(1), 0), *zip(values, chosen, strict=True)]
                update = [float(sum(w * vectors[j][k] for w, j in whole)) for k in range(len(vectors[0]))]
                return torch.tensor(update, dtype=torch.float64), [j - 1 for j in chosen]
    raise AssertionError("one of the sets must be right")


def solved(matrix, right):
    """Gaussian elimination with fractions; None for a singular matrix."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = next((k for k in range(i, len(rows)) if rows[k][i] != 0), None)
        if pivot is None:
            return None
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(len(rows)):
            if k != i and rows[k][i] != 0:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    return [row[-1] for row in rows]


def condition(vectors):
    """The condition number of the vectors at length 1."""
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    return float(np.linalg.cond(unit.numpy())) if len(unit) else 1.0


def written(rows):
    """What ``primary_backward`` writes for losses with these gradients, in two parameters, and what it returns."""
    cut = (rows.shape[1] + 1) // 2
    places = [torch.zeros(width, dtype=rows.dtype, requires_grad=True) for width in (cut, rows.shape[1] - cut)]
    losses = rows[:, :cut] @ places[0] + rows[:, cut:] @ places[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BlockedWarning)
        found = primary_backward(losses[0], losses[1:], places)
    return torch.cat([place.grad for place in places]), found


def check_exactness(rows, from_products=True):
    """Hold u against rational arithmetic: κε from the vectors, κ²ε from inner products.

    A sum of k products is off by up to kε of their absolute sum; here k is at most n or d, and a handful of such sums
    follow each other: hence 4 (n + d).
    """
    truth, active = exact_update(rows)
    size, cosines = rows[0].norm(), rows[1:] @ rows[0] / rows[1:].norm(dim=1) / rows[0].norm()
    rounding = 4 * sum(rows.shape) * EPSILON
    kappa = condition(rows[1:][active])
    update, found = written(rows)
    again = rows[0] + found.values @ rows[1:]
    for u in (quiet_direction(rows[0], rows[1:]), update, again):
        assert float((u - truth).norm()) <= rounding * kappa * size
    assert found.residual <= rounding * kappa / float(cosines.abs().max())
    if from_products:
        products = gramian(rows)
        found = auxiliary_multipliers(products[1:, 1:], products[1:, 0])
        kappa = max(kappa, condition(rows[1:][found.values > 0]))
        again = rows[0] + found.values @ rows[1:]
        assert float((again - truth).norm()) <= rounding * kappa**2 * size
        assert found.residual <= rounding * kappa**2 / float(cosines.abs().max())


@pytest.mark.parametrize(("n", "d"), [(1, 3), (3, 6), (5, 2), (5, 9), (6, 3)])
def test_every_entry_is_as_exact_as_its_input_allows(n, d):
    for seed in range(20):
        check_exactness(normal(n + 1, d, seed=seed))


@pytest.mark.parametrize(("n", "d", "seed"), [(5, 2, 1000383), (6, 3, 1000196), (6, 3, 1000000)])
def test_large_multipliers_keep_their_digits(n, d, seed):
    """Draws with nearly dependent auxiliaries: inner products know u to 1e-9 or so, the vectors to 1e-12."""
    rows = normal(n + 1, d, seed=seed)
    assert solve(rows).values.max() > 10
    check_exactness(rows)


@pytest.mark.parametrize("angle", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_nearly_dependent_auxiliaries_cost_as_many_digits_as_they_must(angle, side):
    for seed in range(20):
        rows = normal(5, 6, seed=seed)
        rows[2] = side * rows[1] + angle * rows[2]
        check_exactness(rows, from_products=angle > 1e-7)  # at less, the Gram matrix is singular to rounding


@pytest.mark.parametrize("scales", [[1e-160] * 4, [1e150] * 4, [1, 1e-160, 1e150, 1], [1e150, 1e-160, 1, 1e150]])
def test_lengths_whose_squares_leave_float64(scales):
    rows, sizes = normal(4, 6, seed=10), torch.tensor(scales, dtype=torch.float64)
    expected, plain = written(rows)
    scaled = sizes[:, None] * rows
    update, found = written(scaled)
    assert plain.values.count_nonzero() == 3
    for u in (update, quiet_direction(scaled[0], scaled[1:])):
        torch.testing.assert_close(u / sizes[0], expected, rtol=0, atol=100 * EPSILON * float(rows[0].norm()))
    multipliers = plain.values * sizes[0] / sizes[1:]  # one is ∞ in the last case
    torch.testing.assert_close(found.values, multipliers, rtol=1e-12, atol=0)
    assert found.residual <= 100 * EPSILON
    u = hybrid_direction(rows[:2], rows[2:]) * scales[0]
    even = hybrid_direction(rows[:2] * scales[0], rows[2:] * sizes[2:, None])
    torch.testing.assert_close(even / scales[0], u / scales[0], rtol=0, atol=100 * EPSILON * float(rows.norm()))


@pytest.mark.parametrize("angle", [1e-3, 1e-7, 1e-8, 1e-9])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_nearly_parallel_and_nearly_opposite_auxiliaries(angle, side):
    """The Gram matrix of these is singular to rounding; the vectors aren't."""
    for seed in [*range(25), 82]:
        gradients = normal(5, 6, seed=seed)
        gradients[2] = side * gradients[1] + angle * gradients[2]
        if seed % 3 == 1:
            gradients[3] = gradients[1] + angle * gradients[3]
        u = quiet_direction(gradients[0], gradients[1:])
        assert slacks(gradients[0], gradients[1:], u).min() >= -1e-12
        assert abs(float(u @ (gradients[0] - u))) <= 1e-12 * float(gradients[0] @ gradients[0])
        assert float((u - exact_update(gradients)[0]).norm()) <= 1e-5 * float(gradients[0].norm())


def test_copies_of_an_auxiliary_that_differ_by_rounding_count_once():
    for seed in range(300):
        rows = normal(2, 2, seed=seed)
        copies = torch.stack([rows[1], rows[1] * 3 * (1 / 3), rows[1] / 7 * 7, rows[1] * 1.1])
        u, once = quiet_direction(rows[0], copies), quiet_direction(rows[0], rows[1:])
        torch.testing.assert_close(u, once, rtol=0, atol=1e-12)
        again, _ = written(torch.cat([rows[:1], copies]))
        torch.testing.assert_close(again, once, rtol=0, atol=1e-12)


def test_a_million_entries_in_float32():
    rows = torch.randn(4, 1_000_000, generator=torch.Generator().manual_seed(0))
    rows[1:] -= 0.5 * rows[0]
    u = primary_direction(rows[0], rows[1:])
    cosines = rows[1:].double() @ u.double() / rows[1:].double().norm(dim=1) / u.double().norm()
    assert cosines.min() > -1e-7


# ---- blocked ----


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "others",
    [[[-3.0, -6.0, 1.5]], [[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]],
)
def test_a_blocked_primary_is_reported_and_the_update_is_exactly_zero(dtype, others):
    g0 = torch.tensor([1.0, 2.0, -0.5], dtype=dtype) / 3
    with pytest.warns(BlockedWarning, match="block the primary loss"):
        u = primary_direction(g0, torch.tensor(others, dtype=dtype) / 7)
    assert u.tolist() == [0.0, 0.0, 0.0]
    with pytest.warns(BlockedWarning):
        u = hybrid_direction(g0[None], torch.tensor(others, dtype=dtype) / 7)
    assert u.tolist() == [0.0, 0.0, 0.0]
    place = torch.zeros(3, dtype=dtype, requires_grad=True)
    with pytest.warns(BlockedWarning):
        primary_backward(place @ g0, torch.tensor(others, dtype=dtype) @ place, [place])
    assert place.grad.tolist() == [0.0, 0.0, 0.0]


def test_a_nearly_blocked_primary_is_not():
    u = primary_direction(torch.tensor([1.0, 1e-9], dtype=torch.float64), torch.tensor([[-1.0, 0.0]]).double())
    torch.testing.assert_close(u, torch.tensor([0.0, 1e-9], dtype=torch.float64))


# ---- the hybrid ----


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 4), st.integers(0, 4), st.integers(1, 8), st.integers(0, 10**6), st.booleans())
def test_hybrid_meets_its_conditions(m, n, d, seed, uneven):
    rows = normal(m + n, d, seed=seed)
    if uneven:
        powers = torch.randint(-6, 7, (m + n, 1), generator=torch.Generator().manual_seed(seed))
        rows = rows * 10.0 ** torch.where(torch.arange(m + n)[:, None] < m, powers.clamp(-3, 3), powers)
    found = hybrid_weights(rows @ rows.T, m)
    assert found.residual < 1e-9
    assert float(found.primaries.sum()) == pytest.approx(1, abs=1e-12)
    assert min([*found.primaries.tolist(), *found.auxiliaries.tolist()]) >= 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BlockedWarning)
        u = hybrid_direction(rows[:m], rows[m:])
    norms, shortest = rows.norm(dim=1), rows[:m].norm(dim=1).min()
    slack = (rows @ u - torch.where(torch.arange(m + n) < m, u @ u, 0.0)) / norms / shortest
    assert slack.min() > -1e-12
    weights = torch.cat([found.primaries, found.auxiliaries])
    torch.testing.assert_close(weights @ rows, u, rtol=0, atol=1e-6 * float(shortest))
    assert found.squared_norm == pytest.approx(float(u @ u), rel=1e-6, abs=1e-9 * float(shortest) ** 2)


def test_hybrid_is_chapter_2_without_auxiliaries_and_the_projection_with_one_primary():
    for seed in range(30):
        rows = normal(5, 6, seed=seed)
        torch.testing.assert_close(
            hybrid_weights(rows @ rows.T, 5).primaries, min_norm_weights(rows @ rows.T).weights, rtol=0, atol=1e-10
        )
        u = quiet_direction(rows[0], rows[1:])
        torch.testing.assert_close(hybrid_direction(rows[:1], rows[1:]), u, rtol=0, atol=1e-12)


def test_a_tiny_gradient_under_min_norm_is_a_primary_with_auxiliaries():
    for seed in range(10):
        rows = normal(4, 5, seed=seed)
        rows[0] *= 1e-8
        alpha = min_norm_weights(rows @ rows.T).weights
        u = quiet_direction(rows[0], rows[1:])
        torch.testing.assert_close(1e8 * (alpha @ rows), 1e8 * u, rtol=0, atol=1e-6)


@pytest.mark.parametrize("angle", [1e-5, 1e-7, 1e-9])
def test_hybrid_with_nearly_opposite_auxiliaries(angle):
    for seed in range(20):
        rows = normal(5, 6, seed=seed)
        rows[3] = -rows[2] + angle * rows[3]
        u = hybrid_direction(rows[:2], rows[2:])
        assert u.norm() > 0.01
        slack = torch.cat([rows[:2] @ u - u @ u, rows[2:] @ u])
        assert slack.min() > -1e-12


def test_hybrid_by_brute_force():
    """No other point of the programme is shorter."""
    rows = normal(4, 3, seed=8)
    best = float(hybrid_direction(rows[:2], rows[2:]).norm())
    share = torch.linspace(0, 1, 41, dtype=torch.float64)
    size = torch.linspace(0, 4, 41, dtype=torch.float64)
    a, p, q = torch.meshgrid(share, size, size, indexing="ij")
    points = torch.stack([a, 1 - a, p, q], -1) @ rows
    assert best <= float(points.norm(dim=-1).min()) + 1e-12
    assert best >= float(points.norm(dim=-1).min()) - 0.1


def test_a_zero_primary_gradient_and_stationary_primaries_need_no_warning():
    assert hybrid_direction(torch.tensor([[0.0, 0], [1, 0]]), torch.tensor([[-1.0, 0]])).tolist() == [0, 0]
    assert hybrid_direction(torch.tensor([[-1.0, 0], [1, 0]]), torch.empty(0, 2)).tolist() == [0, 0]
    assert hybrid_weights(torch.tensor([[0.0, 0], [0, 1]]), 2).primaries.tolist() == [1.0, 0.0]


# ---- bad input ----

EYE, ONES = torch.eye(2), torch.ones(2)
BAD = [
    (lambda: auxiliary_multipliers(torch.full((2, 2), math.nan), ONES), ValueError, "gramian must be finite"),
    (lambda: auxiliary_multipliers(torch.full((2, 2), math.inf), ONES), ValueError, "gramian must be finite"),
    (lambda: auxiliary_multipliers(torch.empty(0, 0), torch.empty(0)), ValueError, "n ≥ 1"),
    (lambda: auxiliary_multipliers(torch.ones(2, 3), ONES), ValueError, r"shape \(n, n\)"),
    (lambda: auxiliary_multipliers(torch.tensor([[1.0, 2], [2, 1]]), ONES), ValueError, "semidefinite"),
    (lambda: auxiliary_multipliers(torch.tensor([[1.0, 0.5], [0, 1]]), ONES), ValueError, "symmetric"),
    (lambda: auxiliary_multipliers(torch.eye(2, dtype=torch.int64), ONES), TypeError, "gramian.*int64"),
    (lambda: auxiliary_multipliers(EYE, torch.ones(3)), ValueError, r"inner_products must have shape \(2,\)"),
    (lambda: auxiliary_multipliers(EYE, torch.tensor([1.0, math.nan])), ValueError, "inner_products.*nan at 1"),
    (lambda: auxiliary_multipliers(EYE, torch.tensor([math.inf, 1])), ValueError, "inner_products.*inf at 0"),
    (lambda: auxiliary_multipliers(EYE, torch.ones(2, dtype=torch.int64)), TypeError, "inner_products.*int64"),
    (lambda: auxiliary_multipliers(EYE, [1.0, 1.0]), TypeError, "inner_products.*list"),
    (lambda: auxiliary_multipliers(torch.zeros(1, 1), -torch.ones(1)), ValueError, "auxiliary 1 is zero"),
    (lambda: auxiliary_multipliers(EYE, ONES, method="frank_wolfe"), ValueError, "method must be one of"),
    (lambda: auxiliary_multipliers(EYE, ONES, tolerance=0), ValueError, "tolerance"),
    (lambda: auxiliary_multipliers(EYE, ONES, max_steps=0), ValueError, "max_steps"),
    (
        lambda: auxiliary_multipliers(torch.full((1, 1), 1e-40), torch.full((1,), -1.0)),
        ValueError,
        "too large for torch.float32",
    ),
    (lambda: primary_direction(torch.ones(2), torch.ones(1, 3)), ValueError, "auxiliaries has 3 columns"),
    (lambda: primary_direction(torch.ones(1, 2), torch.ones(1, 2)), ValueError, "primary must have shape"),
    (lambda: primary_direction(torch.ones(2), torch.ones(2)), ValueError, "auxiliaries must have shape"),
    (lambda: primary_direction(torch.ones(0), torch.ones(1, 0)), ValueError, "d ≥ 1"),
    (lambda: primary_direction(torch.tensor([1, 2]), torch.ones(1, 2)), TypeError, "primary.*int64"),
    (lambda: primary_direction(torch.ones(2), torch.ones(1, 2).double()), TypeError, "auxiliaries is torch.float64"),
    (lambda: primary_direction(torch.ones(2), [[1.0, 2.0]]), TypeError, "auxiliaries.*list"),
    (lambda: primary_direction(torch.tensor([1.0, math.nan]), EYE), ValueError, "primary must be finite"),
    (
        lambda: primary_direction(ONES, torch.tensor([[1.0, 1], [math.inf, 1]])),
        ValueError,
        r"auxiliaries\[1\] must be finite.*\(auxiliary 2 of 2\)",
    ),
    (lambda: hybrid_direction(torch.ones(2), EYE), ValueError, "primaries must have shape"),
    (lambda: hybrid_direction(torch.empty(0, 2), EYE), ValueError, "primaries must hold at least one"),
    (
        lambda: hybrid_direction(torch.full((1, 2), math.nan), EYE),
        ValueError,
        r"primaries\[0\] must be finite.*\(primary 1 of 1\)",
    ),
    (lambda: hybrid_weights(EYE, 0), ValueError, "num_primaries"),
    (lambda: hybrid_weights(EYE, 3), ValueError, "num_primaries"),
    (lambda: hybrid_weights(torch.full((2, 2), math.nan), 1), ValueError, "gramian must be finite"),
    (lambda: without_growth(torch.nn.Linear(1, 1)), TypeError, "optimizer must be a torch.optim.Optimizer"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("method", METHODS)
def test_inner_products_of_no_real_vector_end_and_say_so(method):
    """A singular Gram matrix and a pull outside its range: the minimum is −∞, and nothing loops."""
    found = auxiliary_multipliers(2.0 * torch.eye(2) - 1, -torch.ones(2), method, max_steps=50)
    assert not found.converged
    assert found.residual > 1e-3


# ---- training steps ----


def small_network(seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)).to(dtype)
    inputs, targets = torch.randn(16, 3, dtype=dtype), torch.randn(16, 3, dtype=dtype)
    return network, lambda: (network(inputs) - targets).square().mean(0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_backward_writes_the_direction(dtype):
    for seed in range(5):
        network, losses = small_network(seed, dtype)
        values = losses() * torch.tensor([1.0, 1e3, 1e-3], dtype=dtype)
        rows = task_gradients(values, network.parameters())
        found = primary_backward(values[0], values[1:], network.parameters())
        written = torch.cat([p.grad.flatten() for p in network.parameters()])
        torch.testing.assert_close(written, quiet_direction(rows[0], rows[1:]))
        assert all(p.grad.dtype == dtype and not p.grad.requires_grad for p in network.parameters())
        torch.testing.assert_close(rows[0] + found.values.to(dtype) @ rows[1:], written)
        assert found.converged
        assert found.residual < 1e-12


def test_backward_keeps_the_digits_of_a_short_update():
    for seed in range(10):
        rows = normal(4, 6, seed=seed)
        rows[0] = -torch.tensor([0.7, 1.3, 0.4]).double() @ rows[1:] + 1e-6 * rows[0]
        place = torch.zeros(6, dtype=torch.float64, requires_grad=True)
        primary_backward(rows[0] @ place, rows[1:] @ place, [place])
        assert 1e-8 < place.grad.norm() < 1e-5
        assert (rows[1:] @ place.grad).abs().max() < 1e-14 * float(place.grad.norm() * rows.norm())


def test_backward_hears_an_auxiliary_whose_square_underflows():
    place = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    with pytest.warns(BlockedWarning):
        found = primary_backward(place.sum(), [-1e-170 * place.sum(), -place[0]], [place])
    torch.testing.assert_close(found.values, torch.tensor([1e170, 0.0], dtype=torch.float64))
    assert place.grad.tolist() == [0.0, 0.0]


def test_backward_without_auxiliaries_is_backward():
    network, losses = small_network()
    found = primary_backward(losses()[0], [], network.parameters())
    written = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    losses()[0].backward()
    for p, grad in zip(network.parameters(), written, strict=True):
        torch.testing.assert_close(p.grad, grad, rtol=0, atol=1e-15)
    assert (found.values.shape, found.squared_norm, found.steps) == ((0,), 0.0, 0)


@pytest.mark.once
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop])
def test_training_lowers_the_primary_and_keeps_the_auxiliaries_down(optimizer):
    network, losses = small_network()
    step = optimizer(network.parameters(), lr=1e-3)
    start = losses().detach()
    for _ in range(300):
        values = losses()
        primary_backward(values[0], list(values[1:]), network.parameters())
        step.step()
    end = losses().detach()
    assert end[0] < 0.9 * start[0]
    if optimizer is torch.optim.SGD:  # Adam's step isn't along −u
        assert (end[1:] <= start[1:] + 1e-3).all()


def test_for_small_steps_no_auxiliary_rises_and_the_primary_falls_by_the_squared_length():
    for seed in range(20):
        losses = curved_losses(seed)
        place = torch.zeros(6, dtype=torch.float64, requires_grad=True)
        rows = task_gradients(losses(place), [place])
        u = quiet_direction(rows[0], rows[1:])
        eta = 1e-6
        change = (losses(place - eta * u) - losses(place)).detach()
        assert (change[1:] <= 1e3 * eta**2).all()
        assert change[0].item() == pytest.approx(-eta * float(u @ u), rel=1e-3, abs=1e-13)


def test_an_auxiliary_rises_by_the_second_order():
    rates = torch.logspace(-4, -2, 9, dtype=torch.float64)
    changes, bent = rises(rates)
    rows = (changes[0] > 0).nonzero().flatten().tolist()
    assert rows
    assert 0 not in rows
    for i in rows:
        slope, error = fitted_exponent(rates, changes[:, i])
        assert slope == pytest.approx(2, abs=0.02)
        assert error < 0.02
        torch.testing.assert_close(changes[:3, i] / rates[:3] ** 2, bent[i].expand(3), rtol=0.01, atol=0)
    slope, error = fitted_exponent(rates, rates**1.5)
    assert (round(slope, 9), round(error, 9)) == (1.5, 0.0)


def test_backward_writes_nothing_when_something_is_wrong():
    network, losses = small_network()
    for p in network.parameters():
        p.grad = torch.full_like(p, 7.0)
    values = losses()
    weight = next(network.parameters())
    broken = (weight.flatten()[0] - weight.flatten()[0].detach()).sqrt()
    cases = [
        (lambda: primary_backward(values[0] * math.nan, values[1:], network.parameters()), "finite"),
        (lambda: primary_backward(values[0], values[1:] * math.inf, network.parameters()), r"auxiliary_losses\[0\]"),
        (lambda: primary_backward(values[0], [values[1], broken], network.parameters()), r"losses\[2\]"),
        (lambda: primary_backward(values, values[1:], network.parameters()), "primary_loss must be a scalar"),
        (lambda: primary_backward(values[0], values[1:], []), "parameters must hold at least one"),
        (lambda: masked_backward(values * math.nan, values[0], network.parameters()), r"example_losses\[0\]"),
        (lambda: masked_backward(values, values[0] * math.inf, network.parameters()), "clean_loss"),
        (lambda: masked_backward(values, values, network.parameters()), "clean_loss"),
        (lambda: masked_backward(torch.stack([values[0], broken]), values[0], network.parameters()), r"losses\[1\]"),
        (lambda: masked_backward(values.detach(), values[0], network.parameters()), "example_losses.*graph"),
        (lambda: masked_backward(values, values[0].detach(), network.parameters()), "clean_loss.*graph"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match="example_losses"):
        masked_backward([values[0]], values[0], network.parameters())
    assert all((p.grad == 7.0).all() for p in network.parameters())


# ---- masking ----


def labelled_batch(seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3)).to(dtype)
    inputs, labels = torch.randn(12, 4, dtype=dtype), torch.randint(0, 3, (12,))
    clean = torch.nn.functional.cross_entropy(network(torch.randn(9, 4, dtype=dtype)), torch.randint(0, 3, (9,)))
    return network, torch.nn.functional.cross_entropy(network(inputs), labels, reduction="none"), clean


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_masking_keeps_the_examples_that_agree(dtype):
    for seed in range(8):
        network, losses, clean = labelled_batch(seed, dtype)
        rows = task_gradients(losses, network.parameters())
        judge = task_gradients([clean], network.parameters())[0]
        expected = rows @ judge >= 0
        kept = masked_backward(losses, clean, network.parameters())
        assert kept.dtype == torch.bool
        assert kept.tolist() == expected.tolist()
        assert 0 < kept.sum() < 12
        written = torch.cat([p.grad.flatten() for p in network.parameters()])
        torch.testing.assert_close(written, rows[kept].mean(0))


def test_masking_when_none_is_kept_writes_zeros():
    place = torch.ones(3, dtype=torch.float64, requires_grad=True)
    unused = torch.ones(2, requires_grad=True)
    rows = -torch.rand(4, 3, dtype=torch.float64)
    kept = masked_backward(rows @ place, place.sum(), [place, unused])
    assert kept.tolist() == [False] * 4
    assert place.grad.tolist() == [0.0, 0.0, 0.0]
    assert unused.grad.tolist() == [0.0, 0.0]
    kept = masked_backward(-(rows @ place), place.sum(), [place, unused])
    assert kept.all()
    torch.testing.assert_close(place.grad, -rows.mean(0))


def test_masking_judges_by_the_clean_loss_alone():
    place = torch.ones(2, dtype=torch.float64, requires_grad=True)
    elsewhere = torch.ones(1, dtype=torch.float64, requires_grad=True)
    kept = masked_backward((place * torch.tensor([1.0, -1.0])).double(), elsewhere.sum(), [place, elsewhere])
    assert kept.all()  # orthogonal gradients don't conflict


# ---- L2 without a coefficient ----


def step_once(optimizer_class, decoupled, theta, gradient, **options):
    parameter = torch.nn.Parameter(theta.clone())
    optimizer = optimizer_class([parameter], **options)
    without_growth(optimizer, decoupled)
    parameter.grad = gradient.clone()
    optimizer.step()
    return parameter


def test_the_plain_form_is_the_formula():
    theta, gradient = normal(7, seed=1), normal(7, seed=2)
    outward = -abs(float(gradient @ theta)) / float(theta @ theta)
    for g in (gradient, gradient - 3 * theta, gradient + 3 * theta):
        factor = torch.relu(-(g @ theta)) / (theta @ theta)
        parameter = step_once(torch.optim.SGD, False, theta, g, lr=0.1)
        torch.testing.assert_close(parameter.data, theta - 0.1 * (g + factor * theta))
        torch.testing.assert_close(parameter.grad, g + factor * theta)
        decoupled = step_once(torch.optim.SGD, True, theta, g, lr=0.1)
        torch.testing.assert_close(decoupled.data, parameter.data)  # for plain SGD the two forms are one
        torch.testing.assert_close(decoupled.grad, g)
    assert outward < 0


def test_it_is_the_primary_auxiliary_projection_with_half_the_squared_norm_as_auxiliary():
    theta, g = normal(5, seed=3), normal(5, seed=4) - 2 * normal(5, seed=3)
    parameter = step_once(torch.optim.SGD, False, theta, g, lr=1.0)
    torch.testing.assert_close(theta - parameter.data, primary_direction(g, theta[None]))


@pytest.mark.parametrize("decoupled", [False, True])
def test_all_parameters_of_the_optimizer_count_together(decoupled):
    first, second, idle = normal(3, seed=1), normal(2, 2, seed=2), normal(4, seed=5)
    g1, g2 = normal(3, seed=3) - 2 * first, normal(2, 2, seed=4) - 2 * second
    parameters = [torch.nn.Parameter(x.clone()) for x in (first, second, idle)]
    optimizer = torch.optim.SGD([{"params": parameters[:1]}, {"params": parameters[1:]}], lr=0.1)
    without_growth(optimizer, decoupled)
    parameters[0].grad, parameters[1].grad = g1.clone(), g2.clone()
    optimizer.step()
    inner = float(g1 @ first + (g2 * second).sum())
    factor = max(-inner, 0) / float(first @ first + second.square().sum())
    assert factor > 0
    torch.testing.assert_close(parameters[0].data, first - 0.1 * (g1 + factor * first))
    torch.testing.assert_close(parameters[1].data, second - 0.1 * (g2 + factor * second))
    torch.testing.assert_close(parameters[2].data, idle, rtol=0, atol=0)


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.01),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decoupled_each_displacement_points_sideways_or_inwards(name):
    network, losses = small_network()
    parameters = list(network.parameters())
    with torch.no_grad():
        for p in parameters:
            p.mul_(0.05)  # small weights want to grow
    optimizer = OPTIMIZERS[name](parameters)
    without_growth(optimizer, decoupled=True)
    clipped = 0
    for _ in range(50):
        before = torch.cat([p.detach().flatten() for p in parameters]).clone()
        optimizer.zero_grad()
        losses().sum().backward()
        optimizer.step()
        delta = torch.cat([p.detach().flatten() for p in parameters]) - before
        cosine = float(delta @ before / delta.norm() / before.norm())
        # Each new entry is rounded by up to ε/2, which Δ then holds; and ⟨Δ, θ⟩ is a sum of d products.
        rounding = EPSILON * float((before + delta).norm() / delta.norm() + len(delta))
        assert cosine <= rounding
        clipped += abs(cosine) <= rounding
    assert clipped > 5


@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("scale", [1e-200, 1e150])
def test_parameters_whose_squares_leave_float64(decoupled, scale):
    theta, gradient = normal(7, seed=1), normal(7, seed=2) - normal(7, seed=1)
    plain = step_once(torch.optim.SGD, decoupled, theta, gradient, lr=0.1).data
    assert (plain - theta + 0.1 * gradient).norm() > 0.01  # something was corrected
    scaled = step_once(torch.optim.SGD, decoupled, scale * theta, scale * gradient, lr=0.1).data
    torch.testing.assert_close(scaled / scale, plain, rtol=1e-14, atol=1e-15)


def test_momentum_needs_the_decoupled_form():
    """The buffer of the plain form holds older directions, which need not be sideways now."""
    grown = {}
    for decoupled in (False, True):
        parameter = torch.nn.Parameter(torch.tensor([1.0, 0.0], dtype=torch.float64))
        optimizer = torch.optim.SGD([parameter], lr=0.02, momentum=0.9)
        without_growth(optimizer, decoupled)
        worst = -1.0
        for _ in range(40):
            before = parameter.detach().clone()
            parameter.grad = torch.tensor([-1.0, -1.0], dtype=torch.float64)
            optimizer.step()
            delta = parameter.detach() - before
            worst = max(worst, float(delta @ before / delta.norm() / before.norm()))
        grown[decoupled] = worst
    assert grown[True] < 1e-10
    assert grown[False] > 0.01


def test_the_norm_grows_by_the_second_order_only():
    growth = []
    for eta in (1e-2, 1e-3):
        parameter = step_once(
            torch.optim.SGD, False, torch.tensor([1.0, 0]).double(), torch.tensor([-1.0, 1]).double(), lr=eta
        )
        growth.append(float(parameter.detach().norm()) - 1)
    assert growth[0] == pytest.approx(0.5e-4, rel=0.01)
    assert growth[0] / growth[1] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("name", ["momentum", "Adam"])
def test_state_dict_scheduler_and_removal(name, decoupled):
    network, losses = small_network()
    optimizer = OPTIMIZERS[name](network.parameters())
    handle = without_growth(optimizer, decoupled)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)

    def train(network, losses, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            losses()[0].backward()
            optimizer.step()

    for _ in range(4):
        train(network, losses, optimizer, 1)
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.0025)
    state, weights = copy.deepcopy(optimizer.state_dict()), copy.deepcopy(network.state_dict())
    train(network, losses, optimizer, 3)
    other, other_losses = small_network()
    other.load_state_dict(weights)
    again = OPTIMIZERS[name](other.parameters())
    without_growth(again, decoupled)
    again.load_state_dict(state)
    train(other, other_losses, again, 3)
    for a, b in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    handle.remove()
    handle.remove()
    plain, plain_losses = small_network()
    plain.load_state_dict(network.state_dict())
    bare = OPTIMIZERS[name](plain.parameters())
    bare.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    train(network, losses, optimizer, 2)
    train(plain, plain_losses, bare, 2)
    for a, b in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("decoupled", [False, True])
def test_a_removed_hook_lets_the_parameters_grow(decoupled):
    parameter = torch.nn.Parameter(torch.tensor([1.0, 0.0], dtype=torch.float64))
    optimizer = torch.optim.SGD([parameter], lr=0.5)
    handle = without_growth(optimizer, decoupled)
    for expected in (1.0, 1.5):
        parameter.grad = torch.tensor([-1.0, 0.0], dtype=torch.float64)
        optimizer.step()
        assert parameter.tolist() == [expected, 0.0]
        handle.remove()


def test_closures():
    parameter = torch.nn.Parameter(torch.tensor([1.0, 2.0], dtype=torch.float64))

    def closure():
        parameter.grad = -parameter.detach() + torch.tensor([0.5, 0.0], dtype=torch.float64)
        return parameter.sum()

    for call in (lambda o: o.step(closure), lambda o: o.step(closure=closure)):
        plain = torch.optim.SGD([parameter], lr=0.1)
        without_growth(plain)
        with pytest.raises(ValueError, match=r"closure.*decoupled=True"):
            call(plain)
        assert parameter.tolist() == [1.0, 2.0]
        parameter.grad = torch.full((2,), math.nan, dtype=torch.float64)  # the closure replaces what is left over
        decoupled = torch.optim.SGD([parameter], lr=0.1)
        without_growth(decoupled, decoupled=True)
        call(decoupled)
        delta = parameter.detach() - torch.tensor([1.0, 2.0])
        assert abs(float(delta @ torch.tensor([1.0, 2.0]).double())) <= 5 * EPSILON  # ε ‖θ‖²
        assert delta.norm() > 0.01
        with torch.no_grad():
            parameter.copy_(torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize("decoupled", [False, True])
def test_zero_parameters_and_bad_gradients(decoupled):
    moved = step_once(torch.optim.SGD, decoupled, torch.zeros(2), torch.tensor([1.0, -2.0]), lr=0.5)
    assert moved.tolist() == [-0.5, 1.0]
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    without_growth(optimizer, decoupled)
    optimizer.step()  # no gradients at all
    parameter.grad = torch.tensor([1.0, math.nan])
    with pytest.raises(ValueError, match="gradient of parameter 0"):
        optimizer.step()
    parameter.grad = torch.ones(2).to_sparse()
    with pytest.raises(TypeError, match="sparse"):
        optimizer.step()
    assert parameter.tolist() == [1.0, 1.0]


# ---- the public implementations ----


def dual_proj(rows):
    from torchjd.aggregation import DualProj

    preference = torch.zeros(len(rows), dtype=rows.dtype)
    preference[0] = 1.0
    return DualProj(pref_vector=preference)(rows)


def test_torchjds_dual_proj_agrees_where_its_regularisation_is_small():
    for seed in range(10):
        rows = normal(4, 30, seed=seed)
        torch.testing.assert_close(
            dual_proj(rows), quiet_direction(rows[0], rows[1:]), rtol=0, atol=5e-3 * float(rows[0].norm())
        )


def test_torchjds_dual_proj_misses_small_gradients_and_ours_does_not():
    rows = normal(4, 3, seed=0) * 1e-3
    torch.testing.assert_close(dual_proj(rows), rows[0])  # no correction at all
    u = quiet_direction(rows[0], rows[1:])
    assert slacks(rows[0], rows[1:], rows[0]).min() < -0.1
    assert slacks(rows[0], rows[1:], u).min() > -1e-12


# ---- edges that a reader may come upon ----


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_half_precision_isnt_taken_for_blocked(dtype):
    found = [primary_direction(torch.tensor([1.0, 1.0], dtype=dtype), torch.tensor([[-1.0, 0.0]], dtype=dtype))]
    both = torch.tensor([[1.0, 1.0], [1.0, 2.0]], dtype=dtype)
    found.append(hybrid_direction(both, torch.tensor([[-1.0, 0.0]], dtype=dtype)))
    place = torch.zeros(2, dtype=dtype, requires_grad=True)
    primary_backward(place.sum(), [-place[0]], [place])
    for u in [*found, place.grad]:
        torch.testing.assert_close(u, torch.tensor([0.0, 1.0], dtype=dtype), rtol=0, atol=torch.finfo(dtype).eps)


def test_primaries_of_lengths_that_no_square_can_hold():
    rows = normal(3, 4, seed=1) * torch.tensor([[1.0], [1e160], [1e-160]], dtype=torch.float64)
    u = hybrid_direction(rows[:2], rows[2:])
    expected = hybrid_direction(rows[:2] * torch.tensor([[1.0], [1e-155]], dtype=torch.float64), rows[2:] * 1e160)
    torch.testing.assert_close(u, expected, rtol=1e-4, atol=1e-6)


def test_signs_decide_in_masking_however_small_the_gradients():
    place = torch.zeros(2, dtype=torch.float32, requires_grad=True)
    examples = torch.stack([place[0], -place[0], place[1]]) * 1e-24
    kept = masked_backward(examples, (place[0] + 1e-3 * place[1]) * 1e-24, [place])
    assert kept.tolist() == [True, False, True]


def test_the_plain_form_refuses_what_it_is_not_made_for():
    first, second = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
    uneven = torch.optim.SGD([{"params": [first], "lr": 0.1}, {"params": [second], "lr": 0.001}])
    upwards = torch.optim.SGD([first], lr=0.1, maximize=True)
    for optimizer in (uneven, upwards):
        handle = without_growth(optimizer)
        first.grad, second.grad = torch.ones(1), torch.ones(1)
        with pytest.raises(ValueError, match="decoupled=True"):
            optimizer.step()
        handle.remove()
    assert first.item() == second.item() == 1.0


def test_half_precision_parameters_are_held_too():
    place = torch.nn.Parameter(torch.tensor([1.0, 0.0], dtype=torch.float16))
    without_growth(torch.optim.SGD([place], lr=0.1), decoupled=True)
    place.grad = torch.tensor([-1.0, 1.0], dtype=torch.float16)


@pytest.mark.parametrize(
    ("auxiliaries", "error", "message"),
    [
        (torch.tensor(1.0), ValueError, r"auxiliary_losses must have shape \(n,\)"),
        (None, TypeError, "auxiliary_losses"),
    ],
)
def test_auxiliary_losses_of_another_kind_are_refused(auxiliaries, error, message):
    place = torch.ones(2, requires_grad=True)
    with pytest.raises(error, match=message):
        primary_backward(place.sum(), auxiliaries, [place])
    with pytest.raises(ValueError, match="primary_loss must depend"):
        primary_backward(torch.tensor(1.0), [place.sum()], [place])
    assert place.grad is None


@pytest.mark.parametrize("seed", range(5))
def test_the_pictures_rule_is_that_of_the_hook(seed):
    place, gradient = normal(2, 2, seed=seed)
    parameter = torch.nn.Parameter(place.clone())
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    without_growth(optimizer)
    parameter.grad = gradient.clone()
    optimizer.step()
    ours = place.numpy() - 0.1 * free(place.numpy(), gradient.numpy())
    np.testing.assert_allclose(ours, parameter.detach(), atol=16 * EPSILON * float(place.norm() + gradient.norm()))
