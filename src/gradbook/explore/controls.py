"""What the reader moves. A control has a name (the argument of the picture's function), a label and a start value.

``samples()`` gives the values that a sweep tries, both ends among them; ``widget()`` makes the ipywidgets control.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import ipywidgets as widgets
import numpy as np


class Control(Protocol):
    """The common face of all controls."""

    @property
    def name(self) -> str:
        """The argument of the picture's function that this control sets."""

    @property
    def label(self) -> str:
        """What the reader sees beside the control."""

    @property
    def value(self) -> Any:
        """The start value, to which Reset goes back."""

    def samples(self) -> list[Any]:
        """Values for a sweep, both ends among them."""

    def checked(self, value: Any) -> Any:
        """The value if the control can take it, else ValueError."""


_STYLE = {"description_width": "initial"}


def _width(label: str) -> dict[str, str]:
    """Room for the label, a track of ten ems and the value."""
    return {"width": f"{0.5 * len(label) + 16:.0f}em"}


@dataclass(frozen=True)
class Slider:
    """A number from ``low`` to ``high``; with ``log=True`` the ends are powers of ten apart and steps multiply.

    The label stands before the slider and the current value behind it.
    """

    name: str
    label: str
    low: float
    high: float
    value: float
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high or self.low == self.high:
            raise ValueError(
                f"slider {self.name}: need low < high and value between, got {self.low}, {self.high}, {self.value}"
            )
        if self.log and self.low <= 0:
            raise ValueError(f"slider {self.name}: a log slider needs low > 0, got {self.low}")

    def samples(self) -> list[float]:
        """Seven values: both ends, five between."""
        if self.log:
            return [float(v) for v in np.geomspace(self.low, self.high, 7)]
        return [float(v) for v in np.linspace(self.low, self.high, 7)]

    def checked(self, value: Any) -> float:
        """Return ``value`` as a float; ValueError outside the slider's range (a hair of rounding is allowed)."""
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        if not self.low - slack <= float(value) <= self.high + slack:
            raise ValueError(f"{self.name} must lie in [{self.low:g}, {self.high:g}], got {value!r}")
        return float(value)

    def widget(self) -> widgets.Widget:
        """The ipywidgets slider."""
        common = {"description": self.label, "style": _STYLE, "layout": _width(self.label)}
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            step = self.step or (high - low) / 200
            return widgets.FloatLogSlider(self.value, min=low, max=high, step=step, readout_format=".3g", **common)
        step = self.step or (self.high - self.low) / 200
        return widgets.FloatSlider(self.value, min=self.low, max=self.high, step=step, readout_format=".3g", **common)


@dataclass(frozen=True)
class Steps:
    """A whole number from 0 to ``high`` with a play button: the steps of an algorithm."""

    name: str
    label: str
    high: int
    value: int = 0
    interval_ms: int = 120

    def samples(self) -> list[int]:
        """Every step up to five, then a few, then the last."""
        return sorted({min(i, self.high) for i in (0, 1, 2, 3, 5, self.high // 2, self.high)})

    def checked(self, value: Any) -> int:
        """Return ``value``; ValueError outside 0 … high."""
        if not 0 <= int(value) <= self.high:
            raise ValueError(f"{self.name} must lie in 0 … {self.high}, got {value!r}")
        return int(value)

    def widget(self) -> widgets.Widget:
        """The slider; the play button beside it is made by :meth:`play_button`."""
        return widgets.IntSlider(
            self.value, min=0, max=self.high, description=self.label, style=_STYLE, layout=_width(self.label)
        )

    def play_button(self, slider: widgets.Widget) -> widgets.Widget:
        """A play button that moves ``slider`` in the browser; the kernel hears of it through the slider."""
        play = widgets.Play(value=self.value, min=0, max=self.high, interval=self.interval_ms, show_repeat=False)
        widgets.jslink((play, "value"), (slider, "value"))
        return play


@dataclass(frozen=True)
class Toggle:
    """Yes or no."""

    name: str
    label: str
    value: bool = False

    def samples(self) -> list[bool]:
        """Both."""
        return [False, True]

    def checked(self, value: Any) -> bool:
        """Return ``value`` as a bool."""
        return bool(value)

    def widget(self) -> widgets.Widget:
        """A check box."""
        return widgets.Checkbox(self.value, description=self.label, indent=False, layout={"width": "auto"})


@dataclass(frozen=True)
class Choice:
    """One of several options, each a string."""

    name: str
    label: str
    options: Sequence[str]
    value: str

    def __post_init__(self) -> None:
        self.checked(self.value)

    def samples(self) -> list[str]:
        """All options."""
        return list(self.options)

    def checked(self, value: Any) -> str:
        """Return ``value``; ValueError if it isn't one of the options."""
        if value not in self.options:
            raise ValueError(f"{self.name} must be one of {list(self.options)}, got {value!r}")
        return str(value)

    def widget(self) -> widgets.Widget:
        """A drop-down list."""
        return widgets.Dropdown(
            options=list(self.options),
            value=self.value,
            description=self.label,
            style=_STYLE,
            layout=_width(self.label),
        )


@dataclass(frozen=True)
class Point:
    """A point that the reader drags in panel number ``panel``, or moves with two number boxes from the keyboard.

    With ``vector=True`` an arrow runs to it from the origin. ``axis`` "x" or "y" lets it move that way only.
    ``low`` and ``high`` bound both coordinates.
    """

    name: str
    label: str
    value: tuple[float, float]
    low: tuple[float, float] = (-2.0, -2.0)
    high: tuple[float, float] = (2.0, 2.0)
    panel: int = 0
    colour: str = "#222222"
    vector: bool = False
    axis: str = "xy"

    def __post_init__(self) -> None:
        self.checked(self.value)

    def samples(self) -> list[tuple[float, float]]:
        """The corners of its box, the middle, the origin if it's inside, and two ordinary places."""
        (x0, y0), (x1, y1), (x, y) = self.low, self.high, self.value
        columns = [x] if self.axis == "y" else [x0, x1]
        rows = [y] if self.axis == "x" else [y0, y1]
        places = [(a, b) for a in columns for b in rows]
        if self.axis == "xy":
            places += [((x0 + x1) / 2, (y0 + y1) / 2), (0.3 * x0 + 0.7 * x1, 0.6 * y0 + 0.4 * y1)]
        return places

    def checked(self, value: Any) -> tuple[float, float]:
        """Return ``value`` as two floats; ValueError outside the box."""
        x, y = (float(v) for v in value)
        if not (self.low[0] <= x <= self.high[0] and self.low[1] <= y <= self.high[1]):
            raise ValueError(f"{self.name} must lie in the box {self.low} … {self.high}, got {(x, y)}")
        return x, y

    def clamped(self, x: float, y: float) -> tuple[float, float]:
        """The nearest place inside the box: a drag may leave the panel."""
        return (min(max(x, self.low[0]), self.high[0]), min(max(y, self.low[1]), self.high[1]))
