# `make` alone lists the targets. Each one does all the set-up it needs.

SWIFT ?= swift
# The one way to build the release: with other products each time, everything would be compiled again when one target
# follows another.
RELEASE := $(SWIFT) build -c release
SEQUITUR := .build/release/sequitur
SWIFT_SOURCES := $(wildcard Sources Tests Examples Benchmarks Package.swift)

# Arguments for `make demo`, as in: make demo ARGS="--partitions 8"
ARGS ?=

# Seeds for `make simulate`, and the first one, as in: make simulate SEEDS=1000000 FROM=10001
SEEDS ?= 10000
FROM ?= 1

.DEFAULT_GOAL := help
.PHONY: help deb test-deb bench microbench bench-state pauses profile fuzz sanitize fuzz-numbers fuzz-expressions broker docs setup setup-tests build demo test simulate lint format clean

help: ## List the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	  while IFS='|' read -r target text; do printf '%-17s %s\n' "$$target" "$$text"; done

setup: ## Install the missing Debian packages
	@scripts/setup

setup-tests: ## The same, and the test broker into ./.venv
	@scripts/setup --with-broker

build: setup ## Build the release
	$(RELEASE)

deb: build ## Make a Debian package of the release (ARGS="--version 0.1.0+1")
	scripts/package-deb $(ARGS)

test-deb: build setup-tests ## Install that on a clean Debian, run, upgrade, remove it; as root (ARGS="--base DIR" keeps the clean one)
	scripts/test-deb $(ARGS)

demo: setup ## Build, then watch commands become events (ARGS="--help" for its options)
	$(RELEASE)
	$(SEQUITUR) demo $(ARGS)

broker: setup-tests ## Run a test broker on port 9092 until Ctrl-C; it keeps nothing
	@echo "a test broker on localhost:9092: keeps nothing, ends no sessions (README.md says what that means)"
	@exec bash -c 'exec .venv/bin/noida-db start --only kafka --data-dir "$$(mktemp -d)" --kafka-port 9092 \
	  2> >(grep --line-buffered -v "weak version .GLIBC" >&2)'

# The release is built before the tests, because some of them run the released executable.
test: setup-tests lint ## Lint, build, simulate, and run every test against a test broker
	$(RELEASE)
	.build/release/Benchmarks --quiet true >.build/microbench.txt
	scripts/fuzz-numbers --seconds 60
	scripts/fuzz-expressions --seconds 20
	.build/release/sequitur-fuzz --seconds 8
	$(MAKE) simulate
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --disable-xctest

simulate: setup ## Run SEEDS simulated worlds from seed FROM on, then every deliberate fault of the protocol
	$(RELEASE)
	.build/release/sequitur-sim --seeds $(SEEDS) --from $(FROM)
	.build/release/sequitur-sim --mutations --seeds 600

fuzz: setup ## Give decoders of foreign bytes what nobody would send (ARGS="--count 10000000 --seed 7"; ARGS="--list")
	$(RELEASE)
	.build/release/sequitur-fuzz $(ARGS)

sanitize: setup-tests ## Run tests under the address and the thread sanitizer (ARGS="thread --filter LaneTests")
	scripts/sanitize $(ARGS)

fuzz-numbers: setup ## Compare how numbers are read with another parser (ARGS="--count 10000000 --seed 7")
	$(RELEASE)
	scripts/fuzz-numbers $(ARGS)

fuzz-expressions: setup ## Compare how expressions are reckoned with Python (ARGS="--seconds 3600 --seed 7")
	$(RELEASE)
	scripts/fuzz-expressions $(ARGS)

bench: setup-tests ## Measure against bare C on the same broker (ARGS="--only account --rounds 5"; BENCH=full for all)
	$(RELEASE)
	scripts/bench $(if $(filter full,$(BENCH)),--full) $(ARGS)

# The report of times builds the package once more, for the plugin: in a place of its own, which leaves the release alone.
microbench: setup ## Run the micro benchmarks: counts that must not change, then times (ARGS="--filter engine.*")
	$(RELEASE)
	.build/release/Benchmarks --quiet true >.build/microbench.txt
	$(SWIFT) package --scratch-path .build/plugin --disable-sandbox benchmark $(ARGS)

bench-state: setup-tests ## Measure restarts and stores larger than memory (ARGS="--only larger --partitions 16")
	$(RELEASE)
	scripts/bench-state $(ARGS)

pauses: setup-tests ## Measure how long partitions stand still when workers stop, crash, hang and come (ARGS="--rounds 5")
	$(RELEASE)
	scripts/bench-pauses $(ARGS)

profile: setup ## Count instructions of the engine, function by function, beside those of the C loop
	$(RELEASE)
	scripts/bench-profile $(ARGS)

lint: ## Check the formatting
	$(SWIFT) format lint --strict --recursive $(SWIFT_SOURCES)

format: ## Format the sources in place
	$(SWIFT) format --in-place --recursive $(SWIFT_SOURCES)

DOCUMENTED := Sequitur SequiturJSON SequiturTopics SequiturFollower SequiturViews SequiturWorker SequiturInspection SequiturTesting RulesModel LifecycleRules KafkaClient RocksDB

docs: setup ## Build the API's documentation into .build/docs
	$(SWIFT) package --disable-sandbox --allow-writing-to-directory .build/docs generate-documentation \
	  $(addprefix --target ,$(DOCUMENTED)) --enable-experimental-combined-documentation \
	  --warnings-as-errors --output-path .build/docs

clean: ## Remove what was built and installed here
	rm -rf .build .venv
