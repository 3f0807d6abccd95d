//! Rows beside the log held against it: work orders, rulings, remedies, call-backs, cases that wait, macros.

use super::Report;
use crate::indexes::Rows;
use crate::{kept, load};
use domain::audit::chain::Ledger;
use domain::event::Entry;
use std::collections::{BTreeMap, BTreeSet};
use store::{CallBackRow, EntryRow, MacroRow, MemberRow, OrderRow, RemedyRow, RulingRow, WaitingRow};
use uuid::Uuid;

/// What the logs say of the rows beside them, until they are found.
#[derive(Default)]
pub(super) struct Indexes {
    /// The chain that is being read.
    reading: Option<(Uuid, Vec<Entry>)>,
    /// Cases whose log cannot be read: nothing is known of their rows.
    unread: BTreeSet<Uuid>,
    orders: BTreeMap<(Uuid, i64), OrderRow>,
    rulings: BTreeMap<(Uuid, i64), RulingRow>,
    members: BTreeMap<(Uuid, Uuid), MemberRow>,
    remedies: BTreeMap<(Uuid, i64), RemedyRow>,
    call_backs: BTreeMap<(Uuid, i64), CallBackRow>,
    waits: BTreeMap<Uuid, (Uuid, i64)>,
    waiting: BTreeMap<Uuid, WaitingRow>,
    macros: BTreeMap<Uuid, MacroRow>,
}

/// The macro an entry of the administration's ledger makes; nothing where it does not say one whole.
fn kept_macro(row: &EntryRow) -> Option<MacroRow> {
    let mut said: BTreeMap<String, String> = kept::read(&row.body).ok()?;
    Some(MacroRow {
        id: row.subject,
        audience: said.remove("audience")?,
        area: said.remove("area").unwrap_or_default(),
        name: said.remove("name")?,
        body: said.remove("steps")?,
        revision: said.remove("revision")?.parse().ok()?,
        kept_by: row.actor.clone(),
        kept_at: row.at,
    })
}

impl Indexes {
    pub(super) fn entry(&mut self, row: &EntryRow, report: &mut Report) {
        if row.ledger != Ledger::Case.code() {
            self.administered(row, report);
            return;
        }
        if self.reading.as_ref().is_none_or(|(subject, _)| *subject != row.subject) {
            self.told(report);
            self.reading = Some((row.subject, Vec::new()));
        }
        match (load::entry(row), &mut self.reading) {
            (Ok(entry), Some((_, entries))) => entries.push(entry),
            _ => {
                self.unread.insert(row.subject);
            }
        }
    }

    /// What the ledger of the administration says last of a macro is what its row holds.
    fn administered(&mut self, row: &EntryRow, report: &mut Report) {
        if row.ledger != Ledger::Administration.code() {
            return;
        }
        match row.verb.as_str() {
            "keep-macro" => match kept_macro(row) {
                Some(kept) => drop(self.macros.insert(row.subject, kept)),
                None => {
                    report.find("entry_unreadable", Some(row.subject), Some(row.version), "says no macro".to_owned());
                }
            },
            "remove-macro" => drop(self.macros.remove(&row.subject)),
            _ => {}
        }
    }

    /// The chain is at its end.
    pub(super) fn told(&mut self, report: &mut Report) {
        let Some((case, entries)) = self.reading.take() else { return };
        if self.unread.contains(&case) {
            report.find("entry_unreadable", Some(case), None, "entries of it cannot be read".to_owned());
            return;
        }
        match Rows::of(case, entries) {
            Ok(rows) => {
                self.orders.extend(rows.orders.into_iter().map(|(n, row)| ((case, n), row)));
                self.members.extend(rows.members.into_iter().map(|(incident, row)| ((case, incident), row)));
                self.rulings.extend(rows.rulings.into_iter().map(|row| ((case, row.n), row)));
                self.remedies.extend(rows.remedies.into_iter().map(|(n, row)| ((case, n), row)));
                self.call_backs.extend(rows.call_backs.into_iter().map(|(n, row)| ((case, n), row)));
                self.waits.extend(rows.waits.map(|waits| (case, waits)));
            }
            // What is wrong with the chain is told of the chain.
            Err(_) => drop(self.unread.insert(case)),
        }
    }

    /// The row of a case says when it is due.
    pub(super) fn case(&mut self, case: Uuid, due_at: i64) {
        if let Some((unit, rank)) = self.waits.remove(&case) {
            self.waiting.insert(case, WaitingRow { case, unit, rank, due_at });
        }
    }

    pub(super) fn order(&mut self, row: &OrderRow, report: &mut Report) {
        let said = self.orders.remove(&(row.case, row.n));
        self.held("order_row", row.case, Some(row.n), (row, said.as_ref()), report);
    }

    pub(super) fn ruling(&mut self, row: &RulingRow, report: &mut Report) {
        let said = self.rulings.remove(&(row.case, row.n));
        self.held("ruling_row", row.case, Some(row.n), (row, said.as_ref()), report);
    }

    pub(super) fn member(&mut self, row: &MemberRow, report: &mut Report) {
        let said = self.members.remove(&(row.case, row.incident));
        self.held("incident_case_row", row.case, None, (row, said.as_ref()), report);
    }

    pub(super) fn remedy(&mut self, row: &RemedyRow, report: &mut Report) {
        let said = self.remedies.remove(&(row.case, row.n));
        self.held("remedy_row", row.case, Some(row.n), (row, said.as_ref()), report);
    }

    pub(super) fn call_back(&mut self, row: &CallBackRow, report: &mut Report) {
        let said = self.call_backs.remove(&(row.case, row.n));
        self.held("call_back_row", row.case, Some(row.n), (row, said.as_ref()), report);
    }

    pub(super) fn macro_row(&mut self, row: &MacroRow, report: &mut Report) {
        let said = self.macros.remove(&row.id);
        if said.as_ref() == Some(row) {
            return;
        }
        let detail = match said {
            Some(said) => format!("the row says {row:?}, the ledger {said:?}; keep the macro again as it should be"),
            None => format!("the row says {row:?}, the ledger that there is none; take the macro away"),
        };
        report.find("macro_row", Some(row.id), Some(row.revision), detail);
    }

    pub(super) fn waiting(&mut self, row: &WaitingRow, report: &mut Report) {
        let said = self.waiting.remove(&row.case);
        self.held("waiting_row", row.case, None, (row, said.as_ref()), report);
    }

    fn held<R: PartialEq + std::fmt::Debug>(
        &self,
        code: &'static str,
        case: Uuid,
        place: Option<i64>,
        (row, said): (&R, Option<&R>),
        report: &mut Report,
    ) {
        if said == Some(row) || self.unread.contains(&case) {
            return;
        }
        let detail = match said {
            Some(said) => format!("the row says {row:?}, the log {said:?}; `redress audit reindex` makes it anew"),
            None => format!("the row says {row:?}, the log nothing; `redress audit reindex` makes it anew"),
        };
        report.find(code, Some(case), place, detail);
    }

    /// What the log says and no row does.
    pub(super) fn finish(&mut self, report: &mut Report) {
        let lacks = |what: &str| format!("the log says that {what}, and no row does; `redress audit reindex` makes it");
        for (case, n) in self.orders.keys() {
            report.find("order_row", Some(*case), Some(*n), lacks("there is an order"));
        }
        for (case, n) in self.rulings.keys() {
            report.find("ruling_row", Some(*case), Some(*n), lacks("it was ruled"));
        }
        for (case, _) in self.members.keys() {
            report.find("incident_case_row", Some(*case), None, lacks("it is or was in an incident"));
        }
        for (case, n) in self.remedies.keys() {
            report.find("remedy_row", Some(*case), Some(*n), lacks("there is a remedy"));
        }
        for (case, n) in self.call_backs.keys() {
            report.find("call_back_row", Some(*case), Some(*n), lacks("there is a call-back"));
        }
        for (id, said) in &self.macros {
            let detail = format!("the ledger says that there is a macro {:?}, and no row does", said.name);
            report.find("macro_row", Some(*id), Some(said.revision), detail);
        }
        for case in self.waiting.keys() {
            report.find("waiting_row", Some(*case), None, lacks("it waits in a queue"));
        }
    }
}
