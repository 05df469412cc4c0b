"""One JupyterLab for the tests of a file, and the sign that a machine has no browser."""

import pytest

from gradbook.book.lab import chromium, running_lab

pytest.register_assert_rewrite("tests.browser.alive", "tests.browser.hands")


def pytest_collection_modifyitems(items):
    if chromium() is None:
        for item in items:
            if "tests/browser" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="no Chromium here: see tests/browser/install_chromium.sh"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as started:
        yield started
