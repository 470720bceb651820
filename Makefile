# unetdoctor: two commands matter on a fresh machine, `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# TORCH=cpu (or cu128, ...) chooses the build of torch that uv installs; empty leaves the choice to the index.
TORCH ?=
# The tests' own arguments: two workers, each test file whole in one of them (every worker imports torch).
PYTEST_ARGS ?= -n 2 --dist loadfile

# Options of `make zoo`: --form, --only, --format, --jobs.
ZOO ?=

# Options of `make fuzz`: --seconds (for each reader), --seed, --only, --out.
FUZZ ?= --seconds 60

# Options of `make accuracy`, such as ACCURACY='--only M06 --jobs 8': --only, --networks, --sample, --jobs, --peers, --out.
ACCURACY ?=

# $(call install,WHAT): uv does it in seconds; where uv is absent or finds no index, pip does.
backend = $(if $(TORCH),--torch-backend $(TORCH))
install = { test -x $(BIN)/uv && $(BIN)/uv pip install --python $(BIN)/python $(backend) -e '$(1)'; } \
	|| { echo 'uv could not install; pip tries, with the build of torch that its index offers' >&2; \
	     $(BIN)/python -m pip install -e '$(1)'; }

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: calibrate fire help demo test lint check format bench zoo accuracy golden fuzz

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

demo: $(VENV)/.installed ## install, examine the grey generator and show where its pictures are
	@$(BIN)/unetdoctor demo

test: $(VENV)/.installed-dev ## install what the tests need and run them all
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test ## everything that CI runs: lint, then the tests

format: $(VENV)/.installed-dev ## format the code and repair what ruff can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev ## measure speed and memory as ratios, side by side
	$(BIN)/python -m tests.bench

zoo: $(VENV)/.installed-dev ## examine every architecture of the zoo without a flag (ZOO='--form all' for TorchScript and .pt2)
	$(BIN)/python -m tests.zoo $(ZOO)

accuracy: $(VENV)/.installed-dev ## how often the true cause of a fault is named (ACCURACY='--only M06 --jobs 8')
	$(BIN)/python -m tests.faults $(ACCURACY)

fuzz: $(VENV)/.installed-dev ## damaged and invented input for every reader (FUZZ='--seconds 600 --out fuzz.json')
	$(BIN)/python -m tests.fuzz $(FUZZ)

calibrate: $(VENV)/.installed-dev ## where each limit stands between sound and sick networks (runs the accuracy bench)
	$(BIN)/python -m tests.faults $(ACCURACY) --out .cache/accuracy.json || test $$? = 1
	$(BIN)/python -m tests.calibration .cache/accuracy.json

fire: $(VENV)/.installed-dev ## misbehaving models, every failing call and 100 kills while writing, in full (an hour)
	$(BIN)/python -m tests.worker.misbehaving --out .cache/misbehaving.json
	$(BIN)/python -m tests.torture --out .cache/torture.json
	$(BIN)/python -m tests.torture --kills 100 --out .cache/kills.json

golden: $(VENV)/.installed-dev ## regenerate the README's pictures and blocks, and the golden files
	$(BIN)/python -m tests.golden

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("unetdoctor needs Python 3.11 or newer, and %s is %d.%d: make PYTHON=python3.11 ..." \
	  % (sys.executable, *sys.version_info[:2]) if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv || echo 'uv could not be fetched; pip installs instead' >&2

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(call install,.)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(call install,.[dev])
	@touch $(VENV)/.installed $@
