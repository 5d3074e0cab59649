# `make demo` and `make test` set themselves up; see requirements/setup.sh for STACK, GPU, BRISC_VENV.
SHELL := bash
BRISC_VENV ?= .venv
export BRISC_VENV
BRISC_DOCS_VENV ?= .venv-docs
export BRISC_DOCS_VENV
BRISC_BENCH_VENV ?= .venv-bench
export BRISC_BENCH_VENV
BIN := $(BRISC_VENV)/bin
PYTEST := $(BIN)/python -m pytest $(PYTEST_ARGS)
# How many processes share the tests; a file's tests keep together.
TEST_WORKERS ?= 2
PYTESTS := $(PYTEST) -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-end-to-end test-integration test-orchestration test-other-stack bench \
	bench-growth lint format typecheck docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make the virtual environment, once (GPU=1: with CUDA; STACK=tfx-1.16|tfx-1.21)
	@requirements/setup.sh

demo: setup ## train, evaluate and serve a small model on made-up slices
	@$(BIN)/python -m pipeline.demo

test: lint typecheck ## linters, types, tests, one run of the pipeline among them (PYTEST_ARGS=...)
	$(PYTESTS)

test-end-to-end: setup ## the whole pipeline on made-up slices
	$(PYTESTS) tests/end_to_end

test-integration: setup ## the heavier tests
	requirements/browser.sh
	$(PYTESTS) -m integration

test-orchestration: setup ## whole runs: Airflow, DVC, Flink, Spark, a search, spans (ORCHESTRATION=files: these alone)
	$(PYTESTS) -m orchestration $(ORCHESTRATION)

test-other-stack: setup ## the end-to-end test on the stack that this machine did not choose
	requirements/other_stack.sh

bench: setup ## speed beside what users would use instead (ROW=name: that alone; BENCH_ARGS=...)
	@requirements/bench.sh
	$(BIN)/python -m tests.bench --peers $(BRISC_BENCH_VENV) $(ROW) $(BENCH_ARGS)

bench-growth: setup ## what a slice costs the data components at 300, 1,200 and 4,800 slices
	$(BIN)/python -m tests.bench growth --rounds 1 --json build/bench-growth.json $(BENCH_ARGS)

lint: setup ## ruff, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## ruff, mending what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

typecheck: setup ## mypy
	$(BIN)/mypy

docs: ## the documentation as a site in build/docs; a broken link fails
	@requirements/docs.sh
	$(BRISC_DOCS_VENV)/bin/python -m mkdocs build --strict

lock: ## make the lock files from setup.py (UPGRADE=1: with newer versions)
	requirements/lock.sh

clean: ## remove what builds and tests made; the environment stays
	rm -rf --one-file-system build .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
