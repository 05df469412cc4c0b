"""Every control of every live picture over its whole range, ends and presets included, without a browser.

Every state is computed once, when a test first asks for it. Nothing is built while tests are collected.
"""

import inspect
import re
import typing
from dataclasses import replace

import nbformat
import pytest

from gradbook.book.chapters import CHAPTERS
from gradbook.book.explore import Picture, Point
from gradbook.book.explore.live import Live

WRITTEN = [chapter for chapter in CHAPTERS if chapter.written]
each_chapter = pytest.mark.parametrize("chapter", WRITTEN, ids=lambda chapter: chapter.file_name)


def remembering(compute):
    """``compute``, whose answers are kept."""
    known = {}

    def remembered(**values):
        key = repr(sorted(values.items()))
        if key not in known:
            known[key] = compute(**values)
        return known[key]

    return remembered


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((chapter, name), id=f"{chapter.file_name} {name}")
        for chapter in WRITTEN
        for name in chapter.module("pictures").__all__
    ],
)
def picture(request):
    """A picture of a chapter, remembering its states."""
    chapter, name = request.param
    made = getattr(chapter.module("pictures"), name)()
    assert made.caption.startswith(f"Figure {chapter.number}.")
    return replace(made, compute=remembering(made.compute))


@pytest.fixture(scope="module")
def sweep(picture):
    """The values of the sweep, each once."""
    return list({repr(values): values for values in picture.sweep()}.values())


@each_chapter
def test_the_pictures_that_the_notebook_shows_are_the_ones_swept(chapter):
    shown = set()
    for cell in nbformat.read(chapter.notebook, as_version=4).cells:
        if cell.cell_type == "code":
            shown |= set(re.findall(r"(\w+)\([^()]*\)\.show\(\)", cell.source))
    module = chapter.module("pictures")
    made = {
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if typing.get_type_hints(function).get("return") is Picture
    }
    assert shown == made == set(module.__all__)


def test_no_state_of_the_sweep_has_a_fault(picture, sweep):
    assert not {str(values): found for values in sweep if (found := picture.faults(values))}


def test_the_live_widgets_follow_the_whole_sweep(picture, sweep):
    """Through the widgets' own events, as the browser would: nothing raises, no error sentence appears."""
    live = Live(picture)
    for values in sweep:
        for control in picture.all_controls:
            value = values[control.name]
            if isinstance(control, Point):
                _, handle = live._points[control.name]
                with handle.hold_trait_notifications():
                    handle.x, handle.y = [value[0]], [value[1]]
            else:
                live._inputs[control.name].value = value
        assert live.values.keys() == values.keys()
        for name, value in values.items():
            assert live.values[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-9)), name
        assert "can't be drawn" not in live._message.value, (values, live._message.value)


def test_every_control_changes_the_picture(picture):
    """A control that does nothing in any state of the sweep is a lie."""
    base = list(picture.presets.values())
    for control in picture.all_controls:
        changed = False
        for start in [{}, *base, *({c.name: v} for c in picture.all_controls for v in c.samples())]:
            start = {key: value for key, value in start.items() if key != control.name}
            states = [str(picture.state(picture.values(**{**start, control.name: v}))) for v in control.samples()]
            drawn = [str(picture.values(**{**start, control.name: v})) for v in control.samples()]
            if len(set(states)) > 1 or (isinstance(control, Point) and len(set(drawn)) > 1):
                changed = True
                break
        assert changed, control.name


def test_presets_differ_from_the_start_and_from_each_other(picture):
    states = [str(picture.values())] + [str(picture.values(**values)) for values in picture.presets.values()]
    assert len(set(states)) == len(states) >= 4


def test_the_words_are_there(picture):
    assert re.match(r"Figure \d\.\d+\. \S", picture.caption)
    assert len(picture.alt) > 60
    assert all(control.label for control in picture.all_controls)
