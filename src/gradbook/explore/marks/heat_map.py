"""A matrix as coloured cells."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bqplot
import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image as PillowImage

from gradbook.explore.marks.base import Array, Frame, State, entry, send
from gradbook.explore.style import COLOURS


@dataclass(frozen=True)
class HeatMap:
    """A matrix (rows, columns) as coloured cells that fill the panel, row 0 at the top.

    ``low`` and ``high`` are the values of the colour map's ends. Live it's a PNG with one pixel a cell, which the
    browser enlarges without smoothing: a large map costs as little as a small one.
    """

    key: str | ArrayLike
    low: float
    high: float
    label: str = ""
    colour: str = COLOURS["ink"]
    colours: str = "cividis"

    def _cells(self, state: State) -> Array:
        cells = np.asarray(entry(self.key, state), dtype=float)
        if cells.ndim != 2:
            raise ValueError(f"a heat map needs a matrix, got shape {cells.shape}")
        return cells

    def points(self, state: State, frame: Frame) -> Array:
        """Its corners; NaN if any cell is NaN, so that the sweep's test sees it."""
        cells = self._cells(state)
        corner = np.array([[frame.x[0], frame.y[0]], [frame.x[1], frame.y[1]]])
        return corner if cells.size and np.isfinite(cells).all() else np.empty((0, 2))

    def _png(self, cells: Array) -> bytes:
        share = np.clip((cells - self.low) / (self.high - self.low), 0, 1)
        picture = PillowImage.fromarray(np.round(share * 255).astype(np.uint8), mode="P")
        palette = mpl.colormaps[self.colours](np.arange(256))[:, :3]
        picture.putpalette(np.round(palette * 255).astype(np.uint8).tobytes())
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def live(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot ``Image`` mark that shows an ``ipywidgets.Image``."""
        return bqplot.Image(
            image=widgets.Image(value=self._png(np.zeros((1, 1))), format="png"),
            scales=dict(scales),
            pixelated=True,
        )

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace the PNG."""
        picture = self._png(self._cells(state))
        if mark.image.value != picture:
            mark.image.value = picture
        send(mark, x=np.array(frame.x, dtype=float), y=np.array(frame.y, dtype=float))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.imshow``."""
        axes.imshow(
            self._cells(state),
            extent=(*frame.x, *frame.y),
            vmin=self.low,
            vmax=self.high,
            cmap=self.colours,
            aspect="auto",
            interpolation="nearest",
        )
        axes.grid(False)
