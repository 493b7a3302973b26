# make run     analyse the sample capture            make test    every check
# make bench   time the stages of an analysis        make clean   remove what was made here
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RESULTS := results
SAMPLE ?= sample_data/exercise.pcap.gz

.PHONY: run test bench clean

run: $(VENV)/installed
	$(BIN)/t2tui run $(SAMPLE) -w $(RESULTS)/
	@ls -l $(RESULTS)

test: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m t2tui.cli.kernels
	$(BIN)/pytest -n 2 --dist worksteal

bench: $(VENV)/installed
	$(BIN)/t2tui bench $(SAMPLE)

clean:
	rm -rf $(VENV) $(RESULTS) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,check]'
	touch $@
