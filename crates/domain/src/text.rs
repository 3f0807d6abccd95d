//! Words and what hides in them: identifiers are found, lifted out, masked and put back.

pub mod answer;
pub mod called;
pub mod clean;
pub mod file_name;
pub mod identifier;
pub mod lift;
pub mod mask;
pub mod mentions;
pub mod nobody;
pub mod sieve;
pub mod veil;
