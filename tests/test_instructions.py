"""The tests of the methods once more, under the instructions of other processors.

Sums come out in another order, and with or without fused multiplications, on a processor with other vector
instructions. A test that holds on one machine alone would fail on a reader's. Modules whose tests are run again carry
the mark ``numeric``; among them, what is no question of rounding or takes seconds is marked ``once``.
"""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np  # noqa: F401  (loads the OpenBLAS that is asked below)
import pytest
import scipy.linalg  # noqa: F401  (has one of its own)
import torch
from threadpoolctl import threadpool_info

from gradbook.book.chapters import ROOT

VARIABLES = ("ATEN_CPU_CAPABILITY", "MKL_CBWR", "OPENBLAS_CORETYPE")  # read by torch, its MKL, NumPy's and SciPy's BLAS
PROCESSORS = {  # name: (what the processor needs, the three variables)
    "plain": ("", ("default", "COMPATIBLE", "Nehalem")),
    "AVX2": ("avx2", ("avx2", "AVX2", "Haswell")),
    "AVX-512": ("avx512f", ("avx512", "AVX512", "SkylakeX")),
}


@pytest.mark.numeric
def test_what_is_asked_for_computes(capfd, record_property):
    with torch.backends.mkl.verbose(torch.backends.mkl.VERBOSE_ON):
        torch.ones(8, 8) @ torch.ones(8, 8)
    ctypes.CDLL(None).fflush(None)
    mkl = re.search(r"CNR:(\w+)", capfd.readouterr().out)
    blas = {library["architecture"] for library in threadpool_info() if library["internal_api"] == "openblas"}
    computes = (torch.backends.cpu.get_cpu_capability(), mkl and mkl[1], " ".join(sorted(blas)))
    record_property("instructions", "torch {}, MKL {}, OpenBLAS {}".format(*computes))
    for name, found in ((VARIABLES[0], computes[0]), (VARIABLES[2], computes[2])):  # MKL calls its choice as it likes
        assert os.environ.get(name, found).lower() == found.lower()


@pytest.mark.parametrize("name", PROCESSORS, ids="on {}".format)
def test_the_methods_keep_their_promises(name, record_property):
    needed, values = PROCESSORS[name]
    if needed and needed not in Path("/proc/cpuinfo").read_text(encoding="utf-8").split():
        pytest.skip(f"this processor has no {needed}")
    files = [path for path in (ROOT / "tests").glob("test_*.py") if "pytest.mark.numeric" in path.read_text()]
    command = [sys.executable, "-m", "pytest", "-m", "numeric and not once", "-p", "no:cacheprovider", *sorted(files)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment.update(zip(VARIABLES, values, strict=True))
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    *_, passed = done.stdout.splitlines()
    record_property("instructions", f"{re.search('torch .*, MKL .*', done.stdout)[0]}: {passed.strip('= ')}")
