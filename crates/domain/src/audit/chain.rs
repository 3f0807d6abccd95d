//! The hash chain: each entry's hash covers the one before it, so that no entry can be changed, dropped or swapped
//! unseen. It covers what is stored, ciphertext included, and stays valid when a person is erased.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// What stands before the first entry of a chain.
pub const GENESIS: Hash = [0; 32];

/// Which of the five logs an entry belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ledger {
    /// Commands on a case.
    Case,
    /// Reveals of personal data.
    Access,
    /// Users, tokens, keys, erasures.
    Administration,
    /// Problems behind cases, and what is done about them.
    Problem,
    /// Mass incidents.
    Incident,
}

impl Ledger {
    /// The number stored with each entry.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::Case => 0,
            Self::Access => 1,
            Self::Administration => 2,
            Self::Problem => 3,
            Self::Incident => 4,
        }
    }

    /// The ledger with this number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        let all = [Self::Case, Self::Access, Self::Administration, Self::Problem, Self::Incident];
        all.into_iter().find(|ledger| ledger.code() == code)
    }
}

/// Everything the hash of an entry covers.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// Hash of the entry before it, or [`GENESIS`].
    pub prev: &'a [u8],
    /// The case, or the subject of the administration.
    pub subject: Uuid,
    /// Which log.
    pub ledger: i64,
    /// Place in the chain, from 1.
    pub version: i64,
    /// Stream and position in it: the order of commits.
    pub stream: i64,
    /// Position in the stream.
    pub seq: i64,
    /// UTC microseconds.
    pub at: i64,
    /// Who.
    pub actor: &'a str,
    /// Which command.
    pub verb: &'a str,
    /// Schema of the body.
    pub schema: i64,
    /// The body, byte for byte as stored.
    pub body: &'a str,
}

impl Link<'_> {
    /// The hash. Every part is preceded by its length, so that no two different entries give the same bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"redress entry 1\n");
        for part in [
            self.prev,
            self.subject.as_bytes(),
            &self.ledger.to_be_bytes(),
            &self.version.to_be_bytes(),
            &self.stream.to_be_bytes(),
            &self.seq.to_be_bytes(),
            &self.at.to_be_bytes(),
            self.actor.as_bytes(),
            self.verb.as_bytes(),
            &self.schema.to_be_bytes(),
            self.body.as_bytes(),
        ] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}
