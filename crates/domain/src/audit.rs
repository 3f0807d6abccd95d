//! Proof that the log is whole: the hash chain of each case and the Merkle roots that checkpoints sign.

pub mod chain;
pub mod merkle;
