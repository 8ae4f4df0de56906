# The only commands to know. Each sets up what it needs first:
#   make run     train and score both networks of the notebook, draw everything, write report/report.html
#   make serve   the page: draw digits, look inside, train, find the mistakes
#   make test    prove the installation            make test-long   the full-size tests as well
#   make check   format, lint, types, import floors
#   make notebooks  build the exercise and its solution from their one source
#   make bench   the figures behind README and docs
#   make pretrained  train the networks that ship anew, measure them, write their card
#   make lock    choose newer versions of the dependencies (needs the network)

.DEFAULT_GOAL := help
.PHONY: help setup tools run serve test test-long chromium check notebooks bench pretrained lock clean

# The first interpreter here that TensorFlow has wheels for.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
OUT ?= report

help:
	@sed -n '2,10s/^# *//p' Makefile

# Installed from a lock alone, checked against its hashes; repeated only when the lock changed. What the commands need
# comes first, the tools of `make test` and `make check` with those.
$(BIN)/.locked: requirements.lock
	@test -n "$(PYTHON)" || { echo "mnistlab needs Python 3.11, 3.12 or 3.13; none is on the PATH. Install one, or name it: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) setup/install.py --new requirements.lock
	@touch $@

$(BIN)/.installed: $(BIN)/.locked pyproject.toml
	@$(BIN)/python setup/install.py --editable
	@touch $@

$(BIN)/.tools: $(BIN)/.installed requirements-dev.lock
	@$(BIN)/python setup/install.py requirements-dev.lock
	@touch $@

setup: $(BIN)/.installed

tools: $(BIN)/.tools

run: setup
	@$(BIN)/mnistlab run --out "$(OUT)"

serve: setup
	@$(BIN)/mnistlab serve --open

# Two files at a time, in the order of tests/conftest.py.
PYTEST = $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

test: tools chromium
	@$(PYTEST) --durations=10

test-long: tools chromium
	@$(PYTEST) --durations=10 -m "slow or not slow"

# The page is tested in a real browser, where there is one.
chromium:
	@sh tests/browser/install_chromium.sh

check: tools
	@$(BIN)/ruff format --check --quiet . || { echo "Run: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/python -m pytest -q --doctest-modules src -p no:cacheprovider

notebooks: tools
	@$(BIN)/python notebooks/build.py

bench: tools
	@$(BIN)/python benchmarks/measure/speed.py
	@$(BIN)/python benchmarks/measure/step_profile.py
	@$(BIN)/python benchmarks/measure/notebook.py
	@$(BIN)/python benchmarks/measure/recipes.py
	@$(BIN)/python benchmarks/measure/memory.py
	@$(BIN)/python benchmarks/measure/interruptions.py
	@$(BIN)/python benchmarks/measure/reader.py
	@$(BIN)/python benchmarks/measure/serving.py
	@$(BIN)/python benchmarks/measure/drawing.py
	@$(BIN)/python benchmarks/measure/site.py
	@$(BIN)/python benchmarks/measure/learning.py
	@$(BIN)/python benchmarks/measure/fuzzing.py
	@$(BIN)/python benchmarks/measure/installation.py

pretrained: tools
	@$(BIN)/python benchmarks/shipped/pretrained.py
	@$(BIN)/python benchmarks/shipped/notebook_networks.py
	@$(BIN)/python benchmarks/measure/refusals.py

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url pyproject.toml

lock: tools
	@$(LOCK) --upgrade --extra cluster --extra jax --extra lesson --group dev -o requirements-dev.lock
	@$(LOCK) --upgrade --constraint requirements-dev.lock --extra lesson --group setup -o requirements.lock

clean:
	@rm -rf .venv report .pytest_cache .mypy_cache .ruff_cache .hypothesis
