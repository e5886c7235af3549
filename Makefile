# make run    everything on this machine: database, pages, worker
# make test   make check, then every test
# make check  format, lint, types, import rules
# make bench  measurements       make soak  a long run under load
# make texts  new texts of the screens into the English catalogue

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard yinuo/locale/*/LC_MESSAGES/*.po))
BENCHES := $(filter-out bench/_% bench/soak.py,$(wildcard bench/*.py))
CHECKED := yinuo tests manage.py $(wildcard bench)

.PHONY: run test check bench soak texts ready browser clean
.DEFAULT_GOAL := run

run: ready
	@exec $(BIN)/yinuo run $(ARGS)

test: check browser
	@$(BIN)/python -m pytest $(ARGS)

check: ready
	@$(BIN)/ruff check $(CHECKED)
	@$(BIN)/ruff format --check $(CHECKED)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: ready
	@if [ -z "$(BENCHES)" ]; then echo "There is nothing to measure yet: bench/ holds no script."; exit 1; fi
	@set -e; for script in $(BENCHES); do echo "== $$script"; $(BIN)/python $$script $(ARGS); done

soak: ready
	@if [ ! -f bench/soak.py ]; then echo "There is no soak test yet: bench/soak.py is missing."; exit 1; fi
	@exec $(BIN)/python bench/soak.py $(ARGS)

texts: ready
	@$(BIN)/python -m yinuo.ops.texts

ready: $(READY) $(CATALOGUES)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; this is `$(PYTHON) --version`. Try make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/need python3-venv
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@echo "installing Python packages into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

%.mo: %.po $(READY)
	@$(BIN)/python -m babel.messages.frontend compile -i $< -o $@

# A browser for the journeys, and letters for its screenshots.
browser: ready
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| .ci/need chromium \
		|| $(BIN)/python -m playwright install chromium \
		|| { echo "The journeys need Chromium: install it as said above, then run make test again."; exit 1; }
	@fc-list :lang=zh 2>/dev/null | grep -q . || .ci/need fontconfig fonts-noto-cjk \
		|| { echo "The journeys need Chinese letters: install fonts-noto-cjk, then run make test again."; exit 1; }

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
