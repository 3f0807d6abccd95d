//! Looking without touching: lists, one case with its history, why a clock stands where it stands.

pub mod attachment;
pub mod case;
pub mod clock;
pub mod list;
pub mod persons;
pub(crate) mod same_person;
pub mod similar;
pub mod window;
