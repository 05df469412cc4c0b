"""A sentence of the reader's own, its score map, and its spans in boxes, nested boxes inside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

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
from gradbook.book.explore.marks import Mark
from gradbook.book.global_pointer.models import EXAMPLES, LABELS, load_model
from gradbook.extraction.annotated import Entity
from gradbook.extraction.characters import CharacterEmbedding, Characters

Array = NDArray[np.float64]
ENDS = 10.0  # scores beyond ± this have the full colour
EDGE = 0.06  # room for the characters along the map, as a share of its side
KINDS = {"all types": LABELS, "LOC, places": ("LOC",), "ORG, organisations": ("ORG",), "PER, persons": ("PER",)}
"""What the reader may choose to see, and the labels that this stands for."""

TYPE_COLOURS = dict(zip(LABELS, (COLOURS["blue"], COLOURS["orange"], COLOURS["green"]), strict=True))
Found = tuple[Entity, float]  # a span and its score


@lru_cache(maxsize=256)
def scores_of(model: str, text: str) -> Array:
    """Return the scores (T, L, L) that the stored ``model`` gives a text, −inf where the start is after the end."""
    return np.asarray(load_model(model).scores(text).numpy())


def seen(scores: Array, kind: str) -> Any:
    """Return the map (L, L) of one type, or of all types each pair's highest score; what is masked stays blank."""
    numbers = [LABELS.index(label) for label in KINDS[kind]]
    return np.ma.masked_invalid(scores[numbers].max(0))


def found(scores: Array, kind: str, threshold: float) -> list[Found]:
    """Return the spans above the threshold with their scores, the highest first."""
    spans = [
        (Entity(int(i), int(j), label), float(scores[LABELS.index(label), i, j]))
        for label in KINDS[kind]
        for i, j in np.argwhere(scores[LABELS.index(label)] > threshold)
    ]
    return sorted(spans, key=lambda span: -span[1])


def outlines(spans: Iterable[Entity], length: int, label: str) -> Array:
    """Return the squares round the cells of the spans of one type, as one path; of two types the second is smaller."""
    inset = 0.08 * LABELS.index(label)
    low, high = inset, 1 - inset
    square = np.array([[low, low], [high, low], [high, high], [low, high], [low, low]])
    cells = [np.array([e.end, length - 1 - e.start]) + square for e in spans if e.label == label]
    return join_paths(cell / length for cell in cells)


def map_words(text: str) -> list[tuple[float, float, str]]:
    """Return the characters along the left and the upper edge."""
    places = (np.arange(len(text)) + 0.5) / len(text)
    across = [(float(x), 1 + EDGE / 2, c) for x, c in zip(places, text, strict=True)]
    return across + [(-EDGE / 2, float(1 - x), c) for x, c in zip(places, text, strict=True)]


def map_state(prefix: str, text: str, scores: Array, kind: str, threshold: float) -> dict[str, Any]:
    """Return what a panel of :func:`map_panel` draws."""
    spans = [entity for entity, _ in found(scores, kind, threshold)]
    return {
        f"{prefix} map": seen(scores, kind),
        f"{prefix} words": map_words(text),
        **{f"{prefix} {label}": outlines(spans, len(text), label) for label in LABELS},
    }


def colour_scale(left: float, right: float, low: float, words: float) -> list[Mark]:
    """Return a strip of colours from −10 at ``left`` to 10 at ``right``, the numbers at the height ``words``."""
    strip = np.linspace(-ENDS, ENDS, 101)[None, :]
    places = zip(np.linspace(left, right, 3).tolist(), (f"−{ENDS:.0f}", "0", f"{ENDS:.0f}"), strict=True)
    return [
        HeatMap(strip, -ENDS, ENDS, colours="coolwarm", x=(left, right), y=(low, low + 0.03)),
        Labels([(x, words, word) for x, word in places], size=11, centred=True),
    ]


def map_panel(title: str, prefix: str, side: int, more: Sequence[Mark] = (), size: int = 13) -> Panel:
    """Return a panel with the map, the characters along its edges, outlined cells, and a scale of colours."""
    return Panel(
        title,
        (-EDGE, 1.0),
        (0.0, 1 + EDGE),
        [
            HeatMap(f"{prefix} map", -ENDS, ENDS, colours="coolwarm", x=(0, 1), y=(0, 1)),
            *colour_scale(0.06, 0.36, 0.09, 0.06),
            Labels(f"{prefix} words", size=size, centred=True),
            *(Path(f"{prefix} {label}", label, TYPE_COLOURS[label], 2.5) for label in LABELS),
            *more,
        ],
        size=(side, side),
        bare=True,
    )


def listed(text: str, spans: Sequence[Found], most: int = 8) -> str:
    """Return for example "LOC 北京 6.7; ORG 北京大学 6.0", in the order of the text; of many the highest."""
    shown = sorted(spans[:most])
    words = "; ".join(f"{e.label} {text[e.start : e.end + 1]} {score:.1f}" for e, score in shown)
    return (words or "nothing") + (f"; and {len(spans) - most} lower ones" if len(spans) > most else "")


WIDTH, HEIGHT = 470, 175  # pixels; y counts them from below
_LINE = 42.0  # the height of the sentence
_DEEPEST = 6


def levels(spans: Sequence[Entity]) -> dict[Entity, int]:
    """Return each span's level: one above the highest of the shorter spans (or the equal one) that it overlaps."""
    found: dict[Entity, int] = {}
    for span in sorted(spans, key=lambda e: (e.end - e.start, e)):
        under = [level for e, level in found.items() if e.start <= span.end and span.start <= e.end]
        found[span] = 1 + max(under, default=0)
    return found


def fitting(spans: Sequence[Found]) -> dict[Entity, int]:
    """Return the levels of those spans, the highest scores first, that fit above each other, thirty at most."""
    kept: list[Entity] = []
    placed: dict[Entity, int] = {}
    for span, _ in spans[:30]:
        tried = levels([*kept, span])
        if max(tried.values()) <= _DEEPEST:
            kept, placed = [*kept, span], tried
    return placed


def boxes_state(text: str, spans: Sequence[Found]) -> dict[str, Any]:
    """Return what the panel of :func:`boxes_panel` draws."""
    placed = fitting(spans)
    width = 1 / len(text)
    state: dict[str, Any] = {
        "line": [((i + 0.5) * width, _LINE, c) for i, c in enumerate(text)],
        "names": [(e.start * width + 14 / WIDTH, _top(level) + 8, e.label) for e, level in placed.items()],
        "boxes drawn": len(placed),
    }
    for label in LABELS:
        boxes = [_box(e, level, width) for e, level in placed.items() if e.label == label]
        state[f"box {label}"] = join_paths(boxes)
    return state


def _top(level: int) -> float:
    return _LINE + 14 + 18 * (level - 1)


def _box(span: Entity, level: int, width: float) -> Array:
    left, right = span.start * width + 1.5 / WIDTH, (span.end + 1) * width - 1.5 / WIDTH
    low, high = _LINE - 14 - 4 * (level - 1), _top(level)
    return np.array([[left, low], [right, low], [right, high], [left, high], [left, low]])


def boxes_panel(title: str) -> Panel:
    """Return the panel with the sentence, its boxes, and their labels above the boxes' left corners."""
    return Panel(
        title,
        (0.0, 1.0),
        (0.0, float(HEIGHT)),
        [
            *(Path(f"box {label}", label, TYPE_COLOURS[label], 2.5) for label in LABELS),
            Labels("line", size=14, centred=True),
            Labels("names", size=11, centred=True),
        ],
        size=(WIDTH, HEIGHT),
        bare=True,
    )


LONGEST = 32
_ENGLISH = {example.text: example.english for example in EXAMPLES}


def score_map_state(text: str, kind: str, threshold: float) -> dict[str, Any]:
    """The map and the boxes of one sentence; the scores are computed once for each text."""
    scores = scores_of("efficient", text)
    spans = found(scores, kind, threshold)
    boxes = boxes_state(text, spans)
    return {
        **map_state("s", text, scores, kind, threshold),
        **boxes,
        "found": listed(text, spans),
        "english": _ENGLISH.get(text, "(a sentence of your own)"),
        "note": _note(text, len(spans), int(boxes["boxes drawn"])),
    }


def _note(text: str, spans: int, drawn: int) -> str:
    if drawn < spans:
        return f"{spans} spans are above the threshold; boxes show the {drawn} highest that fit above each other."
    if unknown := known_characters(load_model("efficient").encoder).unknown(text):
        return f"The model has no vector of its own for {' '.join(unknown)}; all such characters share one."
    return ""


def known_characters(encoder: nn.Module) -> Characters:
    """Return the characters that have a vector of their own."""
    assert isinstance(encoder.embedding, CharacterEmbedding)
    return encoder.embedding.characters


def score_map() -> Picture:
    """Figure 4.1: the scores of all pairs of characters, and the entities they make."""
    first, *others = EXAMPLES
    return Picture(
        title="Every pair of characters has a score",
        controls=[
            Text("text", "your sentence (Enter)", first.text, LONGEST, [example.text for example in others]),
            Choice("kind", "type", tuple(KINDS), "all types"),
            Slider("threshold", "threshold", -10, 10, 0, step=0.5),
        ],
        compute=score_map_state,
        panels=[
            map_panel("Scores: the row is a span's first character, the column its last", "s", 440),
            boxes_panel("What is above the threshold"),
        ],
        readout=[Number("found", "found"), Number("english", "in English")],
        presets={example.title: {"text": example.text} for example in others},
        caption="Figure 4.1. The scores of a trained Efficient GlobalPointer for every span of a sentence: red above "
        "0, blue below, the highest of the three types or one of them. Cells above the threshold are outlined and, "
        "on the right, boxed in the sentence; a name inside a name is a box inside a box. Type a Chinese sentence of "
        f"your own (up to {LONGEST} characters). LOC is a place, ORG an organisation, PER a person. Most sentences "
        "here come out right; in “One mistake” Moscow becomes a person, and in “Three levels” 浙江大学 (Zhejiang "
        "University) inside the hospital's name is right, only not annotated.",
        alt="Left: a square of cells for the sentence 北京大学校长陈国华昨天抵达上海 (Chen Guohua, president of Peking "
        "University, arrived in Shanghai yesterday), its characters along the left and upper edge, blank below the "
        "diagonal. Nearly all cells are blue; four are red and outlined: 北京 and 北京大学 in the first row, 陈国华 "
        "and 上海 further down. Right: the sentence with boxes round these names, the box of 北京, LOC, inside the "
        "one of 北京大学, ORG.",
    )
