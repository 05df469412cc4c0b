"""Two decoders that find the same relations: how often each looks links up, and how long it takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradbook.book.explore import COLOURS, Bars, Choice, Dots, Number, Panel, Path, Picture, Slider
from gradbook.book.stored import STORED
from gradbook.checks import check_sizes
from gradbook.relation_linking import Relation, RelationScores, decode_relations, nested_loops

Decoder = Callable[[Tensor, Tensor, Tensor], list[set[Relation]]]


def planted_scores(candidates: int, predicates: int, length: int, seed: int = 0) -> RelationScores:
    """Return scores of one text, float64, in which just ``candidates`` subjects and as many objects are above 0.

    Where they stand is drawn at random. Of the links of each pair of candidates a tenth are above 0 at the first
    tokens and a tenth at the last, and one predicate a pair at both. Raises ValueError for sizes below 1, or more
    candidates than spans.
    """
    check_sizes(candidates=candidates, predicates=predicates, length=length)
    spans = torch.ones(length, length).triu().nonzero()
    if candidates > len(spans):
        raise ValueError(f"candidates must be at most {len(spans)}, the spans of {length} tokens, got {candidates}")
    generator = torch.Generator().manual_seed(seed)
    entities = torch.full((1, 2, length, length), -5.0, dtype=torch.float64)
    entities.masked_fill_(~torch.ones(length, length, dtype=torch.bool).triu(), -torch.inf)
    drawn = [spans[torch.randperm(len(spans), generator=generator)[:candidates]] for _ in range(2)]
    for kind, places in enumerate(drawn):
        entities[0, kind, places[:, 0], places[:, 1]] = 5.0
    links = []
    for end in (0, 1):
        scores = torch.full((1, predicates, length, length), -5.0, dtype=torch.float64)
        rows, columns = torch.cartesian_prod(drawn[0][:, end], drawn[1][:, end]).unbind(1)
        held = torch.rand(predicates, len(rows), generator=generator) < 0.1
        held[torch.arange(len(rows)) % predicates, torch.arange(len(rows))] = True
        scores[0, :, rows, columns] = torch.where(held, 5.0, -5.0).double()
        links.append(scores)
    return RelationScores(entities, links[0], links[1])


class Counted(NamedTuple):
    """What a decoder found, and how many times it looked into the scores of heads or tails."""

    relations: set[Relation]
    lookups: int


class _Lookups(TorchFunctionMode):
    """Counts indexing of tensors with three axes or more, what scores of links are, by a tuple of places."""

    count = 0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is Tensor.__getitem__ and args[0].ndim >= 3:
            self.count += 1
        return function(*args, **(kwargs or {}))


def counted(decoder: Decoder, scores: RelationScores) -> Counted:
    """Run a decoder on the scores of one text and watch it."""
    with _Lookups() as watched:
        (relations,) = decoder(*scores)
    return Counted(relations, watched.count)


Array = NDArray[np.float64]
Table = Mapping[str, Sequence[Mapping[str, float]]]  # what varies, a row a case
WAYS = {"gathering": COLOURS["blue"], "nested loops": COLOURS["vermilion"]}
VARIED = {
    "the number of candidates": ("candidates", "50 predicates, 128 tokens"),
    "the number of predicates": ("predicates", "10 subjects and 10 objects, 128 tokens"),
    "the length": ("length", "10 subjects and 10 objects, 50 predicates"),
}
"""By what the reader may choose: the key in the table, and what stays as it is."""

LIVE_PREDICATES, LIVE_LENGTH = 10, 48
_COUNTS = (1, 2, 3, 5, 8, 12, 20, 30)


def measured() -> Table:
    """Return the measured decoders of stored/05-bench.json; nothing if it isn't there."""
    path = STORED / "05-bench.json"
    if not path.exists():
        return {}
    table: Table = json.loads(path.read_text(encoding="utf-8"))["decoding"]
    return table


@lru_cache(maxsize=256)
def raced(candidates: int) -> tuple[int, bool, tuple[int, int]]:
    """Decode one text both ways: how many relations, whether both sets are equal, how many lookups each took."""
    scores = planted_scores(candidates, LIVE_PREDICATES, LIVE_LENGTH)
    ours, theirs = counted(decode_relations, scores), counted(nested_loops, scores)
    return len(ours.relations), ours.relations == theirs.relations, (ours.lookups, theirs.lookups)


def decoding_state(table: Table, varied: str, candidates: float) -> dict[str, Any]:
    """The measured times of both ways, and one text decoded here and now."""
    key, fixed = VARIED[varied]
    rows = table.get(key, [])
    number, equal, lookups = raced(int(candidates))
    state: dict[str, Any] = {
        way: np.array([(row[key], row[way]) for row in rows], dtype=float).reshape(-1, 2) for way in WAYS
    }
    ratios = ", ".join(f"× {row['ratio']:.2g} at {row[key]:.0f}" for row in rows)
    return {
        **state,
        "few": np.array([lookups[0]], dtype=float),
        "many": np.array([lookups[1]], dtype=float),
        "ratios": f"{ratios or 'not measured'} ({fixed})",
        "lookups": f"{lookups[0]} by gathering, {lookups[1]:,} by nested loops",
        "relations": f"{number}, {'the same set' if equal else 'NOT the same set'} both ways",
        "note": "" if rows else "The times have not been measured on this machine.",
    }


def _range(table: Table) -> tuple[float, float]:
    """The powers of ten around all that was measured."""
    values = [row[way] for rows in table.values() for row in rows for way in WAYS]
    if not values:
        return 0.1, 100.0
    return float(10.0 ** np.floor(np.log10(min(values)))), float(10.0 ** np.ceil(np.log10(max(values))))


def decoding(table: Table | None = None) -> Picture:
    """Figure 5.4: one gathering instead of a lookup a pair."""
    known = measured() if table is None else table
    start, *_ = VARIED
    return Picture(
        title="Two ways to decode",
        controls=[
            Choice("varied", "times over", tuple(VARIED), start),
            Slider("candidates", "subjects, and as many objects", 1, 30, 8, at=_COUNTS),
        ],
        compute=partial(decoding_state, known),
        panels=[
            Panel(
                "Time for one text, measured on one core",
                (0.8, 700),
                _range(known),
                [
                    *(Path(way, way, colour, 2.5) for way, colour in WAYS.items()),
                    *(Dots(way, "", colour, 60) for way, colour in WAYS.items()),
                ],
                x_label="candidates of each kind, predicates or tokens",
                y_label="milliseconds",
                size=(340, 260),
                log_x=True,
                log_y=True,
            ),
            Panel(
                "Lookups of head and tail scores, counted now",
                (-0.6, 1.6),
                (1, 1e4),
                [
                    Bars("few", "", WAYS["gathering"], width=0.5),
                    Bars("many", "", WAYS["nested loops"], width=0.5, shift=1.0),
                ],
                y_label="lookups",
                size=(250, 310),
                log_y=True,
                x_ticks={0: "gathering", 1: "nested loops"},
            ),
        ],
        readout=[
            Number("ratios", "nested loops against gathering"),
            Number("lookups", "lookups"),
            Number("relations", "relations found"),
        ],
        presets={
            "30 × 30 candidates": {"candidates": 30},
            "More predicates": {"varied": "the number of predicates", "candidates": 12},
            "Longer texts": {"varied": "the length", "candidates": 1},
        },
        caption="Figure 5.4. Nested loops, as the public code has them, take each subject beside each object and look "
        "the pair up in the scores of heads and of tails: two lookups a pair. Gathering sets all pairs side by side "
        "and looks up all heads at once and all tails at once. Both find the same relations. On the left the time "
        "as measured with the chapter's bench, where there is a dot; on the right a random text of "
        f"{LIVE_LENGTH} tokens and {LIVE_PREDICATES} predicates is decoded both ways while you move the slider.",
        alt="Left: two lines with logarithmic axes, the time of both decoders over the number of candidates from 1 to "
        "30; they begin together, and that of nested loops rises much more steeply than that of gathering. Right: two "
        "bars on a logarithmic axis, 2 lookups by gathering and, for 8 subjects and 8 objects, 128 by nested loops.",
    )
