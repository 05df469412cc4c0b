"""The hero: two branches, one of them explodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Number, Panel, Path, Picture, Slider, Toggle
from gradbook.book.residual_depth.arrays import forward
from gradbook.book.residual_depth.pictures.layers import inputs, weights
from gradbook.book.residual_depth.theory import mean_free_moments, relu_moments
from gradbook.residual_depth import Design

Array = NDArray[np.float64]
DEEPEST = 512
_LOW, _HIGH = 0.1, 1e12
_SHOWN = {"relu": "vermilion", "ffn": "blue", "centred": "green"}


def sizes_state(depth: float, power: float, width: str, centred: bool, theory: bool) -> dict[str, Any]:
    """The second moment of x_l for l = 0 … N, by branch, and what theory says of it."""
    layers, scale = int(depth), float(depth) ** -power
    found = {name: _sizes(name, scale, layers, int(width)) for name in ("relu", "ffn")}
    state: dict[str, Any] = {name: _line(q) for name, q in found.items()}
    state["centred"] = _line(_sizes("centred", scale, layers, int(width))) if centred else np.empty((0, 2))
    laws = (relu_moments(layers, scale)[0], mean_free_moments(layers, scale))
    state["relu law"], state["ffn law"] = (_line(q) if theory else np.empty((0, 2)) for q in laws)
    state["scale"] = f"{scale:.3g}"
    state["at the end"] = f"relu {_words(found['relu'][-1])}, two matrices {_words(found['ffn'][-1])}"
    high = [word for name, word in (("relu", "relu(xW)"), ("ffn", "relu(xW₁)W₂")) if found[name].max() > _HIGH]
    state["note"] = f"Above the panel, drawn along its edge: {', '.join(high)}." if high else ""
    return state


def _sizes(branch: str, scale: float, depth: int, width: int) -> Array:
    design = Design(branch, scale=scale)
    states = forward(design, weights(design, depth, width, DEEPEST), inputs(width)).states
    return np.array([np.einsum("bn,bn->", x, x) / x.size for x in states])


def _line(q: Array) -> Array:
    """Layer and size, kept inside the panel's decades: what leaves it runs along its edge."""
    return np.column_stack([np.arange(len(q)), np.clip(q, _LOW, _HIGH)])


def _words(value: float) -> str:
    return f"{value:.3g}" if value < 1e4 else f"{value:.1e}".replace("e+0", "e").replace("e+", "e")


def size_of_the_stack() -> Picture:
    """Figure 8.1: the size of x through the layers, for a relu branch and for two matrices."""
    return Picture(
        title="x ← x + ε f(x), layer after layer",
        controls=[
            Slider("depth", "layers N", 8, DEEPEST, 256, at=(8, 16, 32, 64, 128, 256, 384, 512)),
            Slider("power", "p in ε = 1 / N^p", 0, 1.2, 0.5, step=0.05),
            Choice("width", "width", ("8", "16", "32", "64"), "32"),
            Toggle("centred", "relu minus its mean"),
            Toggle("theory", "what theory says", True),
        ],
        compute=sizes_state,
        panels=[
            Panel(
                "Mean square of the entries of x after each layer",
                (0, DEEPEST),
                (_LOW, _HIGH),
                [
                    Path("relu law", "theory, relu branch", COLOURS["orange"], 5, opacity=0.45),
                    Path("ffn law", "theory, two matrices", COLOURS["sky"], 5, opacity=0.45),
                    Path("relu", "f = relu(xW)", COLOURS[_SHOWN["relu"]], 2.5),
                    Path("ffn", "f = relu(xW₁)W₂", COLOURS[_SHOWN["ffn"]], 2.5),
                    Path("centred", "f = relu(xW) − mean", COLOURS[_SHOWN["centred"]], 2.5),
                ],
                x_label="layer",
                size=(620, 300),
                log_y=True,
            ),
        ],
        readout=[Number("scale", "ε"), Number("at the end", "mean square at the end")],
        presets={
            "ε = 1/N": {"power": 1.0},
            "ε = 1": {"power": 0.0},
            "512 layers": {"depth": 512},
            "Take the mean away": {"centred": True},
            "Narrow": {"width": "8"},
        },
        caption="Figure 8.1. Two residual networks with the same small ε = 1/√N = 1/16 and the same initial size, 256 "
        "layers. The branch with one matrix blows the mean square of x up more than ten million times; the one with "
        "two less than triples it. Pale: what the chapter derives for both.",
        alt="The mean square of x over the layers on a logarithmic axis. A red line for the branch relu(xW) rises "
        "straight from 1 to more than ten million at layer 256; a blue line for relu(xW₁)W₂ stays between 1 and 3. "
        "Pale bands under both lines, from theory, lie on them.",
    )
