"""One JupyterLab and one page for all browser tests of a worker, and the sign that a machine has no browser."""

import pytest

from gradbook.book.make.browser import browser_page, chromium, running_lab

pytest.register_assert_rewrite("tests.browser.hands")
from tests.browser.hands import errors_on  # noqa: E402


def pytest_collection_modifyitems(items):
    if chromium() is None:
        for item in items:
            if "tests/browser" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="no Chromium here: see tests/browser/install_chromium.sh"))


@pytest.fixture(scope="package")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as started:
        yield started


@pytest.fixture(scope="package")
def page():
    with browser_page() as opened:
        yield opened


@pytest.fixture(autouse=True)
def errors(request):
    """What went wrong on the page while the test ran: nothing may."""
    if "page" not in request.fixturenames:
        yield []
        return
    with errors_on(request.getfixturevalue("page")) as found:
        yield found
    assert found == []
