"""The widget kit: live pictures whose every state is a pure function of their controls.

A picture is three things, written down once::

    Picture(
        controls=[Slider("scale", "scale c", 0.1, 10, 1, log=True), Point("g", "g", (1, 0))],
        compute=function_from_control_values_to_arrays,
        panels=[Panel("the plane", x=(-2, 2), y=(-2, 2), marks=[Arrows("update", "update u")])],
        ...
    ).show()

From them come the live picture (bqplot and ipywidgets, fed by the kernel), the static picture of the same
state (matplotlib) and the sweep over all controls that the tests run without a browser.
"""

from gradbook.book.explore.controls import Choice, Point, Slider, Steps, Text, Toggle
from gradbook.book.explore.live import Picture
from gradbook.book.explore.marks import Dots, Labels, Path
from gradbook.book.explore.panel import Panel
from gradbook.book.explore.picture import Number, Predict
from gradbook.book.explore.shapes import Arrows, Bars, HeatMap, arrow_outline, clip_polygon, contour_lines, join_paths
from gradbook.book.explore.show import progress, show_figure, show_source, show_table
from gradbook.book.explore.style import COLOURS, TASKS, draw_arrow, new_figure
from gradbook.book.explore.switches import Switches

__all__ = [
    "COLOURS",
    "TASKS",
    "Arrows",
    "Bars",
    "Choice",
    "Dots",
    "HeatMap",
    "Labels",
    "Number",
    "Panel",
    "Path",
    "Picture",
    "Point",
    "Predict",
    "Slider",
    "Steps",
    "Switches",
    "Text",
    "Toggle",
    "arrow_outline",
    "clip_polygon",
    "contour_lines",
    "draw_arrow",
    "join_paths",
    "new_figure",
    "progress",
    "show_figure",
    "show_source",
    "show_table",
]
