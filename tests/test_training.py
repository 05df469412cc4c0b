"""The trainer: what a run does, how it stops, goes on, is shared, and what it refuses."""

import json
import math
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from gradbook.extraction.checkpoints import digest, load_weights, save_weights, trained_state
from gradbook.extraction.plan import epoch_batches
from gradbook.extraction.training import History, shown, train

# Between runs in float64 that add the same numbers in another order: 1e-16 a step, which AdamW's 1 / √v may enlarge
# while v is small. A wrong share or a lost example moves a weight by a good part of the rate, above 0.01.
CLOSE = 1e-9


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Line(nn.Module):
    """y ≈ x w + b with dropout; an example is (x, y)."""

    def __init__(self, dropout=0.2, seed=0):
        super().__init__()
        source = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(torch.randn(3, generator=source))
        self.bias = nn.Parameter(torch.zeros(()))
        self.fixed = nn.Parameter(torch.ones(2), requires_grad=False)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.dropout = nn.Dropout(dropout)

    def forward(self, examples):
        self.seen += len(examples) if self.training else 0
        inputs = torch.stack([x for x, _ in examples])
        return (self.dropout(inputs) @ self.weight + self.bias - torch.stack([y for _, y in examples])) ** 2


def points(count=20, seed=1):
    """Examples of a line with a little noise."""
    source = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 3, generator=source)
    targets = inputs @ torch.tensor([1.0, -2.0, 0.5]) + 0.7 + 0.1 * torch.randn(count, generator=source)
    return list(zip(inputs, targets, strict=True))


def fit(model, examples=None, **settings):
    """Train with the settings of these tests."""
    return train(model, examples or points(), **{"epochs": 6, "batch_size": 6, "learning_rate": 0.05} | settings)


def state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def equal(first, second):
    """Assert two states of a model are the same, bit for bit."""
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


# ---- what a run does ----


def test_a_line_is_found():
    model = Line(dropout=0)
    history = fit(model, epochs=60, weight_decay=0.0)
    torch.testing.assert_close(model.weight.data, torch.tensor([1.0, -2.0, 0.5]), atol=0.15, rtol=0)
    assert history.losses[-1] < 0.05 < history.losses[0]
    assert len(history.losses) == 60
    assert len(history.step_losses) == 240
    assert history.scores == []
    assert history.best_epoch is None
    assert not history.stopped_early
    assert not model.training


def test_losses_are_means_over_examples_and_over_batches():
    model = Line(dropout=0)
    before = model.eval()(points()).detach().double()
    history = fit(model, epochs=1, learning_rate=1e-30)
    batches = epoch_batches(20, 6, 0, 0)
    assert history.losses[0] == pytest.approx(float(before.mean()), rel=1e-6)
    assert history.step_losses == pytest.approx([float(before[batch].mean()) for batch in batches], rel=1e-6)


def test_a_run_is_that_of_adamw_written_out():
    ours, theirs, examples = Line(dropout=0), Line(dropout=0), points()
    fit(ours, examples, epochs=3, clip=0.5)
    parameters = [theirs.weight, theirs.bias]
    optimizer = torch.optim.AdamW(parameters, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=12)
    for epoch in range(3):
        for batch in epoch_batches(20, 6, 0, epoch):
            optimizer.zero_grad()
            (theirs([examples[i] for i in batch]).sum() * (1 / len(batch))).backward()
            nn.utils.clip_grad_norm_(parameters, 0.5)
            optimizer.param_groups[0]["lr"] *= 0.05
            optimizer.step()
            schedule.step()
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)


def rates(steps, **settings):
    """The learning rates of a run of so many steps with peak 1."""
    found = []
    hook = register_optimizer_step_pre_hook(lambda optimizer, *_: found.append(optimizer.param_groups[0]["lr"]))
    fit(Line(), points(steps), epochs=1, batch_size=1, learning_rate=1.0, **settings)
    hook.remove()
    return found


@pytest.mark.parametrize("steps", range(1, 8))
def test_one_cycle_of_a_few_steps_is_finite(steps):
    assert all(0 < rate <= 1 for rate in rates(steps))
    assert rates(steps)[0] > 1e-3


def test_a_rate_warms_up_in_as_many_steps_as_asked():
    assert rates(6, schedule="constant") == [1] * 6
    assert rates(6, schedule="constant", warmup=4) == [0.25, 0.5, 0.75, 1, 1, 1]
    assert max(range(40), key=rates(40, warmup=8).__getitem__) == 7
    assert max(range(40), key=rates(40).__getitem__) == 11


def test_parameters_have_the_rate_of_the_longest_beginning_of_their_name():
    whole, parts, still = Line(), Line(), Line()
    fit(whole)
    fit(parts, learning_rate=1.0, rates={"weight": 0.05, "b": 7.0, "bi": 0.05})
    equal(state(whole), state(parts))
    fit(still, weight_decay=0.0, rates={"bias": 1e-30})
    assert abs(float(still.bias.detach())) < 1e-27  # 24 steps of at most 10 times the rate: (1 − β₁) / √(1 − β₂)
    assert not torch.equal(still.weight, Line().weight)
    with pytest.raises(ValueError, match=r"rates\['head'\] must be the beginning of a trained"):
        fit(Line(), rates={"head": 0.1})


def test_pieces_of_a_batch_add_up_to_its_gradient():
    examples = [(x.double(), y.double()) for x, y in points()]
    whole, pieces = Line(0).double(), Line(0).double()
    sizes = []
    pieces.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    expected = fit(whole, examples, epochs=1)
    found = fit(pieces, examples, epochs=1, accumulation=4)
    assert sizes == [2, 2, 2] * 3 + [1, 1]
    torch.testing.assert_close(found.step_losses, expected.step_losses, rtol=0, atol=CLOSE)
    torch.testing.assert_close(pieces.weight, whole.weight, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_losses_in_half_precision_train_weights_in_full(precision):
    model, kinds = Line(dropout=0), set()
    model.register_forward_pre_hook(lambda *_: kinds.add((torch.ones(1, 1) @ torch.ones(1, 1)).dtype))
    history = fit(
        model, epochs=60, weight_decay=0.0, precision=precision, evaluate=lambda m: -float(m(points()).mean())
    )
    assert kinds == {torch.float32, {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]}  # evaluate is in full
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight.data, torch.tensor([1.0, -2.0, 0.5]), atol=0.15, rtol=0)
    assert history.losses[-1] < 0.05 < history.losses[0]


def test_a_scale_that_is_too_large_for_float16_is_lowered(tmp_path):
    model, steep = Line(), [(10 * x, 10 * y) for x, y in points()]
    fit(model, steep, precision="fp16", checkpoint=tmp_path / "run", epochs=10)
    run = json.loads(safe_open(tmp_path / "run", "pt").metadata()["run"])
    skipped = 16 - math.log2(run["stepper"]["scale"]["scale"])  # each halves the 65536 that it starts with
    assert 0 < skipped < 16
    assert run["stepper"]["schedule"]["last_epoch"] == 40 - skipped
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_a_small_clip_slows_nothing_but_large_gradients():
    free, clipped, unclipped = Line(), Line(), Line()
    fit(free, clip=None)
    fit(clipped, clip=1e6)
    equal(state(free), state(clipped))
    fit(unclipped, clip=1e-3)
    assert not torch.equal(free.weight, unclipped.weight)


def test_the_same_seed_gives_the_same_run_and_leaves_the_random_state():
    first, second, third = Line(), Line(), Line()
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one = fit(first)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(7)
    assert fit(second) == one
    equal(state(first), state(second))
    assert fit(third, seed=1) != one


def test_each_epoch_has_a_dropout_of_its_own():
    model, drawn = Line(), []
    model.register_forward_pre_hook(lambda *_: drawn.append(float(torch.rand(()))))
    fit(model, batch_size=20)
    assert len(set(drawn)) == 6


def test_what_takes_no_gradient_is_left_alone():
    model = Line()
    fit(model)
    assert model.fixed.tolist() == [1, 1]
    assert set(trained_state(model)) == {"weight", "bias", "seen"}


# ---- batches ----


@pytest.mark.parametrize("lengths", [None, [i % 37 for i in range(1001)]])
@pytest.mark.parametrize("size", [1, 7, 32, 2000])
def test_an_epoch_holds_every_example_once(lengths, size):
    batches = epoch_batches(1001, size, 3, 2, lengths)
    assert sorted(i for batch in batches for i in batch) == list(range(1001))
    assert len(batches) == math.ceil(1001 / size)
    assert sum(len(batch) != size for batch in batches) == (1001 % size > 0)
    assert batches == epoch_batches(1001, size, 3, 2, lengths)
    if size < 1001:
        assert batches != epoch_batches(1001, size, 3, 3, lengths)
        assert batches != epoch_batches(1001, size, 4, 2, lengths)


def test_like_lengths_come_together_in_random_order():
    lengths = [(7 * i) % 101 for i in range(4000)]
    batches = epoch_batches(4000, 20, 0, 0, lengths)
    waste = sum(max(lengths[i] for i in b) * len(b) - sum(lengths[i] for i in b) for b in batches)
    assert waste < 0.05 * sum(lengths)
    means = torch.tensor([sum(lengths[i] for i in batch) / len(batch) for batch in batches])
    assert abs(float(torch.corrcoef(torch.stack([means[:-1], means[1:]]))[0, 1])) < 0.3


def test_lengths_are_used_by_a_run():
    model, seen = Line(), []
    model.register_forward_pre_hook(lambda _, given: seen.append([float(x[0]) for x, _ in given[0]]))
    fit(model, epochs=1, length=lambda example: int(100 * example[0][0]))
    assert sorted(map(min, seen)) == [min(batch) for batch in sorted(seen, key=max)]
    assert max(map(min, seen)) > min(map(max, seen))


@pytest.mark.parametrize("arguments", [(0, 1, 0, 0), (1, 0, 0, 0), (3, 1, 0, 0, [1, 2])])
def test_impossible_batches_are_refused(arguments):
    with pytest.raises(ValueError, match=r"must (be ≥ 1|hold 3 numbers)"):
        epoch_batches(*arguments)


# ---- scores and stopping ----


def scripted(*scores):
    """An ``evaluate`` that gives these scores one after the other, and checks how it is called."""
    remaining = iter(scores)

    def evaluate(model):
        assert not model.training
        assert not model.dropout.training
        assert not torch.is_grad_enabled()
        return next(remaining)

    return evaluate


def test_the_best_epoch_s_weights_stay():
    best, short = Line(), Line()
    kept = {}
    history = fit(
        best,
        evaluate=scripted(1, 3, 3, 2, 0, 2.5),
        schedule="constant",
        after_epoch=lambda epoch, model: kept.update({epoch: state(model)}),
    )
    assert history.best_epoch == 1
    assert history.scores == [1, 3, 3, 2, 0, 2.5]
    assert sorted(kept) == list(range(6))
    equal(state(best), kept[1])
    fit(short, epochs=2, schedule="constant")
    equal(state(best), state(short))


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 4), (3, 6), (9, 6)])
def test_patience_counts_epochs_without_a_better_score(patience, epochs):
    history = fit(Line(), evaluate=scripted(1, 3, 3, 2, 4, 1), patience=patience)
    assert len(history.losses) == epochs
    assert history.stopped_early is (epochs < 6)
    assert history.best_epoch == (4 if epochs == 6 else 1)


def test_a_callback_sees_eval_mode_and_training_goes_on():
    modes = []
    plain, watched = Line(), Line()
    fit(plain)
    fit(watched, after_epoch=lambda _, model: modes.append((model.training, torch.is_grad_enabled(), torch.rand(1))))
    assert [mode[:2] for mode in modes] == [(False, False)] * 6
    equal(state(plain), state(watched))


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_refused(score):
    with pytest.raises(ValueError, match=r"evaluate\(model\) must be finite, got .* \(epoch 1\)"):
        fit(Line(), evaluate=scripted(1, score))


# ---- checkpoints ----


def interrupt_after(last):
    """A callback that ends the run in epoch ``last``."""

    def after(epoch, _):
        if epoch == last:
            raise KeyboardInterrupt

    return after


def distance(model):
    """A score that rises and falls."""
    return -abs(float(model.weight[1]) + 0.9)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"evaluate": distance},
        {"evaluate": distance, "patience": 2, "epochs": 12},
        {"precision": "bf16", "rates": {"bias": 0.1}, "accumulation": 3, "warmup": 5},
        {"precision": "fp16"},
    ],
)
@pytest.mark.parametrize("schedule", ["one_cycle", "constant"])
def test_an_interrupted_run_ends_bit_for_bit_the_same(tmp_path, settings, schedule):
    whole, first, second = Line(), Line(), Line(seed=9)
    settings = settings | {"schedule": schedule}
    expected = fit(whole, **settings)
    with pytest.raises(KeyboardInterrupt):
        fit(first, checkpoint=tmp_path / "run", after_epoch=interrupt_after(2), **settings)
    torch.manual_seed(77)
    found = fit(second, checkpoint=tmp_path / "run", **settings)
    assert found == expected
    equal(state(whole), state(second))
    third = Line(seed=10)
    assert fit(third, checkpoint=tmp_path / "run", **settings) == expected  # nothing is left to do
    equal(state(whole), state(third))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_constant_rate_lets_a_run_take_more_epochs(tmp_path):
    whole, model = Line(), Line()
    expected = fit(whole, schedule="constant", evaluate=distance)
    fit(model, schedule="constant", evaluate=distance, epochs=2, checkpoint=tmp_path / "run")
    assert fit(model, schedule="constant", evaluate=distance, checkpoint=tmp_path / "run") == expected
    equal(state(whole), state(model))
    with pytest.raises(ValueError, match="epochs must be at least the 6"):
        fit(model, schedule="constant", evaluate=distance, epochs=3, checkpoint=tmp_path / "run")


def test_a_checkpoint_is_one_readable_file(tmp_path):
    fit(Line(), checkpoint=tmp_path / "run", evaluate=distance)
    with safe_open(tmp_path / "run", "pt") as file:
        names, run = set(file.keys()), json.loads(file.metadata()["run"])
    assert names == {
        *(f"{part}/{name}" for part in ("model", "best") for name in ("weight", "bias", "seen")),
        *(f"adamw/{key}/{name}" for key in ("step", "exp_avg", "exp_avg_sq") for name in ("weight", "bias")),
    }
    assert len(run["history"]["losses"]) == 6
    assert run["settings"]["learning_rate"] == 0.05


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": 1}, "seed 0, now 1"),
        ({"batch_size": 5}, "batch_size 6, now 5"),
        ({"learning_rate": 0.1}, r"learning_rate 0\.05, now 0\.1"),
        ({"weight_decay": 0.1}, "weight_decay"),
        ({"epochs": 7}, "epochs 6, now 7"),
        ({"schedule": "constant"}, "schedule 'one_cycle', now 'constant'"),
        ({"clip": None}, r"clip 5\.0, now None"),
        ({"evaluate": distance}, "evaluated False, now True"),
        ({"examples": points(19)}, "examples 20, now 19"),
        ({"length": lambda _: 1}, "lengths None, now"),
        ({"rates": {"bias": 0.1}}, r"rates \{\}, now \{'bias': 0\.1\}"),
        ({"accumulation": 2, "precision": "bf16", "warmup": 3}, "warmup None, now 3; accumulation .*; precision"),
        ({"examples": [*points()[1:], points()[0]]}, "data '.*', now '"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused(tmp_path, changed, message):
    with pytest.raises(KeyboardInterrupt):
        fit(Line(), checkpoint=tmp_path / "run", after_epoch=interrupt_after(1))
    model = Line(seed=3)
    before = state(model)
    with pytest.raises(ValueError, match=message):
        fit(model, checkpoint=tmp_path / "run", **changed)
    equal(before, state(model))


@dataclass(frozen=True)
class Named:
    """Stands for an annotated text."""

    text: str
    marks: frozenset


def test_data_have_the_same_digest_in_every_process_and_another_if_anything_is_changed():
    first = [Named("ab", frozenset({"x", "y", "z"})), ({"a": 1, "b": None}, torch.tensor([1.0, 2.0]), 0.5)]
    assert digest([asdict(first[0]), 0.5, None, (1, True)]) == "7f823f1617b1f95f"  # whatever the seed of str's hash
    name, (words, row, half) = first
    changed = [
        [Named("ab", frozenset({"x", "y"})), first[1]],
        [Named("aB", name.marks), first[1]],
        *([name, other] for other in [({"a": 1, "b": 0}, row, half), (words, row + 1, half), (words, row[None], half)]),
        *([name, other] for other in [(words, row.double(), half), first, list(first[1])]),
        first[::-1],
    ]
    assert len({digest(data) for data in [first, *changed]}) == 10
    assert digest({"b": None, "a": 1}) == digest(first[1][0])


def test_a_checkpoint_that_is_broken_or_of_another_model_is_refused(tmp_path):
    path = tmp_path / "run"
    fit(Line(), checkpoint=path)
    whole = path.read_bytes()
    for data in (b"", b"nothing", whole[:-1], whole[:50]):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="not a complete safetensors file"):
            fit(Line(), checkpoint=path)
    save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(ValueError, match="not a checkpoint of this trainer"):
        fit(Line(), checkpoint=path)
    path.write_bytes(whole)
    before = state(model := Line().double())
    with pytest.raises(ValueError, match=r"must be torch\.float64, got torch\.float32"):
        fit(model, checkpoint=path)
    equal(before, state(model))
    other = Line()
    other.extra = nn.Linear(2, 2)
    with pytest.raises(ValueError, match=r"extra\.bias, extra\.weight missing"):
        fit(other, checkpoint=path)


# ---- what breaks a run ----


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_named_before_a_weight_changes(value):
    examples = points()
    batch = epoch_batches(20, 6, 0, 0)[1]
    examples[batch[3]] = (examples[batch[3]][0], torch.tensor(value))
    model, short = Line(dropout=0), Line(dropout=0)
    with pytest.raises(ValueError, match=rf"the loss of examples\[{batch[3]}\] is {value} \(epoch 0, step 1\)"):
        fit(model, examples)
    for other in batch[:3] + batch[4:]:
        examples[other] = examples[batch[3]]
    with pytest.raises(ValueError, match=rf"examples\[{batch[0]}\]"):
        fit(short, examples)
    equal(state(model), state(short))  # both took the first step alone


class Steep(Line):
    """Its gradient is infinite where an example's target is 0, its loss is not."""

    def forward(self, examples):
        targets = torch.stack([y for _, y in examples])
        return super().forward(examples) + torch.sqrt(targets.abs() * self.bias.exp() * (targets != 0))


def test_a_gradient_that_is_no_number_is_named_before_a_weight_changes():
    examples = [(x, y + 5) for x, y in points()]
    batch = epoch_batches(20, 6, 0, 0)[0]
    examples[batch[2]] = (examples[batch[2]][0], torch.tensor(0.0))
    model = Steep()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    with pytest.raises(ValueError, match=rf"gradient is .* \(epoch 0, step 0\): that of examples\[{batch[2]}\] is"):
        fit(model, examples)
    equal(before, {name: p.detach() for name, p in model.named_parameters()})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number ≥ 1, got 0"),
        ({"batch_size": 2.5}, r"batch_size must be a whole number ≥ 1, got 2\.5"),
        ({"learning_rate": 0.0}, "learning_rate must be finite and > 0"),
        ({"learning_rate": math.nan}, "learning_rate must be finite"),
        ({"weight_decay": -1}, "weight_decay must be finite and ≥ 0"),
        ({"clip": 0}, "clip must be finite and > 0"),
        ({"schedule": "cosine"}, "schedule must be one of one_cycle, constant, got 'cosine'"),
        ({"rates": {"bias": -1.0}}, r"rates\['bias'\] must be finite and > 0"),
        ({"warmup": 0}, "warmup must be a whole number ≥ 1"),
        ({"warmup": 24}, "warmup must leave one_cycle a rise and a fall"),
        ({"accumulation": 0}, "accumulation must be a whole number"),
        ({"precision": "fp8"}, "precision must be one of no, bf16, fp16, got 'fp8'"),
        ({"patience": 2}, "patience must come with evaluate"),
        ({"patience": 0, "evaluate": distance}, "patience must be a whole number"),
        ({"seed": 0.5}, "seed must be a whole number"),
    ],
)
def test_impossible_settings_are_named(changed, message):
    with pytest.raises(ValueError, match=message):
        fit(Line(), **changed)


def test_no_examples_and_no_parameters_are_refused():
    with pytest.raises(ValueError, match="examples must be a whole number ≥ 1, got 0"):
        train(Line(), [], epochs=1)
    with pytest.raises(ValueError, match=r"model\.parameters\(\) must hold at least one"):
        fit(Line().requires_grad_(False))


@pytest.mark.parametrize(
    ("output", "error", "message"),
    [
        (lambda losses: losses.mean(), ValueError, r"shape \(6,\), a loss an example, got \(\)"),
        (lambda losses: losses.detach(), ValueError, "without a graph"),
        (lambda losses: losses.tolist(), TypeError, "floating point tensor, got list"),
        (lambda losses: losses > 0, TypeError, r"got torch\.bool"),
    ],
)
def test_outputs_that_are_no_losses_are_refused(output, error, message):
    model = Line()
    model.register_forward_hook(lambda _, given, losses: output(losses))
    with pytest.raises(error, match=message):
        fit(model)


# ---- weights in files ----


@pytest.mark.parametrize("half", [False, True])
def test_weights_come_back(tmp_path, half):
    model, other = Line(seed=1), Line(seed=2)
    model.seen += 3
    save_weights(model, tmp_path / "w", half=half, metadata={"score": "73.9"})
    before = state(other)
    for expected in ({"score": "73.8"}, {"labels": "A B"}):
        with pytest.raises(ValueError, match=r"w: (score must be '73\.8', got '73\.9'|labels must be 'A B', got None)"):
            load_weights(other, tmp_path / "w", expected)
    equal(before, state(other))
    assert load_weights(other, tmp_path / "w", {"score": "73.9"}) == {"score": "73.9"}
    expected = model.weight.half().float() if half else model.weight
    assert torch.equal(other.weight, expected)
    assert other.seen == 3
    assert other.weight.dtype == torch.float32


def test_tied_weights_are_kept_tied(tmp_path):
    def tied():
        pair = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        pair[1].weight = pair[0].weight
        return pair

    first, second = tied(), tied()
    save_weights(first, tmp_path / "w")
    load_weights(second, tmp_path / "w")
    assert torch.equal(first[1].weight, second[0].weight)


def test_weights_that_don_t_fit_are_named_and_change_nothing(tmp_path):
    path = tmp_path / "w"
    model = nn.Sequential(nn.Linear(3, 2))
    before = state(model)
    for other, message in [
        (nn.Sequential(nn.Linear(3, 4)), r"0\.weight must have shape \(2, 3\), got \(4, 3\)"),
        (nn.Linear(3, 2), r"0\.bias, 0\.weight missing, bias, weight not in it"),
        (nn.Sequential(nn.Linear(3, 2, bias=False)), r"0\.bias missing, none not in it"),
    ]:
        save_weights(other, path)
        with pytest.raises(ValueError, match=message):
            load_weights(model, path)
    save_file({"0.weight": torch.full((2, 3), math.nan), "0.bias": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match=r"0\.weight must be finite"):
        load_weights(model, path)
    save_file({"0.weight": torch.ones(2, 3, dtype=torch.int64), "0.bias": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match=r"0\.weight must be torch\.float32, got torch\.int64"):
        load_weights(model, path)
    equal(before, state(model))


def test_files_that_are_no_weights_are_refused(tmp_path):
    model = nn.Linear(3, 2)
    save_weights(model, tmp_path / "w")
    whole = (tmp_path / "w").read_bytes()
    for data in (b"", whole[:-3], b"\x80\x04K\x01.", whole[8:]):
        (tmp_path / "w").write_bytes(data)
        with pytest.raises(ValueError, match="not a complete safetensors file"):
            load_weights(model, tmp_path / "w")
    with pytest.raises(FileNotFoundError):
        load_weights(model, tmp_path / "nowhere")


def test_weights_that_can_t_be_stored_are_refused(tmp_path):
    model = nn.Linear(3, 2)
    with torch.no_grad():
        model.weight[0, 0] = 1e6
    save_weights(model, tmp_path / "w")
    with pytest.raises(ValueError, match=r"weight must be finite in torch\.float16"):
        save_weights(model, tmp_path / "h", half=True)
    with pytest.raises(TypeError, match=r"metadata\['score'\] must be a string"):
        save_weights(model, tmp_path / "h", metadata={"score": 73.9})
    assert not (tmp_path / "h").exists()


# ---- several processes ----


class Shared(nn.Module):
    """A line without dropout that doesn't use all it has, in float64."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.3, -0.2], dtype=torch.float64))
        self.unused = nn.Parameter(torch.ones(1))
        self.register_buffer("frozen", torch.ones(3))

    def forward(self, examples):
        inputs = torch.tensor([example[:2] for example in examples], dtype=torch.float64)
        return (inputs @ self.weight - torch.tensor([example[2] for example in examples])).square()


def run_in_parts(folder):
    """A run, its continuation, one in pieces, and one that fails; return what there is to compare."""
    # batches of 5, 5 and 1: the shares of two processes are 3 and 2, and in the last batch one of them has none
    examples = [(i / 7, (i * i % 11) / 5, (i % 3) - 1.0) for i in range(11)]
    model, called, found = Shared(), [], []
    settings = {"batch_size": 5, "clip": 0.5, "learning_rate": 0.02, "schedule": "constant"}
    settings |= {"evaluate": lambda m: -abs(float(m.weight[0]) - 0.25), "after_epoch": lambda e, _: called.append(e)}
    for changed in ({"epochs": 3, "checkpoint": folder / "run"}, {"epochs": 7, "checkpoint": folder / "run"}):
        found.append(asdict(train(model, examples, **settings | changed)) | {"weight": model.weight.tolist()})
    pieces = Shared()
    train(pieces, examples, **settings | {"epochs": 7, "accumulation": 2})
    found.append({"weight": pieces.weight.tolist()})
    examples[5] = (0.0, 0.0, math.nan)
    with pytest.raises(ValueError, match=r"the loss of examples\[5\] is nan") as error:
        train(Shared(), examples, **settings | {"epochs": 1})
    return {"found": found, "called": called, "error": str(error.value)}


def test_two_processes_do_what_one_does(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", __file__, str(two)]
    here = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], env=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    expected = run_in_parts(one)
    first, second = (json.loads((two / f"{rank}.json").read_text()) for rank in range(2))
    for ours, theirs in zip(first["found"], expected["found"], strict=True):
        for name, values in theirs.items():
            assert ours[name] == pytest.approx(values, abs=CLOSE, rel=0), name
    assert first["found"][1]["weight"] == pytest.approx(first["found"][2]["weight"], abs=CLOSE)
    assert len(first["found"][1]["step_losses"]) == 21
    assert second["found"] == first["found"]
    assert second["error"] == first["error"] == expected["error"]
    assert first["called"] == expected["called"] == [*range(7), *range(7)]
    assert second["called"] == []  # neither called back nor, the folder says, did it write
    assert sorted(path.name for path in two.iterdir()) == ["0.json", "1.json", "run"]


# ---- bars ----


def test_without_a_notebook_there_is_no_bar(capsys):
    assert list(shown(range(3), "bar")) == [0, 1, 2]
    fit(Line(), show=True)
    assert capsys.readouterr() == ("", "")


def test_in_a_notebook_the_bar_fills_up_and_stores_the_same_words_each_time(monkeypatch, tmp_path):
    import IPython.display
    import tqdm.notebook

    bars, stored = [], []

    class Kept(tqdm.notebook.tqdm):
        def __init__(self, *given, **named):
            super().__init__(*given, **named)
            bars.append(self)

    kernel = SimpleNamespace(IPKernelApp=SimpleNamespace(initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", kernel)
    monkeypatch.setattr(tqdm.notebook, "tqdm", Kept)
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: stored.append(data))
    monkeypatch.setattr(tqdm.notebook, "display", lambda *_: pytest.fail("tqdm's own words have times in them"))
    fit(Line(), epochs=4, evaluate=scripted(2, 1), patience=1, checkpoint=tmp_path / "run", label="stopped")
    fit(Line(), epochs=4, evaluate=scripted(), patience=1, checkpoint=tmp_path / "run", label="gone on with")
    fit(Line(), show=False)
    found = [(bar.n, bar.total, bar.container.children[1].value, bar.container.children[1].bar_style) for bar in bars]
    assert found == [(16, 16, 16, "success")] * 2
    assert [data["text/plain"] for data in stored] == ["[progress: stopped]", "[progress: gone on with]"]
    # of the other one nbval compares nothing: it holds the widget's number
    assert all(set(data) == {"text/plain", "application/vnd.jupyter.widget-view+json"} for data in stored)


def test_a_history_has_plain_numbers():
    history = fit(Line(), evaluate=distance, epochs=2)
    assert isinstance(history, History)
    assert all(type(value) is float for value in history.losses + history.scores + history.step_losses)


if __name__ == "__main__":  # one of the two processes
    place = Path(sys.argv[1])
    (place / f"{os.environ['RANK']}.json").write_text(json.dumps(run_in_parts(place)))
