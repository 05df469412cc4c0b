"""An event linker trained and asked: from annotated texts to losses, from texts to events."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gradbook.event_linking import Event, EventLinker
from gradbook.event_linking.linker import TooMany
from gradbook.extraction.annotated import EventText
from gradbook.extraction.encoders import by_length
from gradbook.relation_linking.linker import METHODS


class EventExtractor(nn.Module):
    """Finds the events of a text.

    In training, ``method`` and ``joint`` say how the loss is made (:meth:`EventLinker.loss`). Raises ValueError for
    another method.
    """

    def __init__(self, linker: EventLinker, method: str = "own", joint: bool = False) -> None:
        super().__init__()
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
        self.linker, self.method, self.joint = linker, method, joint

    def forward(self, texts: Sequence[EventText]) -> Tensor:
        """Return the loss (B,) of every text; ValueError for a type and role that the linker has no class for."""
        events = [text.events for text in texts]
        return self.linker.loss([text.text for text in texts], events, self.method, self.joint)

    @torch.no_grad()
    def extract(
        self,
        texts: Sequence[str],
        threshold: float = 0.0,
        batch_size: int = 64,
        limit: int | None = 1000,
        too_many: TooMany = "raise",
    ) -> list[frozenset[Event]]:
        """Return the events of every text; ``limit`` and ``too_many`` as in :meth:`EventLinker.decode`.

        Raises TypeError for a single text, ValueError for a text longer than the encoder's limit.
        """

        def run(batch: list[str]) -> list[frozenset[Event]]:
            return [frozenset(events) for events in self.linker.decode(batch, threshold, limit, too_many)]

        return by_length(texts, run, batch_size)
