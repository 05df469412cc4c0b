"""The live picture: ipywidgets controls, bqplot figures, and one function that carries a change from one to the other.

In JupyterLab the events arrive in a thread beside the running cells, one after the other; ipywidgets keeps one
message in flight and drops what a fast drag made obsolete. What is left to do here is little: compute, and send only
the arrays that changed.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
from IPython.display import display

from gradbook.book.explore.controls import Control, Point, Steps
from gradbook.book.explore.marks import State
from gradbook.book.explore.picture import REVEALED, StillPicture
from gradbook.book.explore.shapes import Arrows
from gradbook.book.explore.show import WAKE, WIDGET, caption_html
from gradbook.book.explore.style import LIVE_CSS, png
from gradbook.book.explore.switches import Switches


class Live:
    """The widgets of one picture. ``widget`` is what to display; ``values`` are the controls' values right now."""

    def __init__(self, picture: StillPicture) -> None:
        self.picture = picture
        self.values = picture.values()
        self._controls = {control.name: control for control in picture.all_controls}
        self._lock = threading.RLock()  # a cell and an event may both set values
        self._held = False  # True while several controls are set at once
        self._refused: dict[str, str] = {}  # control name -> why what it shows was not taken
        self._inputs: dict[str, Any] = {}  # control name -> the widget that holds its value
        self._points: dict[str, tuple[Any, Any]] = {}  # point name -> (arrow or None, draggable scatter)
        self._readout = widgets.HTML()
        self._message = widgets.HTML()
        self._figures = [self._figure(number) for number in range(len(picture.panels))]
        self.widget = self._assemble()
        self.refresh()

    def set(self, **changes: Any) -> None:
        """Move controls from code, as a preset does; one redraw however many move."""
        with self._lock:
            self.values = {
                **self.values,
                **{k: v for k, v in self.picture.values(**changes).items() if k in changes},
            }
            self._show_controls()
            self.refresh()

    def reset(self) -> None:
        """Put every control back to its start value."""
        self.set(**{control.name: control.value for control in self.picture.all_controls})

    def refresh(self) -> None:
        """Compute the state of the present values and show it; an error becomes a sentence in place."""
        with self._lock:
            try:
                state = self.picture.state(self.values)
                self._draw(state)
                note = str(state.get("note", ""))
            except Exception as error:  # whatever it is, the reader must see it, not the log
                note = f"This picture can't be drawn for these values: {error} ({type(error).__name__})"
            self._say(note)

    def _say(self, note: str) -> None:
        """Show the picture's note, and before it what was refused and still stands in a control."""
        shown = " ".join(filter(None, [*self._refused.values(), note]))
        self._message.value = f'<p role="alert">{html.escape(shown)}</p>' if shown else ""

    # -- drawing -------------------------------------------------------------------------------------------------

    def _figure(self, number: int) -> tuple[Any, list[Any]]:
        panel = self.picture.panels[number]
        scales = panel.scales()
        marks = [mark.live(scales) for mark in panel.marks]
        shown = list(marks)
        for control in self.picture.controls:
            if isinstance(control, Point) and control.panel == number:
                shown += self._draggable(control, scales)
            elif isinstance(control, Switches) and control.panel == number:
                shown.append(self._clickable(control, scales))
        return panel.live(scales, shown), marks

    def _draggable(self, control: Point, scales: Mapping[str, Any]) -> list[Any]:
        """The handle of a point and, for a vector, its arrow."""
        x, y = control.value
        handle = bqplot.Scatter(
            x=np.array([x]),
            y=np.array([y]),
            scales=dict(scales),
            colors=[control.colour],
            stroke="white",
            default_size=160,
            enable_move=True,
            update_on_move=True,
            restrict_x=control.axis == "x",
            restrict_y=control.axis == "y",
            names=np.array([control.label]),
            display_names=True,
        )
        arrow = Arrows("unused", colour=control.colour).live(scales) if control.vector else None
        self._points[control.name] = arrow, handle
        handle.observe(lambda _: self._dragged(control), names=["x", "y"])
        return [handle] if arrow is None else [arrow, handle]

    def _clickable(self, control: Switches, scales: Mapping[str, Any]) -> Any:
        """The unseen dots of switches."""
        targets = control.targets(scales)
        targets.on_element_click(lambda _, told: self._clicked(control, int(told["data"]["index"])))
        return targets

    def _draw(self, state: State) -> None:
        for panel, (_, marks) in zip(self.picture.panels, self._figures, strict=True):
            for mark, live in zip(panel.marks, marks, strict=True):
                mark.update(live, state, panel.frame)
        self._draw_vectors()
        text = " &emsp; ".join(html.escape(number.text(state)) for number in self.picture.readout)
        predict = self.picture.predict
        if predict:
            shown = str(state[predict.verdict]) if self.values[REVEALED] else predict.prompt
            text = f"<b>{html.escape(shown)}</b><br>{text}"
        self._readout.value = f'<div role="status" style="line-height:1.5">{text}</div>'

    def _draw_vectors(self) -> None:
        for control in self.picture.controls:
            if isinstance(control, Point) and control.vector:
                arrow, _ = self._points[control.name]
                frame = self.picture.panels[control.panel].frame
                outline = np.array([[[0.0, 0.0], self.values[control.name]]])
                Arrows(outline, colour=control.colour).update(arrow, {}, frame)

    # -- events --------------------------------------------------------------------------------------------------

    def _changed(self, name: str, value: Any) -> None:
        """One control has a new value: redraw, unless it's an echo of what we set ourselves or can't be taken."""
        with self._lock:
            if self._held:
                return
            refused = self._refused.pop(name, "")
            try:
                taken = self._controls[name].checked(value)
            except ValueError as error:
                self._refused[name] = str(error)
            else:
                if self.values[name] == taken and not refused:
                    return
                self.values[name] = taken
                if taken != value:
                    self._show_controls()  # a text has lost the spaces at its ends
            self.refresh()

    def _dragged(self, control: Point) -> None:
        _, handle = self._points[control.name]
        with self._lock:
            if self._held or not len(handle.x) or not np.isfinite([handle.x[0], handle.y[0]]).all():
                return
            self._changed(control.name, control.clamped(float(handle.x[0]), float(handle.y[0])))
            self._show_boxes(control)  # after the picture: the boxes may be a frame late

    def _clicked(self, control: Switches, place: int) -> None:
        with self._lock:
            self.set(**{control.name: control.flipped(self.values[control.name], place)})

    def _typed(self, control: Point) -> None:
        across, up = self._inputs[control.name]
        with self._lock:
            if not self._held:
                self.set(**{control.name: control.clamped(across.value, up.value)})

    def _show_boxes(self, control: Point) -> None:
        held, self._held = self._held, True
        try:
            for box, number in zip(self._inputs[control.name], self.values[control.name], strict=True):
                if abs(box.value - number) > 5e-4:
                    box.value = round(number, 3)
        finally:
            self._held = held

    def _show_controls(self) -> None:
        """Let every control show ``values`` without answering its own events."""
        self._held = True
        self._refused.clear()
        try:
            for control in self.picture.all_controls:
                if not isinstance(control, Point):
                    self._inputs[control.name].value = self.values[control.name]
                    continue
                _, handle = self._points[control.name]
                x, y = self.values[control.name]
                with handle.hold_sync():
                    handle.x, handle.y = np.array([x]), np.array([y])
                self._show_boxes(control)
        finally:
            self._held = False

    # -- layout --------------------------------------------------------------------------------------------------

    def _assemble(self) -> Any:
        controls = [self._control(control) for control in self.picture.controls]
        buttons = [
            _button(name, partial(self._preset, values), "Set the controls to this case")
            for name, values in self.picture.presets.items()
        ]
        if self.picture.predict:
            reveal = widgets.ToggleButton(False, description=self.picture.predict.button, button_style="primary")
            self._watch(REVEALED, reveal)
            buttons.insert(0, reveal)
        buttons.append(_button("Reset", self.reset, "Back to the start"))
        wrap = {"flex_flow": "row wrap", "align_items": "center"}
        row = {**wrap, "align_items": "flex-end"}
        figures = [
            widgets.VBox([widgets.HTML(panel.heading()), figure])
            for panel, (figure, _) in zip(self.picture.panels, self._figures, strict=True)
        ]
        box = widgets.VBox(
            [
                widgets.HTML(f"{LIVE_CSS}<b>{html.escape(self.picture.title)}</b>"),
                widgets.HBox(controls, layout=wrap),
                widgets.HBox(buttons, layout=wrap),
                widgets.HBox(figures, layout=row),
                self._readout,
                self._message,
            ]
        )
        box.add_class("gradbook-live")
        return box

    def _preset(self, values: Mapping[str, Any]) -> None:
        """The other controls go back to their start; points that the reader has put somewhere, and Reveal, stay."""
        kept = [c for c in self.picture.controls if not isinstance(c, Point)]
        self.set(**{**{control.name: control.value for control in kept}, **values})

    def _control(self, control: Control) -> Any:
        if isinstance(control, Point):
            return self._boxes(control)
        made = control.widget()  # type: ignore[attr-defined]
        self._watch(control.name, made)
        if isinstance(control, Switches):
            return made.box
        return widgets.HBox([control.play_button(made), made]) if isinstance(control, Steps) else made

    def _watch(self, name: str, made: Any) -> None:
        self._inputs[name] = made
        made.observe(lambda change: self._changed(name, change["new"]), names="value")

    def _boxes(self, control: Point) -> Any:
        """Two number boxes: a draggable point must also answer to the keyboard."""
        boxes = [
            widgets.BoundedFloatText(
                control.value[i],
                min=control.low[i],
                max=control.high[i],
                step=0.1,
                description=control.label if control.axis != "xy" else f"{control.label} {'xy'[i]}",
                style={"description_width": "initial"},
                layout={"width": f"{0.5 * len(control.label) + 8:.0f}em"},
            )
            for i in (0, 1)
        ]
        self._inputs[control.name] = boxes
        for box in boxes:
            box.observe(lambda _: self._typed(control), names="value")
        return widgets.HBox([box for box, way in zip(boxes, "xy", strict=True) if way in control.axis])


def _button(text: str, action: Callable[[], None], tooltip: str) -> Any:
    button = widgets.Button(description=text, tooltip=tooltip, layout={"width": "auto"})
    button.on_click(lambda _: action())
    return button


@dataclass(frozen=True)
class Picture(StillPicture):
    """A picture that comes alive: controls, a pure function from their values to arrays, and a fixed drawing of those.

    ``compute`` takes the controls' values by name and returns the state; see :class:`StillPicture`.
    """

    def show(self) -> None:
        """Display the still twin for readers without a kernel, the live picture that hides it, and the caption."""
        live = Live(self)
        name = self.caption.partition(". ")[0]
        display({"image/png": png(self.static()), "text/plain": f"[{name}]"}, raw=True)
        bundle = dict(live.widget._repr_mimebundle_())
        display({WIDGET: bundle[WIDGET], "text/plain": WAKE}, raw=True)
        display(caption_html(self.caption, self.alt))
