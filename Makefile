# Needs Rust, a C compiler and make; tests of production adapters also Python 3. `make` alone says what there is.

CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
XTASK := $(CARGO) run --quiet --package xtask --

.DEFAULT_GOAL := help
# Every target that has a help text.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## say what the targets are
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## build Efflux and show it at work on made-up conversions, on this machine alone
	$(CARGO) build --package efflux
	"$(TARGET_DIR)/debug/efflux" demo

test: check ## everything a build server runs: `check`, then all tests; the last line sums them up
	@$(XTASK) test

services-up: ## start the servers that tests of production adapters need; `make test` does it by itself
	@$(XTASK) services up

services-down: ## end them
	@$(XTASK) services down

check: ## what needs no test run: format, lints, documentation, layers, tidiness, templates and images
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps
	$(XTASK) layers
	$(XTASK) tidy
	$(XTASK) infra

fmt: ## format all code
	$(CARGO) fmt --all

chaos: ## kill two filters and two reporters at random KILLS times while FILES files flow; SEED replays
	$(CARGO) build --workspace
	EFFLUX_TEST_CHAOS_KILLS=$(or $(KILLS),100) EFFLUX_TEST_CHAOS_FILES=$(or $(FILES),200) \
	EFFLUX_TEST_CHAOS_SEED=$(or $(SEED),$(shell date +%s)) \
	$(CARGO) test --package efflux --test it -- chaos --nocapture

bench: ## measure what is hot
	$(CARGO) bench --package capi

clean: ## remove everything that was built
	$(CARGO) clean
