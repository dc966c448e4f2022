# Two commands do everything on a fresh machine: `make report` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DEMO := data/demo
PERIOD ?= 2026-Q2
AS_OF ?= 2026-07-01
STAMP := $(VENV)/.installed

.PHONY: report test lab lint format docs bench lock clean

report: $(STAMP)  ## render the demo organisation's reports and say which file to open
	$(BIN)/devops-analytics demo $(DEMO)
	$(BIN)/devops-analytics report --config $(DEMO)/devops.toml --period $(PERIOD) --as-of $(AS_OF) --out reports

test: $(STAMP)  ## run the whole test suite
	$(BIN)/python -m pytest -n auto -q

lab: $(STAMP)  ## open the notebooks in JupyterLab on the demo organisation
	$(BIN)/devops-analytics demo $(DEMO)
	$(BIN)/devops-analytics lab --config $(DEMO)/devops.toml --as-of $(AS_OF)

lint: $(STAMP)  ## formatting, ruff, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP)  ## write the generated pages anew: docs/metrics.md, data/README.md
	$(BIN)/python docs/generate.py

bench: $(STAMP)  ## measure, as ratios in one run, all even where a goal is missed; CLONE=path measures git on a clone too
	-$(BIN)/python benchmarks/bench_delivery.py
	-$(BIN)/python benchmarks/bench_report.py
	-$(BIN)/python benchmarks/bench_loading.py
	-$(BIN)/python benchmarks/bench_metrics.py
	$(if $(CLONE),$(BIN)/python benchmarks/bench_git.py $(CLONE),@echo "git: give CLONE=path of a clone with 10,000 commits or more")

lock: $(STAMP)  ## resolve requirements.lock anew: exact versions and hashes, no addresses
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
		--no-header --no-annotate --python-version 3.11 --upgrade -o requirements.lock

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

clean:  ## remove what was made here: environment, demo, reports, caches
	rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find reports -mindepth 1 ! -name README.md -delete
