"""An encoder and a head together: from sentences to losses, from texts to entities."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from gradbook.checks import evaluating
from gradbook.extraction.annotated import Entity, Sentence
from gradbook.extraction.characters import check_texts
from gradbook.extraction.crf import CRFTagger
from gradbook.extraction.encoders import TextEncoder, windows
from gradbook.global_pointer import Span, span_positives
from gradbook.global_pointer.heads import TokenPairHead


class EntityExtractor(nn.Module):
    """Finds the entities of a text, character by character.

    ``encoder(texts)`` → hidden (B, L, D) and mask (B, L); ``head`` a GlobalPointer, EfficientGlobalPointer or
    CRFTagger of ``len(labels)`` types; ``joint`` puts all types under one threshold class (pointers only).
    Raises ValueError if the head has another number of types or a label stands twice.
    """

    def __init__(
        self, encoder: TextEncoder, head: TokenPairHead | CRFTagger, labels: Sequence[str], joint: bool = False
    ) -> None:
        super().__init__()
        if len(labels) != head.num_types or len(set(labels)) != len(labels):
            raise ValueError(f"labels must be {head.num_types} different names, one a type, got {list(labels)}")
        if joint and isinstance(head, CRFTagger):
            raise ValueError("joint must be False for a CRF, which has no threshold class")
        self.encoder, self.head, self.labels, self.joint = encoder, head, tuple(labels), joint

    def forward(self, sentences: Sequence[Sentence]) -> Tensor:
        """Return the loss (B,) of every sentence; ValueError for an entity whose label is none of ``labels``."""
        positives = self.positives(sentences)
        hidden, mask = self.encoder([sentence.text for sentence in sentences])
        if isinstance(self.head, CRFTagger):
            return self.head.loss(hidden, mask, positives.to(mask.device))
        return self.head.loss(hidden, mask, positives.to(mask.device), self.joint)

    def positives(self, sentences: Sequence[Sentence]) -> Tensor:
        """Return the entities as positives (B, M, 3)."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        for sentence in sentences:
            for entity in sentence.entities:
                if entity.label not in numbers:
                    raise ValueError(f"labels must hold every entity's: {entity} of {sentence.text!r} is none of them")
        return span_positives(
            [[Span(e.start, e.end, numbers[e.label]) for e in sentence.entities] for sentence in sentences]
        )

    @torch.no_grad()
    def scores(self, text: str) -> Tensor:
        """Return the scores (T, L, L) of one text; ValueError for a CRF, which has none."""
        if isinstance(self.head, CRFTagger):
            raise ValueError("a CRF has no scores of token pairs")
        with evaluating(self):
            scores: Tensor = self.head(*self.encoder([text]))[0]
        return scores

    @torch.no_grad()
    def extract(
        self, texts: Sequence[str], threshold: float = 0.0, long: str = "raise", batch_size: int = 64
    ) -> list[frozenset[Entity]]:
        """Return the entities of every text, those whose score is above ``threshold`` (a CRF has no threshold).

        A text longer than the encoder's limit raises ValueError, or with ``long="windows"`` is read in pieces that
        overlap by half and the finds are joined: an entity longer than half the limit may be lost. TypeError for a
        single text.
        """
        if isinstance(texts, str):
            raise TypeError("texts must be a list of texts, got one str")
        if texts:
            check_texts(list(texts), "texts")
        if isinstance(self.head, CRFTagger) and threshold != 0:
            raise ValueError(f"threshold must be 0 for a CRF, which has none, got {threshold}")
        if type(batch_size) is not int or batch_size < 1:
            raise ValueError(f"batch_size must be a whole number ≥ 1, got {batch_size!r}")
        if long not in ("raise", "windows"):
            raise ValueError(f"long must be 'raise' or 'windows', got {long!r}")
        pieces = [(number, *piece) for number, text in enumerate(texts) for piece in self._pieces(text, long)]
        pieces.sort(key=lambda piece: len(piece[2]))  # sentences of a length together waste little on padding
        found: list[set[Entity]] = [set() for _ in texts]
        with evaluating(self):
            for first in range(0, len(pieces), batch_size):
                batch = pieces[first : first + batch_size]
                spans = self._spans([text for _, _, text, _ in batch], threshold)
                for (number, offset, _, (first_own, last_own)), some in zip(batch, spans, strict=True):
                    entities = self._entities(some, offset)
                    found[number] |= {e for e in entities if first_own <= (e.start + e.end) / 2 < last_own}
        return [frozenset(entities) for entities in found]

    def _pieces(self, text: str, long: str) -> list[tuple[int, str, tuple[float, float]]]:
        """The pieces a text is read in: where each begins, its text, and where the middles of its own finds lie.

        At its edge a piece may see half a name. What lies in two pieces counts in the one where it is further inside.
        """
        if long == "raise":
            return [(0, text, (-math.inf, math.inf))]
        limit = self.encoder.limit
        cut = windows(text, limit, limit // 2)
        borders = [(offset + after + limit - 1) / 2 for (offset, _), (after, _) in itertools.pairwise(cut)]
        ranges = itertools.pairwise([-math.inf, *borders, math.inf])
        return [(offset, piece, own) for (offset, piece), own in zip(cut, ranges, strict=True)]

    def _spans(self, texts: Sequence[str], threshold: float) -> list[set[Span]]:
        hidden, mask = self.encoder(texts)
        if isinstance(self.head, CRFTagger):
            return self.head.decode(hidden, mask)
        return self.head.decode(hidden, mask, threshold)

    def _entities(self, spans: Iterable[Span], offset: int) -> set[Entity]:
        return {Entity(s.start + offset, s.end + offset, self.labels[s.type]) for s in spans}
