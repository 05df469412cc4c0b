"""What the reader moves. A control has a name (the argument of the picture's function), a label and a start value.

``samples()`` gives the values that a sweep tries, both ends among them; ``widget()`` makes the ipywidgets control.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import ipywidgets as widgets

from gradbook.book.explore.style import number_words


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


# The 24 preferred numbers of a decade (IEC 60063): a log slider stops at them, so that 3 is 3 and not 3.02.
_DECADE = [
    *(1, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2, 2.2, 2.4, 2.7, 3),
    *(3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1),
]


@dataclass(frozen=True)
class Slider:
    """A number from ``low`` to ``high``; with ``log=True`` both ends are powers of ten and steps multiply.

    The label stands before the slider and the current value behind it. A slider only takes the values at which it
    can stop, so what it shows is what the picture is drawn for: multiples of ``step`` from ``low`` on, or the
    preferred numbers 1, 1.1, 1.2, 1.3, 1.5, … of every decade, or the numbers of ``at``, which rise from ``low`` to
    ``high``.
    """

    name: str
    label: str
    low: float
    high: float
    value: float
    step: float | None = None
    log: bool = False
    at: Sequence[float] = ()

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"slider {self.name}: need low < high, got {self.low} and {self.high}")
        if self.at and (list(self.at) != sorted(set(self.at)) or (self.at[0], self.at[-1]) != (self.low, self.high)):
            raise ValueError(f"slider {self.name}: at must rise from {self.low:g} to {self.high:g}, got {self.at}")
        if self.log and not (self.low > 0 and all(f"{end:e}".startswith("1.000000") for end in (self.low, self.high))):
            raise ValueError(
                f"slider {self.name}: the ends of a log slider must be powers of ten, got {self.low:g} "
                f"and {self.high:g}"
            )
        self.checked(self.value)

    def stops(self) -> list[float]:
        """All values that the slider can take."""
        if self.at:
            return [float(stop) for stop in self.at]
        if self.log:
            decades = range(round(math.log10(self.low)), round(math.log10(self.high)))
            return [*(float(f"{digits}e{power}") for power in decades for digits in _DECADE), float(self.high)]
        step = self.step or 10.0 ** math.floor(math.log10((self.high - self.low) / 100))
        return [round(self.low + i * step, 10) for i in range(round((self.high - self.low) / step) + 1)]

    def samples(self) -> list[float]:
        """Seven values: both ends, five between."""
        stops = self.stops()
        return [stops[round(i * (len(stops) - 1) / 6)] for i in range(7)]

    def checked(self, value: Any) -> float:
        """Return ``value`` as a float; ValueError if the slider can't stop there."""
        nearest = min(self.stops(), key=lambda stop: abs(stop - float(value)))
        if not math.isclose(nearest, float(value), rel_tol=1e-9, abs_tol=1e-9 * (self.high - self.low)):
            raise ValueError(
                f"{self.name} must be one of the slider's stops from {self.low:g} to {self.high:g}, "
                f"got {value!r}; the nearest is {nearest:g}"
            )
        return nearest

    def widget(self) -> widgets.Widget:
        """The ipywidgets slider over the stops."""
        options = [(number_words(stop), stop) for stop in self.stops()]
        return widgets.SelectionSlider(
            options=options,
            value=self.checked(self.value),
            description=self.label,
            style=_STYLE,
            layout=_width(self.label),
        )


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
class Text:
    """A line of text that the reader types: it takes effect on Enter, or when the reader goes elsewhere.

    At most ``longest`` characters; spaces at both ends don't count. What can't be taken is answered by a sentence
    under the picture, which stays as it was. ``examples`` are more texts for a sweep to try.
    """

    name: str
    label: str
    value: str
    longest: int = 40
    examples: Sequence[str] = ()

    def __post_init__(self) -> None:
        for text in (self.value, *self.examples):
            if self.checked(text) != text:
                raise ValueError(f"{self.name} must have no spaces at its ends, got {text!r}")

    def samples(self) -> list[str]:
        """The start value, the examples, its first character, and that as often as there is room."""
        first = self.value[:1]
        return list(dict.fromkeys([first, self.value, *self.examples, first * self.longest]))

    def checked(self, value: Any) -> str:
        """Return ``value`` without spaces at its ends; ValueError if nothing is left, too much, or what can't be seen.

        Line breaks, tabs and other control characters can't be.
        """
        text = str(value).strip()
        if not text:
            raise ValueError(f"{self.label} must have at least one character")
        if len(text) > self.longest:
            raise ValueError(f"{self.label} must have at most {self.longest} characters, got {len(text)}")
        if unseen := next((c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), ""):
            raise ValueError(f"{self.label} must not hold U+{ord(unseen):04X}, which can't be shown")
        return text

    def widget(self) -> widgets.Widget:
        """A text box."""
        return widgets.Text(
            value=self.value,
            description=self.label,
            continuous_update=False,
            style=_STYLE,
            layout={"width": f"{0.5 * len(self.label) + min(self.longest, 40) + 2:.0f}em", "max_width": "95%"},
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
