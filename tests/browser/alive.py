"""What it means that every picture of a chapter is alive, in a real browser.

Three files of tests ask for it, so that the workers share the chapters: a chapter takes a minute or two.
"""

import importlib
import re

from playwright.sync_api import expect

from gradbook.book.chapters import CHAPTERS
from gradbook.book.explore import Point, Switches
from gradbook.book.make.browser import PANEL, browser_page, open_notebook, run_all
from tests.browser.hands import (
    LIVE,
    changes,
    drag_every_point,
    errors_on,
    keyboard_moves_everything,
    live,
    press_every_switch,
    reveal,
    shoot,
)
from tests.browser.saved import check_saved_outputs


def written(*numbers):
    """The chapters with these numbers that are written."""
    return [chapter for chapter in CHAPTERS if chapter.written and chapter.number in numbers]


def check_every_picture(lab, chapter):
    """Run the whole chapter, move every control to both ends, drag every point, press every preset and Play."""
    with browser_page() as page:
        check_pictures_on(page, lab, chapter)


def check_pictures_on(page, lab, chapter):
    errors = errors_on(page)
    path = f"chapters/{chapter.file_name}.ipynb"
    open_notebook(page, lab, path)
    run_all(page)
    assert page.locator(f"{PANEL} [data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert page.locator(f"{PANEL} [data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    check_saved_outputs(page, lab, path)
    module = importlib.import_module(f"gradbook.{chapter.name.replace('-', '_')}.pictures")
    shown = sorted((getattr(module, name)() for name in module.__all__), key=lambda p: p.caption)
    assert page.locator(LIVE).count() == len(shown)
    for number, made in enumerate(shown):
        picture = live(page, number)
        picture.scroll_into_view_if_needed()
        expect(picture).to_contain_text(made.title, timeout=20_000)  # cells out of sight are attached again
        page.wait_for_timeout(500)
        keyboard_moves_everything(page, picture, lambda: None)
        points = sum(isinstance(control, Point) for control in made.controls)
        assert drag_every_point(page, picture) == points
        switches = sum(len(control.places) for control in made.controls if isinstance(control, Switches))
        assert press_every_switch(page, picture) == switches
        reveal(page, picture)
        for preset in made.presets:
            assert changes(page, picture, picture.get_by_role("button", name=preset, exact=True).click), preset
            shoot(page, f"{chapter.number}-{number}-{re.sub('[^A-Za-z0-9]+', '-', preset)}")
        if picture.locator(".widget-play").count():
            assert plays(page, picture)
    assert errors == []


def plays(page, picture):
    """Press Play from step 0 and watch the steps go up."""
    picture.get_by_role("button", name="Reset").click()
    readout = picture.locator(".widget-readout").first
    picture.locator(".noUi-handle").first.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(500)
    picture.locator(".widget-play button").first.click()
    page.wait_for_timeout(1500)
    reached = int(readout.inner_text())
    page.wait_for_timeout(1000)
    return 0 < reached < int(readout.inner_text())
