"""Run chapters top to bottom on clean kernels and store their outputs: ``python -m gradbook.book.make.run [NAME …]``.

What differs from run to run is taken out before a chapter is stored, what a reader sees stays.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from gradbook.book.chapters import ROOT
from gradbook.book.explore.show import WIDGET
from gradbook.book.explore.style import chinese_font

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
KEPT_CELL_METADATA = ("tags", "jupyter", "jp-MarkdownHeadingCollapsed")


def normalise(notebook: Any) -> Any:
    """Return ``notebook``, changed in place: counts from 1, no widget state, no times, no kernel's own names.

    Live pictures lose the identity of their widget, which no other kernel knows; the still picture beside it and a
    sentence on how to wake it stay. Raises ValueError, naming the cell, for a stored error or anything on stderr.
    """
    notebook.metadata.clear()
    notebook.metadata.update({"kernelspec": dict(KERNEL), "language_info": {"name": "python"}})
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.metadata = type(cell.metadata)({k: v for k, v in cell.metadata.items() if k in KEPT_CELL_METADATA})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _outputs(cell.outputs, count, f"cell {number}")
    return notebook


def _outputs(outputs: list[Any], count: int, where: str) -> list[Any]:
    kept: list[Any] = []
    for output in outputs:
        if output.output_type == "error":
            raise ValueError(f"{where} raised {output.ename}: {output.evalue}")
        if output.output_type == "stream" and output.name == "stderr":
            raise ValueError(f"{where} wrote to stderr: {output.text.strip()[:300]}")
        if output.output_type == "stream" and kept and kept[-1].output_type == "stream":
            kept[-1].text += output.text  # the kernel may send one print in several pieces
            continue
        if "execution_count" in output:
            output.execution_count = count
        if "data" in output:
            output.metadata = {}
            output.data.pop(WIDGET, None)
        kept.append(output)
    return kept


def execute(path: Path) -> Any:
    """Return the notebook at ``path``, run in its own folder and normalised; nothing is written."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    return normalise(notebook)


def main(names: list[str]) -> None:
    """Run and store the named chapters, or all; a chapter that fails is left as it was.

    Raises SystemExit on a machine without a Chinese font: its pictures would show boxes to every reader.
    """
    if chinese_font() is None:
        raise SystemExit("No font with Chinese characters found; on Debian: apt-get install fonts-noto-cjk")
    paths = sorted((ROOT / "chapters").glob("*.ipynb"))
    for path in paths:
        if names and not any(name in path.name for name in names):
            continue
        print(f"{path.name} …", end=" ", flush=True)
        start = time.monotonic()
        notebook = execute(path)
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
        print(f"{time.monotonic() - start:.0f} s, {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
