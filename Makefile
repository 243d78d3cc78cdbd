# Needs Rust, a C compiler and make; tests of production adapters also Python 3. `make` alone says what there is.

CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
XTASK := $(CARGO) run --quiet --package xtask --

.DEFAULT_GOAL := help
.PHONY: help run test services-up services-down check fmt bench clean

help: ## say what the targets are
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## build Efflux and show it at work on made-up conversions, on this machine alone
	$(CARGO) build --package efflux
	"$(TARGET_DIR)/debug/efflux" demo

test: check ## everything a build server runs: `check`, then all tests; the last line sums them up
	@$(XTASK) test

services-up: ## start the servers that tests of production adapters need; `make test` does it by itself
	@$(XTASK) services up

services-down: ## end them
	@$(XTASK) services down

check: ## what needs no test run: format, lints, documentation, layers, tidiness
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps
	$(XTASK) layers
	$(XTASK) tidy

fmt: ## format all code
	$(CARGO) fmt --all

bench: ## measure what is hot
	$(CARGO) bench --package capi

clean: ## remove everything that was built
	$(CARGO) clean
