"""What chapter 7 shows: its pictures' descents against the optimizers, its laws against simulation, its tables."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from gradbook.book.explore.style import png
from gradbook.book.step_sizes import comparison
from gradbook.book.step_sizes import comparison as digits
from gradbook.book.step_sizes import positive as simplex
from gradbook.book.step_sizes.figures import mixture_figure, mixture_rows, rate_rows, sensitivity_rows
from gradbook.book.step_sizes.measurements import (
    best_walk,
    digit_mixture,
    expected_product,
    late_square,
    mixture_table,
    simulate,
    typical_gain,
    without_spread,
)
from gradbook.book.step_sizes.pictures.positive import growth_state, triangle_state
from gradbook.book.step_sizes.pictures.rates import COLOUR_OF, curve, dots, good_decades, means, stored_table
from gradbook.book.step_sizes.pictures.valley import FAR, METHODS, descend, hessian, loss, typical_end, valley_state
from gradbook.book.step_sizes.positive import WAYS, walk
from gradbook.step_sizes import ExponentiatedGradient, HypergradientDescent, MetaStepSize

MAKERS = {
    "gradient descent": lambda p, rate, gamma: torch.optim.SGD([p], lr=rate),
    "momentum": lambda p, rate, gamma: torch.optim.SGD([p], lr=rate, momentum=0.9),
    "Adam": lambda p, rate, gamma: torch.optim.Adam([p], lr=rate),
    "hypergradient": lambda p, rate, gamma: HypergradientDescent([p], lr=rate, hyper_lr=rate * gamma),
    "meta": lambda p, rate, gamma: MetaStepSize([p], lr=rate, meta_lr=gamma),
}


# ---- the valley ----


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("rate", "gamma", "scale"), [(0.1, 0.5, 1.0), (0.05, 3.0, 2.0), (0.3, 100.0, 1.0)])
def test_the_pictures_descents_are_the_optimizers(method, rate, gamma, scale):
    matrix, noise = hessian(10, 30), 0.1 * np.random.default_rng(0).standard_normal((25, 2))
    ours = descend(method, matrix, (-1.0, 0.8), rate, gamma, noise, scale)
    place = torch.tensor([-1.0, 0.8], dtype=torch.float64, requires_grad=True)
    optimizer = MAKERS[method](place, rate, gamma)
    for row in noise[: len(ours.places) - 1]:
        place.grad = scale * (torch.from_numpy(matrix) @ place.detach() + torch.from_numpy(row))
        optimizer.step()
    assert np.allclose(place.detach().numpy(), ours.places[-1], rtol=1e-9)
    if method == "meta":
        assert np.allclose(optimizer.gains()[0].numpy(), ours.gains[-1], rtol=1e-9)


def test_the_valley_has_the_condition_number_and_the_direction_that_it_says():
    matrix = hessian(25, 40)
    values, vectors = np.linalg.eigh(matrix)
    assert np.allclose(values, [1 / 25, 1])
    floor = np.array([math.cos(math.radians(40)), math.sin(math.radians(40))])
    assert abs(vectors[:, 0] @ floor) == pytest.approx(1)
    assert loss(matrix, 2 * floor) == pytest.approx(0.5 * 4 / 25)


def test_a_diverging_descent_is_broken_off_and_told():
    run = descend("gradient descent", hessian(1, 0), (1.0, 1.0), 5.0, 0.0, np.zeros((60, 2)))
    assert run.diverged
    assert len(run.places) < 61
    assert np.isfinite(run.places).all()
    assert abs(run.places[-1]).max() >= FAR
    state = valley_state(10, 0, 5.0, 0.0, 0.0, 1.0, (-1.7, 1.2))
    assert state["note"].startswith("Diverged: gradient descent, momentum")


def test_what_figure_7_1_says():
    """The steep gain goes nearly to Newton's 10, the flat one grows slowly."""
    run = descend("meta", hessian(10, 0), (-1.7, 1.2), 0.1, 1.0, np.zeros((60, 2)))
    assert 7 < run.gains[-1, 1] < 10
    assert 1.5 < run.gains[-1, 0] < 4


@pytest.mark.parametrize("method", ["gradient descent", "momentum", "hypergradient"])
def test_what_knows_no_axes_is_the_same_at_every_angle(method):
    ends = [typical_end(method, 10, angle, 0.1, 1.0) for angle in (0, 20, 45)]
    assert ends == pytest.approx([ends[0]] * 3, rel=1e-9)


def test_the_meta_rule_does_better_where_the_valley_is_turned_and_adam_does_not():
    assert typical_end("meta", 10, 45, 0.1, 1.0) < typical_end("meta", 10, 0, 0.1, 1.0) / 30
    assert typical_end("Adam", 100, 45, 0.1, 1.0) > 3 * typical_end("Adam", 100, 0, 0.1, 1.0)
    assert typical_end("gradient descent", 1, 0, 5.0, 1.0) == math.inf


# ---- positive parameters ----


@pytest.mark.parametrize("way", WAYS)
def test_all_ways_move_alike_at_one(way):
    moved = walk(way, lambda theta: -1.0, 1.0, 1e-4, 1)[-1]
    assert moved - 1 == pytest.approx(1e-4, rel=1e-3)


def test_the_times_of_the_flows():
    for start in (0.1, 0.01):
        times = {"exponentiated": math.log(1 / start), "descent in log θ": 1 / start - 1, "projected": 1 - start}
        for way, time in times.items():
            places = walk(way, lambda theta: -1.0, start, 1e-3, int(2000 * time))
            assert int((places < 1).sum()) * 1e-3 == pytest.approx(time, rel=0.02)


def test_the_numpy_way_is_the_optimizer():
    theta = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    optimizer = ExponentiatedGradient([theta], lr=0.3)
    for _ in range(20):
        theta.grad = theta.detach() - 1
        optimizer.step()
    assert np.allclose(
        walk("exponentiated", lambda t: t - 1, np.array([0.5, 2.0]), 0.3, 20)[-1], theta.detach().numpy()
    )


def test_growth_says_how_far_the_guess_was():
    state = growth_state(0.01, 1.0, 0.1, 100)
    assert state["verdict"].startswith("Descent in log θ is half-way not within 400 steps; you guessed 100")
    assert "half-way after" in growth_state(0.05, 1.0, 0.1, 100)["verdict"]
    assert growth_state(1.0, -0.5, 0.1, 100)["projected"][-1, 1] == growth_state(1.0, 0.0, 1.0, 0)["goal"][0, 1]
    assert "–" in growth_state(1.0, 1.0, 0.1, 100)["halves"]


# ---- the simplex ----


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6))
def test_the_projection_is_the_nearest_point_of_the_simplex(point):
    target = np.array(point)
    found = simplex.project(target)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    slope = found - target  # optimal: the slope is least exactly where there is weight
    assert slope[found > 1e-9].max() <= slope.min() + 1e-9


@pytest.mark.parametrize("target", [(0.75, 0.45), (0.1, 0.0), (1.4, -1.2), (-1.4, 1.4)])
def test_every_way_goes_to_the_point_of_the_triangle_nearest_to_the_target(target):
    best = simplex.weights_at(np.array(target))
    square = lambda w: ((simplex.drawn(w) - target) ** 2).sum()  # noqa: E731
    found = minimize(
        square,
        np.full(3, 1 / 3),
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        tol=1e-12,
    )
    assert np.allclose(found.x, best, atol=1e-4)
    state = triangle_state(target, (-0.6, -0.4), 0.3, "both")
    assert state["projected off"][-1, 1] < 1e-6
    assert state["exponentiated off"][-1, 1] < state["exponentiated off"][0, 1] / 10


def test_places_and_weights_go_there_and_back():
    weights = np.array([0.2, 0.5, 0.3])
    assert np.allclose(simplex.weights_at(simplex.drawn(weights)), weights)
    assert simplex.weights_at(np.array([9.0, -9.0])).min() == 0


def test_the_simplex_step_is_the_optimizers():
    alpha = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64, requires_grad=True)
    g = torch.tensor([1.0, -0.5, 0.3], dtype=torch.float64)
    alpha.grad = g
    expected = simplex.simplex_exponentiated(alpha.detach().numpy().copy(), g.numpy(), 0.7)
    ExponentiatedGradient([alpha], lr=0.7, simplex=True).step()
    assert np.allclose(alpha.detach().numpy(), expected)


# ---- noise ----


def test_the_simulation_is_the_optimizer():
    """One coordinate of the simulation, its gradients fed to the optimizer."""
    rng = np.random.default_rng(4)
    draws = 0.5 * rng.standard_normal((500, 1))
    run = simulate(2.0, 0.5, rate=0.1, gamma=0.3, steps=40, coordinates=1, seed=4)
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = MetaStepSize([x], lr=0.1, meta_lr=0.3)
    for t in range(40):
        x.grad = 2.0 * x.detach() + torch.from_numpy(draws[t])
        optimizer.step()
    assert optimizer.gains()[0].log().item() == pytest.approx(run.log_gains[-1, 0], abs=1e-12)


@pytest.mark.parametrize("a", [0.1, 0.7, 1.5])
def test_successive_gradients_disagree_as_much_as_derived(a):
    rng, h, sigma = np.random.default_rng(1), 2.0, 0.5
    x, last = np.zeros(200_000), 0.0
    for _ in range(100):
        g = h * x + sigma * rng.standard_normal(len(x))
        x, product, last = x - a / h * g, last * g, g
    error = product.std() / math.sqrt(len(product))
    assert product.mean() == pytest.approx(expected_product(a, sigma), abs=4 * error)


def test_the_diffusion_law_holds_and_the_mean_change_alone_does_not():
    run = simulate(1.0, 1.0, rate=0.1, gamma=0.05, steps=20_000, coordinates=400)
    laws = (1.0, 1.0, 0.1, 0.05)
    simulated = run.log_gains[-1].mean()
    assert simulated == pytest.approx(math.log(typical_gain(run.times, *laws)[-1]), rel=0.1)
    assert simulated < math.log(without_spread(run.times, *laws)[-1]) - 2
    assert run.squares[-1].mean() == pytest.approx(late_square(run.times, 1.0, 1.0)[-1], rel=0.35)
    short = simulate(1.0, 0.3, rate=0.1, gamma=0.05, steps=300, coordinates=400)
    small = without_spread(short.times, 1.0, 0.3, 0.1, 0.05)[-1]
    assert np.exp(short.log_gains[-1].mean()) == pytest.approx(small, rel=0.02)


def test_the_mean_square_does_not_depend_on_the_rates():
    ends = [
        simulate(1.0, 1.0, rate, gamma, 20_000, 300).squares[-1].mean()
        for rate, gamma in ((0.05, 0.1), (0.2, 0.1), (0.1, 0.05))
    ]
    assert max(ends) < 1.6 * min(ends)


# ---- digits ----


def test_exponentiated_gradient_finds_the_digits_that_scipy_finds():
    problem = digit_mixture(0)
    rate, places = best_walk(0, "exponentiated")
    assert 0 <= problem.excess(places[-1]) < 1e-5
    assert ((places[-1] > 1e-3) == (problem.best > 1e-3)).all()
    assert problem.excess(np.zeros(200)) > 0.1
    assert rate > 10 * best_walk(0, "projected")[0]


def test_the_table_of_mixtures_has_a_row_a_way():
    rows = mixture_rows(mixture_table(seeds=2, steps=300))
    assert [row[0] for row in rows] == list(WAYS)
    assert len(png(mixture_figure(seeds=1, steps=300))) > 5000


def test_training_is_reproducible_and_learns():
    make = digits.optimizer("momentum")
    first, second = digits.train(make, 0.1, 0, steps=100), digits.train(make, 0.1, 0, steps=100)
    assert first == second
    assert first.losses[1] < first.losses[0] < 2.3
    assert first.accuracy > 0.6
    assert digits.train(make, 0.1, 1, steps=50).losses != first.losses[:1]


@pytest.mark.parametrize("name", digits.FAMILIES)
def test_every_family_trains_and_diverges_without_a_word(name):
    gamma = digits.FAMILIES[name][0]
    found = digits.train(digits.optimizer(name, gamma), 0.01, 0, steps=50)
    assert math.isfinite(found.losses[0])
    wild = digits.train(digits.optimizer(name, gamma), 1e6, 0, steps=50)
    assert wild.losses == (math.inf,)
    assert wild.accuracy == 0


def test_training_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="steps must be ≥ 50"):
        digits.train(digits.optimizer("SGD"), 0.1, 0, steps=10)
    with pytest.raises(ValueError, match="name must be one of"):
        digits.optimizer("Nadam")


def test_a_sweep_stores_what_the_chapter_reads():
    table = {"rates": [0.01, 1e6], "optimizers": {}}
    for name in COLOUR_OF:
        table["optimizers"][name] = {"1": comparison.sweep(name, 1.0, (0.01, 1e6), seeds=2, steps=50)}
    found = table["optimizers"]["SGD"]["1"]
    assert found["losses"]["50"][1] == [None, None]
    assert len(dots(table, "SGD", 3, "50")) == 2
    line = curve(table, "SGD", 0, "50")
    assert np.isnan(line[1]).all()
    assert line[0, 1] == pytest.approx(np.mean(found["losses"]["50"][0]))
    assert good_decades(table, "SGD", 0, "50", below=3) == pytest.approx(1 / 3)
    assert good_decades(table, "SGD", 0, "50", below=0.1) == 0


def test_the_stored_sweep_has_every_optimizer_rate_and_seed():
    table = stored_table()
    assert list(table["optimizers"]) == list(digits.FAMILIES)
    assert table["rates"] == list(comparison.RATES)
    for name, gammas in digits.FAMILIES.items():
        assert list(table["optimizers"][name]) == [f"{gamma:g}" for gamma in gammas]
        for found in table["optimizers"][name].values():
            for rows in found["losses"].values():
                assert [len(row) for row in rows] == [table["seeds"]] * len(table["rates"])
    (row,) = rate_rows(table, {"SGD": 0}, (0.1, 10.0))
    assert row == ("SGD", f"{means(table, 'SGD', 0, '400')[table['rates'].index(0.1)]:.2f}", "diverged")
    assert len(sensitivity_rows(table)) == sum(map(len, digits.FAMILIES.values()))


def test_a_stored_run_can_be_measured_again():
    table = stored_table()
    place = table["rates"].index(0.1)
    again = digits.train(digits.optimizer("momentum"), 0.1, 0)
    stored = [table["optimizers"]["momentum"]["0"]["losses"][str(moment)][place][0] for moment in digits.MOMENTS]
    assert again.losses == pytest.approx(stored, rel=1e-3)
