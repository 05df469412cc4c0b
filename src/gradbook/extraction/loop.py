"""Training with what a chapter needs: a schedule, early stopping, checkpoints, several processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradbook.extraction.checkpoints import Weights, copied, fill, read_checkpoint, trained_state, write_checkpoint
from gradbook.extraction.training import (
    History,
    Place,
    Settings,
    Stepper,
    derived_seed,
    epoch_batches,
    evaluating,
    measured,
    process_group,
    shown,
)


def train(
    model: nn.Module,
    examples: Sequence[Any],
    *,
    epochs: int,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    weight_decay: float = 0.01,
    schedule: str = "one_cycle",
    clip: float | None = 5.0,
    seed: int = 0,
    evaluate: Callable[[Any], float] | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    label: str = "training",
    show: bool = True,
    length: Callable[[Any], int] | None = None,
    after_epoch: Callable[[int, Any], object] | None = None,
) -> History:
    """Train ``model``, which gives the losses (B,) of a list of B examples, by AdamW on their mean.

    Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (arXiv 1711.05101). ``schedule`` is "one_cycle" or
    "constant"; ``clip`` bounds the norm of the whole gradient, None doesn't. Order and dropout of an epoch depend on
    ``seed`` and the epoch alone; torch's random state is the same afterwards as before. ``length`` of an example puts
    examples of like length into a batch.

    ``evaluate(model)`` gives a score, higher is better, after each epoch, in eval mode and without gradients. Then the
    model ends with the weights of the best epoch, and after ``patience`` epochs without a better one the run stops.
    ``after_epoch(epoch, model)`` is called in the same way, epochs counted from 0.

    ``checkpoint`` names a file that holds the run after each epoch. If it is there already, the run goes on from it and
    ends bit for bit as if it had not been interrupted, on as many threads and processes. Callbacks come before the file
    is written: an epoch that was interrupted in one is done again.

    Started by torchrun, the processes share each batch; ``batch_size`` is that of all together. The first one
    evaluates, calls back, writes and shows a bar, the others follow it. Without dropout the losses are those of one
    process, to rounding.

    The model ends in eval mode. Raises ValueError for impossible settings, for a checkpoint of other settings or of
    another model, for a score that is NaN or infinite, and for a loss or gradient that is, naming epoch, step and
    example, before a weight is changed.
    """
    lengths, digest = measured(examples, length)
    settings = Settings(
        examples=len(examples),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        schedule=schedule,
        clip=clip,
        seed=seed,
        patience=patience,
        evaluated=evaluate is not None,
        lengths=digest,
    )
    with process_group() as place, torch.random.fork_rng(devices=[]):
        run = _Run(model, examples, lengths, settings, place, None if checkpoint is None else Path(checkpoint))
        ticks = iter(shown(range(epochs * settings.steps), label, show=show and place.first))
        for _ in range(run.history.epochs * settings.steps):
            next(ticks, None)
        while run.unfinished:
            run.epoch(ticks)
            run.judge(evaluate, after_epoch)
        for _ in ticks:  # the bar of a run that stopped early fills up
            pass
        run.history.stopped_early = run.history.epochs < epochs
        if run.best is not None:
            fill(trained_state(model), run.best)
    model.eval()
    return run.history


class _Run:
    """Where a run stands."""

    def __init__(
        self,
        model: nn.Module,
        examples: Sequence[Any],
        lengths: list[int] | None,
        settings: Settings,
        place: Place,
        checkpoint: Path | None,
    ) -> None:
        self.model, self.examples, self.lengths = model, examples, lengths
        self.settings, self.place, self.checkpoint = settings, place, checkpoint
        self.stepper = Stepper(model, examples, settings, place)
        self.history = History()
        self.best: Weights | None = None
        if checkpoint is not None and checkpoint.exists():
            self.history, self.best = read_checkpoint(checkpoint, self.stepper, settings)

    @property
    def unfinished(self) -> bool:
        return self.history.epochs < self.settings.epochs and not self.history.impatient(self.settings.patience)

    def epoch(self, ticks: Iterator[int]) -> None:
        """Go through all examples once."""
        settings, epoch = self.settings, self.history.epochs
        torch.manual_seed(derived_seed(settings.seed, epoch, self.place.rank))
        self.model.train()
        total = 0.0
        batches = epoch_batches(settings.examples, settings.batch_size, settings.seed, epoch, self.lengths)
        for number, batch in enumerate(batches):
            next(ticks, None)
            losses = self.stepper.step(self.examples, batch, epoch, number)
            self.history.step_losses.append(float(losses.mean()))
            total += float(losses.sum())
        self.history.losses.append(total / settings.examples)

    def judge(self, evaluate: Callable[[Any], float] | None, after_epoch: Callable[[int, Any], object] | None) -> None:
        """Evaluate, call back, and write the checkpoint."""
        history = self.history
        if evaluate is not None and history.add_score(self._score(evaluate)):
            self.best = copied(trained_state(self.model))
        if not self.place.first:
            return
        if after_epoch is not None:
            with evaluating(self.model):
                after_epoch(history.epochs - 1, self.model)
        if self.checkpoint is not None:
            write_checkpoint(self.checkpoint, self.stepper, self.settings, history, self.best)

    def _score(self, evaluate: Callable[[Any], float]) -> float:
        """Return the first process's score, in all processes."""
        score = 0.0
        if self.place.first:
            with evaluating(self.model):
                score = float(evaluate(self.model))
        score = self.place.from_first(score)
        if not math.isfinite(score):
            raise ValueError(f"evaluate(model) must be finite, got {score} (epoch {self.history.epochs - 1})")
        return score
