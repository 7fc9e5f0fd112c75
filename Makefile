# The commands of the README, and a few more. Each sets up what it needs, once: a stamp in the environment's folder is
# older than pyproject.toml or constraints.txt exactly when something has to be installed again.
#
#   make demo     the console on the embedded market, nothing to configure
#   make test     all tests
#   make check    format, lint, types, import rules, tests
#   make bench    the figures of tests/bench, as ratios of one run
#   make chaos    proof by breaking, about ten minutes; make chaos-long all of it
#   make peers    other programs that make bench compares with, in .venv-peers
#   make interop  other people's clients against the simulated venue and our adapter, in .venv-interop
#   make docs     the generated pages of docs/
#   make pictures the pictures of docs/pictures
#   make clean    remove the environment and caches
#
# PYTHON=python3.12 picks the interpreter, VENV=DIR the environment's folder.

VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := $(VENV)/.hoga-run
DEV := $(VENV)/.hoga-dev
NEEDS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench chaos chaos-long peers interop docs pictures clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(RUN)
	@$(BIN)/hoga demo

test: $(DEV)
	$(BIN)/python -m pytest -n 4 -q

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p core -p brokers -p storage -p tui
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 4 -q

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV)
	$(BIN)/python -m tests.bench

chaos: $(DEV)
	$(BIN)/python -m tests.chaos --mid

chaos-long: $(DEV)
	$(BIN)/python -m tests.chaos

peers:
	"$(PYTHON)" -m venv .venv-peers
	.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install nautilus_trader==1.221.0

INTEROP := .venv-interop/.hoga-interop

interop: $(DEV) $(INTEROP)
	$(BIN)/python -m tests.interop.upbit

$(INTEROP): tests/interop/requirements.txt
	"$(PYTHON)" -m venv .venv-interop
	.venv-interop/bin/python -m pip --disable-pip-version-check --quiet install -r tests/interop/requirements.txt
	@touch $@

docs: $(DEV)
	$(BIN)/python -m tests.house.pages

pictures: $(DEV)
	rm -f docs/pictures/*
	$(BIN)/python -m tests.pictures docs/pictures

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find core brokers storage tui tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "hoga needs Python 3.11 or newer; $(if $(PYTHON),$(PYTHON) is $$("$(PYTHON)" --version 2>&1 || echo not there),none was found)." >&2; \
		echo "Nothing was changed. Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; fi
	@echo "Setting up $(VENV) with $(PYTHON) (once)."
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "python -m venv failed; on Debian and Ubuntu: apt install python3-venv. Then run make again." >&2; exit 1; }

$(RUN): $(NEEDS) | $(BIN)/python
	@echo "Installing hoga (once)."
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(DEV): $(NEEDS) | $(BIN)/python
	@echo "Installing hoga and its development tools (once)."
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $(RUN) $@
