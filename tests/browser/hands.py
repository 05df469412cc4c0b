"""What the browser tests do to a live picture; screenshots are kept in the folder GRADBOOK_SHOTS, if it is set.

Nothing here waits for a time: `settle` returns when the kernel has answered and the browser has drawn the answer.
"""

import os
import re
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import nbformat
from playwright.sync_api import expect

from gradbook.book.make.browser import PANEL, settle

LIVE = f"{PANEL} .gradbook-live"
# JupyterLab's word that it connected anew before the kernel had answered who it is; what runs after it isn't concerned.
CONNECTED_ANEW = "Canceled future for kernel_info_request message before replies were done"
# Every kind of control, and the keys that move it to both ends; at one end a key may have nothing to do.
KEYS = {
    ".noUi-handle": ("ArrowRight", "Home", "End"),
    "select": ("End", "Home"),
    "input[type=checkbox]": ("Space",),
    "input[type=number]": ("ArrowUp", "ArrowDown"),
}
SAID = ("select", "input[type=checkbox]")  # these may also change nothing but the words below the picture: a guess does
DRAWN = """figure => [...figure.querySelectorAll("*")].map(element => [
  element.tagName,
  ...[...element.attributes].map(({ name, value }) => name + "=" + value.split(/; ?/).sort().join(";")).sort(),
  element.children.length ? "" : element.textContent,
])"""


def shoot(page, name):
    if folder := os.environ.get("GRADBOOK_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@contextmanager
def errors_on(page):
    """A list that gathers, inside, what goes wrong on the page without a cell that says so."""
    errors = []

    def thrown(error):
        if CONNECTED_ANEW not in str(error):
            errors.append(str(error))

    def logged(message):
        if message.type == "error":
            errors.append(message.text)

    page.on("pageerror", thrown)
    page.on("console", logged)
    yield errors
    page.remove_listener("pageerror", thrown)
    page.remove_listener("console", logged)


def pictures_alone(chapter, lab):
    """Write a notebook of the cells that show the chapter's live pictures; return its path below the lab's folder."""
    notebook = nbformat.read(chapter.notebook, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and ".show()" in cell.source]
    notebook.cells = [nbformat.v4.new_code_cell(cell.source) for cell in cells]
    path = f"chapters/pictures-{chapter.file_name}.ipynb"
    nbformat.write(notebook, lab.root / path)
    return path


def pictures_of(chapter):
    """The pictures that these cells show, in order."""
    module = chapter.module("pictures")
    return sorted((getattr(module, name)() for name in module.__all__), key=lambda picture: picture.caption)


def live(page, number):
    return page.locator(LIVE).nth(number)


def drawn(picture):
    """All that is drawn in a live picture's figures, whatever the order in which the browser was told of it."""
    return picture.locator(".bqplot svg.svg-figure").evaluate_all(f"figures => figures.map({DRAWN}).join()")


def lines(picture):
    """What is drawn, but for the names that the browser gives to heat maps."""
    return re.sub("blob:[^,]*", "", drawn(picture))


def words(picture):
    return drawn(picture) + picture.locator("[role=status]").inner_text()


def changes(page, picture, action, seen=drawn):
    """True if the picture is another one when ``action`` is answered."""
    before = seen(picture)
    action()
    settle(page)
    assert "can't be drawn" not in picture.inner_text()
    return seen(picture) != before


def reset(page, picture):
    """Press Reset; return what is drawn."""
    picture.get_by_role("button", name="Reset").click()
    settle(page)
    return lines(picture)


def reveal(page, picture):
    """Press Reveal where there is one: what a guess hides can't be seen to change."""
    button = picture.get_by_role("button", name="Reveal", exact=True)
    if button.count():
        button.click()
        settle(page)


def settings(page, picture, presets):
    """Ways to set the other controls, the start first: a control need not matter everywhere."""
    yield lambda: None
    for preset in presets:
        yield picture.get_by_role("button", name=preset, exact=True).click
    for choice in picture.locator("select").all():
        for option in choice.locator("option").all_inner_texts():
            yield partial(choice.select_option, option)
    for box in picture.locator("input[type=checkbox]").all():
        yield box.click


def keyboard_moves_everything(page, picture, presets):
    """Every control changes the picture, at its start or under another setting; both ends of each can be drawn."""
    start = reset(page, picture)
    for selector, keys in KEYS.items():
        for number, control in enumerate(picture.locator(selector).all()):
            for setting in settings(page, picture, presets):
                assert reset(page, picture) == start, f"Reset after {selector} {number}"
                setting()
                reveal(page, picture)
                control.focus()
                seen = words if selector in SAID else drawn
                if any([changes(page, picture, partial(page.keyboard.press, key), seen) for key in keys]):
                    break
            else:
                raise AssertionError(f"{selector} {number} changes nothing")
    for box in picture.locator("input[type=text]").all():
        assert reset(page, picture) == start, "Reset before a text"
        reveal(page, picture)
        box.fill(box.input_value()[::-1])  # as long as the text that was there
        assert changes(page, picture, partial(box.press, "Enter")), "a text typed"
    assert reset(page, picture) == start, "Reset at the end"


def press_every_switch(page, picture):
    """Flip every switch by its button from the keyboard, and the first by a click on its dot; return how many."""
    buttons = picture.locator(".gradbook-switches .widget-toggle-button")
    if not buttons.count():
        return 0
    reset(page, picture)
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
    reset(page, picture)
    count = len(handles_of(picture))
    boxes = picture.locator("input[type=number]")
    for i in range(count):
        dot = handles_of(picture)[i]
        dot.scroll_into_view_if_needed()
        box = dot.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        before = [box.input_value() for box in boxes.all()]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 10, y + 20, steps=4)
        page.mouse.move(x + 20, y + 35, steps=4)
        settle(page)
        page.mouse.up()
        settle(page)
        assert before != [box.input_value() for box in boxes.all()], f"point {i} stays where it is"
    return count


def press_every_preset(page, picture, presets, name):
    """From the picture as the reader left it, every preset shows another one."""
    reveal(page, picture)
    for preset in presets:
        assert changes(page, picture, picture.get_by_role("button", name=preset, exact=True).click), preset
        shoot(page, f"{name}-{re.sub('[^A-Za-z0-9]+', '-', preset)}")


def plays(page, picture):
    """Press every Play at step 0, and watch the steps go up until it's pressed again; return how many there are."""
    steps = picture.locator(".widget-hbox:has(> .widget-play)")
    for number in range(steps.count()):
        reset(page, picture)
        box = steps.nth(number)
        box.locator(".noUi-handle").focus()
        page.keyboard.press("Home")
        settle(page)
        readout, play = box.locator(".widget-readout"), box.locator(".widget-play button").first
        play.click()
        expect(readout).not_to_have_text("0")
        reached = readout.inner_text()
        expect(readout).not_to_have_text(reached)
        play.click()
        settle(page)
        assert int(readout.inner_text()) > int(reached) > 0
        assert "can't be drawn" not in picture.inner_text()
    return steps.count()
