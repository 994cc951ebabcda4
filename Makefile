# Everyleg · 全程 — `make help` lists the targets.
VENV  := .venv
BIN   := $(VENV)/bin
PY    ?= python3
ASSETS := src/everyleg/web/assets/tabler.min.css
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test lint unit corpus bench soak lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PY) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(ASSETS): package.json package-lock.json scripts/assets.py $(VENV)/.ready
	npm ci --silent
	$(BIN)/python scripts/assets.py
	@touch $@

setup: $(VENV)/.ready $(ASSETS) ## build .venv with locked dependencies and the command .venv/bin/everyleg

run: setup ## the pages at http://127.0.0.1:8017 with a workspace full of parcels; Ctrl-C ends it, the data stays
	@$(BIN)/everyleg serve --demo

test: setup lint unit corpus ## everything that must hold: lint, tests, corpus score

lint: setup ## ruff, strict types, floors of the house, sizes
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.log || (cat $(VENV)/lint-imports.log; exit 1)
	@$(BIN)/python scripts/sizes.py src/everyleg

unit: setup ## the tests, two at a time
	@$(BIN)/python -m pytest -n 2

corpus: setup ## how much of the shared corpus is read right; the score may only rise
	@$(BIN)/everyleg corpus --check

bench: setup ## measured beside a reference in the same run
	@for what in normalize detect store ingest replay webhook freshness "freshness --cohorts" sheet pages scale; do $(BIN)/everyleg bench $$what || exit 1; done

soak: setup ## long runs: properties, a thousand kills while a season is fed, ten minutes without a database
	@$(BIN)/python -m tests.faults.soak
	@$(BIN)/python -m pytest -n 2 --hypothesis-profile=soak tests/unit/fold tests/unit/time tests/unit/ports tests/unit/wording

lock: setup ## pin every dependency anew, with hashes and without addresses
	@$(BIN)/python scripts/lock.py

clean: ## remove what setup built
	rm -rf $(VENV) build src/*.egg-info
