PYTHON ?= python3
PORT ?= 8700
SANDBOX_PORT ?= 8701
PUPILS ?= 120
PYTEST_ARGS ?= -n auto --dist worksteal
BENCH_ARGS ?=
CLIENTS_ARGS ?=
FUZZ_SURFACES ?=
MUTANTS ?=

BIN := .venv/bin
TRANSLATIONS := $(wildcard jotgate/translations/*/LC_MESSAGES/*.po)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

NO_PYTHON = jotgate: there is no $(PYTHON) here. Install Python 3.10 or newer (Debian, Ubuntu: apt install \
	python3 python3-venv), or name yours: make PYTHON=/path/to/python3
OLD_PYTHON = jotgate: $(PYTHON) is older than Python 3.10. Name a newer one: make PYTHON=python3.12
NO_VENV = jotgate: $(PYTHON) comes without venv. Install it (Debian, Ubuntu: apt install python3-venv), or \
	name another Python: make PYTHON=/path/to/python3
OFFLINE = jotgate: the packages could not be installed, for the reason above. Go online, name your proxy in \
	HTTPS_PROXY or your own package index in PIP_INDEX_URL, and run the same command again.

# The tests start many processes, and each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all nightly soak load fuzz mutants clients check bench

help:
	@echo 'make demo      a school site behind the gate, with a JotForm of its own:'
	@echo '               http://127.0.0.1:$(PORT)/ and :$(SANDBOX_PORT) (PORT=, SANDBOX_PORT=), with an office (PUPILS=)'
	@echo 'make test      the tests that a change needs, without any service (PYTEST_ARGS="-k codes")'
	@echo 'make test-all  the slow ones as well'
	@echo 'make nightly   the longest, and 10,000 new cases of every generated one'
	@echo 'make load      an exam morning: what this machine serves, and 100,000 students simulated'
	@echo 'make soak      half an hour of everything on both stores, with faults (SOAK_MINUTES=)'
	@echo 'make fuzz      inputs found by coverage, a minute each surface (FUZZ_SECONDS=, FUZZ_SURFACES="codes ids")'
	@echo 'make mutants   small changes of the code that decides, and whether a test breaks (MUTANTS=jotgate/codes.py)'
	@echo 'make clients   clients by others, from PyPI and npm, against the sandbox and with a scoped key (CLIENTS_ARGS=)'
	@echo 'make check     lint, format, types, import layers, documentation'
	@echo 'make bench     the figures, beside those of other packages (BENCH_ARGS=)'
	@echo
	@echo 'All of them live in .venv, made with PYTHON=$(PYTHON).'

demo: .venv/.installed-demo
	@exec $(BIN)/python -m example_app --port $(PORT) --sandbox-port $(SANDBOX_PORT) --pupils $(PUPILS)

test: .venv/.installed-test
	$(BIN)/python -m pytest -m 'not slow' $(PYTEST_ARGS)

test-all: .venv/.installed-test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

load: .venv/.installed-test
	$(BIN)/python -m tests.load

soak: .venv/.installed-test
	$(BIN)/python -m tests.soak

nightly: export HYPOTHESIS_PROFILE = nightly
nightly: .venv/.installed-test
	$(BIN)/python -m pytest -m 'nightly or hypothesis' $(PYTEST_ARGS)

fuzz: .venv/.installed-fuzz
	$(BIN)/python -m tests.fuzz $(FUZZ_SURFACES)

mutants: .venv/.installed-test
	$(BIN)/python -m tests.mutants $(MUTANTS)

clients: .venv/.installed-test
	$(BIN)/python -m tests.clients $(CLIENTS_ARGS)

check: .venv/.installed-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/sphinx-build -n -W --keep-going -q docs docs/_build

bench: .venv/.installed-bench
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

.venv/bin/pip:
	@command -v '$(PYTHON)' >/dev/null || { echo '$(NO_PYTHON)' >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo '$(OLD_PYTHON)' >&2; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || { echo '$(NO_VENV)' >&2; exit 1; }
	@'$(PYTHON)' -m venv --clear .venv

.venv/.installed: pyproject.toml setup.cfg $(TRANSLATIONS) | .venv/bin/pip
	@$(INSTALL) -e . || { echo '$(OFFLINE)' >&2; exit 1; }
	@touch $@

.venv/.installed-%: pyproject.toml setup.cfg $(TRANSLATIONS) | .venv/bin/pip
	@$(INSTALL) -e '.[$*]' || { echo '$(OFFLINE)' >&2; exit 1; }
	@touch $@
