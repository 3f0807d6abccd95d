//! The trade of complaint handling, pure: what may be decided about a case and how its events add up.
//!
//! Nothing here reads a clock, a file or a database. `desk` gathers facts, asks [`command::Command::decide`], and
//! commits what comes back; [`case::Case::fold`] turns the log into a case again.

pub mod actor;
pub mod advice;
pub mod audit;
pub mod burst;
pub mod case;
pub mod command;
pub mod duty;
pub mod event;
pub mod fault;
pub mod free_text;
pub mod ids;
pub mod incident;
pub mod intake;
pub mod media;
pub mod money;
pub mod network;
pub mod number;
pub mod problem;
pub mod quiet;
pub mod refusal;
pub mod retention;
pub mod routing;
pub mod shape;
mod tagged;
pub mod taxonomy;
pub mod text;

use jiff::Timestamp;

/// A moment cut to whole microseconds: what both databases and the log keep.
#[must_use]
pub fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
