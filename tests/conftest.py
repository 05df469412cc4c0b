"""How `make test` shares the tests out between its workers, and a line for each run under other instructions."""

import re

from xdist.scheduler import LoadScopeScheduling

FIRST = ("tests/browser", "chapters")  # the longest: a worker that is done early finds small ones to go on with


def group(nodeid):
    """What one worker runs as a whole: a file, such as a notebook with its cells, or the part of it for one chapter.

    What reads the large corpora is one group, so that they are read once; a run under other instructions is one too.
    """
    file, _, test = nodeid.partition("::")
    if re.fullmatch(r"tests/test_\w*(corpora|_pictures)\.py", file):
        return "corpora"
    part = re.search(r"\[(\d\d-[a-z-]+|on \S+)", test)
    return f"{file} {part[1]}" if part else file


class ByGroup(LoadScopeScheduling):
    def _split_scope(self, nodeid):
        return group(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return ByGroup(config, log)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in FIRST])


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "instructions":
                terminalreporter.write_line(value)
