"""The flights: what is read, how it's split, and that it's the same every time."""

import pytest
import torch

from gradbook.loss_weighting.comparison import (
    alone_and_together,
    compare,
    initial_references,
    prior_outputs,
    prior_references,
    schemes,
    train,
)
from gradbook.tasks import SharedNetwork, load_flights


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


@pytest.mark.parametrize(("train_size", "test_size"), [(0, 1), (1, 0), (400_000, 1)])
def test_impossible_sizes_are_refused(train_size, test_size):
    with pytest.raises(ValueError, match="train and test"):
        load_flights(train_size, test_size)


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
