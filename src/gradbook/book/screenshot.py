"""A picture of chapter 1 as a reader sees it, for the README."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from gradbook.book.lab import PANEL, browser_page, open_notebook, run_all, running_lab, scroll_to, settle

NAME = "01-loss-weighting/screenshot.png"


def screenshot() -> bytes:
    """Open chapter 1 in JupyterLab, run it, scale the second loss, and return what is on the screen as PNG."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, browser_page() as page:
        open_notebook(page, lab, "chapters/01-loss-weighting.ipynb")
        run_all(page)
        page.keyboard.press("Control+b")  # close the file browser
        scroll_to(page, "Before the first formula")
        picture = page.locator(f"{PANEL} .gradbook-live").first
        picture.get_by_role("button", name="… and the initial-state cure").click()
        page.mouse.move(5, 5)
        settle(page)
        shot = Image.open(io.BytesIO(page.screenshot()))
        small = io.BytesIO()
        shot.convert("RGB").quantize(128).save(small, "PNG", optimize=True)
        return small.getvalue()
