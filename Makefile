# `make` prints what there is to do. PYTHON=python3.12 picks another interpreter.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
# The versions everything was tested with; also keeps torch to the CPU build that constraints.txt names.
PIP     = $(BIN)/pip install --disable-pip-version-check -q -c constraints.txt

.PHONY: help install demo test lint types docs benchmark benchmarks check clean
help:  ## print this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (torch is about 200 MB; minutes on a slow line) ..."
	$(PIP) -e ".[demo,test,lint]"
	@touch $@

install: $(VENV)/.installed  ## install everything needed to use and test into .venv

demo: install  ## simulate a Mw 4.9 earthquake to 1 Hz, enrich it to 30 Hz, leave figures in demo/
	$(BIN)/python examples/demo.py demo

test: install  ## run the tests (two cores, no network, minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 3 --dist worksteal

lint: install  ## ruff (rules and format)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install  ## mypy
	$(BIN)/mypy obspy_broadband plugins cli

docs: install  ## build the documentation into docs/_build/html, commands and notebook from the program
	$(PIP) -e ".[docs]"
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html

benchmarks: install  ## print ratios against named peers (docs/reference/benchmarks.md keeps what they printed)
	$(PIP) -e ".[benchmarks]"
	for script in benchmarks/[a-z]*.py; do echo "== $$script"; OMP_NUM_THREADS=1 $(BIN)/python $$script || exit 1; done

benchmark: install  ## the table of all methods that have weights, from STORE=folder (obb data prepare)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/methods.py $(STORE) -o benchmark

check: lint types test docs  ## all that CI runs, and the documentation

clean:  ## remove what was built, the environment included
	rm -rf $(VENV) build dist *.egg-info docs/_build demo .pytest_cache .ruff_cache .mypy_cache
