"""The optimizers of chapter 7: against the formulas, torch's own, and everything that torch asks of an optimizer."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from gradbook.step_sizes import ExponentiatedGradient, HypergradientDescent, MetaStepSize
from gradbook.step_sizes.meta import LARGEST

pytestmark = pytest.mark.numeric

MAKERS = {
    "exponentiated": lambda p, **o: ExponentiatedGradient(p, **{"lr": 0.05, **o}),
    "meta": lambda p, **o: MetaStepSize(p, **{"lr": 0.05, "meta_lr": 0.1, **o}),
    "meta, all options": lambda p, **o: MetaStepSize(
        p,
        **{"lr": 0.05, "meta_lr": 0.1, "averaging": 0.9, "scale_lr": 0.1, "normalize": True, "weight_decay": 0.1, **o},
    ),
    "hypergradient": lambda p, **o: HypergradientDescent(p, **{"lr": 0.05, "hyper_lr": 0.01, **o}),
}
each = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def positive(shape=(4, 3), seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5).to(dtype).requires_grad_()


def gradients(count, shape=(4, 3), seed=1, dtype=torch.float64, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    drawn = scale * torch.randn((count, *shape), generator=generator, dtype=torch.float64)
    return drawn.to(dtype)


def run(optimizer, parameter, rows):
    for row in rows:
        parameter.grad = row.clone()
        optimizer.step()


# ---- the rules ----


@pytest.mark.parametrize("dtype", DTYPES)
def test_exponentiated_gradient_multiplies(dtype):
    p, rows = positive(dtype=dtype), gradients(10, dtype=dtype)
    truth = p.detach().clone().double()
    run(ExponentiatedGradient([p], lr=0.1), p, rows)
    for row in rows:
        truth = truth * torch.exp(-0.1 * row.double())
    assert p.dtype == dtype
    assert torch.allclose(p.double(), truth, rtol=20 * torch.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("dim", [None, 0, 1, -1])
def test_on_the_simplex_sums_stay_one(dim):
    p = torch.nn.functional.softmax(positive().detach().reshape(-1 if dim is None else (4, 3)), dim or 0)
    p = p.requires_grad_()
    rows = gradients(50, tuple(p.shape), scale=5)
    truth = p.detach().clone()
    run(ExponentiatedGradient([p], lr=0.3, simplex=True, dim=dim), p, rows)
    for row in rows:
        grown = truth * torch.exp(-0.3 * row)
        truth = grown / (grown.sum() if dim is None else grown.sum(dim, keepdim=True))
    assert torch.allclose(p, truth, rtol=1e-10)
    assert torch.allclose(p.sum() if dim is None else p.sum(dim), torch.ones((), dtype=p.dtype))


@pytest.mark.parametrize("scale", [1e30, 1e38])
def test_huge_gradients_neither_overflow_nor_reach_zero(scale):
    for options in ({}, {"simplex": True}, {"simplex": True, "maximize": True}):
        p = torch.tensor([0.25, 0.25, 0.5], requires_grad=True)
        run(ExponentiatedGradient([p], lr=10.0, **options), p, [torch.tensor([scale, -scale, 0.0])] * 30)
        assert torch.isfinite(p).all()
        assert (p > 0).all()


def test_the_meta_rule_is_the_articles():
    p, rows = positive(), gradients(25)
    place, nu, last = p.detach().clone(), torch.ones(4, 3, dtype=p.dtype), torch.zeros(4, 3, dtype=p.dtype)
    optimizer = MetaStepSize([p], lr=0.05, meta_lr=0.1)
    run(optimizer, p, rows)
    for row in rows:
        nu = nu * torch.exp(0.1 * last * row)
        place, last = place - 0.05 * nu * row, row
    assert torch.allclose(p, place, rtol=1e-12)
    assert torch.allclose(optimizer.gains()[0], nu, rtol=1e-12)
    closed = torch.exp(0.1 * (rows[:-1] * rows[1:]).sum(0))
    assert torch.allclose(optimizer.gains()[0], closed, rtol=1e-12)


def test_the_papers_form_by_hand():
    """A common scale, gains and the average gradient, normalised: two tensors in one group share scale and size."""
    p, q = positive(), positive((5,), seed=3)
    optimizer = MetaStepSize([p, q], lr=0.05, meta_lr=0.2, averaging=0.8, scale_lr=0.3, normalize=True)
    rows = [torch.cat([a.flatten(), b]) for a, b in zip(gradients(12), gradients(12, (5,), seed=4), strict=True)]
    place = torch.cat([p.detach().flatten(), q.detach()])
    log_nu, average, log_scale = torch.zeros(17, dtype=p.dtype), torch.zeros(17, dtype=p.dtype), 0.0
    for row in rows:
        p.grad, q.grad = row[:12].reshape(4, 3).clone(), row[12:].clone()
        optimizer.step()
        lengths = float(average.norm() * row.norm())
        if lengths:
            log_nu = log_nu + 0.2 * average * row * 17 / lengths
            log_scale += 0.3 * float(average @ row) / lengths
        place = place - 0.05 * math.exp(log_scale) * torch.exp(log_nu) * row
        average = 0.8 * average + 0.2 * row
    assert torch.allclose(torch.cat([p.detach().flatten(), q.detach()]), place, rtol=1e-11)
    assert optimizer.param_groups[0]["log_scale"] == pytest.approx(log_scale, rel=1e-12)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_the_papers_form_bears_entries_whose_squares_leave_float32(size):
    p = torch.zeros(4, requires_grad=True)
    optimizer = MetaStepSize([p], lr=1e-32, meta_lr=0.1, averaging=0.5, scale_lr=0.1, normalize=True)
    run(optimizer, p, [torch.full((4,), size)] * 5)
    assert optimizer.param_groups[0]["log_scale"] == pytest.approx(0.4)  # the cosine is 1, four times
    assert torch.allclose(optimizer.gains()[0].log(), torch.full((4,), 0.4))


def test_without_a_second_rate_it_is_torchs_sgd():
    for dtype in (torch.float32, torch.float64):
        a, b = positive(dtype=dtype), positive(dtype=dtype)
        rows = gradients(20, dtype=dtype)
        run(MetaStepSize([a], lr=0.05, meta_lr=0.0), a, rows)
        run(torch.optim.SGD([b], lr=0.05), b, rows)
        assert torch.equal(a, b)
    run(HypergradientDescent([a], lr=0.05, hyper_lr=0.0), a, rows)
    run(torch.optim.SGD([b], lr=0.05), b, rows)
    assert torch.equal(a, b)


def test_a_second_rate_of_zero_bears_the_largest_gradients():
    p = torch.zeros(3, requires_grad=True)
    optimizer = MetaStepSize([p], lr=1e-30, meta_lr=0.0)
    run(optimizer, p, [torch.full((3,), 1e30)] * 3)
    assert torch.equal(optimizer.gains()[0], torch.ones(3))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.sampled_from([1e-6, 0.1, 10, 1e6]))
def test_units_of_the_loss(seed, factor):
    """With η / c and γ / c² everything stays; normalised, with η / c alone. Not so with γ as it was."""
    rows = gradients(15, seed=seed)
    places = []
    for unit, rate, gamma, options in (
        (1.0, 0.05, 0.1, {}),
        (factor, 0.05 / factor, 0.1 / factor**2, {}),
        (1.0, 0.05, 0.1, {"normalize": True}),
        (factor, 0.05 / factor, 0.1, {"normalize": True}),
        (factor, 0.05 / factor, 0.1, {}),
    ):
        p = positive()
        run(MetaStepSize([p], lr=rate, meta_lr=gamma, bound=1000, **options), p, unit * rows)
        places.append(p.detach())
    assert torch.allclose(places[0], places[1], rtol=1e-9)
    assert torch.allclose(places[2], places[3], rtol=1e-9)
    assert not torch.allclose(places[0], places[4], rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), signs=st.integers(0, 2**12 - 1))
def test_turning_axes_round_turns_the_path_round(seed, signs):
    rows = gradients(10, seed=seed)
    turn = torch.tensor([1.0 if signs >> i & 1 else -1.0 for i in range(12)], dtype=torch.float64).reshape(4, 3)
    a, b = positive(), (turn * positive().detach()).requires_grad_()
    run(MetaStepSize([a], lr=0.05, meta_lr=0.1), a, rows)
    run(MetaStepSize([b], lr=0.05, meta_lr=0.1), b, turn * rows)
    assert torch.equal(a * turn, b)


def test_exponents_and_gains_are_bounded():
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = MetaStepSize([p], lr=1e-9, meta_lr=1.0, bound=2.0)
    run(optimizer, p, [torch.full((1,), 1000.0, dtype=torch.float64)] * 2)
    assert optimizer.gains()[0].item() == pytest.approx(math.exp(2))
    run(optimizer, p, [torch.full((1,), 1000.0, dtype=torch.float64)] * 50)
    assert optimizer.gains()[0].item() == pytest.approx(2**LARGEST)
    assert torch.isfinite(p).all()
    run(optimizer, p, [torch.full((1,), s * 1000.0, dtype=torch.float64) for s in (-1, 1) * 50])
    assert optimizer.gains()[0].item() == pytest.approx(2**-LARGEST)


def test_the_bound_matters_only_where_it_is_passed():
    """Both ways through the code give the same: products above the bound in one entry, below in the others."""
    rows = gradients(10, scale=2.0)
    a, b = positive(), positive()
    first, second = (
        MetaStepSize([a], lr=0.01, meta_lr=0.1, bound=0.5),
        MetaStepSize([b], lr=0.01, meta_lr=0.1, bound=50),
    )
    log_nu = torch.zeros(4, 3, dtype=a.dtype)
    run(first, a, rows)
    run(second, b, rows)
    for k in range(1, 10):
        log_nu += (0.1 * rows[k - 1] * rows[k]).clamp(-0.5, 0.5)
    assert torch.allclose(first.gains()[0], log_nu.exp(), rtol=1e-12)
    assert not torch.allclose(first.gains()[0], second.gains()[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_its_state_in_float32(dtype):
    p = positive(dtype=dtype)
    optimizer = MetaStepSize([p], lr=0.05, meta_lr=1e-4)
    run(optimizer, p, gradients(5, dtype=dtype))
    assert p.dtype == dtype
    assert optimizer.state[p]["log_gain"].dtype == torch.float32
    again = MetaStepSize([p], lr=0.05, meta_lr=1e-4)
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert torch.equal(again.gains()[0], optimizer.gains()[0])
    assert again.state[p]["log_gain"].dtype == torch.float32


def test_hypergradient_moves_one_rate_and_never_below_zero():
    p, q = positive(), positive((2,), seed=5)
    optimizer = HypergradientDescent([p, q], lr=0.05, hyper_lr=0.01)
    rows, more = gradients(6), gradients(6, (2,), seed=6)
    rate = 0.05
    for k in range(6):
        p.grad, q.grad = rows[k].clone(), more[k].clone()
        optimizer.step()
        if k:
            rate = max(rate + 0.01 * float((rows[k - 1] * rows[k]).sum() + (more[k - 1] * more[k]).sum()), 0.0)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(rate)
    run(optimizer, p, [s * torch.full((4, 3), 100.0, dtype=p.dtype) for s in (1, -1, 1)])
    assert optimizer.param_groups[0]["lr"] == 0


# ---- what torch asks of an optimizer ----


@each
def test_a_state_goes_to_disk_and_back(make, tmp_path):
    from safetensors.torch import load_file, save_file

    p, rows = positive(), gradients(12)
    optimizer = make([p])
    run(optimizer, p, rows[:6])
    q, state = p.detach().clone().requires_grad_(), copy.deepcopy(optimizer.state_dict())
    tensors = {name: value for name, value in state["state"].get(0, {}).items() if isinstance(value, torch.Tensor)}
    if tensors:
        save_file(tensors, tmp_path / "state.safetensors")
        state["state"][0].update(load_file(tmp_path / "state.safetensors"))
    other = make([q])
    other.load_state_dict(state)
    run(optimizer, p, rows[6:])
    run(other, q, rows[6:])
    assert torch.equal(p, q)


@each
def test_a_loaded_state_is_a_copy(make):
    p = positive()
    optimizer, other = make([p]), make([p])
    run(optimizer, p, gradients(3))
    other.load_state_dict(optimizer.state_dict())
    kept = copy.deepcopy(other.state_dict())
    run(optimizer, p, gradients(3, seed=9))
    for name, value in other.state_dict()["state"].get(0, {}).items():
        assert torch.equal(torch.as_tensor(value), torch.as_tensor(kept["state"][0][name]))


@each
def test_groups_have_options_of_their_own(make):
    p, q = positive(), positive(seed=2)
    optimizer = make([{"params": [p]}, {"params": [q], "lr": 0.001}])
    a, b = positive(), positive(seed=2)
    first, second = make([a]), make([b], lr=0.001)
    for row in gradients(8):
        for parameter in (p, q, a, b):
            parameter.grad = row.clone()
        for each_optimizer in (optimizer, first, second):
            each_optimizer.step()
    if optimizer.defaults.get("normalize"):
        return  # checked by hand above
    assert torch.equal(p, a)
    assert torch.equal(q, b)


@each
def test_a_closure_is_called_with_gradients_on_and_returned(make):
    p = positive()
    optimizer = make([p])
    before = p.detach().clone()

    def closure():
        optimizer.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx(float((before**2).sum()))
    assert not torch.equal(p, before)


@each
def test_schedulers_move_the_rate(make):
    p, q = positive(), positive()
    optimizer = make([p])
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.0 if epoch == 0 else 1.0)
    before = p.detach().clone()
    run(optimizer, p, gradients(1))
    assert torch.equal(p, before)  # a warm-up from a rate of zero
    schedule.step()
    run(optimizer, p, gradients(1))
    assert not torch.equal(p, q)
    torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5).step()
    run(optimizer, p, gradients(1))
    assert torch.isfinite(p).all()


@pytest.mark.parametrize("name", ["exponentiated", "meta", "meta, all options"])
def test_maximize_is_descent_on_the_negative(name):
    p, q, rows = positive(), positive(), gradients(10)
    run(MAKERS[name]([p], maximize=True), p, rows)
    run(MAKERS[name]([q]), q, -rows)
    assert torch.allclose(p, q, rtol=1e-14)


@pytest.mark.parametrize("name", ["exponentiated", "meta"])
def test_weight_decay_is_decoupled(name):
    p, q, row = positive(), positive(), gradients(1)
    run(MAKERS[name]([p], weight_decay=0.5), p, row)
    with torch.no_grad():
        q.mul_(1 - 0.05 * 0.5)
    run(MAKERS[name]([q]), q, row)
    assert torch.allclose(p, q, rtol=1e-14)


@each
def test_parameters_without_a_gradient_stay(make):
    p, q = positive(), positive(seed=2)
    optimizer = make([p, q])
    run(optimizer, p, gradients(3))
    assert torch.equal(q, positive(seed=2))
    assert q not in optimizer.state or not optimizer.state[q]


@each
def test_hooks_and_named_parameters_and_other_strides(make):
    layer = torch.nn.Linear(3, 2).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.abs_().add_(0.1)
    called = []
    optimizer = make(layer.named_parameters())
    optimizer.register_step_post_hook(lambda *_: called.append(True))
    layer(torch.ones(4, 3, dtype=torch.float64)).sum().backward()
    optimizer.step()
    assert called
    p, q = positive().detach().t().requires_grad_(), positive().detach().t().contiguous().requires_grad_()
    for parameter in (p, q):
        run(make([parameter]), parameter, gradients(4, (3, 4)))
    assert torch.allclose(p, q, rtol=1e-14)


def test_an_empty_parameter_is_no_trouble():
    p = torch.empty(0, requires_grad=True)
    for make in MAKERS.values():
        run(make([p]), p, [torch.empty(0)] * 2)


# ---- bad input ----


@each
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_bad_gradient_is_refused_before_anything_moves(make, bad):
    p, q = positive(), positive(seed=2)
    optimizer = make([p, q])
    for row in gradients(2):
        p.grad, q.grad = row.clone(), row.clone()
        optimizer.step()
    kept, state = [p.detach().clone(), q.detach().clone()], copy.deepcopy(optimizer.state_dict())
    p.grad, q.grad = torch.ones(4, 3, dtype=p.dtype), torch.ones(4, 3, dtype=p.dtype)
    q.grad[1, 2] = bad
    with pytest.raises(ValueError, match=r"gradient of parameter 1 \(shape \(4, 3\)\) is NaN or infinite"):
        optimizer.step()
    assert torch.equal(p, kept[0])
    assert torch.equal(q, kept[1])
    assert str(optimizer.state_dict()) == str(state)


@each
def test_a_sparse_gradient_is_refused(make):
    p = positive()
    p.grad = torch.ones(4, 3, dtype=p.dtype).to_sparse()
    before = p.detach().clone()
    with pytest.raises(TypeError, match="sparse"):
        make([p]).step()
    assert torch.equal(p, before)


@each
@pytest.mark.parametrize("rate", [0, -0.1, math.nan, math.inf])
def test_a_rate_that_is_not_positive_is_refused(make, rate):
    with pytest.raises(ValueError, match="lr must be finite and > 0"):
        make([positive()], lr=rate)


@each
def test_a_rate_that_turned_negative_is_refused_in_the_step(make):
    p = positive()
    optimizer = make([p])
    optimizer.param_groups[0]["lr"] = -0.1
    before = p.detach().clone()
    with pytest.raises(ValueError, match="lr must be finite and ≥ 0"):
        run(optimizer, p, gradients(1))
    assert torch.equal(p, before)


@each
def test_complex_parameters_and_none_are_refused(make):
    with pytest.raises(TypeError, match="real floating point"):
        make([torch.ones(2, dtype=torch.complex64, requires_grad=True)])
    with pytest.raises(ValueError, match="empty parameter list"):
        make([])


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan])
def test_exponentiated_gradient_needs_a_positive_start(bad):
    p = torch.tensor([1.0, bad], requires_grad=True)
    with pytest.raises(ValueError, match=r"params\[0\] must be > 0 everywhere"):
        ExponentiatedGradient([p], lr=0.1)
    with pytest.raises(ValueError, match="must be > 0 everywhere and finite, got inf"):
        ExponentiatedGradient([torch.tensor([1.0, math.inf], requires_grad=True)], lr=0.1)


def test_a_parameter_that_left_the_positive_side_is_refused_in_the_step():
    p = positive()
    optimizer = ExponentiatedGradient([p], lr=0.1)
    with torch.no_grad():
        p[0, 0] = -1
    with pytest.raises(ValueError, match="must be > 0 everywhere and finite, got -1"):
        run(optimizer, p, gradients(1))


def test_the_simplex_refuses_what_is_not_on_it():
    with pytest.raises(ValueError, match="must sum to 1 on the simplex, got sums up to 2"):
        ExponentiatedGradient([torch.ones(2, requires_grad=True)], lr=0.1, simplex=True)
    half = torch.full((2,), 0.5, requires_grad=True)
    with pytest.raises(ValueError, match="weight_decay must be 0 on the simplex"):
        ExponentiatedGradient([half], lr=0.1, simplex=True, weight_decay=0.1)
    with pytest.raises(ValueError, match="dim is for the simplex only"):
        ExponentiatedGradient([half], lr=0.1, dim=0)
    with pytest.raises(ValueError, match=r"lr · weight_decay must be < 1"):
        ExponentiatedGradient([half], lr=0.1, weight_decay=10)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("meta_lr", -1.0, "meta_lr must be finite and ≥ 0"),
        ("meta_lr", math.nan, "meta_lr must be finite"),
        ("averaging", 1.0, r"averaging must be in \[0, 1\)"),
        ("averaging", -0.1, r"averaging must be in \[0, 1\)"),
        ("scale_lr", -0.1, "scale_lr must be finite and ≥ 0"),
        ("weight_decay", -0.1, "weight_decay must be finite and ≥ 0"),
        ("bound", 0.0, "bound must be finite and > 0"),
    ],
)
def test_options_outside_their_range_are_refused(option, value, message):
    with pytest.raises(ValueError, match=message):
        MAKERS["meta"]([positive()], **{option: value})


@pytest.mark.parametrize(
    ("option", "value"),
    [("meta_lr", math.nan), ("meta_lr", -1.0), ("averaging", 1.5), ("bound", 0.0), ("weight_decay", 100.0)],
)
def test_an_option_that_turned_bad_is_refused_in_the_step(option, value):
    p = positive()
    optimizer = MAKERS["meta"]([p])
    run(optimizer, p, gradients(2))
    before, state = p.detach().clone(), str(optimizer.state_dict()["state"])
    optimizer.param_groups[0][option] = value
    with pytest.raises(ValueError, match=option):
        run(optimizer, p, gradients(1))
    assert torch.equal(p, before)
    assert str(optimizer.state_dict()["state"]) == state


def test_a_dimension_that_is_not_there_is_refused_and_the_group_with_it():
    optimizer = ExponentiatedGradient([positive()], lr=0.1)
    half = torch.full((2,), 0.5, requires_grad=True)
    with pytest.raises(ValueError, match=r"dim must be a dimension of params\[0\], of shape \(2,\), got 5"):
        optimizer.add_param_group({"params": [half], "simplex": True, "dim": 5})
    assert len(optimizer.param_groups) == 1


def test_hypergradient_refuses_a_rate_that_would_overflow():
    p = torch.zeros(2, requires_grad=True)
    optimizer = HypergradientDescent([p], lr=1e-20, hyper_lr=1.0)
    run(optimizer, p, [torch.full((2,), 1e25)])
    before = p.detach().clone()
    with pytest.raises(ValueError, match="the gradients are too large"):
        run(optimizer, p, [torch.full((2,), 1e25)])
    assert torch.equal(p, before)
    run(optimizer, p, [torch.full((2,), -1e25)])
    assert optimizer.param_groups[0]["lr"] == 0


def test_a_refused_group_leaves_the_optimizer_as_it_was():
    optimizer = ExponentiatedGradient([positive()], lr=0.1)
    with pytest.raises(ValueError, match="must be > 0"):
        optimizer.add_param_group({"params": [torch.zeros(2, requires_grad=True)]})
    assert len(optimizer.param_groups) == 1
    optimizer.add_param_group({"params": [positive(seed=3)], "bound": 1.0})
    assert len(optimizer.param_groups) == 2


# ---- they optimise ----


def test_exponentiated_gradient_finds_the_non_negative_least_squares_solution():
    rng = np.random.default_rng(0)
    matrix, target = rng.standard_normal((30, 10)), rng.standard_normal(30)
    truth = nnls(matrix, target)[0]
    assert 0 < (truth == 0).sum() < 10
    a, b = torch.from_numpy(matrix), torch.from_numpy(target)
    theta = torch.full((10,), 0.01, dtype=torch.float64, requires_grad=True)
    optimizer = ExponentiatedGradient([theta], lr=0.05)
    for _ in range(20_000):
        theta.grad = a.T @ (a @ theta.detach() - b)
        optimizer.step()
    assert np.allclose(theta.detach().numpy(), truth, atol=1e-3)


def test_the_meta_rule_grows_towards_newtons_step_and_not_beyond():
    x = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    optimizer = MetaStepSize([x], lr=0.01, meta_lr=1.0)
    for _ in range(100):
        x.grad = x.detach().clone()
        optimizer.step()
    assert 0.5 < optimizer.gains()[0].item() * 0.01 < 1  # from 0.01: gradients run out before it is 1
    assert abs(x.item()) < 1e-6
