"""How `pytest -n 2 --dist loadgroup` shares the tests out, and a line for each run under other instructions."""

import pytest

FIRST = ("tests/browser", "chapters")  # the longest: a worker that is done early finds small ones to go on with


@pytest.hookimpl(tryfirst=True)  # before xdist looks
def pytest_collection_modifyitems(items):
    """A file, such as a notebook with its cells, stays with one worker, unless its tests name another group."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in FIRST])


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "instructions":
                terminalreporter.write_line(value)
