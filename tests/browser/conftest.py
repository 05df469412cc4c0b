"""One JupyterLab for the tests of a file, and the sign that a machine has no browser.

Its kernels compute with plain instructions in one thread: what they print must be what is stored (saved.py), whatever
machine it was stored on.
"""

import pytest

from gradbook.book.make.browser import chromium, running_lab

pytest.register_assert_rewrite("tests.browser.alive", "tests.browser.hands", "tests.browser.saved")
PLAIN = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "1"}


def pytest_collection_modifyitems(items):
    if chromium() is None:
        for item in items:
            if "tests/browser" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="no Chromium here: see tests/browser/install_chromium.sh"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in PLAIN.items():
            patch.setenv(name, value)
        with running_lab(tmp_path_factory.mktemp("lab")) as started:
            yield started
