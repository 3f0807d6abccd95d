//! Any bytes as a start, an amount, a way of counting and pauses: never due before the start.
#![no_main]

#[allow(dead_code, reason = "each target takes what it needs")]
#[path = "../../crates/policy/tests/hostile/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::deadline(bytes));
