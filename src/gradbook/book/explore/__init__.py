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

from gradbook.explore.controls import Choice, Point, Slider, Steps, Text, Toggle
from gradbook.explore.geometry import arrow_outline, clip_polygon, contour_lines, join_paths
from gradbook.explore.marks import Arrows, Bars, Dots, HeatMap, Labels, Path
from gradbook.explore.panel import Panel
from gradbook.explore.picture import Number, Picture, Predict
from gradbook.explore.progress import progress
from gradbook.explore.show import show_figure, show_source, show_table
from gradbook.explore.style import COLOURS, TASKS, new_figure
from gradbook.explore.switches import Switches

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
    "join_paths",
    "new_figure",
    "progress",
    "show_figure",
    "show_source",
    "show_table",
]
