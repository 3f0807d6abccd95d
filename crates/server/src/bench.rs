//! Measurements: how fast the real product is, on this machine, in one run.

/// `redress bench`.
#[derive(Debug, clap::Args)]
pub struct Bench {}

/// Runs a measurement.
///
/// # Errors
/// What went wrong, in one line.
pub fn run(_: Bench) -> Result<(), String> {
    Ok(())
}
