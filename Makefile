# Two commands: `make run` and `make test`. Everything else is here too.
CARGO ?= cargo
DATA ?= ./redress-data
LISTEN ?= 127.0.0.1:8080
ROUNDS ?= 500

.PHONY: run test bench accept soak

run:
	$(CARGO) run --release --locked -- serve --demo --data-dir $(DATA) --listen $(LISTEN)

test:
	tests/setup/packages
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features --locked -- -D warnings
	tests/setup/with-postgres tests/setup/run-tests

bench:
	$(CARGO) build --release --locked
	tests/setup/packages
	REDRESS_TEST_FSYNC=on tests/setup/with-postgres tests/bench/run

accept:
	@test -n "$(SHARED)" || { echo "say where the shared material is: make accept SHARED=DIR" >&2; exit 2; }
	$(CARGO) build --release --locked
	tests/setup/packages
	tests/setup/with-postgres tests/accept/run "$(abspath $(SHARED))"

soak:
	tests/setup/packages
	REDRESS_CRASH_ROUNDS=$(ROUNDS) tests/setup/with-postgres $(CARGO) nextest run --locked -p server --test crash --no-capture
