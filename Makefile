# A thin front for CMake and ctest. The two commands to know: `make run`, `make test`.
#
#   make            install what is missing to build, then build
#   make run        the same, then start the server with scripts/demo.lua (ARGS="--listen …" are passed on;
#                   with a --config of their own without it)
#   make test       all tests;  make SANITIZE=address,undefined test  under sanitizers
#   make test TESTS=scenario/test_bye   only the tests whose names match
#   make bench      the load generator's table (BENCH="--quick")
#   make fuzz       broken SIP for SECONDS=60 from a SEED=… of its own, SANITIZE=… as with test
#   make lint       formatting, clang-tidy, cppcheck, luacheck
MAKEFLAGS += --no-print-directory
comma := ,
SANITIZE ?=
BUILD ?= build$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
JOBS ?= $(shell nproc)
TESTS ?= .

.PHONY: all run test bench fuzz lint format install clean packages packages-test packages-lint

all: packages
	@cmake -S . -B $(BUILD) -DSANITIZE=$(SANITIZE) > /dev/null
	@cmake --build $(BUILD) -j $(JOBS)

run: all
	$(BUILD)/parley serve $(if $(findstring --config,$(ARGS)),,--config scripts/demo.lua) $(ARGS)

# Most tests wait for phones rather than compute, so more of them run at once than there are cores.
test: packages-test all
	ctest --test-dir $(BUILD) --output-on-failure -j $$(( 2 * $(JOBS) )) -R '$(TESTS)'

bench: packages-test all
	PARLEY=$(BUILD)/parley LOAD=$(BUILD)/tests/parley-load /usr/bin/python3 -B tests/bench/bench.py $(BENCH)

fuzz: packages-test all
	PARLEY=$(BUILD)/parley SANITIZE=$(SANITIZE) PYTHONPATH=tests/lib \
	    /usr/bin/python3 -B tests/fuzz/sip_fuzz.py --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

lint: packages-lint all
	.ci/lint $(BUILD)

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

install: all
	cmake --install $(BUILD)

clean:
	rm -rf build build-*

packages:
	@.ci/packages build
packages-test:
	@.ci/packages build test
packages-lint:
	@.ci/packages build test lint
