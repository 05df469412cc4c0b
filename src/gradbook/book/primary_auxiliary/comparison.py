"""Noisy labels and L2 without a coefficient, against their rivals: real digits, the same steps, several seeds.

``python -m gradbook.book.primary_auxiliary.comparison`` measures the tables that the chapter shows and writes them to
``stored/03-noisy-labels.json`` and ``03-weight-decay.json`` (some minutes on one core).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gradbook.book.data.digits import halved, load_digits
from gradbook.book.data.multitask import SharedNetwork, reproducible
from gradbook.book.primary_auxiliary.decay_comparison import measure_decays
from gradbook.book.stored import STORED, rounded, write_table
from gradbook.primary_auxiliary import masked_backward, primary_backward

Method = Callable[[Tensor, Tensor, list[Tensor]], object]
"""(losses of the noisy examples (B,), mean loss of the clean ones, parameters): writes every ``.grad``."""

NOISE = (0.2, 0.4, 0.6)
SEEDS = 5
SHORT, LONG = 150, 900  # steps: within a chapter's patience; long enough to learn the noise by heart
RATES = (0.002, 0.005)
BATCH = 64
WIDTH = 32
EVERY = 10  # steps from one test to the next


@dataclass(frozen=True)
class NoisyDigits:
    """Real digits, averaged to 14 × 14: inputs (N, 196) float64 and labels (N,) int64.

    The labels of the noisy part are partly wrong, ``flipped`` (N,) bool says which; those of the clean part and of
    the test part are right. The three parts share no digit.
    """

    noisy_inputs: Tensor
    noisy_labels: Tensor
    flipped: Tensor
    clean_inputs: Tensor
    clean_labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor


def noisy_digits(noise: float, seed: int, noisy: int = 3000, clean: int = 200, test: int = 1000) -> NoisyDigits:
    """Return digits of which a share ``noise`` of the noisy part has another label, each of the nine as likely.

    Raises ValueError for a share outside [0, 1], for a part without digits, and for more digits than there are.
    """
    if not 0 <= noise <= 1:
        raise ValueError(f"noise must be between 0 and 1, got {noise}")
    if noisy < 1 or clean < 1:
        raise ValueError(f"noisy and clean must be ≥ 1, got {noisy} and {clean}")
    digits = load_digits(noisy + clean, test, seed)
    inputs, labels = halved(digits.train_images), digits.train_labels
    generator = torch.Generator().manual_seed(seed)
    flipped = torch.zeros(noisy, dtype=torch.bool)
    flipped[torch.randperm(noisy, generator=generator)[: round(noise * noisy)]] = True
    other = (labels[:noisy] + torch.randint(1, 10, (noisy,), generator=generator)) % 10
    given = torch.where(flipped, other, labels[:noisy])
    test_inputs = halved(digits.test_images)
    return NoisyDigits(inputs[:noisy], given, flipped, inputs[noisy:], labels[noisy:], test_inputs, digits.test_labels)


def methods() -> dict[str, Method]:
    """Return, by name, the methods that the chapter compares."""
    return {
        "plain": lambda noisy, clean, parameters: noisy.mean().backward(),
        "clean only": lambda noisy, clean, parameters: clean.backward(),
        "sum": lambda noisy, clean, parameters: (noisy.mean() + clean).backward(),
        "primary and auxiliary": lambda noisy, clean, parameters: primary_backward(noisy.mean(), [clean], parameters),
        "masking": masked_backward,
    }


def train(
    data: NoisyDigits,
    method: Method,
    seed: int,
    steps: int = SHORT,
    rate: float = RATES[-1],
    watch: Callable[[Any, Tensor], object] | None = None,
) -> Tensor:
    """Train a fresh network with Adam on what ``method`` writes; return the test accuracy after every 10 steps.

    Every step draws 64 noisy examples and 64 clean ones, the same for all methods. ``watch`` is called at every step
    with what the method returned and the numbers (64,) of the noisy examples. Raises ValueError for fewer than 10
    steps, and what the methods raise for a loss or gradient that is NaN or infinite.
    """
    if steps < EVERY:
        raise ValueError(f"steps must be ≥ {EVERY}, got {steps}")
    generator = torch.Generator().manual_seed(seed)
    curve = []
    with reproducible(seed):
        network = SharedNetwork(data.noisy_inputs.shape[1], 10, WIDTH)
        parameters: list[Tensor] = list(network.parameters())
        optimizer = torch.optim.Adam(parameters, lr=rate, fused=True)
        for step in range(steps):
            noisy = torch.randint(len(data.noisy_inputs), (BATCH,), generator=generator)
            clean = torch.randint(len(data.clean_inputs), (BATCH,), generator=generator)
            losses = _losses(network, data.noisy_inputs[noisy], data.noisy_labels[noisy])
            clean_loss = _losses(network, data.clean_inputs[clean], data.clean_labels[clean]).mean()
            optimizer.zero_grad()
            found = method(losses, clean_loss, parameters)
            if watch is not None:
                watch(found, noisy)
            optimizer.step()
            if (step + 1) % EVERY == 0:
                curve.append(accuracy(network, data.test_inputs, data.test_labels))
    return torch.tensor(curve, dtype=torch.float64)


def _losses(network: SharedNetwork, inputs: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of every example, (B,)."""
    return torch.nn.functional.cross_entropy(network(inputs), labels, reduction="none")


def accuracy(network: SharedNetwork, inputs: Tensor, labels: Tensor) -> float:
    """Return the share of right answers."""
    with torch.no_grad():
        return float((network(inputs).argmax(1) == labels).double().mean())


def all_runs(seeds: int) -> list[tuple[str, float, int]]:
    """Every method with every share of noise and every seed."""
    return [(name, noise, seed) for noise in NOISE for name in methods() for seed in range(seeds)]


def compare(
    runs: Iterable[tuple[str, float, int]], steps: int = SHORT, rate: float = RATES[-1]
) -> dict[float, dict[str, Tensor]]:
    """Run every (method, noise, seed) of ``runs``; return by noise and method the curves (seeds, steps // 10)."""
    found: dict[float, dict[str, list[Tensor]]] = {}
    for name, noise, seed in runs:
        curve = train(noisy_digits(noise, seed), methods()[name], seed, steps, rate)
        found.setdefault(noise, {}).setdefault(name, []).append(curve)
    return {noise: {name: torch.stack(rows) for name, rows in row.items()} for noise, row in found.items()}


def watched(noise: float, seed: int, steps: int = SHORT, rate: float = RATES[-1]) -> dict[str, Tensor]:
    """Train with the two gradient methods and return what they did in every step, each (steps,).

    "multiplier" is λ of the clean loss; "dropped of flipped" and "dropped of right" are the shares of the batch's
    examples with a wrong and a right label that masking dropped.
    """
    data, found = noisy_digits(noise, seed), methods()
    multipliers: list[Tensor] = []
    dropped: list[tuple[Tensor, Tensor]] = []

    def split(kept: Tensor, batch: Tensor) -> None:
        flipped = data.flipped[batch]
        dropped.append(((~kept[flipped]).double().mean(), (~kept[~flipped]).double().mean()))

    train(data, found["primary and auxiliary"], seed, steps, rate, lambda m, _: multipliers.append(m.values[0]))
    train(data, found["masking"], seed, steps, rate, split)
    wrong, right = (torch.stack(column) for column in zip(*dropped, strict=True))
    return {"multiplier": torch.stack(multipliers), "dropped of flipped": wrong, "dropped of right": right}


def table(results: dict[float, dict[str, Tensor]]) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Return what is stored by noise and method: accuracies after 150 steps, at the end and at the best moment, one
    number a seed, and the mean curve. The best moment is chosen on the test part itself: an optimist's number.
    """
    return {
        str(noise): {
            name: {
                f"after {SHORT}": rounded(curves[:, SHORT // EVERY - 1]),
                "end": rounded(curves[:, -1]),
                "best": rounded(curves.amax(1)),
                "best step": rounded(EVERY * (curves.argmax(1) + 1.0)),
                "mean curve": rounded(curves.mean(0)),
            }
            for name, curves in row.items()
        }
        for noise, row in results.items()
    }


def _means(runs: list[dict[str, Tensor]]) -> dict[str, float]:
    """Mean over steps and seeds of what :func:`watched` gives, and the share of steps with a multiplier above 0."""
    joined = {name: torch.cat([run[name] for run in runs]) for name in runs[0]}
    joined["steps corrected"] = (joined["multiplier"] > 0).double()
    return {name: round(float(values.nanmean()), 4) for name, values in joined.items()}


def main(folder: Path) -> None:
    """Measure noisy labels and weight decay and store the tables."""
    head: dict[str, Any] = {"command": "python -m gradbook.book.primary_auxiliary.comparison", "seeds": SEEDS}
    rates = {}
    for rate in RATES:
        print(f"noisy labels, learning rate {rate} …", file=sys.stderr, flush=True)
        rates[str(rate)] = table(compare(all_runs(SEEDS), LONG, rate))
    seen = {str(noise): _means([watched(noise, seed) for seed in range(SEEDS)]) for noise in NOISE}
    write_table(folder / "03-noisy-labels.json", {**head, "steps": LONG, "rates": rates, f"first {SHORT} steps": seen})
    print("weight decay …", file=sys.stderr, flush=True)
    write_table(folder / "03-weight-decay.json", {**head, **measure_decays(SEEDS)})


if __name__ == "__main__":
    main(STORED)
