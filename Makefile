# What a newcomer needs: `make run`, `make test`, `make check`. `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= auto

# Whatever the caller's environment says, compiled files are kept: else every child process compiles all again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test check bench format docs lock tools

help:  ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: $(READY)  ## carry one whole trade on real data, then keep serving at http://localhost:8080
	@$(BIN)/qilu demo

test: $(READY)  ## every test, on SQLite, PostgreSQL or both; CI=true takes whole samples
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal

check: $(READY)  ## lint, format, types, import rules, model contract texts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/qilu contracts lint

bench: $(READY)  ## what the ledger and an inspection cost, a reconciliation, beside their targets; requests, whole trades, cold start, page weight
	$(BIN)/python -m tests.bench

format: $(READY)  ## let ruff lay the code out
	$(BIN)/ruff check --fix --fix-only
	$(BIN)/ruff format

docs: $(READY)  ## write market/reference.md out of the source
	$(BIN)/python -m tests.house.reference

lock: $(READY)  ## pin every dependency again, with hashes
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--extra dev --output-file requirements.lock pyproject.toml

# The project itself is built with the locked setuptools, so nothing is fetched beside the lock.
$(READY): requirements.lock pyproject.toml | tools
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked packages into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

tools:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or newer is needed; choose one with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null && command -v git >/dev/null \
		|| { echo "something is missing; on Debian run:"; \
		     echo "  apt-get install --no-install-recommends git make python3-venv"; exit 1; }
