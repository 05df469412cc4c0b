"""The plugin that runs every cell twice notices what it is for."""

import re
import subprocess
import sys

import nbformat

from gradbook.book.chapters import ROOT

START = """
from random import Random
shared, place, rows = Random(0), [1], [1]
pictures = [lambda: display({'image/png': 'iVBORw0KGgo='}, raw=True)]
"""
# What a cell does: (source, what its first run prints). Random(0) gives 0.84, then 0.76.
REPEATABLE = {
    "a generator of its own": ("print(Random(0).random() > 0.8)", "True"),
    "nothing printed": ("clone = list(place)", ""),
}
NOT_REPEATABLE = {
    "a shared generator": ("print(shared.random() > 0.8)", "True"),
    "a step in place": ("place[0] -= 1\nprint(place)", "[0]"),
    "an error": ("print(rows.pop())", "1"),
    "a picture less": ("print(1)\nif pictures: pictures.pop()()", "1"),
}


def failures(folder, tags):
    """Return, by what the cell does, the report of each cell that fails in one run of a notebook of all of them."""
    cells = {"": (START, ""), **REPEATABLE, **NOT_REPEATABLE}
    code = []
    for number, (source, printed) in enumerate(cells.values(), 1):
        outputs = [nbformat.v4.new_output("stream", text=f"{printed}\n")] if printed else []
        metadata = {"tags": tags}
        code.append(nbformat.v4.new_code_cell(source, execution_count=number, outputs=outputs, metadata=metadata))
    nbformat.write(nbformat.v4.new_notebook(cells=code), folder / "small.ipynb")
    options = ["-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--nbval", "--nbval-current-env"]
    command = [sys.executable, "-m", "pytest", *options, str(folder / "small.ipynb")]
    report = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert f"collected {len(code)} items" in report, report
    parts = re.split(r"^_+ .*Cell (\d+) _+$", report, flags=re.M)
    names = list(cells)
    return {names[int(number)]: part for number, part in zip(parts[1::2], parts[2::2], strict=True)}


def test_cells_that_cannot_be_repeated_fail_and_the_others_pass(tmp_path):
    failed = failures(tmp_path, [])
    assert failed.keys() == NOT_REPEATABLE.keys()
    for name, report in failed.items():
        assert "The second run in a row" in report, name


def test_slow_cells_are_run_once(tmp_path):
    assert not failures(tmp_path, ["slow"])


def test_every_run_of_the_chapters_has_the_plugin(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("tests.chapters.twice")
