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
    more than that word. Raises ValueError for another ``match`` or as many texts not on both sides.
    """
    if match not in get_args(Match):
        raise ValueError(f"match must be 'exact' or 'partial', got {match!r}")
    if len(predicted) != len(gold):
        raise ValueError(f"predicted and gold must have as many texts, got {len(predicted)} and {len(gold)}")
    pairs = [(_counted(p, match), _counted(g, match)) for p, g in zip(predicted, gold, strict=True)]
    return Score(sum(len(p & g) for p, g in pairs), sum(len(p) for p, _ in pairs), sum(len(g) for _, g in pairs))


def _counted(triples: Iterable[Triple], match: Match) -> set[Triple]:
    if match == "exact":
        return set(triples)
    return {Triple(t.subject.split()[-1], t.predicate, t.object.split()[-1]) for t in triples}
