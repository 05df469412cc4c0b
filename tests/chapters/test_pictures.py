"""Every control of every live picture over its whole range, ends and presets included, without a browser."""

import importlib
import inspect
import re
import typing

import nbformat
import pytest

from gradbook.book.chapters import CHAPTERS, ROOT
from gradbook.book.explore import Picture, Point
from gradbook.book.explore.live import Live


def all_pictures():
    """(name, picture) for every function of every chapter's ``pictures`` module that returns a Picture."""
    found = []
    for chapter in CHAPTERS:
        if not chapter.written:
            continue
        name = f"gradbook.{chapter.name.replace('-', '_')}.pictures"
        module = importlib.import_module(name)
        for function_name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__.startswith(name) and typing.get_type_hints(function).get("return") is Picture:
                found.append((function_name, function()))
    return found


PICTURES = all_pictures()
each = pytest.mark.parametrize("picture", [p for _, p in PICTURES], ids=[n for n, _ in PICTURES])


def test_the_pictures_that_notebooks_show_are_the_ones_swept():
    shown = set()
    for path in (ROOT / "chapters").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                shown |= set(re.findall(r"(\w+)\([^()]*\)\.show\(\)", cell.source))
    assert shown
    assert shown == {name for name, _ in PICTURES}


@each
def test_no_state_of_the_sweep_has_a_fault(picture):
    faults = {}
    for values in picture.sweep():
        if found := picture.faults(values):
            faults[str(values)] = found
    assert not faults


@each
def test_the_live_widgets_follow_the_whole_sweep(picture):
    """Through the widgets' own events, as the browser would: nothing raises, no error sentence appears."""
    live = Live(picture)
    for values in picture.sweep():
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


@each
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


@each
def test_presets_differ_from_the_start_and_from_each_other(picture):
    states = [str(picture.values())] + [str(picture.values(**values)) for values in picture.presets.values()]
    assert len(set(states)) == len(states)


@each
def test_the_words_are_there(picture):
    assert re.match(r"Figure \d\.\d+\. \S", picture.caption)
    assert len(picture.alt) > 60
    assert all(control.label for control in picture.all_controls)
