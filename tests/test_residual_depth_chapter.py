"""Chapter 8's pictures, training and stored tables: what they show is what the package and theory say."""

import json
import math

import numpy as np
import pytest
import torch

from gradbook.book.explore.style import png
from gradbook.book.residual_depth import exercises, pictures
from gradbook.book.residual_depth import training as comparison
from gradbook.book.residual_depth.figures import (
    accuracy_at,
    best_accuracy,
    best_rate,
    growth_figure,
    increments_figure,
    largest_rate,
    lottery_figure,
    runs_of,
    training_figure,
)
from gradbook.book.residual_depth.increments import digit_loss
from gradbook.book.residual_depth.pictures import layers, lottery, step
from gradbook.book.residual_depth.pictures import layers as draws
from gradbook.book.residual_depth.pictures import lottery as laws
from gradbook.book.residual_depth.pictures.layers import sizes_state
from gradbook.book.residual_depth.theory import (
    PREDICTED,
    RELU_RATE,
    VARIANTS,
    branch_share,
    deepnorm_design,
    draw,
    ends,
    output_and_gradient,
    readouts,
    relu_moments,
    sizes,
    squared_gradients,
)
from gradbook.book.residual_depth.training import (
    CHANCE,
    OPTIMIZERS,
    Network,
    Outcome,
    Recipe,
    batches,
    cross_entropy,
    digits,
    train,
)
from gradbook.book.stored import STORED
from gradbook.residual_depth import Design, ResidualStack, depth_profile, first_step

SMALL = Recipe(width=8, batch=8, steps=6)


def torch_stack(design, weights):
    """The torch stack with the weights of a picture."""
    depth, width = weights[0].shape[:2]
    stack = ResidualStack.of(design, depth, width, dtype=torch.float64)
    with torch.no_grad():
        for layer, branch in enumerate(stack.branches):
            for parameter, matrices in zip(branch.parameters(), weights, strict=True):
                parameter.copy_(torch.from_numpy(matrices[layer]))
    return stack


# ---- pictures ----


@pytest.mark.parametrize("arrangement", layers.ARRANGEMENTS)
@pytest.mark.parametrize("branch", layers.BRANCHES)
def test_the_laboratory_shows_the_profile_of_the_torch_stack(arrangement, branch):
    depth, width, power = 16, 8, 0.5
    state = layers.layers_state(depth, str(width), branch, arrangement, power)
    design = layers.ARRANGEMENTS[arrangement](layers.BRANCHES[branch], depth**-power, depth)
    stack = torch_stack(design, draws.weights(design, depth, width, layers.DEEPEST))
    v = torch.from_numpy(layers.readout(width))
    profile = depth_profile(stack, torch.from_numpy(draws.inputs(width)), loss=lambda out: (v * out).sum())
    for key, truth in (("forward", profile.forward), ("backward", profile.backward), ("gradient", profile.gradient)):
        np.testing.assert_allclose(state[key][:, 1], np.clip(truth.numpy(), 1e-6, 1e6), rtol=1e-6)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "LAMB"])
def test_the_step_of_the_picture_is_the_packages(optimizer):
    design = Design("ffn", 0.5)
    weights = draws.weights(design, 4, 8, 4)
    stack = torch_stack(design, weights)
    rng = np.random.default_rng(0)
    gradients = tuple(rng.standard_normal(w.shape) for w in weights)
    ours = step.directions(optimizer, weights, gradients)
    order = [(m, layer) for layer in range(4) for m in range(2)]
    theirs = first_step(
        optimizer, list(stack.parameters()), [torch.from_numpy(gradients[m][layer]) for m, layer in order], 1.0
    )
    for (m, layer), move in zip(order, theirs, strict=True):
        np.testing.assert_allclose(ours[m][layer], -move.detach(), rtol=1e-5, atol=1e-7)


def test_the_real_step_of_the_picture_is_first_order_for_small_rates():
    for optimizer in ("SGD", "Adam", "LAMB"):
        state = step.step_state("residual", optimizer, 0.5, 1e-5)
        np.testing.assert_allclose(state["real"][:, 1], state["first"][:, 1], rtol=0.05)
    assert "rises in this step at N = 16, N = 32, N = 64" in step.step_state("residual", "Adam", 0.5, 0.01)["note"]


@pytest.mark.parametrize(
    ("arrangement", "optimizer", "power", "law"),
    [
        ("residual", "SGD", 0.5, 0.0),
        ("residual", "Adam", 0.5, 0.5),
        ("residual", "SGD", 1.0, -1.0),
        ("residual", "Adam", 0.3, None),
        ("plain, normed", "LAMB", 0.5, 1.0),
        ("plain", "SGD", 0.5, None),
        ("Pre-LN", "Adam", 0.0, 0.5),
        ("Pre-LN", "Adam", 0.5, None),
        ("DeepNorm (Adam)", "Adam", 0.5, 0.0),
    ],
)
def test_the_predicted_slope_of_the_picture(arrangement, optimizer, power, law):
    assert step.exponent(arrangement, optimizer, power) == law


@pytest.mark.parametrize(("arrangement", "optimizer"), [("residual", "SGD"), ("DeepNorm (Adam)", "Adam")])
def test_the_slope_of_the_picture_is_near_the_law(arrangement, optimizer):
    state = step.step_state(arrangement, optimizer, 0.5, 1e-3)
    assert abs(float(state["slope"]) - float(state["predicted"])) < 0.3


def test_the_hero_shows_what_its_caption_says():
    state = sizes_state(256, 0.5, "32", True, True)
    assert 3e6 < state["relu"][-1, 1] < 1e8
    assert 1.5 < state["ffn"][-1, 1] < 5
    assert 1.3 < state["centred"][-1, 1] < 4
    np.testing.assert_allclose(state["relu law"][:, 1], relu_moments(256, 1 / 16)[0])
    assert sizes_state(512, 0.0, "32", False, True)["note"]
    assert not len(sizes_state(8, 0.5, "8", False, False)["relu law"])


def test_pushes_that_agree_and_pushes_that_do_not():
    state = laws.laws_state(1000, 0.5, 1, 1.0, 7)
    assert state["same"][-1, 1] == pytest.approx(1000 * math.log10(1 + 1000**-0.5))
    assert state["free"][-1, 1] == pytest.approx(500 * math.log10(1.001))
    low, high = (float(word) for word in laws.laws_state(1000, 0.5, 300, 0.0, 7)["ends"].split(" to "))
    assert 0.1 < low < state["free"][-1, 1] < high < 0.3


def test_the_lottery_follows_its_law_and_counts_the_dead():
    state = lottery.lottery_state(256, "128", 0.2)
    assert state["spread"] == pytest.approx(3.21 / math.log(10), rel=0.06)
    assert "dead" in lottery.lottery_state(128, "8", 0.2)["note"]
    assert "dead" not in state["note"]
    shares = (
        np.diff(lottery.lottery_state(8, "512", 0.2)["residual"][:, 0])
        @ (lottery.lottery_state(8, "512", 0.2)["residual"][1:, 1])
    )
    assert shares > 0


@pytest.mark.parametrize("name", pictures.__all__)
def test_stills_are_drawn_with_every_preset(name):
    picture = getattr(pictures, name)()
    drawn = set()
    for values in ({}, *picture.presets.values()):
        figure = picture.static(**values)
        figure.set_layout_engine("none")  # it draws all words two times
        drawn.add(png(figure))
    assert len(drawn) == 1 + len(picture.presets)
    assert min(map(len, drawn)) > 5000


def test_random_numbers_are_drawn_once():
    assert draws.inputs(16) is draws.inputs(16)
    first = draws.weights(Design("ffn"), 4, 16, 8)[0]
    np.testing.assert_array_equal(first, draws.weights(Design("ffn"), 8, 16, 8)[0][:4])
    np.testing.assert_allclose(0.5 * first, draws.weights(Design("ffn", gain=0.5), 4, 16, 8)[0])


# ---- fine print ----


def test_sizes_and_means_follow_the_recursion():
    q, m = sizes(Design("relu", 1 / 8), 64, 96, 4)
    law_q, law_m = relu_moments(64, 1 / 8)
    np.testing.assert_allclose(np.exp(np.log(q).mean(0))[::16], law_q[::16], rtol=0.2)
    assert m[:, -1].mean() == pytest.approx(law_m[-1], rel=0.2)
    assert ends("ffn", (16, 64), 64, 3).mean() == pytest.approx(math.e, rel=0.15)


def test_squared_gradients_are_the_profiles(monkeypatch):
    from gradbook.book.residual_depth import theory as fine_print

    monkeypatch.setattr(fine_print, "_AT_ONCE", 1)  # one seed after the other
    design = Design("ffn", 0.3)
    weights, x = fine_print.draw(design, 5, 8, range(2))
    v = fine_print.readouts(range(2), 4, 8)
    v = torch.from_numpy(v / np.sqrt((v**2).sum((-2, -1), keepdims=True)))
    for i, total in enumerate(squared_gradients(design, 5, 8, 2)):
        stack = torch_stack(design, [w[:, i] for w in weights])
        profile = depth_profile(stack, torch.from_numpy(x[i]), loss=lambda out, v=v[i]: (v * out).sum())
        assert total == pytest.approx(float(profile.gradient.square().sum()), rel=1e-9)


@pytest.mark.parametrize("design", [Design("relu", skip=0.0), Design("ffn", 0.3)])
def test_output_and_gradient_are_those_of_torch(design):
    weights, x = draw(design, 5, 8, range(2), rows=1)
    output, gradient = output_and_gradient(design, 5, 8, 2)
    v = readouts(range(2), 1, 8)
    v = torch.from_numpy(v / np.sqrt((v**2).mean(-1, keepdims=True)))
    for i in range(2):
        leaf = torch.from_numpy(x[i]).requires_grad_()
        out = torch_stack(design, [w[:, i] for w in weights])(leaf)
        (back,) = torch.autograd.grad(out, leaf, v[i])
        assert output[i] == pytest.approx(float(out.detach().square().mean()), rel=1e-9)
        assert gradient[i] == pytest.approx(float(back.square().mean()), rel=1e-9)


@pytest.mark.parametrize(("name", "power"), [("sgd", -0.5), ("adam", -2.0), ("lamb", -1.0)])
def test_the_branches_share_of_the_output(name, power):
    assert branch_share(deepnorm_design(128, name), 128, 48, 3).mean() == pytest.approx(128**power, rel=0.25)


# ---- training ----


@pytest.mark.parametrize("norm", ["none", "pre", "post"])
def test_the_networks_gradients_are_autograds(norm):
    network = Network(Design("ffn", 0.4, norm), 3, 8, 2)
    pixels, labels = next(batches(2, 6, 1))
    losses, gradients = network.gradients(pixels, labels)
    leaves = [torch.from_numpy(p.astype(np.float64)).requires_grad_() for p in network.parameters]
    total, ln = 0, torch.nn.functional.layer_norm
    for seed in range(2):
        x = torch.from_numpy(pixels[seed]).double() @ leaves[0][seed]
        for first, second in zip(leaves[1][:, seed], leaves[2][:, seed], strict=True):
            f = torch.relu((ln(x, (8,)) if norm == "pre" else x) @ first) @ second
            x = ln(x + 0.4 * f, (8,)) if norm == "post" else x + 0.4 * f
        scores = (ln(x, (8,)) if norm == "pre" else x) @ leaves[3][seed]
        loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels[seed]))
        assert losses[seed] == pytest.approx(loss.item(), rel=1e-5)
        total = total + loss
    for ours, theirs in zip(gradients, torch.autograd.grad(total, leaves), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("name", "theirs"), [("SGD", torch.optim.SGD), ("Adam", torch.optim.Adam)])
def test_the_optimizers_are_torchs(name, theirs):
    rng = np.random.default_rng(0)
    parameters = [rng.standard_normal((3, 4)), rng.standard_normal(5)]
    leaves = [torch.from_numpy(p.copy()).requires_grad_() for p in parameters]
    rules, torchs = [OPTIMIZERS[name](0.1) for _ in parameters], theirs(leaves, lr=0.1)
    for _ in range(5):
        gradients = [rng.standard_normal(p.shape) for p in parameters]
        for p, rule, leaf, gradient in zip(parameters, rules, leaves, gradients, strict=True):
            p -= rule(gradient)
            leaf.grad = torch.from_numpy(gradient)
        torchs.step()
    for p, leaf in zip(parameters, leaves, strict=True):
        np.testing.assert_allclose(p, leaf.detach(), rtol=1e-9)


def test_the_cross_entropy_and_its_gradient():
    rng = np.random.default_rng(1)
    logits, labels = rng.standard_normal((2, 5, 10)) * 30, rng.integers(0, 10, (2, 5))
    losses, slope = cross_entropy(logits, labels)
    leaf = torch.from_numpy(logits).requires_grad_()
    truth = torch.nn.functional.cross_entropy(leaf.flatten(0, 1), torch.from_numpy(labels).flatten(), reduction="none")
    np.testing.assert_allclose(losses, truth.detach().reshape(2, 5).mean(1))
    np.testing.assert_allclose(slope, torch.autograd.grad(truth.sum() / 5, leaf)[0], atol=1e-12)


def test_a_training_repeats_itself_and_every_seed_is_a_run_of_its_own():
    first, second = (train(VARIANTS["ε = 1/√N"](5), 5, "Adam", 0.01, SMALL, seeds=2) for _ in range(2))
    np.testing.assert_array_equal(first.losses, second.losses)
    assert first.losses.shape == (2, 6)
    alone = train(VARIANTS["ε = 1/√N"](5), 5, "Adam", 0.01, SMALL, seeds=1)
    np.testing.assert_allclose(alone.losses[0], first.losses[0], rtol=1e-4)
    assert not first.diverged.any()


def test_a_residual_network_learns_the_digits():
    outcome = train(VARIANTS["ε = 1/√N"](20), 20, "Adam", 0.005, Recipe(width=16, steps=80), seeds=1)
    assert outcome.accuracy[0] > 0.6
    assert outcome.losses[0, -10:].mean() < CHANCE / 2


def test_overflow_and_growing_losses_count_as_diverged():
    outcome = train(VARIANTS["ε = 1"](300), 300, "SGD", 1.0, SMALL, seeds=2)
    assert outcome.diverged.all()
    assert (outcome.accuracy == 0.1).all()
    assert train(VARIANTS["ε = 1/√N"](3), 3, "SGD", 1e4, SMALL, seeds=1).diverged.all()


def test_the_digits_are_standardised_and_shared_by_none():
    train_x, train_y, test_x, test_y = digits(0)
    assert abs(train_x.mean()) < 1e-4
    assert train_x.std() == pytest.approx(1, rel=1e-4)
    assert (len(train_y), len(test_y)) == (4000, 1000)
    assert test_x.shape == (1000, 196)
    assert not np.array_equal(digits(1)[1], train_y)


def test_the_loss_of_the_increments_reads_real_digits():
    loss = digit_loss(16, 0, final_norm=True)
    assert loss.inputs.shape == (32, 16)
    assert loss.inputs.dtype == torch.float64
    assert float(loss.inputs.square().mean()) == pytest.approx(1, rel=0.5)
    assert float(loss(loss.inputs)) > 0.5
    torch.testing.assert_close(loss(3 * loss.inputs), loss(loss.inputs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("RMSprop", 0.1), "optimizer must be one of SGD, Adam, got 'RMSprop'"),
        (("SGD", 0.0), "rate must be positive and finite, got 0"),
        (("SGD", math.nan), "rate must be positive and finite, got nan"),
    ],
)
def test_bad_trainings_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        train(Design(), 2, *arguments, SMALL)
    with pytest.raises(ValueError, match="depth must be a whole number ≥ 1, got 0"):
        train(Design(), 0, "SGD", 0.1, SMALL)
    with pytest.raises(ValueError, match="seeds must be a whole number ≥ 1, got 0"):
        Network(Design(), 2, 4, 0)


# ---- the tables ----


def test_the_ladder_is_climbed_until_none_learns(monkeypatch):
    tried = []

    def fake(design, depth, optimizer, rate, budget, seeds):
        tried.append(rate)
        last = 0.5 if rate < 0.005 else 3.0
        losses = np.full((3, 20), last)
        return Outcome(np.full(3, 0.9 if last < 1 else 0.1), losses, np.full(3, False))

    monkeypatch.setattr(comparison, "train", fake)
    row = comparison.climb({"table": "training", "variant": "Pre-LN", "depth": 10})
    assert tried == row["rates"] == [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
    assert largest_rate(row) == 3e-3
    assert best_accuracy(row) == (pytest.approx(0.9), pytest.approx(0))


def test_losses_that_are_not_finite_are_stored_as_minus_one():
    curve = np.array([[1.0, np.inf], [2.0, 3.0]])
    last = comparison.last_losses(Outcome(np.zeros(2), curve, np.zeros(2, dtype=bool)))
    assert last.tolist() == [math.inf, 2.5]
    assert largest_rate({"rates": [0.1], "loss": [[-1.0, 0.1]]}) is None


@pytest.mark.parametrize("table", ["training", "sgd"])
def test_the_stored_training_is_what_the_command_measures(table):
    stored = json.loads((STORED / f"08-{table}.json").read_text())
    assert stored["command"].endswith(table)
    assert stored["seeds"] == comparison.SEEDS
    assert stored["budget"] == vars(Recipe())
    by_place = {(run["variant"], run["depth"]): run for run in stored["runs"]}
    assert set(runs_of(stored)) <= set(VARIANTS)
    for (_, depth), run in by_place.items():
        ladder = comparison.RATES[table] if depth < 1000 else comparison.FEWER_RATES
        assert run["rates"] == list(ladder[: len(run["rates"])])
    design, rate = VARIANTS["ε = 1/N"](10), by_place["ε = 1/N", 10]["rates"][2]
    again = train(design, 10, comparison.OPTIMIZER[table], rate, Recipe(), comparison.SEEDS)
    kept = by_place["ε = 1/N", 10]["accuracy"][2]
    assert again.accuracy.mean() == pytest.approx(np.mean(kept), abs=0.03)


def test_the_tables_say_what_the_chapter_says():
    runs = runs_of(json.loads((STORED / "08-training.json").read_text()))
    for name in ("ε = 1/√N", "ε = 1/N", "DeepNorm (Adam)"):
        assert all(best_accuracy(run)[0] > 0.85 for run in runs[name].values()), name
    for name in ("plain", "plain, normed", "ε = 1", "Post-LN"):
        assert all(best_accuracy(run)[0] < 0.2 for depth, run in runs[name].items() if depth >= 100), name
    slow = {name: [accuracy_at(runs[name][depth], 1e-4) for depth in (10, 300)] for name in ("ε = 1/√N", "ε = 1/N")}
    assert slow["ε = 1/√N"][1] - slow["ε = 1/√N"][0] > 0.2  # the increment grows with depth
    assert abs(slow["ε = 1/N"][1] - slow["ε = 1/N"][0]) < 0.1  # and here it doesn't
    assert best_rate(runs["ε = 1/√N"][300]) < best_rate(runs["ε = 1/√N"][10])
    with pytest.raises(ValueError, match="rate must be one of"):
        accuracy_at(runs["ε = 1/N"][10], 0.5)
    moved = json.loads((STORED / "08-increments.json").read_text())
    assert set(PREDICTED) <= set(moved["increments"])


def test_the_figures_are_drawn():
    training = json.loads((STORED / "08-training.json").read_text())
    moved = json.loads((STORED / "08-increments.json").read_text())
    some = Design("relu", skip=0.0)
    lottery = lottery_figure(
        {"plain": output_and_gradient(some, 16, 8, 20), "same": output_and_gradient(some, 16, 8, 20)}
    )
    for figure in (growth_figure(seeds=2), training_figure(training), increments_figure(moved), lottery):
        assert len(png(figure)) > 10_000


# ---- exercises ----


def test_other_right_answers_are_right():
    from gradbook.book.exercises import check

    assert check(exercises.mended, lambda x, w: np.tanh(x @ w)).right
    assert check(exercises.mended, lambda x, w: np.maximum(x @ w, 0) * np.sign(w[0])).right
    assert check(exercises.growth, 13780.6).right
    assert not check(exercises.mended, lambda x, w: x @ w / 2**0.5).right
    assert "layer" in check(exercises.mended, lambda x, w: np.maximum(x @ w, 0)).text


def test_the_exercises_recursion_is_the_packages():
    q, m = relu_moments(3, 0.25)
    assert exercises.moments.solution(q[1], m[1], 0.25) == pytest.approx((q[2], m[2]))
    assert pytest.approx(2 / math.sqrt(math.pi)) == RELU_RATE
