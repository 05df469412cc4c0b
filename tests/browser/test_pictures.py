"""Every picture of every chapter is alive in a real browser, on a kernel that runs nothing but the pictures' cells.

That a chapter runs and prints what is stored, nbval proves.
"""

import pytest
from playwright.sync_api import expect

from gradbook.book.chapters import CHAPTERS
from gradbook.book.explore import Point, Steps, Switches
from gradbook.book.make.browser import PANEL, open_notebook, run_all
from tests.browser.hands import (
    LIVE,
    drag_every_point,
    keyboard_moves_everything,
    live,
    pictures_alone,
    pictures_of,
    plays,
    press_every_preset,
    press_every_switch,
)


@pytest.mark.parametrize("chapter", [c for c in CHAPTERS if c.written], ids=lambda c: c.file_name)
def test_every_picture_of_the_chapter_is_alive(lab, page, chapter):
    """Move every control to both ends, drag every point, press every switch, preset and Play."""
    open_notebook(page, lab, pictures_alone(chapter, lab))
    run_all(page)
    assert page.locator(f"{PANEL} [data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert page.locator(f"{PANEL} [data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    shown = pictures_of(chapter)
    expect(page.locator(LIVE)).to_have_count(len(shown))
    for number, made in enumerate(shown):
        kinds = {kind: [c for c in made.controls if isinstance(c, kind)] for kind in (Point, Steps, Switches)}
        picture = live(page, number)
        picture.scroll_into_view_if_needed()
        expect(picture).to_contain_text(made.title)
        keyboard_moves_everything(page, picture, made.presets)
        assert drag_every_point(page, picture) == len(kinds[Point])
        assert press_every_switch(page, picture) == sum(len(control.places) for control in kinds[Switches])
        press_every_preset(page, picture, made.presets, f"{chapter.number}-{number}")
        assert plays(page, picture) == len(kinds[Steps])
