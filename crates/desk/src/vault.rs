//! The vault: who people are, and the keys without which nobody's words can be read.
//!
//! One data key a person, wrapped by the master key that lives outside the data folder. A case's text key is wrapped
//! by the complainant's data key; destroying that one key erases the person and everything written about them in the
//! case, while log, hashes and statistics stay valid.

pub mod chunks;
pub mod cipher;
pub mod keyring;
pub mod master;
pub mod person;
pub mod rotate;
pub mod seal;

pub use keyring::Keyring;
pub use master::MasterKeys;
