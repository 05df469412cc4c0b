"""What a notebook that was run in the browser holds when the reader saves it."""

import time

import nbformat

from gradbook.book.chapters import ROOT
from gradbook.book.make.browser import PANEL
from gradbook.book.make.run import normalise


def check_saved_outputs(page, lab, path):
    """Save the open notebook at ``path``: everything printed must be as it is stored in the book."""
    file = lab.root / path
    before = file.stat().st_mtime_ns
    page.locator(f"{PANEL} .jp-Cell").first.click()
    page.keyboard.press("Control+s")
    end = time.monotonic() + 30
    while file.stat().st_mtime_ns == before:
        assert time.monotonic() < end, "JupyterLab didn't save the notebook"
        page.wait_for_timeout(200)
    page.wait_for_timeout(500)
    for number, (found, stored) in enumerate(zip(printed(file), printed(ROOT / path), strict=True)):
        assert found == stored, f"code cell {number}"


def printed(path):
    """The outputs of every code cell of a notebook, but pictures, whose last bit may depend on fonts."""
    notebook = normalise(nbformat.read(path, as_version=4))
    return [
        [
            output.get("text") or {key: value for key, value in output.data.items() if key != "image/png"}
            for output in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
