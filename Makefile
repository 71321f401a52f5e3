# make app    the app on http://127.0.0.1:8501 with the pretrained runs
# make dev    the same for those who change it: what is saved is seen at once, Python and TypeScript
# make quick  the checks before a commit: style, types, imports, front end, tests that need no page and no training
# make browser  the tests that drive a browser
# make test   everything that is checked: style, types, imports, front end, Python, browser
# make front  rebuilds explorer/surface/dist from TypeScript, and the wire's types from schema.py (needs Node)
# make assets trains the pretrained runs again (two hours on 2 cores)
.DEFAULT_GOAL := app
.PHONY: app dev quick browser test front assets clean
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
FRONT := explorer/surface/frontend
# the checkout's own data folder wins; CI lays one beside the checkout
LATENT_DATA ?= $(wildcard ../shared/data)
export LATENT_DATA

app: $(VENV)/.installed
	@$(BIN)/atlas app --port $(PORT)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install Python 3.11 or newer (or: make PYTHON=/path/to/python)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed (make PYTHON=python3.12)."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The venv module is missing: install it (Debian: apt-get install python3-venv)."; exit 1; }

# the command atlas too, from this folder: no copy of it, and nothing more is fetched for it
$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the app needs (once; a few minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt || { echo "Could not install requirements.txt: is the network there?"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . || { echo "Could not install the command atlas; the lines above say why."; exit 1; }
	@touch $@

$(VENV)/.tested: tests/requirements.txt requirements.txt | $(VENV)/.installed
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt || { echo "Could not install tests/requirements.txt: is the network there?"; exit 1; }
	@touch $@

dev: $(VENV)/.tested
	@$(BIN)/python tests/dev.py --port $(PORT)

quick: $(VENV)/.tested
	@$(BIN)/python tests/check.py quick

browser: $(VENV)/.tested
	@$(BIN)/python tests/check.py browser

test: $(VENV)/.tested
	@$(BIN)/python tests/check.py

front: $(VENV)/.installed
	@$(BIN)/python -m explorer.surface.write_schema
	@cd $(FRONT) && npm ci --no-audit --no-fund --silent && npm run --silent build

assets: $(VENV)/.installed
	@sh assets/train.sh

clean:
	rm -rf $(VENV) $(FRONT)/node_modules latent_atlas.egg-info build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .pytest-runs $(FRONT)/dev
	find app.py assets explorer tests trainer -name __pycache__ -type d -prune -exec rm -rf {} +
