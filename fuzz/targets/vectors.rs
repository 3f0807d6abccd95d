//! Any bytes as a list of deadlines worked out elsewhere: read or refused, row by row.
#![no_main]

#[allow(dead_code, reason = "each target takes what it needs")]
#[path = "../../crates/policy/tests/hostile/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::vectors(bytes));
