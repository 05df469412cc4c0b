"""The marks: one a file, all with the face of :class:`gradbook.explore.marks.base.Mark`."""

from gradbook.explore.marks.arrows import Arrows
from gradbook.explore.marks.bars import Bars
from gradbook.explore.marks.base import Frame, Mark, State
from gradbook.explore.marks.dots import Dots
from gradbook.explore.marks.heat_map import HeatMap
from gradbook.explore.marks.labels import Labels
from gradbook.explore.marks.path import Path

__all__ = ["Arrows", "Bars", "Dots", "Frame", "HeatMap", "Labels", "Mark", "Path", "State"]
