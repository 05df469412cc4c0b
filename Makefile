# In the Name of Loss. `make lab` opens the book, `make test` proves it; see README.md and CONTRIBUTING.md.
#
# NAME         a chapter ("03", "03-primary-auxiliary") or a stored table ("07-sensitivity")
# DATA         folder with the public sets that some tables are measured on (cluener, agr_rel4, webnlg_star, duie, duee)
# PYTHON       the Python to build the virtual environment with (3.11 or newer)
# PIP_OPTIONS  more options for pip; on Linux, for PyTorch without the CUDA libraries:
#              make lab PIP_OPTIONS="--extra-index-url https://download.pytorch.org/whl/cpu"
PYTHON ?= python3
PIP_OPTIONS ?=
WORKERS ?= 2

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(PIP_OPTIONS)
NBVAL := $(BIN)/pytest --nbval --nbval-current-env --nbval-cell-timeout 180
# The book's own JupyterLab settings, and the kernel of this environment before any of the same name elsewhere.
export JUPYTER_CONFIG_PATH := $(CURDIR)/.jupyter
export JUPYTER_PREFER_ENV_PATH := 1
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: lab test style check format chapter notebooks book figures bench stored help
.DELETE_ON_ERROR:

help:
	@echo "make lab                 open the book in JupyterLab"
	@echo "make test                run everything: checks, unit tests, every chapter, the browser"
	@echo "make chapter NAME=03     run one chapter, store its outputs, and test it"
	@echo "make notebooks           run every chapter against its stored outputs"
	@echo "make check, make format  style and types; put the style right"
	@echo "make book                run every chapter top to bottom and store its outputs"
	@echo "make figures             draw every file under figures/ (with a screenshot where there is Chromium)"
	@echo "make bench               measure controls in a real browser, and methods against the public ones"
	@echo "make stored              list the stored tables and models and the commands that make them"
	@echo "make stored NAME=07-sensitivity DATA=folder   measure one again (seconds to hours)"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Creating a virtual environment in .venv …"
	@$(PYTHON) -m venv .venv

.venv/lab.done: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing JupyterLab, PyTorch and the book into .venv (1.8 GB; a minute or two, once) …"
	@$(INSTALL) --editable ".[book]"
	@touch $@

.venv/test.done: pyproject.toml constraints.txt | .venv/lab.done
	@echo "Installing what the tests need …"
	@$(INSTALL) --editable ".[test]"
	@touch $@

lab: .venv/lab.done
	@echo "Opening the book in JupyterLab. Its address, with the token, is printed below; Ctrl+C twice stops it."
	@$(BIN)/jupyter lab $(ROOT_FLAG)

style: .venv/test.done
	@echo "Checking style …"
	@$(BIN)/ruff check --quiet src tests chapters
	@$(BIN)/ruff format --quiet --check src tests

check: style
	@echo "Checking types …"
	@$(BIN)/mypy --no-error-summary

format: .venv/test.done
	@$(BIN)/ruff check --quiet --fix src tests
	@$(BIN)/ruff format --quiet src tests

# Two workers share two cores: a second thread in each would wait for the first of the other.
test notebooks chapter: export OMP_NUM_THREADS := 1
test: style
	@echo "Looking for Chromium and Chinese fonts …"
	@sh tests/browser/install_chromium.sh
	@echo "Running all tests …"
	@$(NBVAL) -n $(WORKERS) --no-loadscope-reorder chapters tests

chapter: .venv/test.done
	@test -n "$(NAME)" || { echo "Which chapter? make chapter NAME=03"; exit 1; }
	@$(BIN)/python -m gradbook.book.make.run $(NAME)
	@$(NBVAL) chapters/$(NAME)*.ipynb tests/chapters -k "$(NAME)"

notebooks: .venv/test.done
	@$(NBVAL) -n $(WORKERS) --dist loadfile chapters

book: .venv/lab.done
	@$(BIN)/python -m gradbook.book.make.run

figures: .venv/lab.done
	@$(BIN)/python -m gradbook.book.make.figures

bench: .venv/test.done
	@sh tests/browser/install_chromium.sh
	@$(BIN)/python -m tests.bench

stored: .venv/test.done
	@$(BIN)/python -m gradbook.book.make.stored $(NAME) $(if $(DATA),--data "$(DATA)")
