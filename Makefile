# Every verb that a user, a developer or CI needs.
.DEFAULT_GOAL := help
.PHONY: help run stack stack-down demo test soak check lint tools bench bench-scale doc golden verify clean

DATA_DIR ?= data
STACK ?= /tmp/mingjing-stack
LISTEN ?= 127.0.0.1:50051
TOOLS := .tools
BUF := $(TOOLS)/python/bin/buf
PYTHON := $(TOOLS)/python/bin/python
# What the kill loop of the stack found.
KILLS := $(or $(CARGO_TARGET_DIR),target)/tmp/kills.txt

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

run: ## Build, serve everything embedded, load the sample year, print its scorecard, keep serving (Ctrl-C stops)
	cargo run --release --locked --package mingjing -- demo --keep-serving --listen $(LISTEN) --data-dir $(DATA_DIR)

stack: $(TOOLS)/.python $(TOOLS)/.postgres ## Five processes on PostgreSQL and NATS on this machine, in STACK: start them, load the sample year, print its scorecard
	cargo build --release --locked --package mingjing
	@deploy/stack up $(STACK) target/release/mingjing $(TOOLS)/python/bin/nats-server
	@target/release/mingjing sample --server http://127.0.0.1:50063 --scorecard http://127.0.0.1:50065 --peers \
	  training=http://127.0.0.1:50061,complaints=http://127.0.0.1:50062,accountability=http://127.0.0.1:50064

stack-down: ## Stop them; the data stays in STACK
	@deploy/stack down $(STACK)

demo: ## As make run, in a temporary folder, then exit
	cargo run --release --locked --package mingjing -- demo

test: tools ## Everything that must hold: format, lints, contract, documentation, all tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(MAKE) --no-print-directory lint-proto lint-deploy
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --quiet
	cargo build --workspace --bins --locked
	@rm -f $(KILLS)
	cargo test --workspace --locked --no-fail-fast
	@cat $(KILLS) || true

soak: tools ## The kill loops of NATS and of the stack, SOAK times as long (20: a thousand kills of the stack's processes); an import of 100,000 rows; YEARS generated years (1000)
	cargo build --workspace --bins --locked
	TEST_SOAK=$(or $(SOAK),20) cargo test --locked --package eventstore --test nats -- --nocapture kill wire
	TEST_SOAK=$(or $(SOAK),20) cargo test --locked --package tests --test it -- stack::survival import::
	@cat $(KILLS) || true
	TEST_YEARS=$(or $(YEARS),1000) cargo test --locked --package tests --test it -- --nocapture --test-threads 1 years:: methods::

check: ## Format, lints, tests without the end-to-end ones: before each commit
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --workspace --exclude tests

lint: tools ## Format, lints, the contract's style
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(MAKE) --no-print-directory lint-proto

.PHONY: lint-proto
lint-proto:
	cd proto && ../$(BUF) lint

.PHONY: lint-deploy
lint-deploy:
	deploy/check-kubernetes $(TOOLS)/python/bin

tools: $(TOOLS)/.python $(TOOLS)/.asyncapi $(TOOLS)/.postgres ## Install what the tests need beside Rust, under .tools (Python, buf, NATS, PostgreSQL, AsyncAPI, kubectl)

$(TOOLS)/.python: deploy/install-python tests/python/requirements.txt
	deploy/install-python $(TOOLS)/python tests/python/requirements.txt
	@touch $@

$(TOOLS)/.asyncapi: deploy/install-asyncapi
	deploy/install-asyncapi $(TOOLS)/asyncapi
	@touch $@

$(TOOLS)/.postgres: deploy/install-postgres
	deploy/install-postgres $(TOOLS)/postgres
	@touch $@

bench: tools ## Measure, each figure beside the raw limit of the same run
	cargo bench --locked --package mingjing --bench bench

bench-scale: tools ## Measure at scale: training, complaints, a nation's scorecards; about an hour, 8 GB of memory, 15 GB of disk
	cargo bench --locked --package training --bench scale
	cargo bench --locked --package complaints --bench scale
	cargo bench --locked --package scorecard --bench scale -- $(EVENTS)

golden: ## Append examples of new events to crates/contract/golden
	cargo run --locked --package contract --example golden

doc: ## Build the documentation
	cargo doc --workspace --no-deps --document-private-items

verify: ## Check the logs in DATA_DIR
	cargo run --locked --release --package mingjing -- verify --data-dir $(DATA_DIR)

clean: ## Remove what was built and installed; never the data
	cargo clean
	rm -rf $(TOOLS)
