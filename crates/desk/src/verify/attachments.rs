//! Attachments against the log: the log names a root over the sealed chunks of each, so what is stored is held against
//! it without any key. That a person's files are gone is right once the log says the person was erased.

use super::Report;
use domain::audit::chain::Ledger;
use domain::event::{Event, read_body};
use domain::ids::PersonId;
use std::collections::{BTreeMap, HashSet};
use store::EntryRow;
use uuid::Uuid;

/// An attachment as the log names it.
struct Logged {
    case: Uuid,
    version: i64,
    person: Option<PersonId>,
    sealed: String,
}

/// Gathers what the log says, then looks at what is stored.
#[derive(Default)]
pub(super) struct Attachments {
    /// The registration of the chain being read.
    first: String,
    logged: BTreeMap<Uuid, Logged>,
    erased: HashSet<Uuid>,
}

impl Attachments {
    /// Takes an entry in; entries come chain by chain.
    pub(super) fn entry(&mut self, row: &EntryRow) {
        if row.ledger == Ledger::Administration.code() && ["erase-person", "replay-erasure"].contains(&&*row.verb) {
            self.erased.insert(row.subject);
        }
        if row.ledger != Ledger::Case.code() {
            return;
        }
        if row.version == 1 {
            self.first.clone_from(&row.body);
        }
        // Few entries attach anything; the others need not be read.
        if !row.body.contains("\"type\":\"attached\"") {
            return;
        }
        for event in read_body(row.schema, &row.body).unwrap_or_default() {
            if let Event::Attached { id, sealed, .. } = event {
                let (case, version, person) = (row.subject, row.version, self.person(row.schema));
                self.logged.insert(id.0, Logged { case, version, person, sealed });
            }
        }
    }

    fn person(&self, schema: i64) -> Option<PersonId> {
        match read_body(schema, &self.first).ok()?.first()? {
            Event::Registered { person, .. } => Some(*person),
            _ => None,
        }
    }

    /// Holds a stored attachment against the log.
    pub(super) fn stored(&mut self, id: Uuid, case: Uuid, sealed: &str, report: &mut Report) {
        report.attachments += 1;
        match self.logged.remove(&id) {
            Some(logged) if logged.case == case && logged.sealed == sealed => {}
            Some(logged) => {
                let detail = format!("attachment {id}: its chunks are not those that were logged");
                report.find("attachment_changed", Some(logged.case), Some(logged.version), detail);
            }
            None => {
                report.find("attachment_unknown", Some(case), None, format!("no entry names attachment {id}"));
            }
        }
    }

    /// Names those that are gone without an erasure.
    pub(super) fn finish(self, report: &mut Report) {
        for (id, logged) in self.logged {
            if !logged.person.is_some_and(|person| self.erased.contains(&person.0)) {
                let detail = format!("attachment {id} is gone");
                report.find("attachment_missing", Some(logged.case), Some(logged.version), detail);
            }
        }
    }
}
