"""Run chapters top to bottom on clean kernels and store their outputs: ``python -m gradbook.book.run [NAME …]``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from gradbook.book.chapters import ROOT
from gradbook.book.normalise import normalise
from gradbook.explore.style import chinese_font


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
