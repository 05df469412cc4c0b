"""A JupyterLab with the book's settings on a copy of the book, and a headless Chromium that reads it.

For the browser tests, the measurements and the screenshots; needs playwright (in the extra "test") and a Chromium.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

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
# The notebook in front, as JupyterLab's own programme sees it (it shows itself by --expose-app-in-browser).
FRONT = "window.jupyterapp?.shell?.currentWidget"
_READY = f"""async () => {{
  await jupyterapp.restored;
  await {FRONT}.context.ready;
  await {FRONT}.sessionContext.ready;
  await {FRONT}.sessionContext.session.kernel.info;
}}"""
# Every message to the kernel has a future, until the kernel has answered it and all that it sent before is handled.
# A widget may ask again when it's answered, and the browser draws in the frame that follows.
_SETTLED = f"""async () => {{
  const answered = new Set();
  for (let calm = 0; calm < 2; calm++) {{
    for (const future of {FRONT}.sessionContext.session.kernel._futures.values()) {{
      if (!answered.has(future)) {{
        await future.done;
        answered.add(future);
        calm = 0;
      }}
    }}
    await new Promise(requestAnimationFrame);
  }}
}}"""


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

    ``settings=False`` leaves the book's own settings out: JupyterLab as it is installed. Raises RuntimeError with what
    the server wrote if it ends before it listens.
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
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser", *options]
    with subprocess.Popen(
        command, cwd=book, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            yield _announced(server, book)
        finally:
            server.terminate()


def _announced(server: subprocess.Popen[str], root: Path) -> Lab:
    """Read what the server writes until it says where it listens, and then on: it would stop at a full pipe."""
    assert server.stdout
    said = []
    for line in server.stdout:
        said.append(line)
        if found := re.search(r"(http://127\.0\.0\.1:(\d+)/)\S*\?token=(\w+)", line):
            threading.Thread(target=server.stdout.read, daemon=True).start()
            while not _listens(int(found[2])):  # announced a moment before
                time.sleep(0.02)
            return Lab(found[1], found[3], root)
    raise RuntimeError("".join(said))


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page in headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        yield page
        browser.close()


def open_notebook(page: Page, lab: Lab, path: str) -> None:
    """Open a notebook by its address and wait until it can be run."""
    page.goto(lab.address(path), wait_until="domcontentloaded")
    wait_opened(page, path)


def wait_opened(page: Page, path: str) -> None:
    """Wait until the notebook at ``path`` is in front and its kernel has said who it is."""
    page.wait_for_function(f"path => {FRONT}?.context?.path === path", arg=path)
    page.evaluate(_READY)


def settle(page: Page) -> None:
    """Wait until the kernel has answered all that the notebook in front has asked it, and the browser has drawn it.

    Cells that run are waited for too, however long they take.
    """
    page.evaluate(_SETTLED)


def menu(page: Page, name: str, entry: str) -> None:
    """Choose an entry of the menu bar."""
    page.get_by_role("menuitem", name=name, exact=True).click()
    page.get_by_role("menuitem", name=entry, exact=True).click()


def run_all(page: Page) -> None:
    """Run every cell on the kernel that the notebook was opened with, and wait for the last.

    The kernel isn't restarted: a restart within a second of the start may lose the connection, and no cell ever runs.
    """
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
    settle(page)


def scroll_to(page: Page, text: str) -> None:
    """Bring the cell or heading that contains ``text`` into view."""
    page.locator(f"{PANEL} .jp-Cell", has_text=text).first.scroll_into_view_if_needed()


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
