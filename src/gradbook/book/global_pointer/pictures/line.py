"""The loss of one row of scores: six labels on a line, and as many easy ones as the reader wants."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Arrows, Bars, Number, Panel, Path, Picture, Point, Slider
from gradbook.multilabel_loss import sparse_multilabel_cross_entropy

Array = NDArray[np.float64]
EASY = -8.0  # where the easy labels stand
_LOW, _HIGH = -10.0, 10.0
_LONGEST = 3.0  # how long the arrow of a gradient of 1 is drawn
_FLOOR = 1e-4
_COUNTS = (0, 1, 10, 100, 1000, 10000, 100000)


def gradients(scores: Array, hold: int) -> tuple[float, Array]:
    """Return the loss of scores (K,), of which the first ``hold`` hold, and its gradient (K,), float64."""
    with torch.enable_grad():
        leaf = torch.from_numpy(scores).requires_grad_()
        loss = sparse_multilabel_cross_entropy(leaf, torch.arange(hold))
        (gradient,) = torch.autograd.grad(loss, leaf)
    return float(loss.detach()), gradient.numpy()


def binary_gradients(scores: Array, hold: int) -> Array:
    """Return the gradient (K,) of the sum of binary cross-entropies, one a label."""
    shares: Array = torch.sigmoid(torch.from_numpy(scores)).numpy()
    shares[:hold] -= 1
    return shares


def line_state(
    easy: float,
    h1: tuple[float, float],
    h2: tuple[float, float],
    h3: tuple[float, float],
    n1: tuple[float, float],
    n2: tuple[float, float],
    n3: tuple[float, float],
) -> dict[str, Any]:
    """The loss, its two parts, the step of each score, and the sums of both sides, here and for binary losses."""
    points = np.array([h1, h2, h3, n1, n2, n3])
    scores = np.concatenate([points[:, 0], np.full(int(easy), EASY)])
    loss, gradient = gradients(scores, 3)
    first, _ = gradients(scores[:3], 3)
    tips = points - np.column_stack([_LONGEST * gradient[:6], np.zeros(6)])
    arrows = np.stack([points, tips], axis=1)
    binary = binary_gradients(scores, 3)
    sums = [abs(float(g.sum())) for g in (gradient[:3], gradient[3:], binary[:3], binary[3:])]
    return {
        "up": arrows[:3],
        "down": arrows[3:],
        "loss": loss,
        "parts": f"{first:.3f} + {loss - first:.3f}",
        "gradient": ", ".join(f"{g:.2f}" for g in gradient[:6]),
        "easy gradient": f"{float(gradient[6:].sum()):.2f} ({float(binary[6:].sum()):.2f} of binary losses)",
        "ours": np.clip(np.array([sums[0], sums[1]]), _FLOOR, None),
        "binary": np.clip(np.array([sums[2], sums[3]]), _FLOOR, None),
        "note": "",
    }


def _handle(name: str, label: str, row: int, value: float, holds: bool) -> Point:
    colour = COLOURS["green"] if holds else COLOURS["vermilion"]
    return Point(name, label, (value, row), (_LOW, row), (_HIGH, row), colour=colour, axis="x")


def scores_on_a_line() -> Picture:
    """Figure 4.2: what the loss does to scores on the wrong side of 0, and to those far on the right one."""
    rows = ("h1", 6, True), ("h2", 5, True), ("h3", 4, True), ("n1", 3, False), ("n2", 2, False), ("n3", 1, False)
    start = (3.0, 0.5, -2.0, 1.5, -1.0, -4.0)
    handles = [
        _handle(name, f"s{'₁₂₃₄₅₆'[6 - row]}", row, value, holds)
        for (name, row, holds), value in zip(rows, start, strict=True)
    ]

    def places(*values: float) -> dict[str, tuple[float, float]]:
        return {name: (value, row) for (name, row, _), value in zip(rows, values, strict=True)}

    return Picture(
        title="Scores on a line",
        controls=[Slider("easy", "more labels that don't hold, at −8", 0, 100000, 0, at=_COUNTS), *handles],
        compute=line_state,
        panels=[
            Panel(
                "Drag the scores. An arrow is a step against the gradient of the loss",
                (_LOW, _HIGH),
                (0.3, 6.9),
                [
                    Path(np.array([[0.0, 0.3], [0.0, 6.9]]), "threshold", COLOURS["ink"], 1.5, dashed=True),
                    Arrows("up", "labels that hold", COLOURS["green"], head=0.022),
                    Arrows("down", "labels that don't", COLOURS["vermilion"], head=0.022),
                ],
                x_label="score s",
                size=(430, 300),
                y_ticks={row: "holds" if holds else "doesn't" for _, row, holds in rows},
            ),
            Panel(
                "The gradients of each side added up",
                (-0.7, 1.7),
                (_FLOOR, 100.0),
                [
                    Bars("ours", "this loss", COLOURS["blue"], width=0.36, shift=-0.2),
                    Bars("binary", "binary losses", COLOURS["grey"], width=0.36, shift=0.2),
                ],
                size=(250, 300),
                log_y=True,
                x_ticks={0: "hold", 1: "don't"},
            ),
        ],
        readout=[
            Number("loss", "loss"),
            Number("parts", "its two parts"),
            Number("gradient", "gradient of the six"),
            Number("easy gradient", "of the easy ones together"),
        ],
        presets={
            "All right": places(6, 7, 8, -6, -7, -8),
            "One hard negative": places(6, 7, 8, 3, -7, -8),
            "One positive among 100,000": {**places(0, 7, 8, -6, -7, -8), "easy": 100000},
            "All wrong": places(-3, -4, -5, 5, 4, 3),
        },
        caption="Figure 4.2. Six labels, three that hold and three that don't, and the gradient of the multi-label "
        "cross-entropy in each score. The highest wrong score gets nearly all of the push, and however many labels "
        "there are, the pushes of one side never add up to more than 1. With one binary loss a label, the bars on "
        "the right show, 100,000 easy labels together push 34 times as hard as one wrong label ever can.",
        alt="A number line from −10 to 10 with a dashed line at 0, the threshold. Three green handles, labels that "
        "hold, at 3, 0.5 and −2, three vermilion handles, labels that don't, at 1.5, −1 and −4. A long arrow runs to "
        "the right from −2 and one to the left from 1.5; those of the others are hidden under their dots. A second "
        "panel compares the sums of the gradients on both sides, each below 1, with those of binary losses.",
    )
