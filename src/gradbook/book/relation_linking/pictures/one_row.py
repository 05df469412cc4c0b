"""The loss of one row in the article's formula and in the book's, number by number."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradbook.book.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Slider, join_paths
from gradbook.multilabel_loss import naive_sparse_multilabel_cross_entropy, sparse_multilabel_cross_entropy

Array = NDArray[np.float64]
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
WAYS = {
    "exact": ("exact", COLOURS["grey"]),
    "clipped": ("article, clipped", COLOURS["vermilion"]),
    "bare": ("article, bare", COLOURS["purple"]),
    "book": ("book", COLOURS["blue"]),
}
"""By key: the name in the legend, and the colour."""

_COUNTS = (1, 10, 100, 1000, 10000, 80000, 100000)
_HIGHEST = 40
_LOW, _HIGH = -3.0, 28.0  # of the loss axis


def row_of(positive: float, others: float, hardest: float, count: int, hold: int) -> Tensor:
    """Return a row of scores (hold + 1 + count,): labels that hold, the hardest that doesn't, the other ones."""
    groups = ((positive, hold), (hardest, 1), (others, count))
    return torch.cat([torch.full((size,), score, dtype=torch.float64) for score, size in groups])


def loss_of(way: str, scores: Tensor, positives: Tensor) -> Tensor:
    """Return the losses (R,) of rows of scores (R, K) by one of the three formulas, in their dtype."""
    if way == "clipped":
        return naive_sparse_multilabel_cross_entropy(scores, positives, "none")
    if way == "bare":
        return naive_sparse_multilabel_cross_entropy(scores, positives, "none", clip=0.0)
    return sparse_multilabel_cross_entropy(scores, positives, "none")


@lru_cache(maxsize=256)
def point(
    way: str, positive: float, others: float, hardest: float, count: int, hold: int, kind: str
) -> tuple[float, float, float]:
    """Return the loss and its gradient in the hardest negative and in a positive; what isn't finite as it came."""
    if way == "exact":
        return exact(positive, others, hardest, count, hold)
    with torch.enable_grad():
        leaf = row_of(positive, others, hardest, count, hold).to(DTYPES[kind]).unsqueeze(0).requires_grad_()
        loss = loss_of(way, leaf, torch.arange(hold).unsqueeze(0)).sum()
        (gradient,) = torch.autograd.grad(loss, leaf)
    return float(loss.detach()), float(gradient[0, hold]), float(gradient[0, 0])


def exact(positive: float, others: float, hardest: float, count: int, hold: int) -> tuple[float, float, float]:
    """Return the same by the definition in float64: sums of few terms, nothing subtracted, right to 15 digits."""
    held, rest = hold * math.exp(-positive), math.exp(hardest) + count * math.exp(others)
    return math.log1p(held) + math.log1p(rest), math.exp(hardest) / (1 + rest), -math.exp(-positive) / (1 + held)


@lru_cache(maxsize=256)
def curve(way: str, others: float, hardest: float, count: int, hold: int, kind: str) -> Array:
    """Return (positives' score, loss) for the scores 0 to 40 (m, 2); rows of NaN where the loss isn't finite."""
    places = np.arange(0.0, _HIGHEST + 1, 1 if count <= 10000 else 2)  # long rows cost time
    if way == "exact":
        losses = np.array([exact(place, others, hardest, count, hold)[0] for place in places])
    else:
        rows = row_of(0.0, others, hardest, count, hold).to(DTYPES[kind]).repeat(len(places), 1)
        rows[:, :hold] = torch.from_numpy(places).to(rows.dtype).unsqueeze(1)
        losses = loss_of(way, rows, torch.arange(hold).repeat(len(places), 1)).double().numpy()
    points = np.column_stack([places, np.clip(losses, _LOW, _HIGH)])
    points[~np.isfinite(losses)] = np.nan
    return points


def microscope_state(
    positive: float, others: float, hardest: float, count: float, hold: float, kind: str
) -> dict[str, Any]:
    """Four losses against the positives' score, the four here, and their gradients in two labels."""
    row = (others, hardest, int(count), int(hold), kind)
    state: dict[str, Any] = {}
    found = {way: point(way, positive, *row) for way in WAYS}
    for place, (way, (loss, *gradients)) in enumerate(found.items()):
        state[f"{way} curve"] = curve(way, *row)
        here = np.array([[positive, min(max(loss, _LOW), _HIGH)]])
        state[f"{way} here"] = here if math.isfinite(loss) else np.empty((0, 2))
        sticks = [(group + 0.2 * (place - 1.5), value) for group, value in enumerate(gradients) if math.isfinite(value)]
        state[f"{way} sticks"] = join_paths([(x, 0.0), (x, value)] for x, value in sticks)
        state[f"{way} tips"] = np.array(sticks).reshape(-1, 2)
        state[f"{way} words"] = number(loss)
    state["down"] = "; ".join(f"{way} {number(g)}" for way, (_, g, _) in found.items())
    state["up"] = "; ".join(f"{way} {number(g)}" for way, (_, _, g) in found.items())
    state["note"] = _note(found["bare"], state["bare curve"])
    return state


def number(value: float) -> str:
    """Return three digits, with "not a number" and signs that can be read."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    return f"{value:.3g}".replace("e-0", "e-").replace("-", "−")


def _note(bare: tuple[float, float, float], points: Array) -> str:
    if not all(map(math.isfinite, bare)):
        return (
            f"Here the bare formula's loss is {number(bare[0])}, its gradient {number(bare[1])} in the hardest "
            f"negative and {number(bare[2])} in a positive: nothing that could be drawn."
        )
    gaps = int(np.isnan(points).any(1).sum())
    return f"The bare formula is not finite at {gaps} of {len(points)} places of its curve." if gaps else ""


def microscope() -> Picture:
    """Figure 5.2: how the article's formula loses the labels that don't hold."""
    return Picture(
        title="The sparse loss under the microscope",
        controls=[
            Slider("positive", "score of those that hold", 0, _HIGHEST, 6, step=0.5),
            Slider("others", "of the others", -40, 0, -10, step=0.5),
            Slider("hardest", "of the hardest other", -40, 10, -4, step=0.5),
            Slider("count", "others", 1, 100000, 1000, at=_COUNTS),
            Slider("hold", "hold", 1, 10, 3, step=1),
            Choice("kind", "numbers", tuple(DTYPES), "float32"),
        ],
        compute=microscope_state,
        panels=[
            Panel(
                "The loss",
                (0, _HIGHEST),
                (_LOW, _HIGH),
                [
                    Path("exact curve", WAYS["exact"][0], COLOURS["light"], 9),
                    Path("clipped curve", WAYS["clipped"][0], WAYS["clipped"][1], 3.5),
                    Path("bare curve", WAYS["bare"][0], WAYS["bare"][1], 2.5, dashed=True),
                    Path("book curve", WAYS["book"][0], WAYS["book"][1], 2),
                    *(Dots(f"{way} here", "", colour, 70) for way, (_, colour) in WAYS.items()),
                ],
                x_label="score of the labels that hold",
                y_label="loss",
                size=(390, 255),
            ),
            Panel(
                "Its gradient in one score",
                (-0.6, 1.6),
                (-1.1, 1.1),
                [
                    Path(np.array([[-0.6, 0.0], [1.6, 0.0]]), "", COLOURS["grey"], 1),
                    *(Path(f"{way} sticks", "", colour, 6) for way, (_, colour) in WAYS.items()),
                    *(Dots(f"{way} tips", "", colour, 45) for way, (_, colour) in WAYS.items()),
                ],
                y_label="gradient",
                size=(250, 325),
                x_ticks={0: "hardest other", 1: "one that holds"},
            ),
        ],
        readout=[
            *(Number(f"{way} words", f"loss, {way}") for way in WAYS),
            Number("down", "gradient in the hardest other"),
            Number("up", "in one that holds"),
        ],
        presets={
            "Early in training": {"positive": 1, "others": -2, "hardest": 1},
            "Trained": {"positive": 15, "others": -15, "hardest": -15, "count": 80000},
            "Trained longer": {"positive": 30, "others": -30, "hardest": -30, "count": 80000},
            "A hard negative": {"positive": 20, "others": -20, "hardest": 2, "hold": 1},
            "Float16": {"positive": 12, "others": -12, "hardest": 0.5, "kind": "float16"},
        },
        caption="Figure 5.2. One row of scores, its loss in four ways: exact (float64), by the article's formula "
        "a + log(1 − e^(b−a)) bare and with 1 − e^(b−a) clipped at 1e-7, and by the book's function, which takes the "
        "labels that hold out of the sum first. Where those score high, e^(b−a) rounds to 1 and nothing is left of "
        "the others: bare, the loss is −∞ or not a number (a gap); clipped, it grows as the model gets better, pushes "
        "the labels that hold down with all its force, and never looks at a hard negative. The loss axis "
        "ends at −3 and 28.",
        alt="Left: the loss over the score of the labels that hold, from 0 to 40. Exact and book lie on each other "
        "and fall to a level close to 0. The clipped formula wobbles from about 8, is off by a factor of two at 10, "
        "and lost from 15, where it rises in a straight line to 25; the bare one breaks off there. Right: sticks for "
        "the gradient in two labels, the hardest of those that don't hold and one that holds, four ways each, with "
        "dots at their tips; here they agree.",
    )
