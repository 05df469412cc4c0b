"""From scores to relations: the corners of all candidate pairs, gathered at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gradbook.global_pointer import decode_spans
from gradbook.global_pointer.decoding import check_threshold
from gradbook.relation_linking.relations import OBJECT, SUBJECT, Relation

CHUNK = 1 << 20  # scores gathered at a time
Corners = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(sentence (N,), token (N,), token (N,)) → the scores (N, P) of that pair of tokens under every predicate."""


def decode_relations(entities: Tensor, heads: Tensor, tails: Tensor, threshold: float = 0.0) -> list[set[Relation]]:
    """Return per sentence the relations all four of whose scores are above ``threshold``.

    ``entities`` (B, 2, L, L): subjects and objects by (first token, last token). ``heads`` (B, P, L, L): by (first
    token of the subject, of the object); ``tails``: by last tokens. Masked pairs hold −inf. Every subject is set beside
    every object of its sentence, and the scores at the corners of all these pairs are gathered at once.

    Su, "GPLinker" (2022, kexue.fm/archives/8888). Raises ValueError for other shapes, scores that are NaN or +inf, a
    threshold that is NaN or −inf, and an entity above it that ends before it starts.
    """
    check_link_scores(entities, heads, tails)
    check_threshold(threshold)

    def corners(scores: Tensor) -> Corners:
        return lambda b, i, j: scores[b, :, i, j]

    return link(
        _candidates(entities, threshold), corners(heads), corners(tails), len(entities), heads.shape[1], threshold
    )


def link(
    places: Tensor, heads: Corners, tails: Corners, sentences: int, predicates: int, threshold: float
) -> list[set[Relation]]:
    """Return the relations per sentence among the candidates ``places`` (N, 4) of (sentence, kind, first, last)."""
    found: list[set[Relation]] = [set() for _ in range(sentences)]
    subjects, objects = (places[places[:, 1] == kind][:, [0, 2, 3]] for kind in (SUBJECT, OBJECT))
    for first, second in _pairs(subjects, objects, sentences, max(1, CHUNK // predicates)):
        b = first[:, 0]
        links = heads(b, first[:, 1], second[:, 1]) > threshold
        links &= tails(b, first[:, 2], second[:, 2]) > threshold
        row, predicate = torch.nonzero(links).unbind(1)
        rows = torch.cat((first[row], second[row, 1:], predicate.unsqueeze(1)), 1).tolist()
        for sentence, subject_first, subject_last, object_first, object_last, p in rows:
            found[sentence].add(Relation((subject_first, subject_last), p, (object_first, object_last)))
    return found


def _candidates(entities: Tensor, threshold: float) -> Tensor:
    """The entities above the threshold, rows (N, 4) of (sentence, kind, first, last)."""
    places = torch.nonzero(entities > threshold)
    backwards = places[places[:, 2] > places[:, 3]]
    if len(backwards):
        raise ValueError(f"entities must be −inf where a span ends before it starts, not so at {backwards[0].tolist()}")
    return places


def _pairs(subjects: Tensor, objects: Tensor, sentences: int, most: int) -> list[tuple[Tensor, Tensor]]:
    """Every subject beside every object of its sentence, in pieces of about ``most`` pairs; rows sorted by sentence."""
    counts = torch.bincount(objects[:, 0], minlength=sentences)
    offsets = counts.cumsum(0) - counts
    partners = counts[subjects[:, 0]]  # of each subject
    pieces, first = [], 0
    for last in _cuts(partners, most):
        own, many = subjects[first:last], partners[first:last]
        begin = many.cumsum(0) - many
        place = torch.arange(int(many.sum()), device=own.device) - begin.repeat_interleave(many)
        pieces.append((own.repeat_interleave(many, 0), objects[offsets[own[:, 0]].repeat_interleave(many) + place]))
        first = last
    return pieces


def _cuts(partners: Tensor, most: int) -> list[int]:
    """Where to cut the subjects so that a piece has about ``most`` pairs."""
    total = partners.cumsum(0)
    if not len(total) or int(total[-1]) <= most:
        return [len(total)]
    piece = torch.div(total - 1, most, rounding_mode="floor")
    return [*(torch.nonzero(piece[1:] != piece[:-1]).squeeze(1) + 1).tolist(), len(total)]


def nested_loops(entities: Tensor, heads: Tensor, tails: Tensor, threshold: float = 0.0) -> list[set[Relation]]:
    """Return the same as :func:`decode_relations`, subject by subject and object by object, as it is usually written.

    Kept to be compared with; arguments as there.
    """
    check_link_scores(entities, heads, tails)
    _candidates(entities, threshold)
    found: list[set[Relation]] = []
    for spans, head, tail in zip(decode_spans(entities, threshold), heads, tails, strict=True):
        relations = set()
        for s in (span for span in spans if span.type == SUBJECT):
            for o in (span for span in spans if span.type == OBJECT):
                by_head = torch.nonzero(head[:, s.start, o.start] > threshold).squeeze(1).tolist()
                by_tail = torch.nonzero(tail[:, s.end, o.end] > threshold).squeeze(1).tolist()
                relations |= {Relation((s.start, s.end), p, (o.start, o.end)) for p in set(by_head) & set(by_tail)}
        found.append(relations)
    return found


def check_link_scores(entities: Tensor, heads: Tensor, tails: Tensor) -> None:
    """Raise unless entities are (B, 2, L, L), heads and tails (B, P, L, L) on one device, all finite or −inf."""
    for name, scores in (("entities", entities), ("heads", heads), ("tails", tails)):
        if not isinstance(scores, Tensor) or not scores.is_floating_point():
            kind = scores.dtype if isinstance(scores, Tensor) else type(scores).__name__
            raise TypeError(f"{name} must be a floating point tensor, got {kind}")
        if scores.ndim != 4 or scores.shape[2] != scores.shape[3]:
            raise ValueError(f"{name} must have shape (B, P, L, L), got {tuple(scores.shape)}")
    if entities.shape[1] != 2:
        raise ValueError(f"entities must have shape (B, 2, L, L), subjects and objects, got {tuple(entities.shape)}")
    batch, _, length, _ = entities.shape
    for name, scores in (("heads", heads), ("tails", tails)):
        expected = (batch, heads.shape[1], length, length)
        if tuple(scores.shape) != expected or not expected[1]:
            raise ValueError(f"{name} must have shape {expected} with P ≥ 1, got {tuple(scores.shape)}")
        if scores.device != entities.device:
            raise ValueError(f"{name} must lie on {entities.device} like entities, got {scores.device}")
    for name, scores in (("entities", entities), ("heads", heads), ("tails", tails)):
        total = scores.sum()  # NaN or +inf shows in it; a sum that overflows asks for a closer look
        if (torch.isnan(total) or total == torch.inf) and (torch.isnan(scores) | (scores == torch.inf)).any():
            raise ValueError(f"{name} must be finite or −inf, got NaN or +inf")
