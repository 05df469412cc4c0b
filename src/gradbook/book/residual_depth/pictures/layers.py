"""The laboratory: sizes forward, sizes backward, and gradients, layer by layer, for any arrangement."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.book.explore import COLOURS, Choice, Number, Panel, Path, Picture, Slider
from gradbook.book.residual_depth.arrays import backward, forward, scaled_weights
from gradbook.book.residual_depth.theory import deepnorm_design
from gradbook.residual_depth import Design

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


Array = NDArray[np.float64]
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
