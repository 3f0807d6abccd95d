//! Any bytes as a pack, a calendar and a list of stacks: refused with a place, or taken and usable.
#![no_main]

#[allow(dead_code, reason = "each target takes what it needs")]
#[path = "../../crates/policy/tests/hostile/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::rules(bytes));
