# The interface of the repository. `make demo` and `make test` are all that most people need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
JOBS ?= 2
PYTEST = $(BIN)/pytest -n $(JOBS)

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test lint types imports unit browser bench bench-scale bench-load lock clean chromium

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.runtime ## set up, then try everything in the browser
	@exec $(BIN)/signoff demo $(ARGS)

test: lint types imports chromium ## set up, then run every check there is
	MATRIX=full $(PYTEST) $(ARGS)

lint: $(VENV)/.development ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.development ## check types
	$(BIN)/mypy

imports: $(VENV)/.development ## check who imports whom
	$(BIN)/lint-imports

unit: $(VENV)/.development ## run the tests that need no browser
	$(PYTEST) -m "not browser" $(ARGS)

browser: $(VENV)/.development chromium ## run the tests that need a browser
	$(PYTEST) -m browser $(ARGS)

bench: $(VENV)/.development ## measure beside other libraries (ten minutes; docs/performance.md)
	@$(BIN)/python -m benchmarks compare $(ARGS)

bench-scale: $(VENV)/.development ## measure with a million open approvals
	@$(BIN)/python -m benchmarks scale $(ARGS)

bench-load: $(VENV)/.development ## measure clicks on the whole bot
	@$(BIN)/python -m benchmarks load $(ARGS)

lock: ## choose the newest allowed versions of all dependencies (needs uv)
	uv pip compile pyproject.toml --quiet --upgrade --universal --extra cel --extra postgres \
	  --generate-hashes --no-header --output-file requirements.lock
	uv pip compile pyproject.toml --quiet --upgrade --universal --extra cel --extra postgres --group dev \
	  --generate-hashes --no-header --output-file requirements-dev.lock

clean: ## remove what was built, the virtual environment included
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist *.egg-info

chromium:
	@bash .ci/chromium

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Signoff needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1);" \
	    "call make PYTHON=python3.12, or whatever yours is called" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "the virtual environment could not be made; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

# A development environment holds the runtime's packages in the same versions.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/.created
	@echo "Installing what Signoff needs into $(VENV) …"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps -e .
	@touch $@

$(VENV)/.development: requirements-dev.lock pyproject.toml | $(VENV)/.created
	@echo "Installing what the checks need into $(VENV) …"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@$(INSTALL) --no-deps -e .
	@touch $@ $(VENV)/.runtime
