"""Reading the book as a reader does, in a real browser.

Set GRADBOOK_SHOTS to a folder to keep the screenshots (see hands.py).
"""

import re
import socket
import urllib.error
import urllib.request

import pytest

from gradbook.book.chapters import CHAPTERS
from gradbook.book.make.browser import (
    PANEL,
    browser_page,
    menu,
    open_notebook,
    run_all,
    running_lab,
    scroll_to,
    wait_idle,
)
from tests.browser.hands import (
    CONNECTED_ANEW,
    LIVE,
    changes,
    drag_every_point,
    errors_on,
    keyboard_moves_everything,
    live,
    shoot,
)
from tests.browser.saved import check_saved_outputs

CHAPTER_1 = "chapters/01-loss-weighting.ipynb"


@pytest.fixture(scope="module")
def page(lab):
    with browser_page() as opened:
        yield opened


def test_the_token_is_asked_for(lab):
    assert len(lab.token) >= 32
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{lab.url}api/contents", timeout=10)
    urllib.request.urlopen(f"{lab.url}api/contents?token={lab.token}", timeout=10)


def test_a_taken_port_is_survived(lab, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running_lab(tmp_path, f"--port={port}") as second:
            assert f":{port}/" not in second.url
            urllib.request.urlopen(f"{second.url}api/status?token={second.token}", timeout=10)


def test_the_front_page_opens_and_leads_to_chapter_1(lab, page):
    page.goto(lab.address(), wait_until="domcontentloaded")
    wait_idle(page)
    page.wait_for_timeout(1500)
    shoot(page, "front-page")
    assert page.locator(f"{PANEL} h1").first.inner_text().startswith("In the Name of Loss")
    assert "news" not in page.locator("body").inner_text().lower()
    run_all(page)
    check_saved_outputs(page, lab, "chapters/index.ipynb")
    link = page.locator(f"{PANEL} a", has_text=CHAPTERS[0].title).first
    link.scroll_into_view_if_needed()
    link.click()
    page.wait_for_selector(f"{PANEL} h1:has-text('{CHAPTERS[0].title}')", timeout=30_000)
    page.wait_for_url("**/01-loss-weighting.ipynb*", timeout=10_000)


def test_without_a_kernel_the_still_pictures_are_there(lab, page):
    open_notebook(page, lab, CHAPTER_1)
    scroll_to(page, "Before the first formula")
    picture = page.locator(f"{PANEL} .jp-RenderedImage img").first
    assert picture.is_visible()
    assert picture.evaluate("image => image.naturalWidth") > 400
    assert page.locator(LIVE).count() == 0
    shoot(page, "still")


def test_an_error_on_the_page_is_noticed(page):
    errors = errors_on(page)
    for message in (CONNECTED_ANEW, "a picture went wrong"):
        page.evaluate("message => { Promise.reject(new Error(message)) }", message)
    page.wait_for_timeout(500)
    assert errors == ["a picture went wrong"]


def test_the_whole_chapter_runs_without_an_error(lab, page):
    errors = errors_on(page)
    open_notebook(page, lab, CHAPTER_1)
    run_all(page)
    assert page.locator(f"{PANEL} [data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert page.locator(f"{PANEL} [data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    check_saved_outputs(page, lab, CHAPTER_1)
    scroll_to(page, "Before the first formula")
    live(page, 0).wait_for()
    # The still twin hides once the live one has brought its style along.
    page.locator(f"{PANEL} .jp-RenderedImage img").first.wait_for(state="hidden", timeout=10_000)
    shoot(page, "bowls")
    assert errors == []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_control_answers_to_the_keyboard(page, number):
    picture = live(page, number)

    def prepare():
        if number == 0:  # the one scheme under which every slider matters
            picture.locator("select").select_option("power mean")

    keyboard_moves_everything(page, picture, prepare)
    shoot(page, f"keyboard-{number}")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_points_are_dragged_with_the_mouse(page, number):
    assert drag_every_point(page, live(page, number)) == [1, 3, 4][number]
    shoot(page, f"dragged-{number}")


def test_after_a_fast_drag_the_picture_settles_on_the_last_value(page):
    picture = live(page, 1)
    picture.get_by_role("button", name="Reset").click()
    handle = picture.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(60):
        page.mouse.move(x + (i % 30) * 2, y)
    page.mouse.move(x + 300, y)  # past the end: γ = 8
    page.mouse.up()
    page.wait_for_timeout(1000)
    assert picture.locator(".widget-readout").first.inner_text() == "8"
    shares = picture.locator("[role=status]").inner_text()
    assert re.search(r"weights.*0\.872", shares), shares  # (1/3)(50/L(8))^7 at γ = 8


def test_guess_then_reveal(page):
    picture = live(page, 1)
    picture.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(400)
    assert "Where does the mean" in picture.locator("[role=status]").inner_text()
    assert changes(page, picture, lambda: picture.get_by_role("button", name="Reveal", exact=True).click())
    assert "L(γ) is 1.71; you guessed 30" in picture.locator("[role=status]").inner_text()
    shoot(page, "revealed")


def test_break_it_shows_a_sentence_in_place(page):
    picture = live(page, 0)
    picture.scroll_into_view_if_needed()
    picture.get_by_role("button", name="A loss that falls below 0").click()
    page.wait_for_timeout(600)
    assert "not positive" in picture.locator("[role=alert]").inner_text()
    shoot(page, "broken")
    picture.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(600)
    assert picture.locator("[role=alert]").count() == 0


def answer(page, text):
    """Replace the code of exercise 1.1's cell and run it; return what the checker says."""
    cell = page.locator(f"{PANEL} .jp-CodeCell", has_text="check(exercises.reference").first
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(f"answer = {text}\ncheck(exercises.reference, answer)")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1500)
    return cell.locator(".jp-OutputArea-output").inner_text()


def test_an_exercise_is_done_wrong_and_right(page):
    import math

    wrong = answer(page, "1.3863")
    assert "✗" in wrong
    assert "initial state" in wrong
    shoot(page, "exercise")
    assert "✓" in answer(page, str(-sum(p * math.log(p) for p in (0.7, 0.1, 0.1, 0.1))))


def test_after_the_kernel_is_gone_the_still_pictures_come_back(lab, page):
    page.locator(f"{PANEL} .jp-Cell").first.click()
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1500)
    menu(page, "Kernel", "Shut Down Kernel")
    page.wait_for_timeout(1500)
    open_notebook(page, lab, CHAPTER_1)
    scroll_to(page, "Before the first formula")
    page.wait_for_timeout(4000)  # JupyterLab looks two seconds for a widget before it gives up
    assert page.locator(f"{PANEL} .jp-RenderedImage img").first.is_visible()
    assert not page.get_by_text("Error displaying widget").first.is_visible()
    shoot(page, "after-kernel")
