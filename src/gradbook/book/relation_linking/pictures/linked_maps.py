"""A sentence of the reader's own, its four score maps, and the triples that light up in all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradbook.book.explore import (
    COLOURS,
    Choice,
    HeatMap,
    Labels,
    Number,
    Panel,
    Path,
    Picture,
    Slider,
    Text,
    join_paths,
)
from gradbook.book.global_pointer.pictures.sentence import EDGE, ENDS, colour_scale, known_characters, map_words
from gradbook.book.relation_linking.models import EXAMPLES, MODELS, load_model
from gradbook.book.relation_linking.pictures.triples import (
    KINDS,
    LIT,
    Array,
    Found,
    Maps,
    arcs_panel,
    arcs_state,
    cells,
    found,
    in_order,
    listed,
    maps_of,
    numbers_of,
)
from gradbook.relation_linking import Relation
from gradbook.relation_linking.relations import OBJECT, SUBJECT

LONGEST = 28
MOST = 8  # triples that are numbered and drawn
_GAP = 0.2  # between two maps, as a share of a map's side
_STEP = 1 + _GAP
NAMES = {
    "subjects": ("subjects: first and last", 0.0, _STEP),
    "objects": ("objects: first and last", _STEP, _STEP),
    "heads": ("heads: both first characters", 0.0, 0.0),
    "tails": ("tails: both last characters", _STEP, 0.0),
}
"""By map, in the order of a triple's cells: its title, and the place of its lower left corner."""

_SIZES = {17: 12, 21: 11, LONGEST: 9}  # the characters' size for texts up to that length
_ENGLISH = {example.text: example.english for example in EXAMPLES}
_POINTERS = {pointer: model for model, pointer in MODELS.items()}


def four_maps_state(text: str, kind: str, threshold: float, triple: float, pointer: str) -> dict[str, Any]:
    """The four maps, the arcs, and the chosen triple in all of them."""
    model, number = _POINTERS[pointer], int(triple)
    maps, triples = maps_of(model, text), found(model, text, kind, threshold)
    shown = in_order(triples, MOST)
    lit = shown[number - 1].relation if 0 < number <= len(shown) else None
    seen = masked(maps, kind)
    return {
        **seen,
        **_edge_words(text),
        "above": join_paths(_above(seen, threshold)),
        "lit": join_paths(squares(lit, len(text))) if lit else np.empty((0, 2)),
        **arcs_state(text, shown, lit),
        "found": listed(text, shown, len(triples) - len(shown)),
        "english": _ENGLISH.get(text, "(a sentence of your own)"),
        "note": _note(text, number, shown, len(triples)),
    }


def masked(maps: Maps, kind: str) -> dict[str, Any]:
    """Return the four maps (L, L): of heads and tails the chosen predicate, or each cell's highest score."""
    numbers = numbers_of(kind)
    heads, tails = maps.heads[numbers].max(0), maps.tails[numbers].max(0)
    scores = maps.entities[SUBJECT], maps.entities[OBJECT], heads, tails
    return {name: np.ma.masked_invalid(score) for name, score in zip(NAMES, scores, strict=True)}


def square(name: str, cell: tuple[int, int], length: int, margin: float = 0.0) -> Array:
    """Return the outline of one cell (row, column) of a map, ``margin`` cells outside of it."""
    _, x, y = NAMES[name]
    corners: Array = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
    corners += (corners - 0.5) * 2 * margin + [cell[1], length - 1 - cell[0]]
    outline: Array = corners / length + [x, y]
    return outline


def squares(relation: Relation, length: int) -> list[Array]:
    """Return the outlines round a relation's four cells."""
    return [square(name, cell, length, 0.2) for name, cell in zip(NAMES, cells(relation), strict=True)]


def _above(seen: dict[str, Any], threshold: float) -> Iterable[Array]:
    for name, scores in seen.items():
        for i, j in np.argwhere(scores.filled(-np.inf) > threshold):
            yield square(name, (int(i), int(j)), len(scores))


def _edge_words(text: str) -> dict[str, list[tuple[float, float, str]]]:
    """The characters along all four maps, in the entry of the size that fits."""
    words = [(x + dx, y + dy, c) for _, dx, dy in NAMES.values() for x, y, c in map_words(text)]
    fitting = min(longest for longest in _SIZES if len(text) <= longest)
    return {f"words {longest}": words if longest == fitting else [] for longest in _SIZES}


def _note(text: str, number: int, shown: list[Found], total: int) -> str:
    if number > len(shown):
        return f"There is no triple no. {number} here: {len(shown) or 'none'} found."
    if total > len(shown):
        return f"{total} triples are above the threshold; the {len(shown)} highest are numbered and drawn."
    if unknown := known_characters(load_model("efficient").linker.encoder).unknown(text):
        return f"The models have no vector of their own for {' '.join(unknown)}; all such characters share one."
    return ""


def _maps_panel() -> Panel:
    titles = [(x + 0.5, y + 1 + 1.9 * EDGE, title) for title, x, y in NAMES.values()]
    left, low = 0.06, _STEP + 0.09
    return Panel(
        "Scores: red above 0, blue below",
        (-EDGE, 1 + _STEP),
        (0.0, 1 + _STEP + 2.6 * EDGE),
        [
            *(
                HeatMap(name, -ENDS, ENDS, colours="coolwarm", x=(x, x + 1), y=(y, y + 1))
                for name, (_, x, y) in NAMES.items()
            ),
            *colour_scale(left, left + 0.34, low, low - 0.04),
            Labels(titles, size=13, centred=True),
            *(Labels(f"words {longest}", size=size, centred=True) for longest, size in _SIZES.items()),
            Path("above", "above the threshold", COLOURS["ink"], 1.5),
            Path("lit", "the chosen triple's four cells", LIT, 3.5),
        ],
        size=(570, round(570 * (1 + _STEP + 2.6 * EDGE) / (1 + _STEP + EDGE))),
        bare=True,
    )


def four_maps() -> Picture:
    """Figure 5.1: a triple is four cells, one in each map."""
    first, *others = EXAMPLES
    return Picture(
        title="A triple is four cells",
        controls=[
            Text("text", "your sentence (Enter)", first.text, LONGEST, [example.text for example in others]),
            Choice("kind", "predicate", tuple(KINDS), "all predicates"),
            Slider("triple", "light up triple no.", 0, MOST, 1, step=1),
            Slider("threshold", "threshold", -5, 10, 0, step=0.5),
            Choice("pointer", "pointer", tuple(_POINTERS), MODELS["efficient"]),
        ],
        compute=four_maps_state,
        panels=[_maps_panel(), arcs_panel("The triples all four of whose cells are above the threshold")],
        readout=[Number("found", "found"), Number("english", "in English")],
        presets={example.title: {"text": example.text} for example in others},
        caption="Figure 5.1. The scores that a trained linker gives one sentence, four maps: which spans are subjects, "
        "which are objects (row: the first character, column: the last), and which pairs of first characters and of "
        "last characters a predicate joins (row: the subject's, column: the object's; of all predicates the highest "
        "score: choose one predicate to see its own). A triple is there if its four cells are all above the "
        "threshold, head and tail cell for the same predicate; choose its number and they are framed in green, its "
        f"mentions boxed in the sentence. Type a Chinese sentence of your own (up to {LONGEST} characters): "
        "people with posts, places, organisations. The model learned from silver relations. In “One too many” "
        "it says that the president belongs to 南京 (Nanjing) too: so does the silver rule of a place at the "
        "front of an employer's name; and the deputy governor loses his province. In “Mistakes” a name is cut "
        "short and Singapore's minister belongs to Japan as well. The list under the picture gives each "
        "triple the smallest of its four scores.",
        alt="Left: four squares of cells for the sentence 上海市市长陈文华会见法国总理杜邦 (Chen Wenhua, mayor of "
        "Shanghai, meets Dupont, prime minister of France), its characters along the left and upper edges. In the "
        "upper two, blank below the diagonal, two cells are red for subjects and four for objects; in the lower two a "
        "few cells are red. Four cells are framed in green: 陈文华 among the subjects, 上海市 among the objects, and "
        "the crossings of their first and of their last characters below. Right: the sentence with four arcs, from "
        "陈文华 to 上海市 and to 市长, from 杜邦 to 法国 and to 总理.",
    )
