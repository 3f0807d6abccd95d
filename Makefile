# Two commands: `make run` and `make test`. Everything else is here too.
CARGO ?= cargo
DATA ?= ./redress-data
LISTEN ?= 127.0.0.1:8080
ROUNDS ?= 500
# Seeded databases stay here from one `make bench` to the next.
REDRESS_BENCH_DIR ?= $(or $(TMPDIR),/tmp)/redress-bench
REDRESS_BIN := $(abspath $(or $(CARGO_TARGET_DIR),target))/release/redress
export REDRESS_BENCH_DIR REDRESS_BIN

.PHONY: run test bench accept soak

run:
	$(CARGO) run --release --locked -- serve --demo --data-dir $(DATA) --listen $(LISTEN)

test:
	tests/setup/packages
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features --locked -- -D warnings
	tests/setup/with-postgres tests/setup/run-tests

bench:
	tests/setup/packages
	$(CARGO) build --release --locked
	REDRESS_TEST_FSYNC=on tests/setup/with-postgres tests/bench/run

accept:
	@test -n "$(SHARED)" || { echo "say where the shared material is: make accept SHARED=DIR" >&2; exit 2; }
	@test -d "$(SHARED)" || { echo "there is no folder $(SHARED)" >&2; exit 2; }
	tests/setup/packages
	$(CARGO) build --release --locked
	tests/setup/with-postgres tests/accept/run "$(abspath $(SHARED))"

soak:
	tests/setup/packages
	REDRESS_CRASH_ROUNDS=$(ROUNDS) tests/setup/with-postgres \
	    $(CARGO) nextest run --release --profile soak --locked -p server --test crash --no-capture
	REDRESS_ORACLE_CASES=3000000 PROPTEST_CASES=30000 $(CARGO) nextest run --release --profile soak --locked -p policy \
	    --test oracle --test hostile --run-ignored all --no-capture
