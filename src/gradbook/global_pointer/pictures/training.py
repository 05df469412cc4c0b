"""A score map while the model learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Steps
from gradbook.global_pointer.pictures.maps import KINDS, Array, found, listed, map_panel, map_state
from gradbook.global_pointer.sentences import EXAMPLES, Example
from gradbook.global_pointer.stored import load_epochs

_LAST = 12
_BY_TITLE = {example.title: example for example in EXAMPLES}


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
                width=300,
                height=300,
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
