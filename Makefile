# Everything a newcomer needs; `make` alone lists it. All goes into .venv, versions are pinned in constraints.txt.
PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
OLDEST ?= tests/base tests/text tests/vectors tests/cli tests/evaluation tests/test_public_names.py
# Arguments of pytest; TEST= runs on one core. Three workers keep two cores busy while some tests wait for other programs.
TEST   ?= -n 3 --dist loadfile --no-loadscope-reorder
PATHS  := src tests benchmarks docs/site release word2vec.py analysis.py

.PHONY: help demo test lint style test-slow test-busy test-quality test-random test-exports test-gensim test-clients test-oldest docs wheels bench clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s%s\n", $$1, $$2 }'

demo: .venv/demo ## train on the documentation on this machine, draw the words, write the report
	$(BIN)/python word2vec.py
	$(BIN)/python analysis.py --save_vectors vectors.tsv --save_plot vectors.png
	$(BIN)/sgns report -o report.pdf
	@echo "The picture is $(CURDIR)/vectors.png, the report is $(CURDIR)/report.pdf"

# Types are checked beside the tests: one process after the other would leave a core idle for that long.
test: style ## format, lint, types, tests
	$(BIN)/mypy & types=$$!; \
	    $(BIN)/python -m pytest $(TEST); tests=$$?; \
	    wait $$types || { echo "mypy found mistakes, see above" >&2; exit 1; }; exit $$tests

lint: style ## format, lint, types
	$(BIN)/mypy

style: .venv/test
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)

test-slow: .venv/test ## torture, endurance, whole grids; the tests of laws on all their examples
	SGNS_EXAMPLES=all $(BIN)/python -m pytest -m 'slow or (hypothesis and not quality)' -o faulthandler_timeout=0

test-busy: .venv/test ## browsers, signals and estimates of time, ten times beside two busy processes
	$(BIN)/python tests/busy.py

test-random: .venv/test ## the tests of laws on examples drawn anew
	SGNS_EXAMPLES=random $(BIN)/python -m pytest $(TEST)

test-quality: .venv/test ## trains on 100 MB of text and scores the vectors
	$(BIN)/python -m pytest -m quality -o faulthandler_timeout=0

test-gensim: .venv/gensim ## gensim's own tests, unchanged, on sgns.gensim
	$(BIN)/python tests/gensim/upstream.py

test-clients: .venv/clients/made .venv/clients-numpy1/made ## packages that build on gensim, unchanged, on sgns and on gensim
	PYTHONPATH=.venv/clients $(BIN)/python tests/gensim/clients.py
	.venv/clients-numpy1/bin/python tests/gensim/clients.py

test-exports: .venv/exports/made ## exports, judged by the programs that they are for
	.venv/exports/bin/python -m pytest tests/vectors/exports -rs -p no:cacheprovider

test-oldest: ## the core, with the oldest versions that pyproject.toml promises
	@$(PYTHON) -m venv --clear .venv-oldest
	@PYTHONPATH=. $(PYTHON) -m release.oldest tables > .venv-oldest/oldest.txt
	@.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check -r .venv-oldest/oldest.txt \
	    'pytest>=8' 'pytest-timeout>=2.3' 'hypothesis>=6.100' 'gensim>=4.3' safetensors \
	    'pyparsing<3.3'  # matplotlib 3.8 warns with later ones, and some tests take a warning for an error
	@.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	.venv-oldest/bin/python -m pytest -p no:cacheprovider $(OLDEST)

docs: .venv/test ## the site, in build/site
	$(BIN)/python -m docs.site

wheels: .venv/test ## wheel and sdist in dist, checked; then whether all dependencies have wheels on all systems
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m release.wheels

bench: .venv/test ## speed and quality beside other programs, in one run
	@$(PIP) fasttext || echo "fastText could not be built here; it is left out"
	$(BIN)/python -m benchmarks

clean: ## take away .venv, caches and what the demo made
	rm -rf .venv .venv-oldest .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist src/*.egg-info
	rm -f vectors.safetensors vectors.tsv vectors_metadata.tsv vectors.png report.pdf
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "$(PYTHON) is older than 3.11 or missing; name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	    echo "no virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 2; }

# The programs see what is installed in .venv, and what they bring stays out of it.
.venv/exports/made: .venv/test
	@$(PYTHON) -m venv --clear .venv/exports
	@$(BIN)/python -c 'import sysconfig; print("$(CURDIR)/src", sysconfig.get_path("purelib"), sep="\n")' \
	    > "$$(.venv/exports/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	@for name in spacy sentence-transformers model2vec finalfusion; do \
	    .venv/exports/bin/python -m pip install --quiet --disable-pip-version-check $$name || echo "$$name: not installed"; \
	done
	@touch $@

.venv/demo: .venv/bin/pip pyproject.toml constraints.txt
	@echo "installing into .venv (once)"
	@$(PIP) --editable '.[learn]'
	@touch $@

.venv/test: .venv/bin/pip pyproject.toml constraints.txt
	@echo "installing what the tests need into .venv (once)"
	@$(PIP) --editable '.[test]'
	@touch $@ .venv/demo

.venv/gensim: .venv/test
	@echo "installing what gensim's tests need into .venv (once)"
	@$(PIP) POT testfixtures
	@touch $@

.venv/clients/made: tests/gensim/clients.txt | .venv/gensim
	@echo "installing the clients into .venv/clients (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/clients \
	    --requirement tests/gensim/clients.txt
	@touch $@

.venv/clients-numpy1/made: tests/gensim/clients_numpy1.txt | .venv/gensim
	@echo "making .venv/clients-numpy1 (once)"
	@$(PYTHON) -m venv --clear .venv/clients-numpy1
	@.venv/clients-numpy1/bin/python -m pip install --quiet --disable-pip-version-check \
	    --requirement tests/gensim/clients_numpy1.txt --editable .
	@.venv/clients-numpy1/bin/python -m pip install --quiet --disable-pip-version-check --no-deps pybibx==5.9.5
	@touch $@
