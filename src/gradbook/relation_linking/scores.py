"""What counts as found: triples by their surfaces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from gradbook.corpora.relations import Triple
from gradbook.global_pointer import Score

Match = Literal["exact", "partial"]


def triple_score(
    predicted: Sequence[Iterable[Triple]], gold: Sequence[Iterable[Triple]], match: Match = "exact"
) -> Score:
    """Return the micro-averaged score over texts; a triple counts once a text, by its surfaces, wherever it stands.

    "exact": subject, predicate and object are equal (LIC2019's measure, without its list of aliases). "partial": of
    subject and object only the last word is compared, the convention of the sets NYT* and WebNLG*, which annotate no
    more than that word. Raises ValueError for another ``match``, for another number of texts on one side, and for
    "partial" with a subject or object without a word; TypeError for something else than a Triple.
    """
    if match not in get_args(Match):
        raise ValueError(f"match must be 'exact' or 'partial', got {match!r}")
    if len(predicted) != len(gold):
        raise ValueError(f"predicted and gold must have as many texts, got {len(predicted)} and {len(gold)}")
    pairs = [(_counted(p, match), _counted(g, match)) for p, g in zip(predicted, gold, strict=True)]
    return Score(sum(len(p & g) for p, g in pairs), sum(len(p) for p, _ in pairs), sum(len(g) for _, g in pairs))


def _counted(triples: Iterable[Triple], match: Match) -> set[Triple]:
    found = list(triples)
    for triple in found:
        if not isinstance(triple, Triple):
            raise TypeError(f"each text must have a collection of Triple objects, got {triple!r} in one")
    return set(found) if match == "exact" else {_last_words(triple) for triple in found}


def _last_words(triple: Triple) -> Triple:
    subject, object_ = triple.subject.split(), triple.object.split()
    if not subject or not object_:
        raise ValueError(f"subject and object must have a word to be compared, got {triple}")
    return Triple(subject[-1], triple.predicate, object_[-1])
