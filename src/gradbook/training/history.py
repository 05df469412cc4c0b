"""What a training run leaves behind besides the weights."""

from __future__ import annotations

from dataclasses import dataclass, field


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
