# In the Name of Loss. `make lab` opens the book, `make test` proves it; see README.md.
#
# DATA         folder with the public sets that `make stored-long` measures on (cluener, agr_rel4, webnlg_star, duie, duee)
# PYTHON       the Python to build the virtual environment with (3.11 or newer)
# PIP_OPTIONS  more options for pip; on Linux, for PyTorch without the CUDA libraries:
#              make lab PIP_OPTIONS="--extra-index-url https://download.pytorch.org/whl/cpu"
PYTHON ?= python3
PIP_OPTIONS ?=
WORKERS ?= 2

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(PIP_OPTIONS)
# The book's own JupyterLab settings, and the kernel of this environment before any of the same name elsewhere.
export JUPYTER_CONFIG_PATH := $(CURDIR)/.jupyter
export JUPYTER_PREFER_ENV_PATH := 1
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: lab test check book figures bench stored stored-long help
.DELETE_ON_ERROR:

help:
	@echo "make lab      open the book in JupyterLab"
	@echo "make test     run everything: checks, unit tests, every chapter, the browser"
	@echo "make book     run every chapter top to bottom and store its outputs"
	@echo "make figures  draw every file under figures/ (with a screenshot where there is Chromium)"
	@echo "make bench    measure controls in a real browser, and methods against the public ones"
	@echo "make stored   measure again the tables and small models under chapters/stored/ (four hours)"
	@echo "make stored-long  the long tables of chapters 4 to 6; DATA=folder with the public sets (a night)"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Creating a virtual environment in .venv …"
	@$(PYTHON) -m venv .venv

.venv/lab.done: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing JupyterLab, PyTorch and the book's package into .venv (1.7 GB; a minute or two, once) …"
	@$(INSTALL) --editable .
	@touch $@

.venv/test.done: pyproject.toml constraints.txt | .venv/lab.done
	@echo "Installing what the tests need …"
	@$(INSTALL) --editable ".[test,encoders]"
	@touch $@

lab: .venv/lab.done
	@echo "Opening the book in JupyterLab. Its address, with the token, is printed below; Ctrl+C twice stops it."
	@$(BIN)/jupyter lab $(ROOT_FLAG)

check: .venv/test.done
	@echo "Checking style and types …"
	@$(BIN)/ruff check --quiet src tests chapters
	@$(BIN)/ruff format --quiet --check src tests
	@$(BIN)/mypy --no-error-summary

# Two workers share two cores: a second thread in each would wait for the first of the other.
test: export OMP_NUM_THREADS := 1
test: check
	@echo "Looking for Chromium and Chinese fonts …"
	@sh tests/browser/install_chromium.sh
	@echo "Running all tests (some fifteen minutes on two cores) …"
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --nbval --nbval-current-env --nbval-cell-timeout 180 chapters tests

book: .venv/lab.done
	@$(BIN)/python -m gradbook.book.make.run

figures: .venv/lab.done
	@$(BIN)/python -m gradbook.book.make.figures

bench: .venv/test.done
	@sh tests/browser/install_chromium.sh
	@$(BIN)/python -m tests.bench.methods
	@$(BIN)/python -m tests.bench.solvers
	@$(BIN)/python -m tests.bench.token_pairs
	@$(BIN)/python -m tests.bench.relations
	@$(BIN)/python -m tests.bench.events
	@$(BIN)/python -m tests.bench.step_sizes
	@$(BIN)/python -m tests.bench.depth
	@$(BIN)/python -m tests.bench.controls

stored: .venv/test.done
	@$(BIN)/python -m gradbook.book.loss_weighting.comparison
	@$(BIN)/python -m gradbook.book.pareto_gradients.comparison
	@$(BIN)/python -m gradbook.book.primary_auxiliary.comparison
	@$(BIN)/python -m tests.bench.methods --store
	@$(BIN)/python -m tests.bench.solvers --store
	@$(BIN)/python -m gradbook.book.global_pointer.train_models
	@$(BIN)/python -m gradbook.book.global_pointer.comparison msra nested
	@$(BIN)/python -m tests.bench.token_pairs --store
	@$(BIN)/python -m gradbook.book.relation_linking.models
	@$(BIN)/python -m gradbook.book.relation_linking.comparison silver methods
	@$(BIN)/python -m gradbook.book.relation_linking.by_heart
	@$(BIN)/python -m tests.bench.relations --store
	@$(BIN)/python -m gradbook.book.event_linking.train_models
	@$(BIN)/python -m gradbook.book.event_linking.comparison bylines meetings
	@$(BIN)/python -m tests.bench.events --store
	@$(BIN)/python -m gradbook.book.step_sizes.comparison
	@$(BIN)/python -m tests.bench.step_sizes --store
	@$(BIN)/python -m gradbook.book.residual_depth.training increments training sgd
	@$(BIN)/python -m tests.bench.depth --store

stored-long: .venv/test.done
	@$(BIN)/python -m gradbook.book.global_pointer.comparison full --seeds 1
	@$(BIN)/python -m gradbook.book.global_pointer.comparison cluener --data "$(DATA)/cluener" --features .venv/cluener.safetensors
	@$(BIN)/python -m gradbook.book.global_pointer.comparison cluener --data "$(DATA)/cluener" --features .venv/cluener.safetensors \
	  --epochs 16 --seeds 1 --heads CRF "Efficient GlobalPointer"
	@$(BIN)/python -m gradbook.book.relation_linking.comparison counts agr occurrence webnlg slim slim-64 duie duie-64 joint --data "$(DATA)"
	@$(BIN)/python -m gradbook.book.event_linking.comparison ceiling duee duee-64 --data "$(DATA)"
