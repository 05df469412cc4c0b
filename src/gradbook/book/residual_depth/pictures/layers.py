"""Sizes through the layers: two branches, one of which explodes, and the laboratory for any arrangement."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Number, Panel, Path, Picture, Slider, Toggle
from gradbook.book.residual_depth.arrays import backward, forward, scaled_weights
from gradbook.book.residual_depth.theory import deepnorm_design, mean_free_moments, relu_moments
from gradbook.residual_depth import Design

Array = NDArray[np.float64]
Draws = NDArray[Any]
BATCH = 4


@cache
def _usual(width: int, depth: int) -> tuple[Draws, Draws]:
    """Two matrices a layer, each (depth, width, width), of the usual size; float64: squares may grow to e^700."""
    first, second = np.random.default_rng([8, width]).standard_normal((2, depth, width, width))
    made = scaled_weights(Design("ffn"), (first, second))
    return made[0], made[1]


def weights(design: Design, depth: int, width: int, deepest: int) -> tuple[Draws, ...]:
    """Return the initial weights of the first ``depth`` of ``deepest`` layers, the same numbers for all designs."""
    used = _usual(width, deepest)[: 2 if design.branch == "ffn" else 1]
    return tuple(matrix[:depth] if design.gain == 1 else design.gain * matrix[:depth] for matrix in used)


@cache
def inputs(width: int) -> Draws:
    """Return x_0 (4, width), each row of mean 0 and second moment 1."""
    x = np.random.default_rng([88, width]).standard_normal((BATCH, width))
    x -= x.mean(-1, keepdims=True)
    return np.asarray(x / np.sqrt((x**2).mean(-1, keepdims=True)))


@cache
def _usual_teams(width: int, depth: int, seeds: int) -> tuple[Draws, ...]:
    normals = np.random.default_rng([8, width, seeds]).standard_normal((2, depth, seeds, width, width))
    return scaled_weights(Design("ffn"), (normals[0], normals[1]))


def teams(design: Design, depth: int, width: int, deepest: int, seeds: int) -> tuple[Draws, ...]:
    """Return ffn weights of ``seeds`` networks side by side, (depth, seeds, width, width) each."""
    return tuple(design.gain * matrix[:depth] for matrix in _usual_teams(width, deepest, seeds))


DEEPEST = 256
_LOW, _HIGH = 1e-6, 1e6

ARRANGEMENTS: dict[str, Callable[[str, float, int], Design]] = {
    "residual": lambda branch, scale, depth: Design(branch, scale),
    "plain": lambda branch, scale, depth: Design(branch, skip=0.0),
    "plain, normed": lambda branch, scale, depth: Design(branch, skip=0.0, norm="post"),
    "Pre-LN": lambda branch, scale, depth: Design(branch, scale, "pre"),
    "Post-LN": lambda branch, scale, depth: Design(branch, scale, "post"),
    "DeepNorm (SGD)": lambda branch, scale, depth: _deepnorm(branch, depth, "sgd"),
    "DeepNorm (Adam)": lambda branch, scale, depth: _deepnorm(branch, depth, "adam"),
}
BRANCHES = {"relu(xW₁)W₂": "ffn", "relu(xW)": "relu", "relu(xW) − mean": "centred"}


def _deepnorm(branch: str, depth: int, optimizer: str) -> Design:
    right = deepnorm_design(depth, optimizer)
    return Design(branch, norm="post", skip=right.skip, gain=right.gain)


def layers_state(depth: float, width: str, branch: str, arrangement: str, power: float) -> dict[str, Any]:
    """Sizes of one stack: mean square of x_l, ‖∂L/∂x_l‖ and ‖∂L/∂W_l‖, for a random readout as loss."""
    layers, n = int(depth), int(width)
    design = ARRANGEMENTS[arrangement](BRANCHES[branch], layers**-power, layers)
    matrices = weights(design, layers, n, DEEPEST)
    passed = forward(design, matrices, inputs(n))
    deltas, gradients = backward(design, matrices, passed, readout(n))
    forth = np.array([np.einsum("bn,bn->", x, x) / x.size for x in passed.states])
    back = np.sqrt([np.einsum("bn,bn->", d, d) for d in deltas])
    squares = sum(np.einsum("lij,lij->l", g, g) for g in gradients)
    own = np.sqrt(np.asarray(squares))
    total = float((own**2).sum())
    left = [name for name, sizes in (("x", forth), ("∂L/∂x", back), ("∂L/∂W", own)) if _outside(sizes)]
    return {
        "forward": _line(0, forth),
        "backward": _line(0, back),
        "gradient": _line(1, own),
        "one": np.array([[0.0, 1.0], [DEEPEST, 1.0]]),
        "numbers": f"{design.skip:.3g}, {design.scale:.3g}, {design.gain:.3g}",
        "total": f"{total:.2g}",
        "note": f"Outside the panel, drawn along its edge: {', '.join(left)}." if left else "",
    }


def readout(width: int) -> Array:
    """Return v (4, width) of length 1: the loss is ⟨v, x_N⟩, so ‖∂L/∂x_N‖ = 1."""
    v = np.random.default_rng([888, width]).standard_normal((BATCH, width))
    return np.asarray(v / np.sqrt((v**2).sum()))


def _outside(sizes: Array) -> bool:
    return bool(sizes.max() > _HIGH or sizes.min() < _LOW)


def _line(first: int, sizes: Array) -> Array:
    return np.column_stack([first + np.arange(len(sizes)), np.clip(sizes, _LOW, _HIGH)])


def _panel(title: str, key: str, colour: str) -> Panel:
    return Panel(
        title,
        (0, DEEPEST),
        (_LOW, _HIGH),
        [Path("one", "", COLOURS["light"], 1.5), Path(key, "", COLOURS[colour], 2.5)],
        x_label="layer",
        size=(230, 230),
        log_y=True,
    )


def layer_by_layer() -> Picture:
    """Figure 8.3: forward and backward sizes and gradients of one stack."""
    return Picture(
        title="One stack, layer by layer",
        controls=[
            Choice("arrangement", "arrangement", tuple(ARRANGEMENTS), "residual"),
            Choice("branch", "branch f", tuple(BRANCHES), "relu(xW₁)W₂"),
            Slider("power", "p in ε = 1 / N^p", 0, 1.2, 0.5, step=0.05),
            Slider("depth", "layers N", 4, DEEPEST, 128, at=(4, 8, 16, 32, 64, 128, 192, 256)),
            Choice("width", "width", ("8", "16", "32", "48"), "32"),
        ],
        compute=layers_state,
        panels=[
            _panel("Forward: mean square of x", "forward", "blue"),
            _panel("Backward: ∂L/∂x", "backward", "green"),
            _panel("Gradient of each layer: ∂L/∂W", "gradient", "vermilion"),
        ],
        readout=[Number("numbers", "α, ε, gain"), Number("total", "sum of all squared gradients ‖∇L‖²")],
        presets={
            "Plain": {"arrangement": "plain"},
            "Plain, normed": {"arrangement": "plain, normed"},
            "ε = 1": {"power": 0.0},
            "ε = 1/N": {"power": 1.0},
            "Pre-LN": {"arrangement": "Pre-LN", "power": 0.0},
            "Post-LN": {"arrangement": "Post-LN", "power": 0.0},
            "DeepNorm": {"arrangement": "DeepNorm (Adam)"},
            "relu branch": {"branch": "relu(xW)"},
        },
        caption="Figure 8.3. The laboratory: the mean square of x, the length of ∂L/∂x and that of every layer's "
        "gradient, on six decades up and down. With ε = 1/√N all three stay level. Move N: the gradient of a layer "
        "falls as the number of layers rises, and the sum of squares under the panels hardly changes.",
        alt="Three panels over the layers on logarithmic axes with a grey line at 1. Forward and backward sizes stay "
        "close to 1 from end to end; the gradients of the layers lie on a level line near 1.",
    )


_LAST = 512
_FLOOR, _CEILING = 0.1, 1e12
_SHOWN = {"relu": "vermilion", "ffn": "blue", "centred": "green"}


def sizes_state(depth: float, power: float, width: str, centred: bool, theory: bool) -> dict[str, Any]:
    """The second moment of x_l for l = 0 … N, by branch, and what theory says of it."""
    layers, scale = int(depth), float(depth) ** -power
    found = {name: _sizes(name, scale, layers, int(width)) for name in ("relu", "ffn")}
    state: dict[str, Any] = {name: _curve(q) for name, q in found.items()}
    state["centred"] = _curve(_sizes("centred", scale, layers, int(width))) if centred else np.empty((0, 2))
    laws = (relu_moments(layers, scale)[0], mean_free_moments(layers, scale))
    state["relu law"], state["ffn law"] = (_curve(q) if theory else np.empty((0, 2)) for q in laws)
    state["scale"] = f"{scale:.3g}"
    state["at the end"] = f"relu {_words(found['relu'][-1])}, two matrices {_words(found['ffn'][-1])}"
    high = [word for name, word in (("relu", "relu(xW)"), ("ffn", "relu(xW₁)W₂")) if found[name].max() > _CEILING]
    state["note"] = f"Above the panel, drawn along its edge: {', '.join(high)}." if high else ""
    return state


def _sizes(branch: str, scale: float, depth: int, width: int) -> Array:
    design = Design(branch, scale=scale)
    states = forward(design, weights(design, depth, width, _LAST), inputs(width)).states
    return np.array([np.einsum("bn,bn->", x, x) / x.size for x in states])


def _curve(q: Array) -> Array:
    """Layer and size, kept inside the panel's decades: what leaves it runs along its edge."""
    return np.column_stack([np.arange(len(q)), np.clip(q, _FLOOR, _CEILING)])


def _words(value: float) -> str:
    return f"{value:.3g}" if value < 1e4 else f"{value:.1e}".replace("e+0", "e").replace("e+", "e")


def size_of_the_stack() -> Picture:
    """Figure 8.1: the size of x through the layers, for a relu branch and for two matrices."""
    return Picture(
        title="x ← x + ε f(x), layer after layer",
        controls=[
            Slider("depth", "layers N", 8, _LAST, 256, at=(8, 16, 32, 64, 128, 256, 384, 512)),
            Slider("power", "p in ε = 1 / N^p", 0, 1.2, 0.5, step=0.05),
            Choice("width", "width", ("8", "16", "32", "64"), "32"),
            Toggle("centred", "relu minus its mean"),
            Toggle("theory", "what theory says", True),
        ],
        compute=sizes_state,
        panels=[
            Panel(
                "Mean square of the entries of x after each layer",
                (0, _LAST),
                (_FLOOR, _CEILING),
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
