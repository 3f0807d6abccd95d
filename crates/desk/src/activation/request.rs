//! Asking: the text is held against everything that is there, and every fault is told with line and column.

use super::{Activation, ActivationState, Person, RulesKind, a_person, all, everywhere, in_force};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::library::{Activated, DataFile, Draft, LibraryError, Rules};
use crate::time::stored;
use crate::{Desk, Library, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use jiff::Timestamp;
use jiff::civil::Date;
use policy::check::{Finding, Weight};
use policy::{Calendar, Pack, Tier, address, version_key};
use serde::Deserialize;
use std::sync::Arc;
use store::{ActivationRow, RuleFileRow, activations};
use uuid::Uuid;

/// Largest content; the longest calendar of many years is a tenth of it.
pub const MOST_BYTES: usize = 262_144;

/// Shape of a request.
pub const NEW_ACTIVATION: &[Field] = &[
    required("kind", Kind::Code(RulesKind::CODES), "What the text is."),
    required(
        "effective_from",
        Kind::Day,
        "Of a pack the first local date of receipt it governs, of a calendar the first local date it holds. Not in the past.",
    ),
    required(
        "note",
        Kind::Text { max: 500, multiline: false },
        "Why; it stands in the log of every case it moves, so no personal data.",
    ),
    required("text", Kind::Document { max: MOST_BYTES }, "The whole pack or calendar, as TOML."),
];

/// A pack or calendar to be put into force.
#[derive(Clone, Debug, Deserialize)]
pub struct NewActivation {
    /// What the text is.
    pub kind: RulesKind,
    /// From when on.
    pub effective_from: Date,
    /// Why.
    pub note: String,
    /// The text.
    pub text: String,
}

/// Asks for a pack or calendar to be put into force. Nothing changes until another person approves.
///
/// # Errors
/// Every fault of the text with line and column; that a version is not new, or the day has passed; a refusal when the
/// caller may not.
pub fn request(desk: &Desk, by: &Caller, new: &NewActivation) -> Result<Uuid, DeskError> {
    permissions::ACTIVATE_RULES.require(by)?;
    everywhere(by)?;
    a_person(by)?;
    let now = desk.time().now();
    let id = Uuid::now_v7();
    let (known, force) = desk.db().read_now(|tx| Ok::<_, DeskError>((all(tx)?, in_force(tx)?)))?;
    let asked = Asked { id, by, new, now, hash: address(&new.text) };
    let in_force = now_in_force(desk.library(), &force)?;
    let content = read(&in_force, new.kind, &new.text)?;
    let same = |one: &&Activation| one.rules == content.rules && one.version == content.version;
    if let Some(other) = known.iter().filter(|one| one.state == ActivationState::Requested).find(same) {
        return Err(Refusal::conflict("already_requested").with("by", &other.requested_by.name).into());
    }
    let activated = asked.activated(content.rules.clone(), content.version.clone());
    prove(desk, &in_force, &content, &force, &activated)?;
    let Activated { activation, file } = activated;
    let row = ActivationRow {
        id,
        kind: activation.kind.code().to_owned(),
        hash: activation.hash.clone(),
        rules: activation.rules.clone(),
        version: activation.version.clone(),
        effective_from: activation.effective_from.to_string(),
        note: activation.note.clone(),
        state: activation.state.code().to_owned(),
        requested_by: by.actor.id.to_string(),
        requested_at: stored(now),
        decided_by: None,
        decided_at: None,
        holds_at: None,
        reached: None,
        looked: 0,
        moved: 0,
        recounted_at: None,
    };
    let change = Change::new("request-activation")
        .with("kind", row.kind.clone())
        .with("rules", row.rules.clone())
        .with("version", row.version.clone())
        .with("hash", row.hash.clone())
        .with("effective_from", row.effective_from.clone())
        .with("note", row.note.clone());
    let content = RuleFileRow { hash: row.hash.clone(), kind: row.kind.clone(), name: file.path, content: file.text };
    let actor = by.actor.id;
    desk.db().write_now(move |tx| {
        activations::insert_file(tx, &content)?;
        activations::insert(tx, &row)?;
        administration::record(tx, row.id, actor, row.requested_at, &change)?;
        Ok(row.id)
    })
}

/// Reads a text nobody has put into force and proves what is proved before that, except what is about putting it into
/// force: it may be of the law layer, and its day is whichever it is valid on.
///
/// # Errors
/// Everything that speaks against it, with line and column.
pub(crate) fn draft(
    desk: &Desk,
    by: &Caller,
    kind: RulesKind,
    text: &str,
) -> Result<(Draft, Arc<Activation>), DeskError> {
    let force = desk.db().read_now(in_force)?;
    let now = now_in_force(desk.library(), &force)?;
    let content = read(&now, kind, text)?;
    let today = desk.time().now().to_zoned_datetime(desk.zone().clone()).date();
    let effective_from = content.pack.as_ref().map_or(today, |pack| today.max(pack.validity().0));
    let new = NewActivation { kind, effective_from, note: String::new(), text: text.to_owned() };
    let asked = Asked { id: Uuid::nil(), by, new: &new, now: desk.time().now(), hash: address(text) };
    let activated = asked.activated(content.rules.clone(), content.version.clone());
    newer(&now, &activated.activation)?;
    match &content.pack {
        Some(pack) => fits(&now, pack, &activated.activation)?,
        None if now.counts_with(&content.rules) => {}
        None => return Err(Refusal::from(Fault::new("text", "calendar_unused").with("rules", &content.rules)).into()),
    }
    sound(desk.library(), &now, &force, &activated)?;
    let draft = match content.pack {
        Some(pack) => Draft::Pack(Arc::new(pack)),
        None => Draft::Calendar(Arc::new(Calendar::parse(text).map_err(faulty)?)),
    };
    Ok((draft, activated.activation))
}

struct Asked<'a> {
    id: Uuid,
    by: &'a Caller,
    new: &'a NewActivation,
    now: Timestamp,
    hash: String,
}

impl Asked<'_> {
    fn activated(&self, rules: String, version: String) -> Activated {
        let kind = self.new.kind;
        let file = DataFile { path: kind.path(&rules, &version), text: self.new.text.clone() };
        let activation = Activation {
            id: self.id,
            kind,
            hash: self.hash.clone(),
            rules,
            version,
            effective_from: self.new.effective_from,
            note: self.new.note.clone(),
            state: ActivationState::Requested,
            requested_by: Person { id: self.by.actor.id, name: self.by.name.clone() },
            requested_at: self.now,
            decided_by: None,
            decided_at: None,
            holds_at: None,
            looked: 0,
            moved: 0,
            recounted_at: None,
        };
        Activated { activation: Arc::new(activation), file }
    }
}

/// A text by itself.
pub(super) struct Content {
    rules: String,
    version: String,
    /// The pack, when it is one.
    pack: Option<Pack>,
}

/// Reads a text with the calendars at hand.
///
/// # Errors
/// Every fault of its form, with line and column.
pub(super) fn read(now: &Rules, kind: RulesKind, text: &str) -> Result<Content, DeskError> {
    let read = match kind {
        RulesKind::Calendar => Calendar::parse(text).map(|one| Content {
            rules: one.id().to_owned(),
            version: one.version().to_string(),
            pack: None,
        }),
        // Where it stands is said by the field, not by the name of a file.
        RulesKind::Pack => Pack::load("", text, now.calendars()).map(|one| Content {
            rules: one.id().to_owned(),
            version: one.version().to_owned(),
            pack: Some(one),
        }),
    };
    read.map_err(faulty)
}

fn faulty(faults: Vec<policy::Fault>) -> DeskError {
    Refusal::invalid(faults.into_iter().map(|fault| told(fault.into())).collect()).into()
}

/// The rules in force.
pub(super) fn now_in_force(library: &Library, force: &[Activated]) -> Result<Rules, DeskError> {
    library.with(force).map_err(broken)
}

fn broken(error: LibraryError) -> DeskError {
    DeskError::Damaged(error.to_string())
}

/// Proves that a content may come into force on top of what is.
///
/// # Errors
/// Everything that speaks against it.
pub(super) fn prove(
    desk: &Desk,
    now: &Rules,
    content: &Content,
    force: &[Activated],
    new: &Activated,
) -> Result<(), DeskError> {
    let activation = &new.activation;
    let today = desk.time().now().to_zoned_datetime(desk.zone().clone()).date();
    if activation.effective_from < today {
        return Err(Refusal::from(Fault::new("effective_from", "day_past").with("today", today)).into());
    }
    newer(now, activation)?;
    if let Some(pack) = &content.pack {
        if pack.tier() == Tier::Law {
            return Err(Refusal::from(Fault::new("text", "law_is_immovable").with("rules", pack.id())).into());
        }
        fits(now, pack, activation)?;
        let stopped = crate::routing::standing::stopped(desk, pack)?;
        if !stopped.is_empty() {
            return Err(Refusal::invalid(stopped).into());
        }
    }
    sound(desk.library(), now, force, new)
}

/// Proves that the checker has nothing against a content beside everything that is in force.
///
/// # Errors
/// What it finds, with line and column.
fn sound(library: &Library, now: &Rules, force: &[Activated], new: &Activated) -> Result<(), DeskError> {
    let file = &new.file;
    let mut with = force.to_vec();
    with.push(new.clone());
    let findings = match library.with(&with) {
        Ok(rules) => rules.check(),
        Err(LibraryError::Faults(faults)) => faults.into_iter().map(Finding::from).collect(),
        Err(other) => return Err(broken(other)),
    };
    let of_text = |mut finding: Finding| {
        if finding.file.as_deref() == Some(file.path.as_str()) {
            finding.file = None;
        }
        told(finding)
    };
    // What was found before is not this content's fault: a version that was shipped is never taken back.
    let known = now.check();
    let own = |finding: &Finding| finding.weight == Weight::Error && !known.contains(finding);
    let errors: Vec<Fault> = findings.into_iter().filter(own).map(of_text).collect();
    if errors.is_empty() { Ok(()) } else { Err(Refusal::invalid(errors).into()) }
}

/// A version never changes, and an older one does not come after a newer one.
fn newer(now: &Rules, activation: &Activation) -> Result<(), Refusal> {
    let (rules, version) = (&activation.rules, &activation.version);
    let known = || Fault::new("text", "rules_known").with("rules", rules).with("version", version);
    let changed = || Fault::new("text", "version_never_changes").with("rules", rules).with("version", version);
    let older = |newest: &str| Fault::new("text", "version_not_newer").with("rules", rules).with("newest", newest);
    match activation.kind {
        RulesKind::Pack => {
            let mut versions = now.packs().iter().filter(|pack| pack.id() == rules);
            if let Some(pack) = versions.clone().find(|pack| pack.version() == version) {
                return Err(if pack.hash() == activation.hash { known() } else { changed() }.into());
            }
            // They are in the order of their versions.
            let newest = versions.next_back().filter(|pack| version_key(version) <= pack.version_key());
            newest.map_or(Ok(()), |pack| Err(older(pack.version()).into()))
        }
        RulesKind::Calendar => {
            let Some(there) = now.calendars().get(rules) else { return Ok(()) };
            let newest = there.version().to_string();
            if there.hash() == activation.hash {
                return Err(known().into());
            }
            // Days sort as they are written.
            match version.cmp(&newest) {
                std::cmp::Ordering::Less => Err(older(&newest).into()),
                std::cmp::Ordering::Equal => Err(changed().into()),
                std::cmp::Ordering::Greater => Ok(()),
            }
        }
    }
}

/// A pack must stand in the stack and be valid on its day.
fn fits(now: &Rules, pack: &Pack, activation: &Activation) -> Result<(), Refusal> {
    if !now.in_stack(pack.id()) {
        return Err(Fault::new("text", "not_in_stack").with("rules", pack.id()).into());
    }
    let (from, to) = pack.validity();
    let day = activation.effective_from;
    if day < from || to.is_some_and(|last| day > last) {
        let last = to.map_or_else(|| "…".to_owned(), |last| last.to_string());
        return Err(Fault::new("effective_from", "outside_validity").with("from", from).with("to", last).into());
    }
    Ok(())
}

/// A finding as a fault of the text; one of another file says which.
fn told(finding: Finding) -> Fault {
    let file = finding.file.filter(|file| !file.is_empty()).map(|file| format!("{file} ")).unwrap_or_default();
    let rule = finding.rule.map(|rule| format!("`{rule}`: ")).unwrap_or_default();
    let hint = finding.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    Fault::new("text", "rule_finding")
        .with("file", file)
        .with("line", finding.line)
        .with("column", finding.column)
        .with("meaning", finding.id.code())
        .with("check", finding.id.code())
        .with("message", format!("{rule}{}{hint}", finding.message))
}
