"""Every chapter again, with plain instructions and one thread: a reader's machine must print the same."""

import os
import subprocess
import sys
import textwrap

import nbformat
import pytest

from gradbook.book.chapters import ROOT

NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
RUN = textwrap.dedent(
    """
    import sys, nbformat
    from pathlib import Path
    from gradbook.book.run import execute
    nbformat.write(execute(Path(sys.argv[1])), sys.argv[2])
    """
)


def printed(notebook):
    """All outputs but pictures, whose last bit may depend on fonts."""
    return [
        [
            output.get("text") or {key: value for key, value in output.data.items() if key != "image/png"}
            for output in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_printed_outputs_do_not_depend_on_the_processor(path, tmp_path):
    plain = {**os.environ, "ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "1"}
    again = tmp_path / path.name
    subprocess.run([sys.executable, "-c", RUN, path, again], env=plain, check=True, capture_output=True)
    assert printed(nbformat.read(again, as_version=4)) == printed(nbformat.read(path, as_version=4))
