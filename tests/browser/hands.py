"""What the browser tests do to a live picture; screenshots are kept in the folder GRADBOOK_SHOTS, if it is set."""

import os
from functools import partial
from pathlib import Path

from gradbook.book.make.browser import PANEL

LIVE = f"{PANEL} .gradbook-live"
# JupyterLab's word that it connected anew before the kernel had answered who it is; what runs after it isn't concerned.
CONNECTED_ANEW = "Canceled future for kernel_info_request message before replies were done"


def shoot(page, name):
    if folder := os.environ.get("GRADBOOK_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def errors_on(page):
    """A list that gathers, from now on, what goes wrong on the page without a cell that says so."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)) if CONNECTED_ANEW not in str(error) else None)
    return errors


def live(page, number):
    return page.locator(LIVE).nth(number)


def drawn(picture):
    """The lines of a live picture as the browser has drawn them."""
    return picture.locator(".bqplot svg.svg-figure").evaluate_all("figures => figures.map(f => f.innerHTML).join()")


def changes(page, picture, action):
    before = drawn(picture)
    action()
    for _ in range(100):
        page.wait_for_timeout(100)
        if drawn(picture) != before:
            return True
    return False


def reveal(page, picture):
    """Press Reveal where there is one: what a guess hides can't be seen to change."""
    button = picture.get_by_role("button", name="Reveal", exact=True)
    if button.count():
        button.click()
        page.wait_for_timeout(500)


def keyboard_moves_everything(page, picture, prepare):
    """Every slider, number box and text box changes the picture; both ends of every slider can be drawn."""
    picture.scroll_into_view_if_needed()
    handles = picture.locator(".noUi-handle")
    for i in range(handles.count()):
        picture.get_by_role("button", name="Reset").click()
        page.wait_for_timeout(500)  # the answer, a moment later, would undo what prepare() chooses
        prepare()
        reveal(page, picture)
        handles.nth(i).focus()
        keys = ("ArrowRight", "Home")  # at its upper end it can't go to the right
        assert any(changes(page, picture, partial(page.keyboard.press, key)) for key in keys), f"slider {i}"
        for key in ("End", "Home"):
            page.keyboard.press(key)
            page.wait_for_timeout(300)
            assert "can't be drawn" not in picture.inner_text()
    for box in picture.locator("input[type=number]").all():
        box.focus()
        assert changes(page, picture, lambda: page.keyboard.press("ArrowUp")) or changes(
            page, picture, lambda: page.keyboard.press("ArrowDown")
        )
    for box in picture.locator("input[type=text]").all():
        box.fill(box.input_value()[::-1])  # as long as the text that was there
        assert changes(page, picture, partial(box.press, "Enter")), "a text typed"
    picture.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(500)
    assert "can't be drawn" not in picture.inner_text()


def press_every_switch(page, picture):
    """Flip every switch by its button from the keyboard, and the first by a click on its dot; return how many."""
    buttons = picture.locator(".gradbook-switches .widget-toggle-button")
    if not buttons.count():
        return 0
    picture.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(500)
    reveal(page, picture)
    for i in range(buttons.count()):
        buttons.nth(i).focus()
        assert changes(page, picture, partial(page.keyboard.press, "Space")), f"switch {i}"
    dots = picture.locator("path.dot[style*='stroke: ivory']")
    assert dots.count() == buttons.count()
    assert changes(page, picture, partial(dots.first.click, force=True)), "a click on a switch's dot"
    return buttons.count()


def handles_of(picture):
    """The dots of a picture that can be dragged; others are marks, and may come and go while a handle is dragged."""
    dots = picture.locator(".dot")
    grabs = dots.evaluate_all("dots => dots.map(dot => getComputedStyle(dot).cursor === 'grab')")
    return [dots.nth(i) for i, grab in enumerate(grabs) if grab]


def drag_every_point(page, picture):
    """Drag every point of the picture a little; return how many there are."""
    picture.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(300)
    count = len(handles_of(picture))
    for i in range(count):
        dot = handles_of(picture)[i]
        dot.scroll_into_view_if_needed()
        box = dot.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        boxes = [b.input_value() for b in picture.locator("input[type=number]").all()]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 10, y + 20, steps=4)
        page.mouse.move(x + 20, y + 35, steps=4)
        page.wait_for_timeout(300)
        page.mouse.up()
        page.wait_for_timeout(300)
        after = [b.input_value() for b in picture.locator("input[type=number]").all()]
        assert boxes != after, f"point {i} stays where it is"
    return count
