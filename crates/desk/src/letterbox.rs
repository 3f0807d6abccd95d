//! Mail that comes in. It belongs to a case only by a signed address of ours, and only from the address that case knows
//! its customer by; everything else is a new complaint, or waits for a person (*quarantine*). A message is taken in once,
//! in one transaction with what it becomes; how far a mailbox was read is noted behind it. So a crash loses none, and what
//! is read once more is known.

mod decide;
mod mailbox;
mod take;

pub use decide::{DECIDE, DecideMail, Decided, Waiting};

use jiff::Timestamp;

/// Why a message waits for a person.
pub const REASONS: &[&str] = &[
    "not_handed_over",
    "unreadable",
    "too_many_parts",
    "no_sender",
    "empty",
    "too_large",
    "large_file",
    "automatic",
    "report",
    "forged_address",
    "several_cases",
    "unknown_case",
    "erased",
    "other_sender",
    "case_ended",
    "names_case",
    "too_many",
    "refused",
];

/// What may become of one.
pub const STATES: &[&str] = &["waits", "registered", "attached", "discarded"];

/// Most complaints one address begins in a day; the rest waits.
const MOST_A_DAY: i64 = 20;
/// Most receipts one address gets in a day, so that two machines do not talk to each other.
const MOST_RECEIPTS: i64 = 3;

/// A message as it was read. Nothing in it is proved.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// The name the sender gives themselves.
    pub name: Option<String>,
    /// The sender's address, in small letters.
    pub from: Option<String>,
    /// Addresses it went to, in small letters.
    pub to: Vec<String>,
    /// Its subject, one line.
    pub subject: String,
    /// Its words.
    pub text: String,
    /// Its files: name and bytes.
    pub files: Vec<(String, Vec<u8>)>,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// What a server reports in it about a message of ours.
    pub report: Option<domain::case::message::Stage>,
    /// Why a person has to look at it, if that could be seen without knowing any case; one of [`REASONS`].
    pub doubt: Option<&'static str>,
    /// What tells it from every other message.
    pub content: Vec<u8>,
    /// All of it.
    pub raw: Vec<u8>,
    /// When our server received it.
    pub received_at: Option<Timestamp>,
}

/// A place in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The mailbox.
    pub name: String,
    /// What makes its places count.
    pub validity: i64,
    /// The place.
    pub uid: i64,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is a complaint now, of this number.
    Registered(String),
    /// It is a supplement to the case of this number.
    Supplemented(String),
    /// It waits for a person, and why.
    Waits(&'static str),
    /// It reported about a message of ours.
    Reported,
    /// It was taken in before; nothing was done.
    Known,
}
