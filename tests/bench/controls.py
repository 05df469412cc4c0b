"""From a pointer event to changed pixels, for every slider and point of every chapter, in a real browser.

``python -m tests.bench.controls [CHAPTER …]``. The yardstick, measured in the same run, is ``interact`` around an
inline matplotlib figure, once in JupyterLab as installed and once with the book's server settings (which stop TCP from
holding small messages back). Run it on a quiet machine; the ratio depends little on the machine, the milliseconds do.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page

from gradbook.book.chapters import CHAPTERS
from gradbook.book.explore import Picture, Slider, Steps
from gradbook.book.make.browser import PANEL, Lab, browser_page, chromium, open_notebook, run_all, running_lab, settle
from tests.browser.hands import LIVE, changes, handles_of, pictures_alone, pictures_of, reset, reveal, settings

MOVES = 20
YARDSTICK = """
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import interact

@interact(a=(0.0, 10.0, 0.05))
def draw(a=1.0):
    t = np.linspace(0, 6, 200)
    plt.figure(figsize=(6, 4))
    plt.plot(t, np.sin(a * t))
    plt.show()
"""
# The browser notes the time of each pointer event, and the time after each frame that painted a change of the watched
# elements. (The point that is dragged moves by itself, before the kernel has answered, so it isn't watched.)
WATCH = """
(root, [selector, handle]) => {
  window.__stop?.();
  const w = window.__watch = {events: [], frames: [], dirty: false, on: true};
  const onMove = e => w.events.push(performance.timeOrigin + e.timeStamp);
  addEventListener("pointermove", onMove, true);
  const added = r => [...r.addedNodes].some(n => n.matches?.(selector) || n.querySelector?.(selector));
  const own = r => handle.parentNode.contains(r.target);
  const changed = r => !own(r) && (r.target.matches?.(selector) || added(r));
  const seen = records => { w.dirty ||= records.some(changed); };
  const observer = new MutationObserver(seen);
  const shapes = ["d", "href", "src", "transform"];
  observer.observe(root, {subtree: true, childList: true, attributes: true, attributeFilter: shapes});
  const painted = new MessageChannel();      // a message sent in a frame arrives when the frame has been painted
  painted.port1.onmessage = () => {
    if (w.dirty) { w.dirty = false; w.frames.push(performance.timeOrigin + performance.now()); }
  };
  const frame = () => { painted.port2.postMessage(0); if (w.on) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  window.__stop = () => { w.on = false; observer.disconnect(); removeEventListener("pointermove", onMove, true); };
}
"""


def measure(page: Page, root: Locator, handle: Locator, selector: str, across: float, up: float) -> dict[str, float]:
    """Drag ``handle`` in small moves, one at a time, then fast; return the latencies in milliseconds."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    root.evaluate(WATCH, [selector, handle.element_handle()])
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + up)
    settle(page)
    latencies = []
    for i in range(MOVES):
        frames = page.evaluate("() => (__watch.events.length = 0, __watch.frames.length)")
        page.mouse.move(x + i % 2 * across, y + i % 2 * up)  # back and forth, to stay inside
        try:
            page.wait_for_function("n => __watch.frames.length > n", arg=frames, timeout=3000, polling="raf")
        except Exception:
            if not latencies:
                break  # this control changes no line here: nothing to time
            continue
        settle(page)
        event, frame = page.evaluate("n => [__watch.events[0], __watch.frames[n]]", frames)
        latencies.append(frame - event)
    for i in range(90):  # one move a frame
        turn = 1 if i % 20 < 10 else -1
        x, y = x + turn * across / 3, y + turn * up / 3
        page.mouse.move(x, y)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    last = page.evaluate("() => __watch.events.at(-1)")
    settle(page)
    settled = (page.evaluate("() => __watch.frames.at(-1)") or last) - last
    page.mouse.up()
    settle(page)
    latencies.sort()
    return {
        "n": len(latencies),
        "median": statistics.median(latencies) if latencies else float("nan"),
        "p95": latencies[max(0, -(-95 * len(latencies) // 100) - 1)] if latencies else float("nan"),
        "settle": max(settled, 0.0),
    }


def yardstick(page: Page, lab: Lab) -> dict[str, float]:
    """``interact`` with inline matplotlib, measured the same way."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(YARDSTICK.strip())])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, lab.root / "yardstick.ipynb")
    open_notebook(page, lab, "yardstick.ipynb")
    run_all(page)
    root = page.locator(f"{PANEL} .jp-OutputArea").first
    return measure(page, root, page.locator(f"{PANEL} .noUi-handle").first, "img", 6, 0)


def chapter(page: Page, lab: Lab, path: str, shown: list[Picture]) -> Iterator[tuple[str, dict[str, float]]]:
    """Every slider and every draggable point of a chapter's live pictures, where it has something to say."""
    open_notebook(page, lab, path)
    run_all(page)
    for number, made in enumerate(shown):
        picture = page.locator(LIVE).nth(number)
        picture.scroll_into_view_if_needed()
        handles = picture.locator(".noUi-handle")
        sliders = [control for control in made.controls if isinstance(control, Slider | Steps)]
        stops = [len(c.stops()) if isinstance(c, Slider) else c.high + 1 for c in sliders]
        for i in range(handles.count()):
            for setting in settings(page, picture, made.presets):
                reset(page, picture)
                setting()
                reveal(page, picture)
                handles.nth(i).focus()
                if changes(page, picture, partial(page.keyboard.press, "ArrowRight")):
                    break
            label = handles.nth(i).locator("xpath=ancestor::div[contains(@class,'widget-inline-hbox')][1]/label").first
            track = handles.nth(i).locator("xpath=ancestor::div[contains(@class,'noUi-target')][1]").bounding_box()
            box = handles.nth(i).bounding_box()
            step = max(4, track["width"] / (stops[i] - 1)) * (1 if box["x"] < track["x"] + track["width"] / 2 else -1)
            measured = measure(page, picture, handles.nth(i), ".svg-figure *", step, 0)
            yield f"picture {number + 1}, slider {label.inner_text()}", measured
        reset(page, picture)
        reveal(page, picture)
        for i in range(len(handles_of(picture))):
            dot = handles_of(picture)[i]
            word = dot.locator("xpath=../*[contains(@class, 'dot_text')]").first.text_content()
            yield f"picture {number + 1}, point {word}", measure(page, picture, dot, ".svg-figure *", 2, 3)


def main() -> None:
    """Measure everything, and print each row as it comes."""
    if chromium() is None:
        sys.exit("No Chromium here: see tests/browser/install_chromium.sh")
    print(
        f"{'milliseconds':58} {'n':>3} {'median':>7} {'p95':>6} {'settle':>7}   times faster than interact as installed"
    )
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, browser_page() as page:
        with running_lab(Path(folder) / "plain", settings=False) as lab:
            plain = yardstick(page, lab)

        def show(name: str, row: dict[str, Any]) -> None:
            ratio = plain["median"] / row["median"]
            print(
                f"{name:58} {row['n']:3} {row['median']:7.1f} {row['p95']:6.1f} {row['settle']:7.1f}   {ratio:.1f}",
                flush=True,
            )

        show("interact, JupyterLab as installed", plain)
        with running_lab(Path(folder) / "book") as lab:
            show("interact, with the book's server settings", yardstick(page, lab))
            for each in CHAPTERS:
                if each.written and (len(sys.argv) < 2 or str(each.number) in sys.argv[1:]):
                    for name, row in chapter(page, lab, pictures_alone(each, lab), pictures_of(each)):
                        show(f"{each.number}: {name}", row)
                        rows.append(row)
    timed = [row for row in rows if row["n"]]
    print(json.dumps({f"worst {key}": round(max(r[key] for r in timed), 1) for key in ("median", "p95", "settle")}))


if __name__ == "__main__":
    main()
