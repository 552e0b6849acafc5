# `make` lists the targets. Everything else is in the tools that they call.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

DATA ?= .sundial
target := $(or $(CARGO_TARGET_DIR),target)
# Where scripts/setup leaves programs that could not be installed in the system.
cache := $(or $(SUNDIAL_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sundial)
export PATH := $(PATH):$(cache)/bin

rules := $(wildcard deploy/prometheus/*.rules.yml)
rule_tests := $(wildcard deploy/prometheus/tests/*.yml)

ifdef CI
# Incremental files cost time and space and are never used again there.
export CARGO_INCREMENTAL := 0
endif

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nmake demo takes LOG=FILE MAPPING=FILE (your own event log), SPEED=, SEED=, DATA= (default .sundial) and ARGS=.\n'

.PHONY: setup
setup: ## Install what is missing to build, run and test
	@scripts/setup all

.PHONY: build
build: ## Build the release binary
	@scripts/setup build
	cargo build --release -p sundial

# `exec`, so that a signal to the recipe's shell is one to the program, which stops its engines itself.
.PHONY: demo
demo: ## Run the whole system with one command, on a simulated county or your own log
	@scripts/setup demo
	cargo build --release -p sundial
	@exec $(target)/release/sundial demo --data "$(DATA)" \
		$(if $(LOG),--log "$(LOG)") $(if $(MAPPING),--mapping "$(MAPPING)") \
		$(if $(SPEED),--speed "$(SPEED)") $(if $(SEED),--seed "$(SEED)") $(ARGS)

.PHONY: lint
lint: ## Check formatting, clippy, the Prometheus rules and the compose file
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@$(MAKE) --no-print-directory rules compose

.PHONY: test
test: ## Everything that CI checks
	@scripts/setup test
	@$(MAKE) --no-print-directory lint
	cargo build -p sundial # the end-to-end tests run the binary, and do not build it
	cargo test --workspace
	@scripts/instructions

.PHONY: chaos
chaos: ## The fault scenarios in their full form: a hundred kills, minutes without a store (SUNDIAL_SEED=)
	@scripts/setup test
	cargo build -p sundial
	SUNDIAL_CHAOS=full cargo test -p tests --test chaos -- --nocapture --include-ignored

.PHONY: bench
bench: ## Measure the pipeline and its peers (ARGS="--events 1000000 --only drain,limit,pipeline")
	@scripts/setup bench
	cargo build --release -p sundial -p bench
	$(target)/release/bench all $(ARGS)

.PHONY: fuzz
fuzz: ## Fuzz every reader of foreign bytes, SECONDS_EACH= each (30); on nightly, which is installed if need be
	@rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal
	@cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked
	@for target in $$(cargo +nightly fuzz list); do \
		echo "fuzz $$target"; \
		cargo +nightly fuzz run "$$target" -- -max_total_time=$(or $(SECONDS_EACH),30) -rss_limit_mb=2048; \
	done

# Sixteen random cases instead of hundreds: a mutant is noticed by the examples, or by the first random cases.
.PHONY: mutants
mutants: ## Change the domain's code in two thousand places, one by one, and see whether its tests notice (ARGS="--file …")
	@cargo mutants --version >/dev/null 2>&1 || cargo install cargo-mutants --locked
	PROPTEST_CASES=16 cargo mutants --package domain --jobs $(or $(JOBS),2) $(ARGS)

.PHONY: bench-instructions
bench-instructions: ## Count the instructions of decoding and folding, and compare (ARGS=--accept keeps the new count)
	@scripts/setup test
	@scripts/instructions $(ARGS)

.PHONY: rules
rules: ## Check and test the Prometheus rules
	$(if $(rules),promtool check rules $(rules),@echo 'rules: skipped, there are none in deploy/prometheus')
	$(if $(rule_tests),promtool test rules $(rule_tests),@echo 'rule tests: skipped, there are none in deploy/prometheus/tests')

.PHONY: compose
compose: ## Check docker-compose.yml, where there is a docker client
	@if ! docker compose version >/dev/null 2>&1; then echo 'compose file: skipped, no docker client with compose'; \
	else echo 'docker compose config -q'; docker compose config -q; fi

.PHONY: clean-data
clean-data: ## Remove the demo's data directory
	rm -rf -- "$(DATA)"
