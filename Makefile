# Two commands do all the set-up: `make demo` runs the main job, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo test check clean

help:
	@echo "make setup  make the environment, and no more"
	@echo "make demo   set up, then watch a small model learn mail from simulated people"
	@echo "make test   set up, then run the tests"
	@echo "make check  set up, then lint, types and the import rule"
	@echo "make clean  remove the environment and what was built"

$(READY): pyproject.toml constraints.txt scripts/setup
	scripts/setup $(PYTHON) $(VENV)
	@touch $@

setup: $(READY)

demo: $(READY)
	$(BIN)/greenroom demo $(ARGS)

test: $(READY)
	scripts/test $(ARGS)

check: $(READY)
	scripts/check

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
