# Every command of the project; `make` alone lists them. Each makes what it needs, so a fresh clone needs only Python 3.11+.
PYTHON ?= python3
PORT ?= 8000
SERVE ?= 1
WORKERS ?= 2
BIN := .venv/bin

# Checks need settings but no services: these addresses are never connected to.
check schema states: export FAIRCUT_SECRET_KEY := only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH
check schema states: export FAIRCUT_DATABASE_URL := postgresql://nobody@localhost/none
check schema states: export FAIRCUT_BROKER_URL := redis://localhost/0
check schema states: export FAIRCUT_STORAGE_DIR := .faircut/checks
check schema states: export FAIRCUT_STATIC_DIR := .faircut/checks

.DEFAULT_GOAL := help
.PHONY: help demo dev worker test screenshots check fix bench soak schema states clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

.venv/runtime: requirements.txt marketplace/demo/preflight.py
	$(PYTHON) marketplace/demo/preflight.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing packages into .venv; this takes a minute or two, once."
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

.venv/tools: .venv/runtime pyproject.toml
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

demo: .venv/runtime ## the whole story on real data, then the site on localhost:8000 (SERVE=0: print and exit; PORT=8001)
	@$(BIN)/python marketplace/demo/preflight.py
	@$(BIN)/python -m marketplace.demo --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve)

dev: .venv/runtime ## the demo for whoever changes code: pages and worker take up every change (WORKERS=0: no worker)
	@$(BIN)/python marketplace/demo/preflight.py
	@$(BIN)/python -m marketplace.demo --port $(PORT) --workers $(WORKERS) --dev

worker: .venv/runtime ## a worker in the foreground beside a running demo, where breakpoint() stops
	@$(BIN)/python -m marketplace.demo.worker

test: .venv/tools ## every test, browser tests included (ARGS="-k ledger" for some)
	$(BIN)/python tests/browser/chromium.py
	$(BIN)/python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder $(ARGS)

screenshots: .venv/tools ## a picture of every page: each role, light and dark, desk and phone, into screenshots/
	$(BIN)/python tests/browser/chromium.py
	FAIRCUT_SCREENSHOTS=screenshots $(BIN)/python -m pytest tests/browser/test_every_page.py

check: .venv/tools ## format, lint, types, import contracts, migrations, deployment, templates
	mkdir -p .faircut/checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy marketplace valuation payouts manage.py
	$(BIN)/lint-imports
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file .faircut/checks/openapi.yaml
	diff .faircut/checks/openapi.yaml docs/openapi.yaml
	$(BIN)/djlint templates --lint --quiet

fix: .venv/tools ## format and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# peer_methods runs inside of peers, game_markets of game; coverage takes an hour, and `make soak` holds its figures.
bench: .venv/tools ## the benchmarks, printed as ratios of one run on one machine
	for name in $(filter-out peer_methods game_markets coverage,$(basename $(notdir $(wildcard benchmarks/*.py)))); do OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.$$name || exit 1; done

soak: .venv/tools ## long coverage and load runs (tens of minutes)
	$(BIN)/python -m pytest -m soak $(ARGS)

schema: .venv/tools ## write docs/openapi.yaml after a change of the API
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

states: .venv/tools ## write docs/states.md after a change of what a round, line, run or block may do
	$(BIN)/python manage.py draw_states > docs/states.md

clean: ## forget the demo's database and files (the virtual environment stays)
	rm -rf .faircut
