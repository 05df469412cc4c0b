"""A JupyterLab with the book's settings on a copy of the book, and a headless Chromium that reads it.

For the browser tests, the measurements and the screenshots; needs playwright (in the extra "test") and a Chromium.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as BrowserTimeout

from gradbook.book.chapters import ROOT

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# What stands before the code cells, "[3]:", "[*]:" or "[ ]:", as the browser sees it.
PROMPTS = "[...document.querySelectorAll(panel + ' .jp-CodeCell .jp-InputPrompt')].map(prompt => prompt.innerText)"


@dataclass(frozen=True)
class Lab:
    """Where the server listens, its token, and the folder it serves."""

    url: str
    token: str
    root: Path

    def address(self, path: str = "") -> str:
        """The address of a notebook, in a workspace of its own; of the start page without ``path``."""
        place = f"lab/workspaces/w{time.monotonic_ns()}/tree/{path}?reset&" if path else "?"
        return f"{self.url}{place}token={self.token}"


def chromium() -> str | None:
    """The system's Chromium or Chrome, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def running_lab(folder: Path, *options: str, settings: bool = True) -> Iterator[Lab]:
    """Serve a copy of the book from ``folder``: JupyterLab saves what it opens, the repository must not change.

    ``settings=False`` leaves the book's own settings out: JupyterLab as it is installed.
    """
    book = folder / "book"
    for name in ("chapters", "figures"):
        shutil.copytree(ROOT / name, book / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    own = {
        f"JUPYTER{name}": str(folder / name.lower())
        for name in ("_RUNTIME_DIR", "_DATA_DIR", "_CONFIG_DIR", "LAB_WORKSPACES_DIR", "LAB_SETTINGS_DIR")
    }
    config = str(ROOT / ".jupyter") if settings else ""
    environment = {**os.environ, **own, "JUPYTER_CONFIG_PATH": config, "JUPYTER_PREFER_ENV_PATH": "1"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *options]
    with (
        (folder / "lab.log").open("w") as log,
        subprocess.Popen(command, cwd=book, env=environment, stdout=log, stderr=subprocess.STDOUT) as server,
    ):
        try:
            yield _wait(server, Path(own["JUPYTER_RUNTIME_DIR"]), book)
        finally:
            server.terminate()


def _wait(server: subprocess.Popen[bytes], runtime: Path, root: Path) -> Lab:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError((root.parent / "lab.log").read_text())
        for file in runtime.glob("jpserver-*.json"):
            try:
                found = json.loads(file.read_text())
            except json.JSONDecodeError:  # still being written
                continue
            if "is running at:\n" in (root.parent / "lab.log").read_text().replace("\r", ""):
                try:
                    socket.create_connection(("127.0.0.1", found["port"]), timeout=5).close()
                except OSError:  # announced, not yet listening
                    continue
                return Lab(found["url"], found["token"], root)
        time.sleep(0.1)
    raise TimeoutError("JupyterLab didn't start within a minute")


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page in headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        yield page
        browser.close()


def open_notebook(page: Page, lab: Lab, path: str) -> None:
    """Open a notebook by its address and wait until its kernel is idle."""
    page.goto(lab.address(path), wait_until="domcontentloaded")
    wait_idle(page)


def wait_idle(page: Page, timeout: float = 60) -> None:
    """Wait until the open notebook's kernel is idle."""
    page.wait_for_selector(f"{PANEL} .jp-Notebook .jp-Cell", timeout=timeout * 1000)
    page.wait_for_function(
        "panel => document.querySelector(panel + ' .jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'",
        arg=PANEL,
        timeout=timeout * 1000,
    )


def menu(page: Page, name: str, entry: str) -> None:
    """Choose an entry of the menu bar."""
    page.get_by_role("menuitem", name=name, exact=True).click()
    page.wait_for_timeout(300)
    page.get_by_role("menuitem", name=entry, exact=True).click()


def run_all(page: Page, timeout: float = 400) -> None:
    """Run every cell on the kernel that the notebook was opened with, and wait for the last.

    The kernel isn't restarted: a restart within a second of the start may lose the connection, and no cell ever runs.
    """
    # A cell that is to run has a star in its prompt at once.
    waiting = f"{PROMPTS}.some(prompt => prompt.includes('*'))"
    for last in (False, False, False, True):
        page.wait_for_timeout(1000)
        menu(page, "Run", "Run All Cells")
        try:
            page.wait_for_function(f"panel => {waiting}", arg=PANEL, timeout=10_000)
            break
        except BrowserTimeout:  # a click in the first moments after opening is lost
            if last:
                raise
    page.wait_for_function(f"panel => !{waiting}", arg=PANEL, timeout=timeout * 1000)
    wait_idle(page, timeout)  # cells that are out of sight have no star
    page.wait_for_timeout(500)


def scroll_to(page: Page, text: str) -> None:
    """Bring the cell or heading that contains ``text`` into view."""
    page.locator(f"{PANEL} .jp-Cell", has_text=text).first.scroll_into_view_if_needed()
    page.wait_for_timeout(500)


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
        page.wait_for_timeout(1500)
        shot = Image.open(io.BytesIO(page.screenshot()))
        small = io.BytesIO()
        shot.convert("RGB").quantize(128).save(small, "PNG", optimize=True)
        return small.getvalue()
