#!/bin/sh
# Fuzzes one target with the stable compiler: `fuzz/run.sh pack 60` for a minute. Coverage is told to the fuzzer by the
# compiler, as cargo-fuzz does; the address sanitizer needs a nightly compiler and is left to that.
set -eu
cd "$(dirname "$0")"
target=$1
seconds=${2:-60}
[ -d "corpus/$target" ] || ./corpus.sh
host=$(rustc -vV | sed -n 's/^host: //p')
# For the host alone, so that build scripts stay as they are.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" cargo build --locked --target "$host" --bin "$target"
mkdir -p artifacts
exec "target/$host/debug/$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="artifacts/$target-" "corpus/$target"
