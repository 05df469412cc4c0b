"""Many small switches that lie in a panel: a click on its dot flips one, or its button from the keyboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
from traitlets import HasTraits, Unicode


@dataclass(frozen=True)
class Switches:
    """Yes or no for each name in ``places``, where (x, y) of panel number ``panel`` answers to clicks.

    The value is one string: the names that are on, in the order of ``places``, with spaces between. A name has no
    space in it. The picture draws the dots itself, from its state; the control only listens.
    """

    name: str
    label: str
    places: Mapping[str, tuple[float, float]]
    value: str = ""
    panel: int = 0

    def __post_init__(self) -> None:
        if bad := [name for name in self.places if not isinstance(name, str) or name.split() != [name]]:
            raise ValueError(f"{self.name}: places must have names without spaces, got {bad[0]!r}")
        if self.checked(self.value) != self.value:
            raise ValueError(f"{self.name} must name its switches in the order of places, got {self.value!r}")

    def samples(self) -> list[str]:
        """None, the start value, every second one, all."""
        names = list(self.places)
        return list(dict.fromkeys(["", self.value, " ".join(names[::2]), " ".join(names)]))

    def checked(self, value: Any) -> str:
        """Return ``value`` in order, each name once; ValueError for a name that is no switch."""
        names = str(value).split()
        if unknown := [name for name in names if name not in self.places]:
            raise ValueError(f"{self.name} must hold names of {' '.join(self.places)}, got {unknown[0]!r}")
        return " ".join(name for name in self.places if name in names)

    def flipped(self, value: str, place: int) -> str:
        """Return ``value`` with switch number ``place`` in the other position; IndexError if there is none."""
        if place < 0:
            raise IndexError(f"{self.name} has {len(self.places)} switches from 0 on, got number {place}")
        return self.checked(" ".join({list(self.places)[place]} ^ set(value.split())))

    def widget(self) -> SwitchRow:
        """The row of buttons."""
        return SwitchRow(self)

    def targets(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot mark of unseen dots that take clicks; one under the pointer shows."""
        x, y = np.array(list(self.places.values()), dtype=float).reshape(-1, 2).T
        return bqplot.Scatter(
            x=np.ascontiguousarray(x),
            y=np.ascontiguousarray(y),
            scales=dict(scales),
            colors=["#222222"],
            stroke="ivory",  # what the style sheet knows them by
            default_size=220,
            opacities=[0.0],
        )


class SwitchRow(HasTraits):
    """Toggle buttons, one a switch, and the ``value`` that they show; ``box`` is what to display."""

    value = Unicode()

    def __init__(self, control: Switches) -> None:
        super().__init__()
        self._control = control
        self._buttons = {
            name: widgets.ToggleButton(description=name, tooltip=f"{control.label}: {name}") for name in control.places
        }
        words = widgets.Label(control.label)
        self.box = widgets.HBox([words, *self._buttons.values()], layout={"flex_flow": "row wrap"})
        self.box.add_class("gradbook-switches")
        self.observe(lambda change: self._show(change["new"]), names="value")
        for button in self._buttons.values():
            button.observe(lambda _: self._pressed(), names="value")
        self._held = False  # True while the buttons follow the value
        self.value = control.value

    def _show(self, value: str) -> None:
        held, self._held = self._held, True
        for name, button in self._buttons.items():
            button.value = name in value.split()
        self._held = held

    def _pressed(self) -> None:
        if not self._held:
            self.value = " ".join(name for name, button in self._buttons.items() if button.value)
