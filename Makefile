# make run      set everything up and open the explorer at http://localhost:8501
# make test     every test, the browser's too        make test-fast   without a browser
# make check    style, types, direction of imports   make messages    words to translate
# make benchmarks   make checkpoints   make constraints   make clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
# One thread per test process: two that wait for each other are slower than one. The tests of a
# file stay in one process: they share a server and a browser, and may tell one story.
# They begin with the longest, as measured (`make seconds`).
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
LOCALE := explorer/locale
POT := $(LOCALE)/convscope.pot

.PHONY: run test seconds test-fast check messages benchmarks checkpoints constraints clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed $(VENV)/.data
	@$(BIN)/python -m explorer serve

test: $(VENV)/.installed-dev $(VENV)/.data
	@.ci/chromium $(BIN)/python
	@.ci/haproxy
	@.ci/compiler
	$(PYTEST)

# As `test`, and how long each file takes is written down: it is tests/seconds.json that orders them.
seconds: PYTEST += --renew-seconds
seconds: test

test-fast: $(VENV)/.installed-dev $(VENV)/.data
	$(PYTEST) -m "not browser"

check: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Collect the words, bring every translation up to date, compile them.
messages: $(VENV)/.installed-dev
	$(BIN)/pybabel -q extract --project=convscope --no-default-keywords \
	    -k _ -k N_ -k ngettext:1,2 --add-location=file --sort-output \
	    -c Translators: -o $(POT) app.py explorer pages
	@if ls $(LOCALE)/*/LC_MESSAGES/*.po >/dev/null 2>&1; then \
	    $(BIN)/pybabel -q update -D convscope -i $(POT) -d $(LOCALE) --no-fuzzy-matching && \
	    $(BIN)/pybabel -q compile -D convscope -d $(LOCALE); \
	fi

benchmarks: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.layers

# Train the weights in checkpoints/ anew: about half an hour on two cores.
checkpoints: $(VENV)/.installed $(VENV)/.data
	@$(BIN)/python -m checkpoints.train

# The versions that an empty machine gets today, from the exact pins and what these ask for.
constraints: FRESH := build/fresh
constraints:
	@rm -rf $(FRESH) && $(PYTHON) -m venv $(FRESH)
	@$(FRESH)/bin/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@sed -n '/^#/p' constraints.txt > $(FRESH)/constraints.txt
	@$(FRESH)/bin/python -m pip freeze | sed 's/+[a-z0-9.]*$$//' >> $(FRESH)/constraints.txt
	@mv $(FRESH)/constraints.txt constraints.txt && rm -rf $(FRESH)

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	    .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Convscope needs Python \
	3.11 or newer; this is " + sys.version.split()[0] + ". Say which: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Could not make a virtual \
	environment in $(VENV). On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# Installed again only when the list of requirements has changed.
$(VENV)/.installed: requirements.txt constraints.txt | $(BIN)/python
	@echo "Installing what the explorer needs (minutes, the first time) …"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(PIP) -r requirements-dev.txt
	@touch $@

# The course's pictures, once: where they cannot be had, not again at every start.
$(VENV)/.data: | $(BIN)/python
	@.ci/fashion-mnist
	@touch $@
