"""Deep stacks: gradients against autograd, sizes against theory, DeepNorm's constants, optimizers, bad input."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.residual_depth import increments as measured
from gradbook.book.residual_depth.arrays import backward, forward
from gradbook.book.residual_depth.increments import fit_exponent, fit_growth, fit_slope
from gradbook.book.residual_depth.theory import (
    PREDICTED,
    RELU_RATE,
    VARIANTS,
    deepnorm_design,
    mean_free_moments,
    misplaced_alpha,
    plain_log_factors,
    plain_sizes,
    relu_moments,
    residual_log_factors,
    vector_log_factors,
)
from gradbook.book.stored import STORED
from gradbook.residual_depth import (
    Design,
    ResidualStack,
    deepnet_constants,
    deepnorm_constants,
    depth_profile,
    first_step,
    loss_increment,
    random_readout,
)
from gradbook.residual_depth.stack import BRANCHES, NORMS

pytestmark = pytest.mark.numeric

STACKS = [b for b in BRANCHES if b != "transformer"]


def numbers(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def stack_of(depth, width, *arguments, seed=1, dtype=torch.float64, **options):
    generator = torch.Generator().manual_seed(seed)
    return ResidualStack(depth, width, *arguments, generator=generator, dtype=dtype, **options)


def unit_rows(rows, width, dtype=torch.float64):
    x = numbers(rows, width, seed=9, dtype=dtype)
    return x / x.square().mean(-1, keepdim=True).sqrt()


# ---- the stack ----


@pytest.mark.parametrize("branch", STACKS)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("skip", [0.0, 1.0, 2.5])
def test_a_layer_is_the_formula(branch, norm, skip):
    stack = stack_of(1, 6, branch, 0.7, norm, skip=skip)
    x = numbers(3, 6)
    ln = lambda y: (y - y.mean(-1, keepdim=True)) / (y.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()  # noqa: E731
    matrices = list(stack.parameters())
    f = torch.relu((ln(x) if norm == "pre" else x) @ matrices[0])
    if branch == "ffn":
        f = f @ matrices[1]
    if branch == "centred":
        f = f - f.mean(-1, keepdim=True)
    expected = skip * x + 0.7 * f
    torch.testing.assert_close(stack(x), ln(expected) if norm == "post" else expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("branch", BRANCHES)
def test_outputs_keep_shape_and_dtype(branch, dtype):
    shape = (2, 3, 8) if branch == "transformer" else (2, 8)
    out = stack_of(3, 8, branch, dtype=dtype)(numbers(*shape, dtype=dtype))
    assert out.shape == shape
    assert out.dtype == dtype


def test_a_scale_may_be_a_function_of_depth():
    assert stack_of(16, 4, "ffn", lambda depth: depth**-0.5).design.scale == 0.25
    assert stack_of(16, 4, "relu", 0.25).design == Design("relu", 0.25)


def test_the_initial_weights_have_the_size_that_the_gain_says():
    for gain in (1.0, 0.3):
        stack = stack_of(1, 400, "ffn", gain=gain)
        first, second = stack.parameters()
        assert first.detach().std().item() == pytest.approx(gain * math.sqrt(2 / 400), rel=0.01)
        assert second.detach().std().item() == pytest.approx(gain * math.sqrt(1 / 400), rel=0.01)
    attention = stack_of(1, 400, "transformer", gain=0.3).branches[0]
    sizes = [p.detach().std().item() * 20 for p in (attention.query, attention.key, attention.value, attention.output)]
    assert sizes == pytest.approx([1, 1, 0.3, 0.3], rel=0.02)


def test_two_stacks_of_one_seed_are_equal_and_torch_is_left_alone():
    state = torch.random.get_rng_state()
    first, second = stack_of(3, 8, "ffn"), stack_of(3, 8, "ffn")
    assert all(torch.equal(p, q) for p, q in zip(first.parameters(), second.parameters(), strict=True))
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_transformer_block_is_torchs(norm_first):
    stack = stack_of(2, 16, "transformer", norm="pre" if norm_first else "post", hidden=24, heads=4)
    x = y = numbers(2, 5, 16)
    for attention, ffn in zip(stack.branches[::2], stack.branches[1::2], strict=True):
        layer = torch.nn.TransformerEncoderLayer(
            16, 4, 24, dropout=0, batch_first=True, norm_first=norm_first, bias=False, dtype=torch.float64
        )
        with torch.no_grad():
            joined = torch.cat([attention.query.T, attention.key.T, attention.value.T])
            layer.self_attn.in_proj_weight.copy_(joined)
            layer.self_attn.out_proj.weight.copy_(attention.output.T)
            layer.linear1.weight.copy_(ffn.first.T)
            layer.linear2.weight.copy_(ffn.second.T)
        y = layer(y)
    torch.testing.assert_close(stack(x), y, rtol=1e-10, atol=1e-12)


# ---- the numpy twin ----


@pytest.mark.parametrize("branch", STACKS)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("skip", [0.0, 1.0, 2.5])
def test_the_numpy_twin_has_autograds_numbers(branch, norm, skip):
    stack = stack_of(5, 8, branch, 0.7, norm, skip=skip, gain=0.8)
    x = numbers(3, 8)
    states = stack.states(x.requires_grad_())
    loss = random_readout(states[-1])
    wanted = torch.autograd.grad(loss, [*states, *stack.parameters()])
    weights = stack.weight_arrays()
    passed = forward(stack.design, weights, x.detach().numpy())
    deltas, gradients = backward(stack.design, weights, passed, wanted[5].numpy())
    for ours, theirs in zip(passed.states, states, strict=True):
        np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-10, atol=1e-13)
    for ours, theirs in zip(deltas, wanted[:6], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)
    flat = [gradients[m][layer] for layer in range(5) for m in range(len(weights))]
    for ours, theirs in zip(flat, wanted[6:], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)


def test_leading_axes_of_the_twin_run_side_by_side():
    stacks = [stack_of(4, 6, "ffn", 0.5, "pre", seed=seed) for seed in (1, 2)]
    x = numbers(2, 3, 6).numpy()
    weights = [np.stack(parts, axis=1) for parts in zip(*(s.weight_arrays() for s in stacks), strict=True)]
    design = stacks[0].design
    passed = forward(design, weights, x)
    _, gradients = backward(design, weights, passed, np.ones_like(x))
    for i, stack in enumerate(stacks):
        alone = forward(design, stack.weight_arrays(), x[i])
        np.testing.assert_allclose(passed.states[-1][i], alone.states[-1], rtol=1e-12)
        _, own = backward(design, stack.weight_arrays(), alone, np.ones_like(x[i]))
        for both, single in zip(gradients, own, strict=True):
            np.testing.assert_allclose(both[:, i], single, rtol=1e-9, atol=1e-12)


# ---- the profile ----


def test_the_profile_is_what_autograd_says_and_leaves_the_stack_alone():
    stack, x = stack_of(4, 6, "ffn", 0.5), numbers(3, 6)
    before = [p.clone() for p in stack.parameters()]
    profile = depth_profile(stack, x, rate=1e-4)
    leaf = x.clone().requires_grad_()
    states = stack.states(leaf)
    loss = random_readout(states[-1])
    loss.backward()
    assert profile.loss == pytest.approx(loss.item())
    assert profile.forward.tolist() == pytest.approx([float(s.detach().square().mean()) for s in states])
    assert float(profile.backward[0]) == pytest.approx(float(leaf.grad.norm()))
    assert float(profile.backward[-1]) == pytest.approx(1)
    own = [math.sqrt(sum(float(p.grad.square().sum()) for p in b.parameters())) for b in stack.branches]
    assert profile.gradient.tolist() == pytest.approx(own)
    stack.zero_grad()
    depth_profile(stack, x)
    assert all(p.grad is None for p in stack.parameters())
    assert all(torch.equal(p, q) for p, q in zip(stack.parameters(), before, strict=True))
    assert set(profile.increments) == {"sgd", "adam", "lamb"}
    assert depth_profile(stack, x).increments == {}


def test_gradients_are_right_by_finite_differences():
    stack, x = stack_of(3, 5, "ffn", 0.6, "post"), numbers(2, 5)
    profile = depth_profile(stack, x)
    weight = stack.branches[1].first
    gradient = torch.autograd.grad(random_readout(stack(x)), weight)[0]
    with torch.no_grad():
        for place in ((0, 0), (2, 3), (4, 1)):
            old = weight[place].item()
            values = []
            for step in (1e-6, -1e-6):
                weight[place] = old + step
                values.append(random_readout(stack(x)).item())
            weight[place] = old
            assert (values[0] - values[1]) / 2e-6 == pytest.approx(gradient[place].item(), abs=1e-8)
    assert float(profile.gradient[1]) >= float(gradient.norm())


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(0.01, 100), seed=st.integers(0, 1000))
def test_sizes_are_proportional_to_the_input_without_norm(factor, seed):
    """All branches are positively homogeneous: twice the input, twice every state, four times every second moment."""
    stack, x = stack_of(4, 6, "ffn", 0.5, seed=seed), numbers(2, 6, seed=seed + 1)
    once, scaled = depth_profile(stack, x), depth_profile(stack, factor * x)
    torch.testing.assert_close(scaled.forward, factor**2 * once.forward, rtol=1e-9, atol=0)
    torch.testing.assert_close(scaled.backward, once.backward, rtol=1e-9, atol=0)
    torch.testing.assert_close(scaled.gradient, factor * once.gradient, rtol=1e-9, atol=0)


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(0.5, 50), seed=st.integers(0, 1000))
def test_post_norm_forgets_a_common_factor_of_skip_and_scale(factor, seed):
    one, other = (stack_of(3, 8, "ffn", 0.5 * f, "post", skip=f, seed=seed) for f in (1.0, factor))
    x = unit_rows(2, 8)
    torch.testing.assert_close(one(x), other(x), rtol=1e-3, atol=1e-3)


# ---- optimizers and increments ----


@pytest.mark.parametrize(("name", "optimizer"), [("sgd", torch.optim.SGD), ("Adam", torch.optim.Adam)])
def test_first_steps_are_torchs(name, optimizer):
    parameters = [numbers(3, 4, seed=s).requires_grad_() for s in (0, 1)]
    gradients = [numbers(3, 4, seed=s) for s in (2, 3)]
    expected = [p.detach().clone().requires_grad_() for p in parameters]
    for p, g in zip(expected, gradients, strict=True):
        p.grad = g
    optimizer(expected, lr=0.01).step()
    moves = first_step(name, parameters, gradients, 0.01)
    for p, move, truth in zip(parameters, moves, expected, strict=True):
        torch.testing.assert_close(p + move, truth)


def test_lambs_step_is_as_long_as_its_matrix_says():
    parameters, gradients = [numbers(3, 4), 5 * numbers(2, 2)], [numbers(3, 4, seed=1), torch.zeros(2, 2).double()]
    first, second = first_step("LAMB", parameters, gradients, 0.1)
    assert float(first.norm()) == pytest.approx(0.1 * float(parameters[0].norm()))
    assert torch.equal(first.sign(), -gradients[0].sign())
    assert not second.any()


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lamb"])
def test_the_increment_is_first_order_for_small_steps(optimizer):
    stack, x = stack_of(4, 8, "ffn", 0.5), unit_rows(4, 8)
    errors = []
    for rate in (1e-4, 1e-6):
        found = loss_increment(stack, x, random_readout, optimizer, rate)
        errors.append(abs(found.actual / found.first_order - 1))
        assert found.first_order < 0
    assert errors[1] < 0.05 * errors[0] < 0.01  # falls with the rate


def test_the_first_order_increment_of_sgd_is_the_squared_gradient():
    stack, x = stack_of(4, 8, "ffn", 0.5), unit_rows(4, 8)
    total = float(depth_profile(stack, x).gradient.square().sum())
    assert loss_increment(stack, x, random_readout, "sgd", 1e-6).first_order == pytest.approx(-1e-6 * total)


@pytest.mark.parametrize(("name", "tolerance"), [("ε = 1/√N", 0.2), ("ε = 1/N", 0.2), ("DeepNorm (Adam)", 0.06)])
def test_increments_grow_with_depth_as_predicted(name, tolerance, monkeypatch):
    monkeypatch.setattr(measured, "WIDTH", 48)
    depths = (8, 32, 96)
    slopes = measured.exponents(measured.increments(name, depths, range(3)), depths)
    for slope, law in zip(slopes.values(), PREDICTED[name], strict=True):
        assert slope.value == pytest.approx(law, abs=tolerance)


def test_alpha_on_the_wrong_side_grows_with_depth(monkeypatch):
    monkeypatch.setattr(measured, "WIDTH", 48)
    right, wrong = (
        measured.exponents(measured.increments(name, (8, 32, 96), range(3), ("sgd",)), (8, 32, 96))["sgd"].value
        for name in ("DeepNorm (SGD)", "DeepNorm (SGD), α misplaced")
    )
    assert abs(right) < 0.2
    assert 0.6 < wrong < 1.2


def test_the_stored_increments_are_what_the_command_measures():
    stored = json.loads((STORED / "08-increments.json").read_text())
    assert stored["depths"] == list(measured.DEPTHS)
    assert (stored["seeds"], stored["width"], stored["batch"]) == (measured.SEEDS, measured.WIDTH, measured.BATCH)
    assert list(stored["increments"]) == list(measured.MEASURED)
    again = measured.measure(measured.MEASURED["ε = 1/√N"], 8, 0, ("sgd", "adam"))
    kept = [stored["increments"]["ε = 1/√N"][name][0][0] for name in ("sgd", "adam")]
    assert again == pytest.approx(kept, rel=1e-3)


# ---- constants ----


@pytest.mark.parametrize("num_layers", [1, 8, 100, 500])
def test_the_constants_meet_their_conditions(num_layers):
    sublayers = 2 * num_layers
    alpha, gain = deepnorm_constants(num_layers, "sgd")
    assert gain / alpha == pytest.approx(sublayers**-0.5)
    assert alpha * gain == pytest.approx(1)
    alpha, gain = deepnorm_constants(num_layers, "Adam")
    assert gain / alpha == pytest.approx(1 / sublayers)
    assert alpha * gain == pytest.approx(1)
    alpha, gain = deepnorm_constants(num_layers, "lamb")
    assert alpha == 1
    assert gain**2 / alpha == pytest.approx(1 / sublayers)


def test_constants_of_a_known_depth():
    assert deepnorm_constants(8, "sgd") == pytest.approx((2.0, 0.5))
    assert deepnorm_constants(8, "adam") == pytest.approx((4.0, 0.25))
    assert deepnorm_constants(8, "LAMB") == pytest.approx((1.0, 0.25))
    assert deepnet_constants(8) == pytest.approx((2.0, 64**-0.25))


def test_the_norm_named_deepnorm_has_the_constants():
    assert stack_of(16, 4, "ffn", norm="deepnorm").design == Design("ffn", 1.0, "post", 4.0, 0.25)
    assert stack_of(8, 4, "transformer", norm="deepnorm", optimizer="sgd").design.skip == pytest.approx(2.0)
    assert deepnorm_design(16, "adam") == Design("ffn", 1.0, "post", 4.0, 0.25)
    assert misplaced_alpha(16, "adam") == Design("ffn", 4.0, "post", 1.0, 0.25)


def test_the_predicted_powers_follow_from_the_constants():
    """ΔL ∝ N (λ/α)², N λ/α and N λ · λ/α for branches whose two matrices both carry the gain λ."""
    for name in ("sgd", "adam", "lamb"):
        design = {depth: deepnorm_design(depth, name) for depth in (10, 1000)}
        label = f"DeepNorm ({'SGD' if name == 'sgd' else name.upper() if name == 'lamb' else 'Adam'})"
        for law, power in zip(
            (lambda n, d: n * (d.gain / d.skip) ** 2, lambda n, d: n * d.gain / d.skip, _lamb_law),
            PREDICTED[label],
            strict=True,
        ):
            found = math.log(law(1000, design[1000]) / law(10, design[10])) / math.log(100)
            assert found == pytest.approx(power, abs=1e-9)


def _lamb_law(n, d):
    return n * d.gain * d.gain / d.skip


# ---- theory ----


def test_the_relu_branch_explodes_as_predicted_and_two_matrices_do_not():
    x = unit_rows(8, 128, torch.float32)
    for branch, truth in (("relu", relu_moments(256, 1 / 16)[0][-1]), ("ffn", math.e), ("centred", math.e**0.68)):
        ends = [
            stack_of(256, 128, branch, 1 / 16, seed=s, dtype=torch.float32)(x).square().mean().item() for s in (1, 2, 3)
        ]
        assert np.exp(np.log(ends).mean()) == pytest.approx(truth, rel=0.15), branch


def test_the_growth_rate_of_the_relu_branch():
    assert pytest.approx(2 / math.sqrt(math.pi)) == RELU_RATE
    depths = np.array([400, 900, 1600, 2500, 10_000])
    ends = [np.log(relu_moments(int(n), n**-0.5)[0][-1]) for n in depths]
    slopes = np.diff(ends) / np.diff(np.sqrt(depths))
    assert slopes == pytest.approx(RELU_RATE, rel=2e-3)
    assert np.exp(ends[-1] - RELU_RATE * 100) == pytest.approx(0.25, rel=0.05)


def test_the_exponent_p_decides():
    assert relu_moments(1000, 1e-3)[0][-1] < 2
    assert relu_moments(1000, 1000**-0.5)[0][-1] > 1e14
    assert mean_free_moments(1000, 1000**-0.5)[-1] == pytest.approx(math.e, rel=1e-3)
    assert relu_moments(2000, 3.0)[0][-1] == math.inf


def test_a_wide_layers_moments():
    x = numbers(1, 4000)[0] + 0.7
    x = x / x.square().mean().sqrt()
    m = float(x.mean())
    f = torch.relu(x @ (numbers(4000, 4000, seed=3) * math.sqrt(2 / 4000)))
    after = x + 0.3 * f
    push = 0.3 / math.sqrt(math.pi)
    assert float(after.mean()) == pytest.approx(m + push, rel=0.03)
    assert float(after.square().mean()) == pytest.approx(1.09 + 2 * m * push, rel=0.03)


@pytest.mark.parametrize("width", [4, 16])
def test_plain_sizes_are_log_normal_as_the_exact_law_says(width):
    law = plain_sizes(20, width)
    factors = plain_log_factors(20, width, 50_000, np.random.default_rng(3))
    total = factors.sum(1)
    alive = np.isfinite(total)
    assert 1 - alive.mean() == pytest.approx(law.dead, abs=0.01)
    assert total[alive].mean() == pytest.approx(law.mean, abs=4 * law.deviation / alive.sum() ** 0.5)
    assert total[alive].std() == pytest.approx(law.deviation, rel=0.02)


@pytest.mark.once
def test_real_plain_networks_follow_the_law():
    ends = []
    for seed in range(300):
        x = unit_rows(1, 16)
        ends.append(stack_of(20, 16, "relu", skip=0.0, seed=seed)(x).square().mean().log().item())
    law = plain_sizes(20, 16)
    alive = [end for end in ends if math.isfinite(end)]
    assert np.mean(alive) == pytest.approx(law.mean, abs=4 * law.deviation / len(alive) ** 0.5)
    assert np.std(alive) == pytest.approx(law.deviation, rel=0.15)


def test_the_law_of_wide_layers_is_five_over_n():
    law = plain_sizes(100, 1000)
    assert law.deviation**2 == pytest.approx(100 * 5 / 1000, rel=0.01)
    assert law.mean == pytest.approx(-100 * 2.5 / 1000, rel=0.01)


def test_the_law_of_a_residual_layer_is_that_of_real_ones():
    drawn = residual_log_factors(0.5, 1, 8, 40_000, np.random.default_rng(1))[:, 0]
    x = unit_rows(1, 8)
    real = [stack_of(1, 8, "ffn", 0.5, seed=s)(x).square().mean().log().item() for s in range(2000)]
    assert np.exp(drawn).mean() == pytest.approx(1.25, rel=0.01)
    assert np.mean(real) == pytest.approx(drawn.mean(), abs=0.04)
    assert np.std(real) == pytest.approx(drawn.std(), rel=0.08)


@pytest.mark.parametrize(("dimension", "push"), [(1, 0.0), (1, 1.0), (50, 0.0), (50, 0.5)])
def test_the_law_of_a_pushed_vector_is_that_of_real_matrices(dimension, push):
    rng = np.random.default_rng(2)
    drawn = vector_log_factors(0.3, push, 1, dimension, 20_000, rng)[:, 0]
    v = rng.standard_normal(dimension)
    matrices = rng.standard_normal((4000, dimension, dimension)) / dimension**0.5
    moved = v + 0.3 * (push * v + v @ matrices)
    real = np.log(np.linalg.norm(moved, axis=1) / np.linalg.norm(v))
    assert real.mean() == pytest.approx(drawn.mean(), abs=0.02)
    assert real.std() == pytest.approx(drawn.std(), rel=0.1)


# ---- fits ----


def test_a_known_slope_is_found_with_its_error():
    rng = np.random.default_rng(0)
    x = np.log([8, 16, 32, 64])
    found = [fit_slope(x, 0.7 * x + 2 + 0.1 * rng.standard_normal((6, 4))) for _ in range(200)]
    values, errors = np.array([(s.value, s.error) for s in found]).T
    assert values.mean() == pytest.approx(0.7, abs=0.01)
    assert np.sqrt((errors**2).mean()) == pytest.approx(values.std(), rel=0.15)


@settings(max_examples=40, deadline=None)
@given(power=st.floats(-3, 3), factor=st.floats(1e-6, 1e6))
def test_exact_powers_are_fitted_exactly(power, factor):
    depths = np.array([4, 16, 64])
    found = fit_exponent(depths, factor * np.tile(depths**power, (3, 1)))
    assert found.value == pytest.approx(power, abs=1e-9)
    assert found.error < 1e-9
    assert fit_growth(depths, np.exp(np.tile(power * np.sqrt(depths), (2, 1)))).value == pytest.approx(power, abs=1e-9)


# ---- bad input ----


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((0, 4), {}, ValueError, "depth must be a whole number ≥ 1, got 0"),
        ((-3, 4), {}, ValueError, "depth must be a whole number ≥ 1, got -3"),
        ((2.5, 4), {}, ValueError, "depth must be a whole number ≥ 1, got 2.5"),
        ((True, 4), {}, ValueError, "depth must be a whole number ≥ 1, got True"),
        ((2, 0), {}, ValueError, "width must be a whole number ≥ 1, got 0"),
        ((2, 4, "conv"), {}, ValueError, "branch must be one of relu, centred, ffn, transformer, got 'conv'"),
        ((2, 4, "ffn", 1.0, "batch"), {}, ValueError, "norm must be one of none, pre, post, deepnorm, got 'batch'"),
        ((2, 4, "ffn", math.nan), {}, ValueError, "scale must be finite, got nan"),
        ((2, 4, "ffn", lambda n: math.inf), {}, ValueError, r"scale\(2\) must be finite, got inf"),
        ((2, 4, "ffn", "small"), {}, TypeError, "scale must be a number, got str"),
        ((2, 4), {"skip": math.inf}, ValueError, "skip must be finite, got inf"),
        ((2, 4), {"gain": math.nan}, ValueError, "gain must be finite, got nan"),
        ((2, 4), {"hidden": 0}, ValueError, "hidden must be a whole number ≥ 1, got 0"),
        ((2, 6, "transformer"), {"heads": 4}, ValueError, "heads must divide the width 6, got 4"),
        ((2, 4, "ffn", 1.0, "deepnorm"), {"skip": 2.0}, ValueError, "skip and gain must be left out"),
        (
            (2, 4, "ffn", 1.0, "deepnorm"),
            {"optimizer": "sofia"},
            ValueError,
            "optimizer must be one of sgd, adam, lamb",
        ),
    ],
)
def test_bad_stacks_are_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        ResidualStack(*arguments, **options)


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (torch.ones(2, 5).double(), ValueError, r"shape \(B, width\) with width 4 and none of it 0, got \(2, 5\)"),
        (torch.ones(4).double(), ValueError, r"shape \(B, width\)"),
        (torch.ones(2, 3, 4).double(), ValueError, r"shape \(B, width\)"),
        (torch.ones(0, 4).double(), ValueError, "none of it 0"),
        (torch.ones(2, 4), TypeError, "dtype torch.float64, got torch.float32"),
        (torch.ones(2, 4).long(), TypeError, "dtype"),
        ([[1.0] * 4], TypeError, "inputs must be a tensor, got list"),
        (torch.tensor([[1.0, 2, 3, math.nan]]).double(), ValueError, "inputs must be finite"),
    ],
)
def test_bad_inputs_are_refused(inputs, error, message):
    stack = stack_of(2, 4)
    for call in (stack, stack.states, lambda x: depth_profile(stack, x)):
        with pytest.raises(error, match=message):
            call(inputs)
    with pytest.raises(ValueError, match=r"shape \(B, T, width\)"):
        stack_of(2, 4, "transformer")(torch.ones(2, 4).double())


def test_the_layer_where_activations_overflow_is_named():
    stack = stack_of(500, 16, "ffn", 5.0, dtype=torch.float32)
    with pytest.raises(ValueError, match=r"overflow at layer \d+ of 500; the largest before it is \d"):
        stack(torch.ones(2, 16))
    small = stack_of(3, 16, "ffn", 1.0, dtype=torch.float32)
    with torch.no_grad():
        small.branches[1].first.fill_(3e38)
    with pytest.raises(ValueError, match="overflow at layer 2 of 3"):
        depth_profile(small, torch.ones(2, 16))


def test_bad_losses_steps_and_constants_are_refused():
    stack, x = stack_of(2, 4), unit_rows(2, 4)
    before = [p.clone() for p in stack.parameters()]
    with pytest.raises(ValueError, match=r"loss must return one finite number, got shape \(2, 4\) with "):
        depth_profile(stack, x, loss=lambda out: out)
    with pytest.raises(ValueError, match=r"one finite number, got shape \(\) with nan"):
        loss_increment(stack, x, lambda out: out.sum() * math.nan, "sgd", 0.1)
    with pytest.raises(TypeError, match="loss must return a tensor, got float"):
        depth_profile(stack, x, loss=lambda out: 1.0)
    with pytest.raises(ValueError, match="optimizer must be one of sgd, adam, lamb, got 'lion'"):
        loss_increment(stack, x, random_readout, "lion", 0.1)
    for rate in (0, -1.0, math.inf, math.nan, "fast", True):
        with pytest.raises(ValueError, match="rate must be positive and finite"):
            loss_increment(stack, x, random_readout, "sgd", rate)
    for count in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="num_layers must be a whole number ≥ 1"):
            deepnorm_constants(count, "sgd")
        with pytest.raises(ValueError, match="num_layers must be a whole number ≥ 1"):
            deepnet_constants(count)
    for name in ("rmsprop", None, 3):
        with pytest.raises(ValueError, match="optimizer must be one of sgd, adam, lamb"):
            deepnorm_constants(4, name)
    assert all(torch.equal(p, q) for p, q in zip(stack.parameters(), before, strict=True))


def test_a_step_that_overflows_says_where():
    stack = stack_of(4, 8, "ffn", 1.0, dtype=torch.float32)
    with pytest.raises(ValueError, match="overflow at layer"):
        loss_increment(stack, unit_rows(2, 8, torch.float32), random_readout, "adam", 1e30)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1.0], [[1.0], [2.0]], "at least two different places"),
        ([2.0, 2.0], [[1.0, 2.0]] * 2, "at least two different places"),
        ([1.0, 2.0], [[1.0, 2.0]], r"S ≥ 2 seeds, got \(1, 2\)"),
        ([1.0, 2.0], [[1.0, 2.0, 3.0]] * 2, r"shape \(S, 2\)"),
        ([1.0, 2.0], [[1.0, math.nan]] * 2, "y must be finite, got nan"),
    ],
)
def test_bad_fits_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        fit_slope(x, y)


def test_powers_need_positive_values():
    with pytest.raises(ValueError, match=r"values must be positive, got -1\.0"):
        fit_exponent([1, 2], [[1.0, -1.0]] * 2)
    with pytest.raises(ValueError, match=r"depths must be positive, got 0\.0"):
        fit_growth([0, 2], [[1.0, 1.0]] * 2)


def test_what_the_numpy_twin_cannot_take_is_refused():
    with pytest.raises(ValueError, match="weight_arrays needs a relu, centred or ffn branch"):
        stack_of(2, 8, "transformer").weight_arrays()
    with pytest.raises(ValueError, match="square matrices"):
        stack_of(2, 8, "ffn", hidden=12).weight_arrays()


def test_every_variant_is_a_design_at_every_depth():
    for make in VARIANTS.values():
        for depth in (1, 10, 1000):
            assert isinstance(make(depth), Design)
    assert set(PREDICTED) <= set(VARIANTS)


# ---- losses without a gradient ----


def test_a_loss_that_does_not_depend_on_the_outputs_is_refused():
    stack, x = ResidualStack(2, 8), torch.ones(2, 8)
    for call in (lambda loss: depth_profile(stack, x, loss), lambda loss: loss_increment(stack, x, loss, "sgd", 0.1)):
        with pytest.raises(ValueError, match="loss must depend on the outputs"):
            call(lambda outputs: outputs.detach().sum())
    for parameter in stack.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(ValueError, match="weights must take gradients"):
        depth_profile(stack, x)


def test_a_profile_can_be_taken_where_gradients_are_off():
    with torch.no_grad():
        assert depth_profile(ResidualStack(2, 8), torch.ones(2, 8)).gradient.min() > 0


def test_an_unknown_optimizer_is_refused_whatever_the_norm():
    with pytest.raises(ValueError, match="optimizer must be one of"):
        ResidualStack(4, 16, optimizer="lion")
    with pytest.raises(ValueError, match="optimizer must be one of"):
        deepnorm_constants(4, ["adam"])
