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
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike
from PIL import Image as PillowImage

from gradbook.explore.marks.base import Array, Frame, State, entry, send
from gradbook.explore.style import COLOURS


@dataclass(frozen=True)
class HeatMap:
    """A matrix (rows, columns) as coloured cells that fill the panel, row 0 at the top.

    ``low`` and ``high`` are the values of the colour map's ends. The masked cells of a ``numpy.ma`` array stay blank.
    ``x`` and ``y`` are the ranges that the cells fill, where it isn't the whole panel. Live it's a PNG with one pixel
    a cell, which the browser enlarges without smoothing: a large map costs as little as a small one.
    """

    key: str | ArrayLike
    low: float
    high: float
    label: str = ""
    colour: str = COLOURS["ink"]
    colours: str = "cividis"
    x: tuple[float, float] | None = None
    y: tuple[float, float] | None = None

    def _cells(self, state: State) -> np.ma.MaskedArray[Any, Any]:
        cells: np.ma.MaskedArray[Any, Any] = np.ma.asarray(entry(self.key, state), dtype=float)
        if cells.ndim != 2:
            raise ValueError(f"a heat map needs a matrix, got shape {cells.shape}")
        return cells

    def points(self, state: State, frame: Frame) -> Array:
        """Its corners; NaN if any cell is NaN, so that the sweep's test sees it."""
        cells = self._cells(state)
        x, y = self._ranges(frame)
        corner = np.array([[x[0], y[0]], [x[1], y[1]]])
        return corner if cells.count() and np.isfinite(cells.compressed()).all() else np.empty((0, 2))

    def _ranges(self, frame: Frame) -> tuple[tuple[float, float], tuple[float, float]]:
        return self.x or frame.x, self.y or frame.y

    def _png(self, cells: np.ma.MaskedArray[Any, Any]) -> bytes:
        """One byte a cell: 0 to 254 along the colour map, 255 for a blank one."""
        share = np.clip((cells - self.low) / (self.high - self.low), 0, 1)
        places = np.where(np.ma.getmaskarray(cells), 255, np.round(np.ma.getdata(share) * 254))
        picture = PillowImage.fromarray(places.astype(np.uint8), mode="P")
        palette = np.vstack([mpl.colormaps[self.colours](np.linspace(0, 1, 255))[:, :3], to_rgb(COLOURS["paper"])])
        picture.putpalette(np.round(palette * 255).astype(np.uint8).tobytes())
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def live(self, scales: Mapping[str, Any]) -> Any:
        """A bqplot ``Image`` mark that shows one of two ``ipywidgets.Image``, its own ``spare`` being the other."""
        shown, spare = (widgets.Image(value=self._png(np.ma.zeros((1, 1))), format="png") for _ in range(2))
        mark = bqplot.Image(image=shown, scales=dict(scales), pixelated=True)
        mark.spare = spare
        return mark

    def update(self, mark: Any, state: State, frame: Frame) -> None:
        """Replace the PNG. In the browser the mark looks at it anew only when it is given another ``image``."""
        picture = self._png(self._cells(state))
        if mark.image.value != picture:
            mark.spare.value = picture
            mark.spare, mark.image = mark.image, mark.spare
        x, y = self._ranges(frame)
        send(mark, x=np.array(x, dtype=float), y=np.array(y, dtype=float))

    def draw(self, axes: Any, state: State, frame: Frame) -> None:
        """Draw with ``Axes.imshow``."""
        x, y = self._ranges(frame)
        axes.imshow(
            self._cells(state),
            extent=(*x, *y),
            vmin=self.low,
            vmax=self.high,
            cmap=self.colours,
            aspect="auto",
            interpolation="nearest",
        )
        axes.grid(False)
