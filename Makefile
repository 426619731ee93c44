# Everything sets itself up: a fresh clone needs python3 (3.10 or newer) and make.

PYTHON ?= python3
BIN := .venv/bin
# The pinned versions are those of Python 3.11 and newer; on 3.10 pip chooses.
PINS := $(shell $(PYTHON) -c "import sys; print('-c constraints.txt' if sys.version_info >= (3, 11) else '')")
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet $(PINS)

# One torch thread a process: for networks this small a second gains nothing, and on a busy machine, or beside other
# test processes, threads that wait for each other made the demo ten times slower.
export OMP_NUM_THREADS ?= 1

.PHONY: help demo test bench book full pages diffs clean

help: ## what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# A stamp says what stands in .venv, so that a second `make` does not set it up again.
.venv/made:
	@echo "Setting up a virtual environment in .venv ..."
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/train-ready: .venv/made pyproject.toml constraints.txt
	@echo "Installing torch and what the loops need: minutes the first time ..."
	@$(PIP) torch
	@$(PIP) -e '.[train]'
	@touch $@

.venv/dev-ready: .venv/train-ready
	@echo "Installing what the tests need ..."
	@$(PIP) -e '.[dev,frameworks]'
	@touch $@

define DEMO_END
import json
from glassloop.record.folders import newest_run_folder
folder = newest_run_folder("digits")
run = json.loads((folder / "run.json").read_text())
print()
print(f"Trained for {run['seconds']:.0f} s and checked on 360 scans that it never trained on:")
print(f"validation accuracy {run['final']['val_accuracy']:.4f}")
print()
print(f"Look at  {folder}/report.html      the run on one page, in your browser")
print(f"         {folder}/source/train.py  the loop that did it, every line explained")
print("Own it:  .venv/bin/glassloop new digits my-digits")
endef
export DEMO_END

demo: .venv/train-ready ## train on real data and leave a run folder to look at
	@echo "Training a small convolutional network on 1,797 real scans of handwritten digits, recorded ..."
	@$(BIN)/glassloop run digits
	@$(BIN)/python -c "$$DEMO_END"

test: .venv/dev-ready ## lint, types, floors, tests: what CI runs
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || echo "No chromium here: that a PDF is printed is not tested (Debian: apt-get install chromium)"
	$(BIN)/python -m pytest -n auto --dist loadfile -q

full: .venv/dev-ready ## the tests that take longer than CI allows
	$(BIN)/python -m pytest -n auto --dist loadfile -q -m full

bench: .venv/dev-ready ## measure what the performance claims are made of
	@for script in $$(grep -l __main__ bench/*.py); do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

pages: .venv/dev-ready ## write docs/rules/ and docs/events.md again
	@$(BIN)/python docs/pages.py

book: .venv/dev-ready ## build docs/book/_build: pages, a notebook that was run, PDF
	$(BIN)/python docs/book/build.py

diffs: .venv/dev-ready ## write src/glassloop/loops/DIFFS.md again
	@$(BIN)/python -c 'from glassloop.templates import LOOPS, diffs; (LOOPS / "DIFFS.md").write_text(diffs(), encoding="utf-8")'

clean: ## remove what was set up and cached; runs/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
