# Two commands do everything: `make demo` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
LOCKS := src/kaiten_sync/jobs/templates/locks
UV ?= uv

# Tests start hundreds of processes: none should have to compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test stress check lint types layers pytest docs site examples pictures bench format constraints locks clean

help: ## Show the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.ready ## Set up, then walk through the main workflow on the embedded server
	@$(BIN)/kaiten-sync demo

test: check pytest ## Set up, then run all checks

stress: $(VENV)/.dev ## Run the tests that start processes on busy cores, with signals ignored
	$(BIN)/python -m tests.stress

check: lint types layers ## Static checks: ruff, mypy, import-linter

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

pytest: $(VENV)/.dev build/wheelhouse/.ready build/wheelhouse-newest/.ready build/contract/.ready build/mcp/.ready tests/node/node_modules/.ready
	$(BIN)/pytest -n $(JOBS) --dist worksteal

examples: $(VENV)/.dev ## Write the plans and transcripts of the examples
	$(BIN)/python -m tests.acceptance.examples

docs: $(VENV)/.dev ## Write the generated schemas and reference pages, and build the site
	$(BIN)/python -m tests.docs.schemas
	$(BIN)/python -m tests.docs.reference
	$(BIN)/python -m tests.docs.transcript
	@$(MAKE) --no-print-directory site

site: $(VENV)/.dev ## Build the documentation as a site into build/site; needs no network
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

pictures: $(VENV)/.dev ## Take the pictures of the docs; needs Chromium
	$(BIN)/python -m tests.browser.pictures

bench: $(VENV)/.dev ## Measure plans, impact, pages and reports (needs wrk); prints the tables of docs/explanation/performance.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group bench
	$(BIN)/python -m benchmarks.curve --sizes 100 1000 10000 20000 100000 \
	  --json build/curve.json
	$(BIN)/python -m benchmarks.plot build/curve.json docs/images/curve.svg
	$(BIN)/python -m benchmarks.latency
	$(BIN)/python -m benchmarks.impact
	$(BIN)/python -m benchmarks.dashboard_lists
	$(BIN)/python -m benchmarks.reports

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

constraints: $(VENV)/.dev ## Pin what is installed now
	$(BIN)/pip freeze --exclude-editable --exclude pip --exclude setuptools > constraints.txt

locks: ## Lock what is installed elsewhere, with hashes, in the versions of constraints.txt; needs uv
	$(call lock,pyproject.toml --extra rules,$(LOCKS)/program.txt)
	$(call lock,pyproject.toml --extra rules --extra server,$(LOCKS)/server.txt)
	echo 'build\nhatchling>=1.27' | $(call lock,-,.ci/locks/build.txt)
	echo 'cyclonedx-bom' | $(call lock,-,.ci/locks/sbom.txt)

lock = $(UV) pip compile --quiet $(1) -c constraints.txt --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-header --no-annotate --only-binary :all: -o $(2)

clean: ## Remove everything that was made here
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# The program with its server: all that a demo takes.
$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("kaiten-sync needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@echo "setting up $(VENV) (once)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[rules,server]'
	@touch $@

# What the checks take on top.
$(VENV)/.dev: $(VENV)/.ready
	@echo "setting up the checks (once)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev
	@touch $@

# What the locks name as files, so that tests build and install without any network.
build/wheelhouse/.ready: .ci/locks/build.txt $(LOCKS)/server.txt | $(VENV)/.dev
	@rm -rf build/wheelhouse && mkdir -p build/wheelhouse
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check -d build/wheelhouse \
	  --no-deps --require-hashes -r $(LOCKS)/server.txt
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check -d build/wheelhouse \
	  --no-deps --require-hashes -r .ci/locks/build.txt
	@touch $@

# The same for the newest Python of the machine, whose path is in .python. Empty without one, or if
# it cannot make environments, as Debian's without python3-venv: its tests skip and say so.
NEWEST_PYTHON ?= $(lastword $(sort $(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin/python3)) \
  $(sort $(wildcard /usr/local/bin/python3.1[2-9] /usr/bin/python3.1[2-9])))
build/wheelhouse-newest/.ready: $(LOCKS)/server.txt | $(VENV)/.dev
	@rm -rf build/wheelhouse-newest && mkdir -p build/wheelhouse-newest
	@if [ -n "$(NEWEST_PYTHON)" ] && "$(NEWEST_PYTHON)" -c 'import ensurepip' 2>/dev/null; then \
	  $(BIN)/python -m pip --python "$(NEWEST_PYTHON)" download --quiet --disable-pip-version-check \
	    -d build/wheelhouse-newest --no-deps --require-hashes -r $(LOCKS)/server.txt && \
	  echo "$(NEWEST_PYTHON)" > build/wheelhouse-newest/.python; fi
	@touch $@

# Kaiten's 1.0 contract, from the source distribution of its SDK; pinned with its hash.
build/contract/.ready: tests/contract/sdk.txt | $(VENV)/.dev
	@rm -rf build/contract && mkdir -p build/contract
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check -d build/contract \
	  --no-deps --no-binary kaitencloud --no-build-isolation --require-hashes -r $<
	@touch $@

# Kaiten's MCP server, which wants a newer Python than ours. Without one its tests skip and say so.
NEWER_PYTHON ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin/python \
  /usr/bin/python3.1[2-9] /usr/local/bin/python3.1[2-9]))
build/mcp/.ready: tests/contract/mcp.txt | $(VENV)/.dev
	@mkdir -p build/mcp
	@if [ -n "$(NEWER_PYTHON)" ]; then \
	  "$(NEWER_PYTHON)" -m venv --without-pip build/mcp && \
	  $(BIN)/python -m pip --python build/mcp/bin/python install --quiet --disable-pip-version-check -r $<; fi
	@touch $@

# The validator of HTML. Without npm its test skips and says so; in CI it fails.
tests/node/node_modules/.ready: tests/node/package-lock.json
	@if command -v npm >/dev/null; then \
	  npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/node && touch $@; fi
