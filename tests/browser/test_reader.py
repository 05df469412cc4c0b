"""Reading the book as a reader does, in a real browser: the front page, then the first chapter.

Set GRADBOOK_SHOTS to a folder to keep the screenshots (see hands.py).
"""

import math
import re
import socket
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from gradbook.book.chapters import CHAPTERS
from gradbook.book.make.browser import PANEL, menu, open_notebook, run_all, running_lab, scroll_to, settle, wait_opened
from tests.browser.hands import CONNECTED_ANEW, LIVE, changes, live, pictures_alone, reset, shoot

CHAPTER = f"chapters/{CHAPTERS[0].file_name}.ipynb"
OPENING = "pictures.two_bowls().show()"


def cell(page, code):
    """The first code cell that contains ``code``."""
    return page.locator(f"{PANEL} .jp-CodeCell", has_text=code).first


def run(page, code, instead=""):
    """Run the cell with ``code`` from the keyboard, after writing ``instead`` into it; return it."""
    found = cell(page, code)
    found.scroll_into_view_if_needed()
    found.locator(".cm-content").click()
    if instead:
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(instead)
    page.keyboard.press("Control+Enter")
    settle(page)
    return found


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
    wait_opened(page, "chapters/index.ipynb")
    shoot(page, "front-page")
    assert page.locator(f"{PANEL} h1").first.inner_text().startswith("In the Name of Loss")
    assert "news" not in page.locator("body").inner_text().lower()
    menu(page, "Run", "Run All Cells")
    expect(page.locator(LIVE)).to_have_count(1, timeout=60_000)
    link = page.locator(f"{PANEL} a", has_text=CHAPTERS[0].title).first
    link.scroll_into_view_if_needed()
    link.click()
    wait_opened(page, CHAPTER)
    expect(page.locator(f"{PANEL} h1").first).to_contain_text(CHAPTERS[0].title)
    page.wait_for_url(f"**/{CHAPTERS[0].file_name}.ipynb*")


def test_an_error_on_the_page_is_noticed(page, errors):
    for message in (CONNECTED_ANEW, "a picture went wrong"):
        with page.expect_event("pageerror"):
            page.evaluate("message => { Promise.reject(new Error(message)) }", message)
    with page.expect_event("console"):
        page.evaluate("() => console.error('a widget complains')")
    assert errors == ["a picture went wrong", "a widget complains"]
    errors.clear()


def test_without_a_kernel_the_still_picture_is_there_and_with_one_the_live_one(lab, page):
    open_notebook(page, lab, CHAPTER)
    scroll_to(page, "Before the first formula")
    still = page.locator(f"{PANEL} .jp-RenderedImage img").first
    expect(still).to_be_visible()
    assert still.evaluate("image => image.naturalWidth") > 400
    assert page.locator(LIVE).count() == 0
    shoot(page, "still")
    run(page, OPENING)
    expect(live(page, 0)).to_be_visible()
    expect(still).to_be_hidden()  # the live one brings the style along that hides its twin
    shoot(page, "bowls")


def test_break_it_shows_a_sentence_in_place(page):
    picture = live(page, 0)
    picture.scroll_into_view_if_needed()
    alert = picture.locator("[role=alert]")
    picture.get_by_role("button", name="A loss that falls below 0").click()
    expect(alert).to_contain_text("not positive")
    shoot(page, "broken")
    picture.get_by_role("button", name="Reset").click()
    expect(alert).to_have_count(0)


def test_after_a_fast_drag_the_picture_settles_on_the_last_value(page):
    picture = run(page, "pictures.power_mean_weights().show()").locator(".gradbook-live")
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
    settle(page)
    assert picture.locator(".widget-readout").first.inner_text() == "8"
    shares = picture.locator("[role=status]").inner_text()
    assert re.search(r"weights.*0\.872", shares), shares  # (1/3)(50/L(8))^7 at γ = 8


def test_guess_then_reveal(page):
    picture = live(page, 1)
    reset(page, picture)
    status = picture.locator("[role=status]")
    expect(status).to_contain_text("Where does the mean")
    assert changes(page, picture, picture.get_by_role("button", name="Reveal", exact=True).click)
    expect(status).to_contain_text("L(γ) is 1.71; you guessed 30")
    shoot(page, "revealed")


def test_an_exercise_is_done_wrong_and_right(page):
    run(page, "import exercises")
    question = "check(exercises.reference"
    right = -sum(p * math.log(p) for p in (0.7, 0.1, 0.1, 0.1))
    for answer, words in (("1.3863", ("✗", "initial state")), (str(right), ("✓",))):
        said = run(page, question, f"answer = {answer}\n{question}, answer)").locator(".jp-OutputArea-output")
        for word in words:
            expect(said).to_contain_text(word)
        shoot(page, "exercise")


def test_after_the_kernel_is_gone_the_still_pictures_come_back(lab, page, errors):
    """In a notebook that was run from top to bottom: only then does JupyterLab trust it to show widgets at all."""
    path = pictures_alone(CHAPTERS[0], lab)
    open_notebook(page, lab, path)
    run_all(page)
    still = page.locator(f"{PANEL} .jp-RenderedImage img").first
    expect(still).to_be_hidden()
    page.locator(f"{PANEL} .jp-Cell").first.click()
    with page.expect_response(lambda answer: answer.request.method == "PUT" and path in answer.url):
        page.keyboard.press("Control+s")
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and "api/sessions" in answer.url):
        menu(page, "Kernel", "Shut Down Kernel")
    open_notebook(page, lab, path)
    # JupyterLab looks two seconds for a widget before it gives up and says so, in a line that the book hides.
    gone = page.get_by_text("Error displaying widget").first
    gone.wait_for(state="attached")
    expect(gone).to_be_hidden()
    expect(still).to_be_visible()
    assert all("widget model not found" in error for error in errors)
    errors.clear()
    shoot(page, "after-kernel")
