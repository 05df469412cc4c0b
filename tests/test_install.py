"""The package as others install it: a wheel in an environment of its own, and the README's code as it stands."""

import re
import subprocess
import sys
import venv

import pytest

from gradbook.book.chapters import ROOT


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python that has the wheel of this package, and what the wheel needs from the environment of the tests."""
    folder = tmp_path_factory.mktemp("install")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # Built from a copy: setuptools leaves a build folder beside the sources.
    run("cp", "-r", ROOT / "src", ROOT / "pyproject.toml", ROOT / "README.md", *ROOT.glob("LICENSE*"), folder)
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, folder)
    venv.create(folder / "venv", with_pip=False)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    run(*pip, "install", "--no-deps", "--target", packages, *folder.glob("*.whl"))
    here = run(sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # Behind the wheel on the path; the line of the editable install of this checkout isn't read from there.
    (packages / "environment.pth").write_text(here + "\n")
    return folder / "venv" / "bin" / "python"


def test_a_wheel_finds_its_stored_tables_and_models_from_any_folder(python, tmp_path):
    program = """
import gradbook
from gradbook.book.global_pointer.models import load_model
from gradbook.book.stored import STORED, stored_table
assert "site-packages" in gradbook.__file__, gradbook.__file__
load_model("efficient")
stored_table("07-sensitivity")
print(len(list(STORED.glob("*.json"))), len(list(STORED.glob("*.safetensors"))))
"""
    printed = run(python, "-c", program, cwd=tmp_path).split()
    files = ROOT / "src" / "gradbook" / "book" / "stored"
    assert printed == [str(len(list(files.glob(f"*.{kind}")))) for kind in ("json", "safetensors")]


README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_code_of_the_readme_runs_as_it_stands(python, tmp_path):
    """Block after block in one program, outside the checkout: each uses what the ones before it have made."""
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    assert len(blocks) >= 4
    run(python, "-c", "\n".join(blocks), cwd=tmp_path)
