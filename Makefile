# Everything a newcomer needs; `make` alone lists it. All goes into .venv, versions are pinned in constraints.txt.
PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
TEST   ?= -n 2 --dist loadfile  # arguments of pytest; TEST= runs on one core
PATHS  := src tests benchmarks word2vec.py analysis.py

.PHONY: help demo test lint test-slow test-quality test-random bench clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s%s\n", $$1, $$2 }'

demo: .venv/demo ## train on the documentation on this machine, draw the words, write the report
	$(BIN)/python word2vec.py
	$(BIN)/python analysis.py --save_vectors vectors.tsv --save_plot vectors.png
	$(BIN)/sgns report -o report.pdf
	@echo "The picture is $(CURDIR)/vectors.png, the report is $(CURDIR)/report.pdf"

test: lint ## format, lint, types, tests
	$(BIN)/python -m pytest $(TEST)

lint: .venv/test ## format, lint, types
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy

test-slow: .venv/test ## torture and endurance
	$(BIN)/python -m pytest -m slow -o faulthandler_timeout=0

test-random: .venv/test ## the tests of laws on examples drawn anew
	SGNS_EXAMPLES=random $(BIN)/python -m pytest $(TEST)

test-quality: .venv/test ## trains on 100 MB of text and scores the vectors
	$(BIN)/python -m pytest -m quality -o faulthandler_timeout=0

bench: .venv/test ## speed and quality beside other programs, in one run
	@$(PIP) fasttext || echo "fastText could not be built here; it is left out"
	$(BIN)/python -m benchmarks

clean: ## take away .venv, caches and what the demo made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist src/*.egg-info
	rm -f vectors.safetensors vectors.tsv vectors_metadata.tsv vectors.png report.pdf
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "$(PYTHON) is older than 3.11 or missing; name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	    echo "no virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 2; }

.venv/demo: .venv/bin/pip pyproject.toml constraints.txt
	@echo "installing into .venv (once)"
	@$(PIP) --editable '.[learn]'
	@touch $@

.venv/test: .venv/bin/pip pyproject.toml constraints.txt
	@echo "installing what the tests need into .venv (once)"
	@$(PIP) --editable '.[test]'
	@touch $@ .venv/demo
