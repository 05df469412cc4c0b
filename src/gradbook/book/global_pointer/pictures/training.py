"""A score map while the model learns; one sentence with and without rotary positions."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from gradbook.book.explore import COLOURS, Bars, Choice, Dots, Number, Panel, Path, Picture, Predict, Slider, Steps
from gradbook.book.global_pointer.models import EXAMPLES, Example, load_epochs
from gradbook.book.global_pointer.pictures.sentence import (
    KINDS,
    Array,
    Found,
    found,
    listed,
    map_panel,
    map_state,
    scores_of,
)
from gradbook.book.stored import STORED
from gradbook.extraction.annotated import Entity

MODELS = {"with rotary": "efficient", "without rotary": "efficient-plain"}
BINS = {"1–2": (1, 2), "3–4": (3, 4), "5–8": (5, 8), "9–16": (9, 16), "17–": (17, 100)}
GUESSES = ("with rotary", "without rotary", "both alike")
LONG = 17
_FLOOR = 0.5
_BY_TITLE = {example.title: example for example in EXAMPLES}


@cache
def wrong_lengths() -> dict[str, Array]:
    """Return by model the numbers (seeds, 100) of wrong spans of 1, 2, … characters; "names" (1, 100) what is there."""
    table = json.loads((STORED / "04-lengths.json").read_text(encoding="utf-8"))
    rows = {name: np.array(table[name]["wrong"], dtype=float) for name in MODELS}
    return {**rows, "names": np.array([table["names"]], dtype=float)}


def binned(counts: Array) -> Array:
    """Return the mean over the seeds of the numbers in each of ``BINS``."""
    return np.array([counts[:, low - 1 : high].sum(1).mean() for low, high in BINS.values()])


def rotary_state(sentence: str, kind: str, threshold: float, guess: str) -> dict[str, Any]:
    """Two maps of one sentence, what each finds that isn't annotated, and the lengths of all wrong spans."""
    example, lengths = _BY_TITLE[sentence], wrong_lengths()
    state: dict[str, Any] = {"english": example.english, "note": ""}
    for name, model in MODELS.items():
        scores = scores_of(model, example.text)
        state.update(map_state(name, example.text, scores, kind, threshold))
        state[f"{name} wrong"] = unannotated(example, found(scores, kind, threshold))
        state[f"{name} lengths"] = binned(lengths[name]).clip(_FLOOR)
    state["names"] = np.column_stack([np.arange(len(BINS)), binned(lengths["names"])])
    state["verdict"] = verdict(guess)
    return state


def unannotated(example: Example, spans: list[Found]) -> str:
    """Return for example "PER 王丽和张强"; of many the four highest."""
    wrong: list[Entity] = [span for span, _ in spans if span not in example.sentence.entities]
    words = "; ".join(f"{e.label} {example.text[e.start : e.end + 1]}" for e in wrong[:4]) or "none"
    return words + (f"; and {len(wrong) - 4} more" if len(wrong) > 4 else "")


def verdict(guess: str) -> str:
    """Say what was guessed and what was counted."""
    bins = {name: binned(rows) for name, rows in wrong_lengths().items()}

    def sums(first: int, last: int) -> str:
        with_, without = (bins[name][first:last].sum() for name in MODELS)
        return f"{with_:.0f} with rotary positions, {without:.0f} without"

    return (
        f"You guessed: {guess}. Wrong spans of {LONG} characters or more: {sums(4, 5)} (the text has "
        f"{bins['names'][4]:.0f} names of that length); of 9 to 16: {sums(3, 4)}; of 1 to 8: {sums(0, 3)}."
    )


def rotary() -> Picture:
    """Figure 4.4: without positions in the scores, the last name's end fits the first name's start."""
    return Picture(
        title="With and without rotary positions",
        controls=[
            Choice("sentence", "sentence", tuple(_BY_TITLE), EXAMPLES[4].title),
            Choice("kind", "type", tuple(KINDS), "all types"),
            Slider("threshold", "threshold", -10, 10, 0, step=0.5),
            Choice("guess", "my guess", GUESSES, "both alike"),
        ],
        compute=rotary_state,
        panels=[
            map_panel("Scores with rotary positions", "with rotary", 290, size=11),
            map_panel("Scores without", "without rotary", 290, size=11),
            Panel(
                "Wrong spans by their number of characters",
                (-0.6, len(BINS) - 0.4),
                (_FLOOR, 1000),
                [
                    Bars("with rotary lengths", "with", COLOURS["blue"], width=0.38, shift=-0.2),
                    Bars("without rotary lengths", "without", COLOURS["vermilion"], width=0.38, shift=0.2),
                    Dots("names", "names that are there", COLOURS["ink"], 60, shape="diamond"),
                ],
                x_label="characters",
                size=(230, 270),
                log_y=True,
                x_ticks=dict(enumerate(BINS)),
            ),
        ],
        readout=[
            Number("with rotary wrong", "not annotated, with"),
            Number("without rotary wrong", "without"),
            Number("english", "in English"),
        ],
        predict=Predict(
            "Both models learned from the same sentences. Which of them finds long spans that aren't there? Choose "
            "your guess, then reveal.",
            ["with rotary lengths", "without rotary lengths"],
        ),
        presets={
            "Lower the threshold to −2": {"threshold": -2},
            "A reporter and a city": {"sentence": EXAMPLES[5].title},
            "Two nested names": {"sentence": EXAMPLES[1].title, "threshold": -2},
        },
        caption="Figure 4.4. The same head trained with and without rotary positions. Without them a score knows that "
        "this character can begin a person and that one can end a person, but not how far apart they are: spans from "
        "one name to the end of the next come up. The bars, after the reveal, count the wrong spans in the 500 test "
        "sentences, threshold 0, mean of three seeds, on a logarithmic axis; diamonds count the names that are there. "
        "In “Three levels” 浙江大学 (Zhejiang University) inside the hospital's name is right, only not annotated.",
        alt="Two squares of scores of the sentence 李文、王丽和张强昨天从天津到了南京 (Li Wen, Wang Li and Zhang Qiang "
        "went from Tianjin to Nanjing yesterday). On the left five cells are red and outlined, the five names; on the "
        "right two more, 王丽和张强 as one person and 天津到了南京 as one place. Right: diamonds for the numbers of "
        "names by length, from about 550 down to 8, and, after the reveal, bars of the wrong spans. Those of 17 "
        "characters and more are 2 with rotary positions and 61 without.",
    )


_LAST = 12


def annotated_cells(example: Example, kind: str) -> Array:
    """Return the middles (m, 2) of the cells that are annotated, in a map on the unit square."""
    length = len(example.text)
    spans = sorted(e for e in example.sentence.entities if e.label in KINDS[kind])
    return np.array([[(e.end + 0.5) / length, 1 - (e.start + 0.5) / length] for e in spans]).reshape(-1, 2)


def epochs_state(epoch: int, sentence: str, kind: str) -> dict[str, Any]:
    """The map of one sentence after ``epoch`` epochs, and F1 up to there."""
    example, stored = _BY_TITLE[sentence], load_epochs()
    scores = stored.maps[example.text][epoch].numpy()
    curve = np.column_stack([np.arange(len(stored.f1)), stored.f1])
    return {
        **map_state("s", example.text, scores, kind, 0.0),
        "annotated": annotated_cells(example, kind),
        "curve": curve,
        "here": curve[epoch : epoch + 1],
        "f1": stored.f1[epoch],
        "found": listed(example.text, found(scores, kind, 0.0)),
        "english": example.english,
        "note": "",
    }


def epochs() -> Picture:
    """Figure 4.3: from noise to a few red cells."""
    return Picture(
        title="A score map while the model learns",
        controls=[
            Steps("epoch", "epochs done", _LAST, 2, interval_ms=500),
            Choice("sentence", "sentence", tuple(_BY_TITLE), EXAMPLES[1].title),
            Choice("kind", "type", tuple(KINDS), "all types"),
        ],
        compute=epochs_state,
        panels=[
            map_panel(
                "Scores (rows: first character, columns: last)",
                "s",
                420,
                [Dots("annotated", "annotated", COLOURS["ink"], 30)],
            ),
            Panel(
                "F1 on the 500 sentences of the dev part",
                (-0.3, _LAST + 0.3),
                (-0.03, 1.03),
                [Path("curve", "F1", COLOURS["blue"], 3), Dots("here", "now", COLOURS["ink"], 90)],
                x_label="epochs done",
                size=(300, 300),
            ),
        ],
        readout=[Number("f1", "F1", ".2f"), Number("found", "above 0"), Number("english", "in English")],
        presets={
            "Before training": {"epoch": 0},
            "After one epoch": {"epoch": 1},
            "After twelve": {"epoch": _LAST},
            "A mistake that stays": {"epoch": _LAST, "sentence": EXAMPLES[-1].title},
        },
        caption="Figure 4.3. Press play. Before training every score is near 0, most of what is shown just above it "
        "(the highest of the three types); the first epoch "
        "pushes nearly all of them down, and then, cell by cell, the names come up through 0 and are outlined. Dots "
        "mark what should be found. None of the sentences was seen in training.",
        alt="Left: the square of scores of one sentence with small dots on the cells of its names; in the course of "
        "training it turns from pale to blue with a red, outlined cell at each dot. Right: F1 on the dev part against "
        "the epochs, steep over the first three and nearly level from the eighth on, at 0.83 in the end.",
    )
