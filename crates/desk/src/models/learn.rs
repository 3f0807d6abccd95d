//! Asking for a model, and learning it. The newest share is held back: a model is to be good at what comes, and what comes
//! is like the newest, so a share drawn at random would flatter it. What is stored is what was measured, byte for byte.

use super::file::{self, Labelled, ModelFile, Placed};
use super::gather::{self, Row};
use super::{BESIDE, Beside, Learnt, ModelState, everywhere};
use crate::activation::a_person;
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, kept, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional};
use jiff::SignedDuration;
use jiff::civil::Date;
use learn::measure::{Outcome, figures};
use learn::{Example, Model, Untrainable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::schedules::{self, Look};
use store::{ModelRow, models};
use uuid::Uuid;

/// Fewest texts anything is learnt from. [P]: a proposal of this product.
pub const LEAST: usize = 40;
/// Share held back where nothing else is asked, in per cent. [P]
const HELD_BACK: i64 = 20;
/// Name of the lease.
const LEASE_NAME: &str = "models";
/// Should this node fail, another begins anew after this long: learning is one piece of work that says nothing meanwhile.
const LEASE: SignedDuration = SignedDuration::from_mins(30);
/// The source of what is learnt from a labelled file.
const FILE: &str = "file";
/// Times it is begun: what brought a node down each time is not begun for ever.
const TRIES: i64 = 3;

/// Shape of a request for a model.
pub const NEW_MODEL: &[Field] = &[
    optional("since", Kind::Day, "First local date of first receipt of the cases to learn from. Default: all."),
    optional("until", Kind::Day, "Last such date. Default: today."),
    optional(
        "held_back",
        Kind::Whole { min: 5, max: 50 },
        "How many of a hundred, the newest, are measured on and not learnt from. Default: 20.",
    ),
];

/// A model to be learnt from closed cases.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct NewModel {
    /// First date of receipt.
    pub since: Option<Date>,
    /// Last date.
    pub until: Option<Date>,
    /// Share held back, in per cent.
    pub held_back: Option<i64>,
}

/// How a model was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// First date of receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// Last date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Share held back, in per cent.
    pub held_back: i64,
}

impl From<&NewModel> for Asked {
    fn from(new: &NewModel) -> Self {
        Self { since: new.since, until: new.until, held_back: new.held_back.unwrap_or(HELD_BACK).clamp(5, 50) }
    }
}

fn may(by: &Caller) -> Result<(), Refusal> {
    permissions::TRAIN_MODEL.require(by)?;
    everywhere(by)?;
    a_person(by)
}

/// Asks for a model to be learnt from closed cases. It is learnt off every command's way; nothing changes by it. Blocking.
///
/// # Errors
/// A refusal when the caller may not, or another waits.
pub fn train(desk: &Desk, by: &Caller, new: &NewModel) -> Result<Uuid, DeskError> {
    may(by)?;
    if let (Some(since), Some(until)) = (new.since, new.until)
        && until < since
    {
        return Err(Refusal::from(Fault::new("until", "before_since")).into());
    }
    let row = asked(desk, by, "cases", &Asked::from(new))?;
    let change = Change::new("train-model").with("source", row.source.clone()).with("asked", row.asked.clone());
    let actor = by.actor.id;
    desk.db().write_now(move |tx| {
        if models::waiting(tx)?.is_some() {
            return Err(Refusal::conflict("model_waits").into());
        }
        models::insert(tx, &row)?;
        administration::record(tx, row.id, actor, row.asked_at, &change)?;
        Ok::<_, DeskError>(row.id)
    })
}

fn asked(desk: &Desk, by: &Caller, source: &str, asked: &Asked) -> Result<ModelRow, DeskError> {
    Ok(ModelRow {
        id: Uuid::now_v7(),
        state: ModelState::Waiting.code().to_owned(),
        source: source.to_owned(),
        asked: kept::written(asked)?,
        asked_by: by.actor.id.to_string(),
        asked_at: stored(desk.time().now()),
        tries: 0,
        hash: String::new(),
        told: String::new(),
        made_at: None,
    })
}

/// Learns from texts with what they are of, the oldest first, as a labelled file has them, and stores what came of it.
/// Categories that take no cases are left out and counted. Blocking, for as long as learning takes.
///
/// # Errors
/// A refusal when the caller may not, or a row names a unit or grade there is not.
pub fn learn_from(
    desk: &Desk,
    by: &Caller,
    labelled: Vec<Labelled>,
    held_back: Option<i64>,
) -> Result<Uuid, DeskError> {
    may(by)?;
    let rows = file::rows(desk, labelled.into_iter().map(Placed::from).collect())?;
    let asked_for = Asked::from(&NewModel { held_back, ..NewModel::default() });
    let mut row = asked(desk, by, FILE, &asked_for)?;
    let made = learnt(desk, rows, asked_for.held_back)?;
    fill(desk, &mut row, &made)?;
    let actor = by.actor.id;
    let change = described(Change::new("train-model").with("source", row.source.clone()), &row, &made.1);
    desk.db().write_now(move |tx| {
        models::keep(tx, &row.hash, &made.0)?;
        models::insert(tx, &row)?;
        administration::record(tx, row.id, actor, row.asked_at, &change)?;
        Ok::<_, DeskError>(row.id)
    })
}

/// Asks for a model to be learnt from a labelled file. Its texts are kept in the memory of this node until they are learnt
/// from, and nowhere else. Blocking.
///
/// # Errors
/// Every fault of the file with line and column; a refusal when the caller may not, or another model waits.
pub fn train_file(desk: &Desk, by: &Caller, new: &ModelFile) -> Result<Uuid, DeskError> {
    may(by)?;
    let rows = file::rows(desk, file::read(desk, &new.csv)?)?;
    let row = asked(desk, by, FILE, &Asked::from(&NewModel { held_back: new.held_back, ..NewModel::default() }))?;
    let change = Change::new("train-model").with("source", row.source.clone()).with("asked", row.asked.clone());
    let (actor, house) = (by.actor.id, desk.clone());
    desk.db().write_now(move |tx| {
        if models::waiting(tx)?.is_some() {
            return Err(Refusal::conflict("model_waits").into());
        }
        models::insert(tx, &row)?;
        administration::record(tx, row.id, actor, row.asked_at, &change)?;
        // Before anybody can see that it waits.
        house.models().lay_ready(row.id, rows);
        Ok::<_, DeskError>(row.id)
    })
}

/// Writes into a row what came of it.
fn fill(desk: &Desk, row: &mut ModelRow, (bytes, told): &(Vec<u8>, Learnt)) -> Result<(), DeskError> {
    let state = if told.failed.is_some() { ModelState::Failed } else { ModelState::Ready };
    row.state = state.code().to_owned();
    row.hash = if bytes.is_empty() { String::new() } else { Model::name_of(bytes) };
    row.told = kept::written(told)?;
    row.made_at = Some(stored(desk.time().now()));
    Ok(())
}

/// What the ledger says of a model: its address, how many texts, what could not be done; never a text.
fn described(change: Change, row: &ModelRow, told: &Learnt) -> Change {
    change
        .with("state", row.state.clone())
        .with("hash", row.hash.clone())
        .with("learnt_from", told.learnt_from().to_string())
        .with("held_back", told.held_back.to_string())
}

/// Learns what waits, unless another node does; false when there was nothing to do. Blocking, for as long as it takes.
///
/// # Errors
/// Those of the database; it is begun anew.
pub fn go_on(desk: &Desk, node: &str, enough: impl Fn() -> bool) -> Result<bool, DeskError> {
    let Some(row) = desk.db().read_now(|tx| Ok::<_, DeskError>(models::waiting(tx)?))? else { return Ok(false) };
    let now = desk.time().now();
    // The texts of a file are at one node; when that is gone, so are they.
    let of_file = row.source == FILE;
    if of_file && !desk.models().is_ready(row.id) && stored(now) < stored(moment(row.asked_at) + LEASE) {
        return Ok(false);
    }
    let (holder, until) = (node.to_owned(), stored(now + LEASE));
    let look = Look { now: stored(now), furthest: stored(now), furthest_lease: stored(now + LEASE + LEASE) };
    let id = row.id;
    let mine = desk.db().write_now(move |tx| {
        let mine = schedules::hold(tx, LEASE_NAME, look, until, &holder)?;
        if mine {
            models::note_try(tx, id)?;
        }
        Ok::<_, DeskError>(mine)
    })?;
    if !mine {
        return Ok(false);
    }
    let done = make(desk, row, &enough);
    let (holder, now) = (node.to_owned(), stored(desk.time().now()));
    desk.db().write_now(move |tx| Ok::<_, DeskError>(schedules::finish(tx, LEASE_NAME, now, &holder)?))?;
    done
}

fn make(desk: &Desk, mut row: ModelRow, enough: &impl Fn() -> bool) -> Result<bool, DeskError> {
    let asked: Asked = kept::read(&row.asked)?;
    let made = match row.source == FILE {
        true => match desk.models().take_ready(row.id) {
            Some(rows) => learnt(desk, rows, asked.held_back)?,
            None => (Vec::new(), failed("lost")),
        },
        false if row.tries >= TRIES => (Vec::new(), failed("gave_up")),
        false => {
            let Some(rows) = gather::of_cases(desk, &asked, enough)? else { return Ok(false) };
            learnt(desk, rows, asked.held_back)?
        }
    };
    fill(desk, &mut row, &made)?;
    let change = described(Change::new("make-model"), &row, &made.1);
    let at = stored(desk.time().now());
    desk.db().write_now(move |tx| {
        if models::made(tx, &row)? {
            models::keep(tx, &row.hash, &made.0)?;
            administration::record(tx, row.id, domain::actor::ActorId::System, at, &change)?;
        }
        Ok::<_, DeskError>(true)
    })
}

fn failed(why: &str) -> Learnt {
    Learnt { failed: Some(why.to_owned()), ..Learnt::default() }
}

/// The bytes of a model with those beside it, and what is to be told of it; no bytes where nothing could be learnt.
fn learnt(desk: &Desk, rows: Vec<Row>, held_back: i64) -> Result<(Vec<u8>, Learnt), DeskError> {
    // A unit that was closed takes nothing any more.
    let open: BTreeSet<String> = desk.db().read_now(|tx| {
        let units = store::units::units(tx)?.into_iter().filter(|unit| !unit.closed);
        Ok::<_, DeskError>(units.map(|unit| unit.id.to_string()).collect())
    })?;
    Ok(of_rows(desk, rows, held_back, &open))
}

fn of_rows(desk: &Desk, mut rows: Vec<Row>, held_back: i64, open: &BTreeSet<String>) -> (Vec<u8>, Learnt) {
    let all = rows.len();
    rows.retain(|row| desk.library().taxonomy().is_leaf(&row.label));
    let left_out = (all - rows.len()) as u64;
    if rows.len() < LEAST {
        return (Vec::new(), Learnt { left_out, ..failed("too_few") });
    }
    let held = (rows.len() * usize::try_from(held_back).unwrap_or_default() / 100).max(1);
    let (older, newer) = rows.split_at(rows.len() - held);
    if older.iter().map(|row| row.label.as_str()).collect::<BTreeSet<_>>().len() < 2 {
        return (Vec::new(), Learnt { left_out, ..failed("one_category") });
    }
    let examples: Vec<Example<'_>> = older.iter().map(|row| Example { text: &row.text, label: &row.label }).collect();
    let bytes = match Model::train(&examples) {
        Ok(model) => model.to_bytes(),
        Err(Untrainable::NoWords) => return (Vec::new(), Learnt { left_out, ..failed("no_words") }),
        Err(Untrainable::Nothing) => return (Vec::new(), Learnt { left_out, ..failed("too_few") }),
        Err(Untrainable::TooManyClasses(_) | Untrainable::TooMuch(..)) => {
            return (Vec::new(), Learnt { left_out, ..failed("too_many") });
        }
    };
    // Measured is what is stored, not what it was made from.
    let Ok(model) = Model::from_bytes(&bytes) else {
        return (Vec::new(), Learnt { left_out, ..failed("too_many") });
    };
    let said: Vec<Vec<f32>> = newer.iter().map(|row| model.probabilities(&row.text)).collect();
    let outcomes: Vec<Outcome<'_>> =
        newer.iter().zip(&said).filter_map(|(row, said)| outcome(&model, &row.label, said)).collect();
    let unsure = outcomes.iter().filter(|one| one.sure < f64::from(Model::SURE)).count();
    let mut told = Learnt {
        held_back: held as u64,
        left_out,
        from: older.first().and_then(|row| row.at),
        held_from: newer.first().and_then(|row| row.at),
        until: newer.last().and_then(|row| row.at),
        terms: model.terms() as u64,
        bytes: bytes.len() as u64,
        unsure: unsure as f64 / held as f64,
        figures: figures(&outcomes),
        ..Learnt::default()
    };
    for row in older {
        *told.categories.entry(row.label.clone()).or_default() += 1;
    }
    let mut beside: Vec<(&str, Vec<u8>)> = Vec::new();
    for what in BESIDE {
        let (bytes, said) = learnt_beside(&of_what(older, what, open), &of_what(newer, what, open));
        // What says no more than that everything is like most is not worth a line.
        if said.used {
            beside.push((what, bytes));
        }
        told.beside.insert(what.to_owned(), said);
    }
    let bytes = learn::bind(bytes, &beside);
    told.bytes = bytes.len() as u64;
    (bytes, told)
}

/// Texts with their unit or grade, those that have one.
fn of_what<'r>(rows: &'r [Row], what: &str, open: &BTreeSet<String>) -> Vec<(&'r str, &'r str)> {
    let of = |row: &'r Row| match what {
        "unit" => row.unit.as_deref().filter(|unit| open.contains(*unit)),
        _ => row.grade.as_deref(),
    };
    rows.iter().filter_map(|row| Some((row.text.as_str(), of(row)?))).collect()
}

/// A model of something else of the same texts, measured on the same share and held against the answer that always says what
/// most were.
fn learnt_beside(older: &[(&str, &str)], newer: &[(&str, &str)]) -> (Vec<u8>, Beside) {
    let mut said = Beside { held_back: newer.len() as u64, ..Beside::default() };
    for (_, label) in older {
        *said.classes.entry((*label).to_owned()).or_default() += 1;
    }
    let failed = |said: Beside, why: &str| (Vec::new(), Beside { failed: Some(why.to_owned()), ..said });
    if older.len() + newer.len() < LEAST || newer.is_empty() {
        return failed(said, "too_few");
    }
    if said.classes.len() < 2 {
        return failed(said, "one_category");
    }
    let most = said.classes.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(label, _)| label.clone());
    let hits = newer.iter().filter(|(_, label)| most.as_deref() == Some(*label)).count();
    said.majority = hits as f64 / newer.len() as f64;
    let examples: Vec<Example<'_>> = older.iter().map(|(text, label)| Example { text, label }).collect();
    let bytes = match Model::train(&examples) {
        Ok(model) => model.to_bytes(),
        Err(Untrainable::NoWords) => return failed(said, "no_words"),
        Err(Untrainable::Nothing) => return failed(said, "too_few"),
        Err(Untrainable::TooManyClasses(_) | Untrainable::TooMuch(..)) => return failed(said, "too_many"),
    };
    let Ok(model) = Model::from_bytes(&bytes) else { return failed(said, "too_many") };
    let probabilities: Vec<Vec<f32>> = newer.iter().map(|(text, _)| model.probabilities(text)).collect();
    let outcomes: Vec<Outcome<'_>> =
        newer.iter().zip(&probabilities).filter_map(|((_, label), said)| outcome(&model, label, said)).collect();
    let unsure = outcomes.iter().filter(|one| one.sure < f64::from(Model::SURE)).count();
    said.unsure = unsure as f64 / newer.len() as f64;
    said.figures = figures(&outcomes);
    said.used = said.figures.as_ref().is_some_and(|figures| figures.accuracy > said.majority);
    (bytes, said)
}

fn outcome<'a>(model: &'a Model, label: &'a str, said: &[f32]) -> Option<Outcome<'a>> {
    let place = (0..said.len()).max_by(|a, b| said.get(*a).partial_cmp(&said.get(*b)).unwrap_or(a.cmp(b)))?;
    let of_right = model.classes().iter().position(|class| class == label);
    Some(Outcome {
        right: label,
        said: model.classes().get(place)?,
        sure: f64::from(*said.get(place)?),
        of_right: of_right.and_then(|place| said.get(place)).copied().map(f64::from),
    })
}
