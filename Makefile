# Two commands do all: `make quickstart` and `make test`. Nothing is installed outside .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --constraint constraints.txt

.PHONY: quickstart quickstart-kind test test-cluster lint types contracts unit e2e bench cluster-host clean

quickstart: $(VENV)/run.stamp
	$(BIN)/telcoai bench scenarios/quickstart.yaml

# The same scenario on a real kind cluster; takes Docker, kind, and root for the links.
quickstart-kind: $(VENV)/run.stamp
	$(BIN)/telcoai bench scenarios/quickstart.yaml --testbed testbeds/kind.yaml --out reports/quickstart-kind

test: $(VENV)/test.stamp lint types contracts
	$(BIN)/python -m pytest -q -rs --durations=10 tests/unit tests/e2e

# What needs a container engine; eval "$$(make -s cluster-host)" readies a bare Debian for it.
test-cluster: $(VENV)/test.stamp
	$(BIN)/python -m pytest -q -rs --durations=10 tests/e2e/cluster tests/e2e/playbooks

lint: $(VENV)/test.stamp
	$(BIN)/ruff check telcoai tests
	$(BIN)/ruff format --check telcoai tests
	$(BIN)/ansible-lint --offline --profile production playbooks

types: $(VENV)/test.stamp
	$(BIN)/mypy

contracts: $(VENV)/test.stamp
	$(BIN)/lint-imports

unit: $(VENV)/test.stamp
	$(BIN)/python -m pytest -q tests/unit

e2e: $(VENV)/test.stamp
	$(BIN)/python -m pytest -q -rs tests/e2e

bench: $(VENV)/test.stamp
	for one in tests/bench/bench_*.py; do $(BIN)/python -m tests.bench.$$(basename $$one .py) || exit 1; done

# Readies a bare Debian for the cluster tests: eval "$$(make -s cluster-host)"
cluster-host:
	@tests/cluster/host

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/uv.stamp:
	@test "$$(uname -s)" = Linux || { echo "telcoai's virtual hosts need Linux namespaces; on $$(uname -s) use a Linux machine or VM."; exit 3; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "telcoai needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 3; }
	@$(PYTHON) -m venv $(VENV) || { echo "making .venv failed; on Debian and Ubuntu: apt install python3-venv"; exit 3; }
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@touch $@

$(VENV)/run.stamp: $(VENV)/uv.stamp pyproject.toml constraints.txt
	$(INSTALL) --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/uv.stamp pyproject.toml constraints.txt
	$(INSTALL) --editable '.[test,notebook]'
	@touch $@ $(VENV)/run.stamp
