"""One pair of axes with its marks, drawn live by bqplot or still by matplotlib from the same state."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import bqplot
import numpy as np
from matplotlib.ticker import MaxNLocator

from gradbook.book.explore.marks import Frame, Mark, State
from gradbook.book.explore.style import COLOURS

_MARGIN = {"top": 12, "bottom": 48, "left": 62, "right": 18}  # pixels round the plot, for the axes' words
_BARE = {"top": 4, "bottom": 4, "left": 6, "right": 6}


@dataclass(frozen=True)
class Panel:
    """A title, the ranges of both axes, their names, and marks.

    ``size`` is the plot's width and height in pixels without its axes. For a plane, give ranges and sizes of the same
    ratio. Ranges stay fixed while the reader moves controls: a picture that rescales itself hides change.
    """

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    marks: Sequence[Mark] = field(default_factory=tuple)
    x_label: str = ""
    y_label: str = ""
    size: tuple[int, int] = (340, 300)
    log_x: bool = False
    log_y: bool = False
    x_ticks: Mapping[int, str] = field(default_factory=dict)  # words at places on the x axis instead of numbers
    y_ticks: Mapping[int, str] = field(default_factory=dict)  # and on the y axis
    bare: bool = False  # no axes: the marks bring their own words

    @property
    def frame(self) -> Frame:
        """The ranges that marks are told."""
        return Frame(self.x, self.y)

    def visible(self, state: State) -> bool:
        """True if some mark has a finite point inside the ranges: the panel isn't empty."""
        for mark in self.marks:
            points = mark.points(state, self.frame)
            inside = (points >= [self.x[0], self.y[0]]) & (points <= [self.x[1], self.y[1]])
            if inside.all(axis=1).any():
                return True
        return False

    def scales(self) -> dict[str, Any]:
        """The bqplot scales of both axes."""
        kinds = {True: bqplot.LogScale, False: bqplot.LinearScale}
        return {
            "x": kinds[self.log_x](min=float(self.x[0]), max=float(self.x[1])),
            "y": kinds[self.log_y](min=float(self.y[0]), max=float(self.y[1])),
        }

    def _tick_options(self, low: float, high: float, log: bool) -> dict[str, Any]:
        """Ticks at round numbers: left alone, bqplot divides a range that its marks have padded."""
        if not log:
            ticks = np.asarray(MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high))
            return {"tick_values": ticks[(ticks >= low) & (ticks <= high)], "tick_format": "~g"}
        powers = np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1)
        return {"tick_values": 10.0 ** powers[:: -(-len(powers) // 6)], "tick_format": "~g"}

    def live(self, scales: dict[str, Any], marks: Sequence[Any]) -> Any:
        """The bqplot figure around ready-made marks."""
        ink = {"stroke": COLOURS["ink"], "fill": COLOURS["ink"], "stroke-width": 0, "font-size": "12px"}
        common: dict[str, Any] = {"label_color": COLOURS["ink"], "tick_style": ink, "grid_color": "#E4E4E0"}
        across = bqplot.Axis(scale=scales["x"], label=self.x_label, **common, **self._tick_options(*self.x, self.log_x))
        if self.x_ticks:
            across.tick_values = np.array(list(self.x_ticks), dtype=float)
            across.tick_labels = {str(place): word for place, word in self.x_ticks.items()}
        upward = bqplot.Axis(
            scale=scales["y"],
            label=self.y_label,
            orientation="vertical",
            label_offset="3.2em",
            **common,
            **self._tick_options(*self.y, self.log_y),
        )
        margin = _BARE if self.bare else _MARGIN
        if self.y_ticks:
            upward.tick_values = np.array(list(self.y_ticks), dtype=float)
            upward.tick_labels = {str(place): word for place, word in self.y_ticks.items()}
        width = self.size[0] + margin["left"] + margin["right"]
        height = self.size[1] + margin["top"] + margin["bottom"]
        return bqplot.Figure(
            marks=list(marks),
            axes=[] if self.bare else [across, upward],
            fig_margin=margin,
            animation_duration=0,
            display_toolbar=False,
            background_style={"fill": COLOURS["paper"]},
            padding_x=0,
            padding_y=0,
            layout={"width": f"{width}px", "height": f"{height}px", "min_width": f"{width}px"},
        )

    def draw(self, axes: Any, state: State) -> None:
        """Draw on matplotlib axes."""
        for mark in self.marks:
            mark.draw(axes, state, self.frame)
        axes.set(xlim=self.x, ylim=self.y, xlabel=self.x_label, ylabel=self.y_label)
        axes.set_title(textwrap.fill(self.title, self.size[0] // 7), fontsize=9)
        axes.set_box_aspect(self.size[1] / self.size[0])
        axes.set_xscale("log" if self.log_x else "linear")
        axes.set_yscale("log" if self.log_y else "linear")
        if self.x_ticks:
            axes.set_xticks(list(self.x_ticks), list(self.x_ticks.values()))
        if self.y_ticks:
            axes.set_yticks(list(self.y_ticks), list(self.y_ticks.values()))
        if self.bare:
            axes.set_axis_off()
        if any(mark.label for mark in self.marks):
            axes.legend(
                loc="upper left",
                bbox_to_anchor=(0, -0.02 if self.bare else -0.16),
                ncols=2,
                fontsize=9,
                borderaxespad=0,
                frameon=False,
            )

    def heading(self) -> str:
        """The title and the legend as HTML: it wraps, it can be read aloud, and it costs the picture nothing."""
        legend = " &ensp;".join(
            f'<span style="white-space:nowrap"><span style="color:{mark.colour}">'
            f"{'╍' if getattr(mark, 'dashed', False) else '■'}</span> {html.escape(mark.label)}</span>"
            for mark in self.marks
            if mark.label
        )
        return (
            f'<div style="line-height:1.4; max-width:{self.size[0] + 70}px">{html.escape(self.title)}<br>{legend}</div>'
        )
