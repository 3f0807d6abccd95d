//! A bundle is an archive with a chosen reader: a body outside. The same file, proved the same way; what the body is not
//! given stands in its log by its hash alone, so that the chain still closes and nobody can say what was left out.

use super::Archive;
use crate::error::DeskError;
use crate::queries::case::CaseView;
use crate::verify::export::{ExportedEntry, Line, WithheldEntry};
use crate::{Desk, permissions};
use domain::case::Case;
use domain::case::bundle::{Concern, LeftOut, Share};
use domain::case::bundle_check::{Item, check};
use domain::event::{Entry, Event};
use domain::ids::AttachmentId;
use domain::intake::Identity;
use domain::text::identifier::IdentifierKind;
use policy::Stack;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::EntryRow;

/// What a bundle is about and what stays out of it.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The referral or matter.
    pub concern: Concern,
    /// What it has to hold, and what of it is there.
    pub check: Vec<Item>,
    /// The case with everything its rules look at, and the clocks that bear on the matter: for explaining, not for
    /// showing.
    pub counted: Case,
    /// How many events stay out, by the reason.
    pub left_out: BTreeMap<LeftOut, usize>,
    /// Entries that are given whole.
    pub(super) whole: BTreeSet<i64>,
}

impl Desk {
    /// What the bundle of a referral or matter has to hold, and what of it is there.
    ///
    /// # Errors
    /// If a pack that governs the case is missing.
    pub fn bundle_check(&self, view: &CaseView, concern: Concern) -> Result<Vec<Item>, DeskError> {
        let rules = self.library().rules_of(&view.case)?;
        Ok(check(&view.case, concern, &rules, self.time().now(), !view.erased))
    }

    /// The bundle of a referral or matter, ready to be written; logged as the archive of the whole case is.
    ///
    /// # Errors
    /// Those of [`Desk::archive`]; `not_found` when the case has no such referral or matter.
    pub async fn bundle(
        &self,
        caller: &crate::Caller,
        name: &crate::CaseRef,
        concern: Concern,
        ask: super::Ask,
    ) -> Result<Archive, DeskError> {
        permissions::EXPORT_CASE.require(caller)?;
        self.take_out(caller, name, Some(concern), ask).await
    }
}

/// Cuts a view down to what the body is given.
pub(super) fn cut(desk: &Desk, view: &mut CaseView, concern: Concern) -> Result<Bundle, DeskError> {
    let rules = desk.library().rules_of(&view.case)?;
    let check = desk.bundle_check(view, concern)?;
    let papers = papers(&view.case, &view.entries, concern);
    let whole_case = view.case.clone();
    let mut left_out: BTreeMap<LeftOut, usize> = BTreeMap::new();
    let (mut whole, mut kept) = (BTreeSet::new(), Vec::new());
    for mut entry in std::mem::take(&mut view.entries) {
        let version = entry.version;
        let before = entry.events.len();
        let (events, complete) = shared(&whole_case, &rules, &papers, concern, entry.events, &mut left_out);
        if complete && before > 0 {
            whole.insert(version);
        }
        if !events.is_empty() {
            entry.events = events;
            kept.push(entry);
        }
    }
    view.entries = kept;
    concern.cut(&mut view.case, &rules, &papers);
    // Who of the operator's people did what is for the operator.
    view.users.clear();
    view.units.clear();
    if let Some(identity) = &mut view.identity {
        // The number a call came from need not be the customer's.
        identity.caller = None;
    }
    let counted = Case { clocks: view.case.clocks.clone(), ..whole_case };
    Ok(Bundle { concern, check, counted, left_out, whole })
}

/// The files a body is given.
pub(super) fn papers(case: &Case, entries: &[Entry], concern: Concern) -> BTreeSet<AttachmentId> {
    concern.papers(case, entries.iter().flat_map(|entry| &entry.events))
}

fn shared(
    case: &Case,
    rules: &Stack,
    papers: &BTreeSet<AttachmentId>,
    concern: Concern,
    events: Vec<Event>,
    left_out: &mut BTreeMap<LeftOut, usize>,
) -> (Vec<Event>, bool) {
    let (mut kept, mut complete) = (Vec::new(), true);
    for event in events {
        match concern.share(case, rules, papers, &event) {
            Share::Whole => kept.push(event),
            Share::Part(part) => {
                complete = false;
                kept.push(*part);
            }
            Share::Nothing(why) => {
                complete = false;
                *left_out.entry(why).or_default() += 1;
            }
        }
    }
    (kept, complete)
}

/// The identifiers lifted out of texts that are the complainant's own; those of others stay masked.
pub(super) fn own_items(identity: &Identity, items: &HashMap<u32, (IdentifierKind, String)>) -> BTreeSet<u32> {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let theirs = [&identity.phone, &identity.phone_alt, &identity.email, &identity.id_number, &identity.subscription];
    let theirs: BTreeSet<String> = theirs.into_iter().flatten().map(|value| plain(value)).collect();
    items.iter().filter(|(_, (_, value))| theirs.contains(&plain(value))).map(|(item, _)| *item).collect()
}

/// The line of the log for an entry: what is not given whole is there by its hash.
pub(super) fn line(row: &EntryRow, bundle: Option<&Bundle>) -> Line {
    match bundle {
        Some(bundle) if !bundle.whole.contains(&row.version) => Line::Withheld(WithheldEntry::from(row)),
        _ => Line::Entry(ExportedEntry::from(row)),
    }
}
