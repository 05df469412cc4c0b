"""Training with what a text model needs: a schedule, early stopping, checkpoints, several processes."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import torch
from accelerate.utils import broadcast_object_list
from torch import nn

from gradbook.checks import evaluating
from gradbook.extraction.checkpoints import (
    Weights,
    copied,
    digest,
    fill,
    read_checkpoint,
    restore,
    trained_state,
    write_checkpoint,
)
from gradbook.extraction.plan import Settings, derived_seed, epoch_batches
from gradbook.extraction.steps import Stepper

Item = TypeVar("Item")


@dataclass
class History:
    """Numbers of a run; epochs and steps count from 0.

    ``losses``: each epoch's mean over its examples. ``step_losses``: each step's mean over its batch, in one row.
    ``scores``: what ``evaluate`` gave after each epoch. ``best_epoch``: the first epoch with the highest score, None
    without ``evaluate``. ``stopped_early``: whether patience ended the run before its last epoch.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    stopped_early: bool = False
    step_losses: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """Epochs that are done."""
        return len(self.losses)

    def add_score(self, score: float) -> bool:
        """Take in the score of the epoch just done; True if it is the best so far."""
        self.scores.append(score)
        if self.best_epoch is None or score > self.scores[self.best_epoch]:
            self.best_epoch = len(self.scores) - 1
            return True
        return False

    def impatient(self, patience: int | None) -> bool:
        """Return whether the last ``patience`` epochs brought no better score."""
        if patience is None or self.best_epoch is None:
            return False
        return len(self.scores) - 1 - self.best_epoch >= patience


def train(
    model: nn.Module,
    examples: Sequence[Any],
    *,
    epochs: int,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    rates: Mapping[str, float] | None = None,
    weight_decay: float = 0.01,
    schedule: str = "one_cycle",
    warmup: int | None = None,
    clip: float | None = 5.0,
    accumulation: int = 1,
    precision: str = "no",
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

    Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (arXiv 1711.05101). ``rates`` gives the parameters
    whose names begin so a learning rate of their own. ``schedule`` is "one_cycle" or "constant"; in the first
    ``warmup`` steps the rate rises: by default in 3 of 10 of one_cycle, in none of constant. ``clip`` bounds the norm
    of the whole gradient, None doesn't. ``accumulation``: so many pieces of a batch go through the model one after
    another; the gradient is that of the batch, to rounding. ``precision``: "bf16" or "fp16" computes the losses under
    torch's autocast, the latter with a scale that avoids underflow; the weights keep their own. Order and dropout of
    an epoch depend on ``seed`` and the epoch alone; torch's random state is the same afterwards as before. ``length``
    of an example puts examples of like length into a batch.

    ``evaluate(model)`` gives a score, higher is better, after each epoch, in eval mode and without gradients. Then the
    model ends with the weights of the best epoch, and after ``patience`` epochs without a better one the run stops.
    ``after_epoch(epoch, model)`` is called in the same way, epochs counted from 0.

    ``checkpoint`` names a file that holds the run after each epoch. If it is there already, the run goes on from it and
    ends bit for bit as if it had not been interrupted, on as many threads and processes. Callbacks come before the file
    is written: an epoch that was interrupted in one is done again.

    Started by torchrun, the processes share each batch; ``batch_size`` is that of all together, and the model is on
    the process's device. The first one evaluates, calls back, writes and shows a bar, the others follow it. Without
    dropout the losses are those of one process, to rounding.

    The model ends in eval mode. Raises ValueError for impossible settings, for a checkpoint of other settings, other
    examples or another model, for a score that is NaN or infinite, and for a loss or gradient that is, naming epoch,
    step and example, before a weight is changed.
    """
    lengths = None if length is None else [int(length(example)) for example in examples]
    settings = Settings(
        examples=len(examples),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        rates=dict(rates or {}),
        weight_decay=weight_decay,
        schedule=schedule,
        warmup=warmup,
        clip=clip,
        accumulation=accumulation,
        precision=precision,
        seed=seed,
        patience=patience,
        evaluated=evaluate is not None,
        lengths=None if lengths is None else digest(lengths),
        data=None if checkpoint is None else digest(list(examples)),
    )
    with torch.random.fork_rng(devices=[]):
        run = _Run(model, examples, lengths, settings, None if checkpoint is None else Path(checkpoint))
        ticks = shown(range(epochs * settings.steps), label, show=show and run.first)
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
        checkpoint: Path | None,
    ) -> None:
        self.model, self.lengths, self.settings, self.checkpoint = model, lengths, settings, checkpoint
        self.stepper = Stepper(model, examples, settings)
        self.accelerator = self.stepper.accelerator
        self.first: bool = self.accelerator.is_main_process
        self.history = History()
        self.best: Weights | None = None
        self.accelerator.wait_for_everyone()  # the first process may still write the last run's file
        if checkpoint is not None and checkpoint.exists():
            self._go_on(checkpoint)

    def _go_on(self, path: Path) -> None:
        tensors, run = read_checkpoint(path)
        found, wanted = run["settings"], self.settings.as_dict()
        different = [name for name in wanted if found.get(name) != wanted[name]]
        if different:
            changes = "; ".join(f"{name} {found.get(name)!r}, now {wanted[name]!r}" for name in different)
            raise ValueError(f"{path} is of a run with other settings: {changes}; delete it to start anew")
        history, epochs = History(**run["history"]), self.settings.epochs
        if history.epochs > epochs:
            raise ValueError(f"epochs must be at least the {history.epochs} that {path} has run, got {epochs}")
        self.best = restore(path, tensors, self.model, self.stepper.optimizer)
        self.stepper.load_state(run["stepper"])
        self.history = history

    @property
    def unfinished(self) -> bool:
        return self.history.epochs < self.settings.epochs and not self.history.impatient(self.settings.patience)

    def epoch(self, ticks: Iterator[int]) -> None:
        """Go through all examples once."""
        settings, epoch = self.settings, self.history.epochs
        torch.manual_seed(derived_seed(settings.seed, epoch, self.accelerator.process_index))
        self.model.train()
        total = 0.0
        batches = epoch_batches(settings.examples, settings.batch_size, settings.seed, epoch, self.lengths)
        for number, batch in enumerate(batches):
            next(ticks, None)
            losses = self.stepper.step(batch, f"(epoch {epoch}, step {number})")
            self.history.step_losses.append(float(losses.mean()))
            total += float(losses.sum())
        self.history.losses.append(total / settings.examples)

    def judge(self, evaluate: Callable[[Any], float] | None, after_epoch: Callable[[int, Any], object] | None) -> None:
        """Evaluate, call back, and write the checkpoint."""
        history = self.history
        if evaluate is not None and history.add_score(self._score(evaluate)):
            self.best = copied(trained_state(self.model))
        if not self.first:
            return
        if after_epoch is not None:
            with evaluating(self.model):
                after_epoch(history.epochs - 1, self.model)
        if self.checkpoint is not None:
            run = {"settings": self.settings.as_dict(), "history": asdict(history), "stepper": self.stepper.state()}
            write_checkpoint(self.checkpoint, self.model, self.stepper.optimizer, self.best, run)

    def _score(self, evaluate: Callable[[Any], float]) -> float:
        """Return the first process's score, in all processes."""
        score = 0.0
        if self.first:
            with evaluating(self.model):
                score = float(evaluate(self.model))
        score = float(broadcast_object_list([score])[0])
        if not math.isfinite(score):
            raise ValueError(f"evaluate(model) must be finite, got {score} (epoch {self.history.epochs - 1})")
        return score


def shown(items: Iterable[Item], label: str, total: int | None = None, show: bool = True) -> Iterator[Item]:
    """Yield ``items``, with a bar named ``label`` if ``show`` is set and this runs in a Jupyter kernel with widgets."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    if not (show and kernel is not None and kernel.IPKernelApp.initialized() and find_spec("ipywidgets")):
        yield from items
        return
    # imported here: widgets take a second that scripts and worker processes needn't spend
    from IPython.display import display
    from tqdm.notebook import tqdm  # what tqdm.auto chooses where widgets are shown

    bar = tqdm(items, label, total, display=False)
    # tqdm's own display would store its text, which has times in it, in the notebook
    view = "application/vnd.jupyter.widget-view+json"
    display({view: bar.container._repr_mimebundle_()[view], "text/plain": f"[progress: {label}]"}, raw=True)
    yield from bar
