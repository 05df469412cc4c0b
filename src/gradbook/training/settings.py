"""The numbers that decide what a run does, checked once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from gradbook.training.schedules import SCHEDULES


@dataclass(frozen=True)
class Settings:
    """The settings of :func:`gradbook.training.train`, and the number of examples. Raises ValueError naming one."""

    examples: int
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    schedule: str
    clip: float | None
    seed: int
    patience: int | None
    evaluated: bool
    lengths: str | None

    def __post_init__(self) -> None:
        for name in ("examples", "epochs", "batch_size") + (("patience",) if self.patience is not None else ()):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number ≥ 1, got {value!r}")
        for name, lowest, open_end in (("learning_rate", 0, True), ("weight_decay", 0, False), ("clip", 0, True)):
            value = getattr(self, name)
            if name == "clip" and value is None:
                continue
            if not math.isfinite(value) or value < lowest or (open_end and value == lowest):
                raise ValueError(f"{name} must be finite and {'>' if open_end else '≥'} {lowest}, got {value!r}")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {self.schedule!r}")
        if not isinstance(self.seed, int):
            raise ValueError(f"seed must be a whole number, got {self.seed!r}")
        if self.patience is not None and not self.evaluated:
            raise ValueError("patience must come with evaluate: there is no score to wait for")

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-self.examples // self.batch_size)

    def as_dict(self) -> dict[str, Any]:
        """Return what a run that goes on must have the same; a constant rate lets it take more epochs."""
        numbers = asdict(self)
        if self.schedule == "constant":
            del numbers["epochs"]
        return numbers


def measured(examples: Sequence[Any], length: Callable[[Any], int] | None) -> tuple[list[int] | None, str | None]:
    """Return the examples' lengths and a digest of them; None twice without ``length``."""
    if length is None:
        return None, None
    lengths = [int(length(example)) for example in examples]
    return lengths, sha256(repr(lengths).encode()).hexdigest()[:16]
