"""What a picture is before it is alive: its controls, its states, its still drawing, and a sweep over all of them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from gradbook.book.explore.controls import Control, Point, Toggle
from gradbook.book.explore.marks import Dots, Mark, State
from gradbook.book.explore.panel import Panel
from gradbook.book.explore.shapes import Arrows, HeatMap
from gradbook.book.explore.style import book_style, new_figure, number_words

REVEALED = "revealed"


@dataclass(frozen=True)
class Number:
    """A number under the picture: the state's entry ``key``, printed with ``format``."""

    key: str
    label: str
    format: str = ".3g"

    def text(self, state: State) -> str:
        """For example ``cos(g₁, u) = 0.87``; a word in the state is shown as it is."""
        value = state[self.key]
        shown = value if isinstance(value, str) else format(float(value), self.format)
        return re.sub(r"-(?=\.?\d)", "−", f"{self.label} = {shown}")  # a minus sign, not the hyphen of a word


@dataclass(frozen=True)
class Predict:
    """Guess first: ``prompt`` asks, the marks that draw the entries ``reveals`` stay hidden until a button shows them.

    The state's entry ``verdict`` says in a sentence how far the guess was.
    """

    prompt: str
    reveals: Sequence[str]
    verdict: str = "verdict"
    button: str = "Reveal"


@dataclass(frozen=True)
class StillPicture:
    """All there is to know of a live picture.

    ``compute`` takes the controls' values by name and returns the state: a mapping from names to arrays, numbers
    and words. It must be a pure function: in JupyterLab it runs in a thread of its own. An entry ``note``, if there
    is one, is shown as a sentence: how a method that broke says so.

    ``caption`` says what to see, ``alt`` describes the picture to those who can't see it.
    """

    title: str
    controls: Sequence[Control]
    compute: Callable[..., State]
    panels: Sequence[Panel]
    caption: str
    alt: str
    readout: Sequence[Number] = ()
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    predict: Predict | None = None

    def __post_init__(self) -> None:
        names = [control.name for control in self.all_controls]
        if len(set(names)) != len(names):
            raise ValueError(f"two controls share a name: {names}")
        for preset, values in self.presets.items():
            try:
                self.values(**values)
            except (TypeError, ValueError) as error:
                raise ValueError(f"preset {preset!r}: {error}") from error

    @property
    def all_controls(self) -> list[Control]:
        """The controls, and the Reveal button as one more."""
        return [*self.controls, *([Toggle(REVEALED, self.predict.button)] if self.predict else [])]

    def values(self, **changes: Any) -> dict[str, Any]:
        """Start values of all controls, with ``changes``.

        Raises TypeError for a name that is no control and ValueError for a value that its control can't take.
        """
        controls = {control.name: control for control in self.all_controls}
        if unknown := set(changes) - set(controls):
            raise TypeError(f"no control named {', '.join(sorted(unknown))}; there are {', '.join(controls)}")
        return {name: c.checked(changes[name]) if name in changes else c.value for name, c in controls.items()}

    def state(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Compute the state; what waits for Reveal is empty until then."""
        arguments = {name: value for name, value in values.items() if name != REVEALED}
        state = dict(self.compute(**arguments))
        if self.predict and not values[REVEALED]:
            state.update({key: np.empty((0, 2)) for key in self.predict.reveals})
        return state

    def marks(self, number: int, values: Mapping[str, Any]) -> list[Mark]:
        """The marks of panel ``number``: its own, then the draggable points as plain dots and arrows."""
        own = list(self.panels[number].marks)
        for control in self.controls:
            if isinstance(control, Point) and control.panel == number:
                place = np.array([values[control.name]], dtype=float)
                if control.vector:
                    own.append(Arrows(np.stack([np.zeros((1, 2)), place], axis=1), control.label, control.colour))
                else:
                    own.append(Dots(place, control.label, control.colour))
        return own

    def static(self, **changes: Any) -> Figure:
        """Draw the picture of one state, for readers without a kernel and for paper."""
        values = self.values(**changes)
        state = self.state(values)
        inches = sum(panel.size[0] + 80 for panel in self.panels) / 90
        tallest = max(panel.size[1] + 130 for panel in self.panels) / 90
        widths = {"width_ratios": [panel.size[0] for panel in self.panels]}
        figure, axes = new_figure(inches, tallest, ncols=len(self.panels), squeeze=False, gridspec_kw=widths)
        settings = ", ".join(f"{c.label}: {_shown(values[c.name])}" for c in self.controls if not isinstance(c, Point))
        with book_style():
            for number, panel in enumerate(self.panels):
                shown = Panel(**{**vars(panel), "marks": self.marks(number, values)})
                shown.draw(axes[0, number], state)
            figure.suptitle(f"{self.title}\n{textwrap.fill(settings, int(inches * 13))}".strip(), fontsize=10)
        return figure

    def sweep(self) -> Iterator[dict[str, Any]]:
        """Every control over its whole range from the start values and from every preset, and all pairs of ends."""
        bases: list[dict[str, Any]] = [{}, *[dict(values) for values in self.presets.values()]]
        for base in bases:
            yield self.values(**base)
            for control in self.all_controls:
                for value in control.samples():
                    yield self.values(**{**base, control.name: value})
        for i, first in enumerate(self.all_controls):
            for second in self.all_controls[i + 1 :]:
                for a in (first.samples()[0], first.samples()[-1]):
                    for b in (second.samples()[0], second.samples()[-1]):
                        yield self.values(**{first.name: a, second.name: b})

    def faults(self, values: Mapping[str, Any]) -> list[str]:
        """What is wrong with the picture of these values: NaN or infinite numbers, words missing, an empty panel."""
        state = self.state(values)
        found = [f"{key} holds {bad}" for key, entry in state.items() if (bad := _bad_numbers(entry))]
        found += [f"{number.key} is missing" for number in self.readout if number.key not in state]
        if self.predict and not str(state.get(self.predict.verdict, "")):
            found.append("the guess gets no verdict")
        for number, panel in enumerate(self.panels):
            shown = Panel(**{**vars(panel), "marks": self.marks(number, values)})
            if not shown.visible(state) and not state.get("note"):  # a note says why nothing can be drawn
                found.append(f"panel {panel.title!r} is empty")
            found += [
                f"{mark.key!r} holds NaN"
                for mark in panel.marks
                if isinstance(mark, HeatMap) and not len(mark.points(state, panel.frame))
            ]
        return found


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else number_words(value)


def _bad_numbers(entry: Any) -> str:
    """Name what is not finite in an array or number; rows that are NaN throughout lift the pen and are fine."""
    if isinstance(entry, str) or (isinstance(entry, list) and entry and isinstance(entry[0], tuple)):
        return ""
    shown = entry.compressed() if isinstance(entry, np.ma.MaskedArray) else entry
    numbers = np.asarray(shown, dtype=float)
    if np.isinf(numbers).any():
        return "an infinite number"
    if numbers.ndim == 2 and numbers.shape[1] == 2:
        numbers = numbers[~np.isnan(numbers).all(axis=1)]
    return "NaN" if np.isnan(numbers).any() else ""
