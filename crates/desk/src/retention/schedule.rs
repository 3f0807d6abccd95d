//! The compiled schedule: of each class of records what the rules in force ask, and what of it Redress keeps itself. What
//! other systems keep is shown as their duty; nothing here carries it out.

use crate::error::DeskError;
use crate::jobs::forget;
use crate::retention::judge;
use crate::{Caller, Desk, permissions};
use policy::{Amount, Basis, Confidence, KeptFrom, Layer, RecordClass, Status, Text};

/// What Redress keeps, and how it comes to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Stable code; the words stand in the locales.
    pub code: &'static str,
    /// The class of the rules that are about it; nothing where none is.
    pub class: Option<RecordClass>,
    /// Whether it goes with the person it is about.
    pub erased: bool,
    /// Days it is kept where it is forgotten by itself.
    pub days: Option<i64>,
}

const fn record(code: &'static str, class: Option<RecordClass>, erased: bool) -> Record {
    Record { code, class, erased, days: None }
}

/// Everything Redress keeps that has to do with persons.
pub const RECORDS: &[Record] = &[
    record("identity", Some(RecordClass::Complaint), true),
    record("lookups", Some(RecordClass::Complaint), true),
    record("texts", Some(RecordClass::Complaint), true),
    record("identifiers", Some(RecordClass::Complaint), true),
    record("attachments", Some(RecordClass::Complaint), true),
    record("recordings", Some(RecordClass::CallRecording), true),
    record("letters", Some(RecordClass::Complaint), true),
    record("log", Some(RecordClass::Complaint), false),
    record("compensation", Some(RecordClass::Complaint), false),
    record("access_log", Some(RecordClass::PrivacyRecord), false),
    record("certificates", Some(RecordClass::PrivacyRecord), false),
    record("statistics", None, false),
    Record { days: Some(forget::KEYS_KEPT.as_hours() / 24), ..record("idempotency", None, false) },
    Record { days: Some(forget::NOTICES_KEPT.as_hours() / 24), ..record("notices", None, false) },
    record("archives", None, false),
    record("backups", None, false),
];

/// A rule of the packs in force about keeping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// What kind of record.
    pub class: RecordClass,
    /// Whether Redress keeps such records; else it is the duty of another system.
    pub ours: bool,
    /// The rule.
    pub rule: String,
    /// What people call it.
    pub title: Text,
    /// The pack it stands in.
    pub pack: String,
    /// Version of the pack.
    pub version: String,
    /// Whether the operator may change it.
    pub layer: Layer,
    /// What kind of text says so.
    pub basis: Basis,
    /// How sure the figure is.
    pub confidence: Confidence,
    /// Whether it may be stated as law: of the law layer, verified, and in a pack that was released.
    pub stated: bool,
    /// Where it was read.
    pub source: Option<Text>,
    /// At least.
    pub min: Option<Amount>,
    /// At most.
    pub max: Option<Amount>,
    /// Counted from.
    pub from: KeptFrom,
    /// How it is to be understood.
    pub note: Option<Text>,
}

impl Desk {
    /// What the rules in force ask about keeping, class by class.
    ///
    /// # Errors
    /// If the caller may not see it.
    pub fn retention(&self, caller: &Caller) -> Result<Vec<Duty>, DeskError> {
        permissions::READ_RETENTION.require(caller)?;
        let stack = judge::today(self)?;
        let ours = |class| RECORDS.iter().any(|one| one.class == Some(class));
        let mut found = Vec::new();
        for class in RecordClass::ALL.iter().copied() {
            for (pack, rule) in stack.retentions(class) {
                let source = pack.source(&rule.head.standing.source).map(|source| source.title.clone());
                found.push(Duty {
                    class,
                    ours: ours(class),
                    rule: rule.head.id.clone(),
                    title: rule.head.title.clone(),
                    pack: pack.id().to_owned(),
                    version: pack.version().to_owned(),
                    layer: rule.head.layer,
                    basis: rule.head.basis(),
                    confidence: rule.head.confidence(),
                    stated: rule.head.layer == Layer::Law
                        && pack.status() != Status::Preview
                        && pack.states_compliance(rule.head.confidence()),
                    source,
                    min: rule.min,
                    max: rule.max,
                    from: rule.from,
                    note: rule.head.note.clone(),
                });
            }
        }
        Ok(found)
    }
}
