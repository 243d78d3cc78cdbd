# Needs Rust, a C compiler and make; tests of production adapters also Python 3. `make` alone lists the targets.

CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
COMPOSE ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
XTASK := $(CARGO) run --quiet --package xtask --

.DEFAULT_GOAL := help
# Every target that has a help text.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## build Efflux and run its demo on generated conversions, on this machine alone
	$(CARGO) build --package efflux
	"$(TARGET_DIR)/debug/efflux" demo

test: ## everything a build server runs, or PART="unit adapters": checks, unit, adapters, processes, templates, containers
	@$(XTASK) test $(PART)

quick: ## checks for each change, in a minute: formatting, lints, units, the pipeline, a hundred simulated seeds
	@$(XTASK) quick

check: ## everything that needs no test run: formatting, lints, documentation, layers, tidiness, dependencies, templates
	@$(XTASK) test checks templates

services-up: ## start the servers that tests of production adapters need; `make test` does it by itself
	@$(XTASK) services up

services-down: ## stop them
	@$(XTASK) services down

# With as many jobs as cargo likes, however many targets make has under way.
BUILD := env -u MAKEFLAGS -u MFLAGS $(CARGO) build
BUILD_release := $(BUILD) --release $(foreach service,filter-svc reporter-svc optimizer-svc efflux,--package $(service)) --features efflux/production
BUILD_debug := $(BUILD) --workspace

# Base images are made here only where no image registry answers; see docker/README.md.
runtime-image: ## make the base image that all others start from
	docker/base-images.sh runtime

images: runtime-image ## build the images of the services from PROFILE: release, or debug for quick tries
	docker/base-images.sh build
	$(BUILD_$(or $(PROFILE),release))
	docker/images.sh packaged "$(TARGET_DIR)/$(or $(PROFILE),release)"

backend-images: runtime-image ## build the images of the backends for a laptop and for tests
	docker/backend-images.sh

# Side by side: the one compiles, the other waits for packages.
all-images: ## build both kinds of images
	$(MAKE) --jobs=2 images backend-images

up: all-images ## start the whole system on this machine with docker compose
	$(COMPOSE) --file docker/compose.yaml up --detach --no-build

demo-compose: ## send a sample of four networks through the system that `make up` started, and print the table
	COMPOSE="$(COMPOSE)" docker/demo.sh

down: ## stop the system that `make up` started, and delete its data
	$(COMPOSE) --file docker/compose.yaml --profile tools --profile monitoring down --volumes --remove-orphans

e2e-docker: all-images ## test the images, then the whole system in containers, with faults while it works
	python3 -B docker/test_images.py
	COMPOSE="$(COMPOSE)" python3 -B -m unittest discover --start-directory docker/e2e --verbose

deploy-local: ## deploy the CloudFormation templates to the AWS emulator, which it starts (or to AWS_ENDPOINT_URL)
	@$(XTASK) services up
	@AWS_ENDPOINT_URL="$${AWS_ENDPOINT_URL:-$$(sed -n 's/^EFFLUX_TEST_AWS_URL=//p' "$(TARGET_DIR)/test-services/env")}" \
	$(MAKE) --directory infrastructure local PYTHON="$(abspath $(TARGET_DIR))/test-services/venv/bin/python"

fmt: ## format all code
	$(CARGO) fmt --all

chaos: ## with every default, kill two filters and two reporters at random KILLS times while FILES files flow; SEED replays
	$(CARGO) build --workspace
	EFFLUX_TEST_CHAOS_DEFAULTS=1 EFFLUX_TEST_CHAOS_KILLS=$(or $(KILLS),100) EFFLUX_TEST_CHAOS_FILES=$(or $(FILES),200) \
	EFFLUX_TEST_CHAOS_SEED=$(or $(SEED),$(shell date +%s)) \
	$(CARGO) test --package efflux --test it -- chaos --nocapture

soak: ## all services with faults at a steady load for MINUTES (30): memory, descriptors, logs and disk must not grow
	$(CARGO) build --workspace
	EFFLUX_TEST_SOAK_MINUTES=$(or $(MINUTES),30) \
	$(CARGO) test --package efflux --test it -- soak --nocapture

outages: ## make each production backend, and Meta, unavailable for OUTAGE_SECONDS (60) while load goes on
	$(CARGO) build --workspace
	@$(XTASK) services up
	EFFLUX_TEST_OUTAGE_SECONDS=$(or $(OUTAGE_SECONDS),60) $(CARGO) test --workspace --test it -- production:: --nocapture

bench: ## measure the hot paths
	$(CARGO) bench --package destination-meta
	LEDGER_KEYS=10000,2000000 LEDGER_ROUNDS=100 $(CARGO) bench --package adapter-embedded --bench claim

sim: ## simulate the pipeline with seeded fault injection: SEEDS=10000, or SEED=42 to see one with every step
	$(CARGO) build --profile sim --package simulation --bin sim
	"$(TARGET_DIR)/sim/sim" $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000))

# The flags that cargo-fuzz sets for libFuzzer, without its sanitizers, which need another toolchain: our code has no `unsafe`.
FUZZ_TARGETS := rows notifications answers values limits
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares
SECONDS ?= 600
# With a named target, the flags do not apply to build scripts.
HOST = $(shell rustc -vV | sed -n 's/^host: //p')

fuzz: ## fuzz rows, messages, answers and limits, each for SECONDS (600); needs a C++ compiler too
	RUSTFLAGS="$(FUZZ_FLAGS)" $(CARGO) build --release --manifest-path fuzz/Cargo.toml \
		--target-dir "$(TARGET_DIR)/fuzz" --target $(HOST) --bins
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p "$(TARGET_DIR)/fuzz/corpus/$$target" "$(TARGET_DIR)/fuzz/findings" && \
		"$(TARGET_DIR)/fuzz/$(HOST)/release/$$target" -max_total_time=$(SECONDS) -max_len=4096 -timeout=10 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix="$(TARGET_DIR)/fuzz/findings/$$target-" \
			"$(TARGET_DIR)/fuzz/corpus/$$target" "fuzz/seeds/$$target" || exit 1; \
	done

clean: ## remove everything that was built
	$(CARGO) clean
