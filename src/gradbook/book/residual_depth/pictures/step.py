"""One step of an optimizer: how far the loss moves, against depth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Dots, Number, Panel, Path, Picture, Slider
from gradbook.book.residual_depth.arrays import backward, forward
from gradbook.book.residual_depth.pictures.layers import ARRANGEMENTS, inputs, teams
from gradbook.book.residual_depth.theory import PREDICTED

Array = NDArray[np.float64]
DEPTHS = (4, 8, 16, 32, 64)
WIDTH, SEEDS = 16, 3
_LOW, _HIGH = 1e-5, 1e2
_NAMES = {"SGD": 0, "Adam": 1, "LAMB": 2}
_THEORY = {"residual": "ε = 1/√N", "plain, normed": "plain, normed", "Pre-LN": "Pre-LN", "Post-LN": "Post-LN"}


def step_state(arrangement: str, optimizer: str, power: float, rate: float) -> dict[str, Any]:
    """−ΔL of one step at every depth: to first order, and of the step itself. The loss is a squared error."""
    first, real = zip(*(_moved(arrangement, optimizer, power, rate, depth) for depth in DEPTHS), strict=True)
    predicted = np.array(first)
    moved = np.array(real)
    fell = np.isfinite(moved) & (moved > 0)
    slope = np.polyfit(np.log(DEPTHS), np.log(predicted), 1)[0]
    wrong = [f"N = {depth}" for depth, good in zip(DEPTHS, fell, strict=True) if not good]
    law = exponent(arrangement, optimizer, power)
    state: dict[str, Any] = {
        "first": _line(predicted),
        "real": _line(np.where(fell, moved, np.nan))[fell],
        "rose": np.array([[depth, _LOW * 1.6] for depth, good in zip(DEPTHS, fell, strict=True) if not good]),
        "law": np.empty((0, 2)),
        "slope": f"{slope:.2f}",
        "predicted": "no power of N" if law is None else f"{law:g}",
        "note": f"The loss rises in this step at {', '.join(wrong)}." if wrong else "",
    }
    state["rose"] = state["rose"].reshape(-1, 2)
    if law is not None:
        shape = np.array(DEPTHS) ** float(law)
        state["law"] = _line(shape * np.exp(np.log(predicted / shape).mean()))
    return state


def exponent(arrangement: str, optimizer: str, power: float) -> float | None:
    """Return the power of N that theory predicts, None where it isn't one: ε N^{−p} with p < ½ grows by itself."""
    column = _NAMES[optimizer]
    if arrangement == "residual":
        return None if power < 0.5 else (1 - 2 * power if column == 0 else 1 - power)
    if arrangement in PREDICTED and (power == 0 or arrangement not in ("Pre-LN", "Post-LN")):
        return PREDICTED[arrangement][column]
    return None


def _moved(arrangement: str, optimizer: str, power: float, rate: float, depth: int) -> tuple[float, float]:
    """−⟨∇L, Δθ⟩ and −ΔL of a step, the middle one of the networks.

    L = ½ (⟨v, x_N⟩ − y)², the mean over four inputs, v random of length about 1, and every y at a distance of 1 below
    where the network stands: L begins at ½ at every depth, and a step can overshoot.
    """
    design = ARRANGEMENTS[arrangement]("ffn", depth**-power, depth)
    matrices = teams(design, depth, WIDTH, DEPTHS[-1], SEEDS)
    passed = forward(design, matrices, inputs(WIDTH))
    v = np.random.default_rng([888, WIDTH]).standard_normal(WIDTH) / WIDTH**0.5
    off = np.ones(len(inputs(WIDTH)))
    _, gradients = backward(design, matrices, passed, np.outer(off, v) / len(off))
    moves = [rate * way for way in directions(optimizer, matrices, gradients)]
    first = sum(np.einsum("lsij,lsij->s", g, move) for g, move in zip(gradients, moves, strict=True))
    with np.errstate(over="ignore", invalid="ignore"):
        stepped = forward(design, [w - move for w, move in zip(matrices, moves, strict=True)], inputs(WIDTH))
        after = ((off + (stepped.states[-1] - passed.states[-1]) @ v) ** 2).mean(-1) / 2
    return float(np.median(first)), float(np.median(0.5 - after))


def directions(optimizer: str, matrices: tuple[Array, ...], gradients: tuple[Array, ...]) -> list[Array]:
    """Return −Δθ/η of the first step, each matrix of a layer a θ_l of its own: the twin of ``steps.first_step``."""
    if optimizer == "SGD":
        return list(gradients)
    ways = [np.sign(g) for g in gradients]
    if optimizer == "Adam":
        return ways
    sizes = [np.linalg.norm(w, axis=(-2, -1), keepdims=True) for w in matrices]
    lengths = [np.maximum(np.linalg.norm(way, axis=(-2, -1), keepdims=True), 1e-300) for way in ways]
    return [way * size / length for way, size, length in zip(ways, sizes, lengths, strict=True)]


def _line(values: Array) -> Array:
    return np.column_stack([DEPTHS, np.clip(values, _LOW, _HIGH)])


def one_step() -> Picture:
    """Figure 8.4: the increment of one step against depth."""
    return Picture(
        title="How far the loss falls in one step",
        controls=[
            Choice("arrangement", "arrangement", tuple(ARRANGEMENTS), "residual"),
            Choice("optimizer", "optimizer", tuple(_NAMES), "SGD"),
            Slider("power", "p in ε = 1 / N^p", 0, 1.2, 0.5, step=0.05),
            Slider("rate", "learning rate η", 1e-5, 1, 1e-3, log=True),
        ],
        compute=step_state,
        panels=[
            Panel(
                "−ΔL of one step against the number of layers",
                (1, 100),
                (_LOW, _HIGH),
                [
                    Path("law", "the power of N that theory predicts", COLOURS["orange"], 5, opacity=0.45),
                    Path("first", "to first order, −⟨∇L, Δθ⟩", COLOURS["ink"], 2),
                    Dots("real", "the step itself", COLOURS["blue"], 70),
                    Dots("rose", "the loss rises", COLOURS["vermilion"], 80, shape="cross"),
                ],
                x_label="layers N",
                size=(480, 300),
                log_x=True,
                log_y=True,
            ),
        ],
        readout=[Number("slope", "slope of the black line"), Number("predicted", "predicted")],
        presets={
            "Plain, normed": {"arrangement": "plain, normed"},
            "ε = 1/N": {"power": 1.0},
            "1/√N with Adam": {"optimizer": "Adam"},
            "DeepNorm with Adam": {"arrangement": "DeepNorm (Adam)", "optimizer": "Adam"},
            "Too large a step": {"optimizer": "Adam", "rate": 0.01},
        },
        caption="Figure 8.4. How far one step lowers the loss, which is ½ at the start whatever the depth: black to "
        "first order, blue the real step; the middle one of three networks each. With ε = 1/√N and SGD the increment "
        "drifts by a factor of 2 over 16 times the depth, at this small width. In plain networks it grows, unevenly: "
        "their gradients are a lottery.",
        alt="A log-log panel over 4 to 64 layers. A black line through blue dots rises by a factor of 2 on a pale "
        "orange line of slope 0.",
    )
