"""A sentence of the reader's own, its score map, and the spans above the threshold."""

from __future__ import annotations

from typing import Any

from gradbook.encoders import CharacterEmbedding, Characters
from gradbook.explore import Choice, Number, Picture, Slider, Text
from gradbook.global_pointer.pictures.boxes import boxes_panel, boxes_state
from gradbook.global_pointer.pictures.maps import KINDS, found, listed, map_panel, map_state, scores_of
from gradbook.global_pointer.sentences import EXAMPLES
from gradbook.global_pointer.stored import load_model

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
    if unknown := known_characters().unknown(text):
        return f"The model has no vector of its own for {' '.join(unknown)}; all such characters share one."
    return ""


def known_characters() -> Characters:
    """Return the characters that have a vector of their own."""
    embedding = load_model("efficient").encoder.embedding
    assert isinstance(embedding, CharacterEmbedding)
    return embedding.characters


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
