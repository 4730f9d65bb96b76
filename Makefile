# make app      installs what is needed, computes what the first page shows, serves http://localhost:8501
# make test     everything: style, types, every test; needs Chromium (taken from Debian's packages when missing)
# make check    the everyday part of the tests: a minute on two fast cores, a few on slow ones
# make verify-long  the long checks of the calibration, an hour where its runs are not on disk yet
# make bench    how fast it runs here, as a page of ratios; a part of it: make bench BENCH="baseline app --quick"
# make clean    removes what these targets made; finished runs stay (garment-sim store)

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help app precompute test check verify-long bench browser clean

help:
	@sed -n 's/^# //p' Makefile

app: precompute
	$(BIN)/garment-sim app

precompute: .venv/installed
	$(BIN)/garment-sim compare > /dev/null

test: .venv/installed-for-tests browser
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: .venv/installed-for-tests
	$(BIN)/pytest --numprocesses auto --dist worksteal -m "not slow and not browser"

verify-long: .venv/installed
	$(BIN)/python -m calibration.verify

bench: .venv/installed
	$(BIN)/python -m benchmarks $(BENCH)

# hatchling comes first so that the build itself uses the pinned version; our own modules are compiled once, as pip does
# with those of others.
define INSTALL
	@echo "Installing; the first time takes a minute or two."
	$(PIP_INSTALL) hatchling
	$(PIP_INSTALL) --no-build-isolation --editable "$(1)"
	$(BIN)/python -m compileall -q simulator calibration
endef

.venv/installed: pyproject.toml constraints.txt hatch_build.py | .venv/created
	$(call INSTALL,.)
	@touch $@

.venv/installed-for-tests: pyproject.toml constraints.txt hatch_build.py | .venv/created
	$(call INSTALL,.[test])
	@touch $@ .venv/installed

.venv/created:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || \
		{ echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

browser:
	@command -v chromium > /dev/null || test -n "$$CHROMIUM" || { \
		command -v apt-get > /dev/null && { test "$$(id -u)" = 0 || command -v sudo > /dev/null; } || \
			{ echo "The browser tests need Chromium: install it, or set CHROMIUM to its path" >&2; exit 1; }; \
		as_root=$$(test "$$(id -u)" = 0 || echo sudo); \
		$$as_root apt-get update --quiet=2 && \
		$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 chromium > /dev/null; }

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
