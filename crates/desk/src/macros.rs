//! Macros: several operations on a case under a name, for oneself or shared, with blanks in their words that are filled from
//! the case. They are tried before they are applied, each operation asks its own permission, and either all are carried out
//! or none. What a macro said before stands in the ledger of the administration; its words name nobody. One of a single
//! operation with words is a canned wording for it.

use crate::administration::{self, Change};
use crate::audience::{
    Audience, MOST, MOST_NEAR, Place, SHARED, areas_over, audience_of, audiences, may_change, place,
};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::load::CaseRef;
use crate::run::Done;
use crate::time::stored;
use crate::{Desk, Permission, permissions};
use domain::actor::Role;
use domain::case::{
    accept, ask_satisfaction, assign, classify, close, note, notify_progress, propose, record_contact, reply, resume,
    route, send_message, set_cause, suspend, transfer,
};
use domain::command::Command;
use domain::event::Entry;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use domain::taxonomy::region_in;
use domain::text::nobody::nobodys;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use store::{MacroRow, Tx, macros};
use uuid::Uuid;

/// Most operations of a macro.
pub const STEPS: usize = 6;
/// What a macro may do, in the order of the process.
pub const VERBS: [&str; 16] = [
    "accept",
    "classify",
    "assign",
    "route",
    "transfer",
    "note",
    "record-contact",
    "notify-progress",
    "send-message",
    "suspend",
    "resume",
    "propose",
    "reply",
    "set-cause",
    "ask-satisfaction",
    "close",
];
/// Blanks in the words of a macro, written `{number}`; who applies it fills them from the case.
pub const BLANKS: [&str; 6] = ["number", "category", "received", "due", "unit", "agent"];

const STEP: &[Field] = &[
    optional("accept", Kind::Object(accept::FIELDS), "Take the case up. Exactly one operation a step."),
    optional("classify", Kind::Object(classify::FIELDS), "Set the category."),
    optional("assign", Kind::Object(assign::FIELDS), "Give it to a unit or person."),
    optional("route", Kind::Object(route::FIELDS), "Have the routing table say where it goes."),
    optional("transfer", Kind::Object(transfer::FIELDS), "Hand it to another unit or person, with the reason."),
    optional("note", Kind::Object(note::FIELDS), "Write a note for colleagues."),
    optional("record-contact", Kind::Object(record_contact::FIELDS), "Record an attempt to reach the customer."),
    optional("notify-progress", Kind::Object(notify_progress::FIELDS), "Tell the customer how far the matter is."),
    optional("send-message", Kind::Object(send_message::FIELDS), "Write to the customer."),
    optional("suspend", Kind::Object(suspend::FIELDS), "Wait for somebody else, until a moment at most."),
    optional("resume", Kind::Object(resume::FIELDS), "Go on."),
    optional("propose", Kind::Object(propose::FIELDS), "Propose an outcome."),
    optional("reply", Kind::Object(reply::FIELDS), "Tell the customer."),
    optional("set-cause", Kind::Object(set_cause::FIELDS), "Name the cause."),
    optional("ask-satisfaction", Kind::Object(ask_satisfaction::FIELDS), "Ask the customer."),
    optional("close", Kind::Object(close::FIELDS), "End the case."),
];

/// Shape of a macro to be kept.
pub const NEW_MACRO: &[Field] = &[
    required(
        "name",
        Kind::Line { max: 40 },
        "What people call it; the same name for the same people makes a new version.",
    ),
    optional("shared", Kind::Code(SHARED), "With whom: nobody, the caller's own unit, or a role. Default: nobody."),
    optional("role", Kind::Code(&Role::CODES), "Which role; needed with `role`."),
    required(
        "steps",
        Kind::List { of: &Kind::Object(STEP), max: STEPS },
        "The operations in their order. Words may have blanks: {number}, {category}, {received}, {due}, {unit}, {agent}.",
    ),
];

/// One operation of a macro.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which.
    pub verb: String,
    /// Its input, with blanks.
    pub input: Value,
}

/// A macro to be kept, as it comes in.
#[derive(Clone, Debug, Deserialize)]
pub struct NewMacro {
    /// What people call it.
    pub name: String,
    /// With whom it is shared.
    #[serde(default)]
    pub shared: String,
    /// With which role.
    pub role: Option<Role>,
    /// The operations: one member each.
    pub steps: Vec<Map<String, Value>>,
}

/// A macro somebody may apply.
#[derive(Clone, Debug)]
pub struct Macro {
    /// Identity.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// For whom it is.
    pub audience: Audience,
    /// How often it was said, from 1.
    pub revision: i64,
    /// The operations in their order.
    pub steps: Vec<Step>,
    /// Whether the reader may change it or take it away.
    pub may_change: bool,
}

impl Macro {
    /// The words of a macro that does nothing but write to the customer or for colleagues: which operation, and the words.
    #[must_use]
    pub fn wording(&self) -> Option<(&str, &str)> {
        let [step] = self.steps.as_slice() else { return None };
        let field = if step.verb == "note" { "text" } else { "content" };
        let words = step.input.get(field).and_then(Value::as_str)?;
        Some((step.verb.as_str(), words))
    }
}

/// What applying a macro would come to.
#[derive(Debug)]
pub struct Tried {
    /// Which revision of the macro it is that was tried.
    pub revision: i64,
    /// What each operation would write, as far as none is refused.
    pub entries: Vec<Entry>,
    /// Which is refused, from 0, and why.
    pub stopped: Option<(usize, DeskError)>,
}

/// What became of an attempt to apply one.
#[derive(Debug)]
pub enum Applied {
    /// All of it was carried out, this operation last.
    Done(Box<Done>, String),
    /// Nothing was: which operation is refused, from 0, and why.
    Stopped(usize, DeskError),
}

/// Every text of an input, with its path.
fn texts<'v>(path: &str, value: &'v Value, found: &mut Vec<(String, &'v str)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text)),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                texts(&format!("{path}[{n}]"), item, found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                texts(&format!("{path}.{name}"), member, found);
            }
        }
        _ => {}
    }
}

/// The blanks of a text: names of small letters in braces.
fn blanks(text: &str) -> Vec<&str> {
    let parts = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    parts.filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).collect()
}

/// Puts what is known into the blanks of a text.
///
/// # Errors
/// The first blank nothing is known for.
pub fn fill<'t>(text: &'t str, known: &BTreeMap<&str, String>) -> Result<String, &'t str> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}').filter(|(name, _)| BLANKS.contains(name)) {
            Some((name, behind)) => {
                filled.push_str(known.get(name).filter(|value| !value.is_empty()).ok_or(name)?);
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

fn filled(path: &str, value: &Value, known: &BTreeMap<&str, String>) -> Result<Value, Refusal> {
    Ok(match value {
        Value::String(text) => {
            let blank = |name: &str| Fault::new(path, "macro_blank").with("blank", name);
            Value::String(fill(text, known).map_err(blank)?)
        }
        Value::Array(items) => items.iter().map(|item| filled(path, item, known)).collect::<Result<_, _>>()?,
        Value::Object(members) => {
            let member =
                |(name, value): (&String, &Value)| Ok((name.clone(), filled(&format!("{path}.{name}"), value, known)?));
            Value::Object(members.iter().map(member).collect::<Result<_, Refusal>>()?)
        }
        other => other.clone(),
    })
}

/// The commands of a macro, their blanks filled, each permitted to the caller.
fn commands(caller: &Caller, steps: &[Step], known: &BTreeMap<&str, String>) -> Result<Vec<Command>, Refusal> {
    let mut commands = Vec::with_capacity(steps.len());
    for (n, step) in steps.iter().enumerate() {
        Permission::for_verb(&step.verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        let path = format!("steps[{n}].{}", step.verb);
        let input = filled(&path, &step.input, known)?;
        commands.push(read(&path, &step.verb, input)?);
    }
    Ok(commands)
}

fn read(path: &str, verb: &str, input: Value) -> Result<Command, Refusal> {
    let command = Command::read(verb, input).ok_or_else(|| Fault::new(path, "macro_step"))?;
    command.map_err(|faults| {
        Refusal::invalid(
            faults.into_iter().map(|one| Fault { field: format!("{path}.{}", one.field), ..one }).collect(),
        )
    })
}

/// The steps of a macro as they are kept.
fn steps(given: Vec<Map<String, Value>>) -> Result<Vec<Step>, Refusal> {
    if given.is_empty() {
        return Err(Fault::new("steps", "required").into());
    }
    let mut kept = Vec::with_capacity(given.len());
    for (n, step) in given.into_iter().enumerate() {
        let mut members = step.into_iter();
        let (Some((verb, input)), None) = (members.next(), members.next()) else {
            return Err(Fault::new(format!("steps[{n}]"), "macro_step").into());
        };
        if !VERBS.contains(&verb.as_str()) {
            return Err(Fault::new(format!("steps[{n}]"), "macro_step").into());
        }
        let path = format!("steps[{n}].{verb}");
        read(&path, &verb, input.clone())?;
        let mut said = Vec::new();
        texts(&path, &input, &mut said);
        nobodys(said.iter().map(|(path, text)| (path.clone(), Some(*text))))?;
        for (path, text) in said {
            if let Some(unknown) = blanks(text).into_iter().find(|name| !BLANKS.contains(name)) {
                let fault =
                    Fault::new(path, "macro_unknown_blank").with("blank", unknown).with("allowed", BLANKS.join(", "));
                return Err(fault.into());
            }
        }
        kept.push(Step { verb, input });
    }
    Ok(kept)
}

fn told(caller: &Caller, audience: Audience, row: MacroRow) -> Result<Macro, DeskError> {
    let may = (permissions::SAVE_MACRO, permissions::SHARE_MACRO);
    let may_change = may_change(caller, &audience, &row.area, may);
    let steps = kept::read(&row.body)?;
    Ok(Macro { id: row.id, name: row.name, audience, revision: row.revision, steps, may_change })
}

fn one(tx: &mut Tx<'_>, caller: &Caller, id: Uuid) -> Result<Macro, DeskError> {
    let row = macros::one(tx, id)?.ok_or_else(Refusal::not_found)?;
    let audience = audience_of(caller, &row.audience, &row.area, permissions::SHARE_MACRO);
    let audience = audience.ok_or_else(Refusal::not_found)?;
    let near = region_in(caller.actor.area.code(), &row.area) || caller.actor.area.covers(&row.area);
    if !near {
        return Err(Refusal::not_found().into());
    }
    told(caller, audience, row)
}

impl Desk {
    /// The macros the caller may apply: their own, their unit's, their role's, of the nearest area first.
    ///
    /// # Errors
    /// If the caller may not.
    pub async fn macros(&self, caller: &Caller) -> Result<Vec<Macro>, DeskError> {
        permissions::READ_MACROS.require(caller)?;
        let caller = caller.clone();
        let read = self.db().read(move |tx| {
            let mut found = Vec::new();
            let areas = areas_over(caller.actor.area.code());
            for (audience, key) in audiences(&caller) {
                for row in macros::near(tx, &key, &areas, MOST_NEAR)? {
                    found.push(told(&caller, audience.clone(), row)?);
                }
            }
            Ok::<_, DeskError>(found)
        });
        read.await
    }

    /// A macro the caller may apply.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn macro_of(&self, caller: &Caller, id: Uuid) -> Result<Macro, DeskError> {
        permissions::READ_MACROS.require(caller)?;
        let caller = caller.clone();
        self.db().read(move |tx| one(tx, &caller, id)).await
    }

    /// Keeps a macro, or a new version of the one of that name.
    ///
    /// # Errors
    /// What is wrong with name or steps, that the caller may not share, or that there are too many.
    pub async fn keep_macro(&self, caller: &Caller, new: NewMacro) -> Result<(Uuid, i64), DeskError> {
        permissions::SAVE_MACRO.require(caller)?;
        let name = new.name.trim().to_owned();
        nobodys([("name".to_owned(), Some(name.as_str()))])?;
        let Place { key, area, .. } = place(caller, &new.shared, new.role, permissions::SHARE_MACRO)?;
        let body = kept::written(&steps(new.steps)?)?;
        let (actor, now) = (caller.actor.id, stored(self.time().now()));
        let keep = self.db().write(move |tx| {
            let known = macros::named(tx, &key, &area, &name)?;
            if known.is_none() && macros::count(tx, &key, &area)? >= MOST {
                return Err(Refusal::from(Fault::new("name", "too_many").with("max", MOST)).into());
            }
            let (id, revision) = known.map_or_else(|| (Uuid::now_v7(), 1), |row| (row.id, row.revision + 1));
            let kept_by = actor.to_string();
            let row = MacroRow { id, audience: key, area, name, body, revision, kept_by, kept_at: now };
            macros::keep(tx, &row)?;
            let change = Change::new("keep-macro")
                .with("name", row.name)
                .with("audience", row.audience)
                .with("area", row.area)
                .with("revision", revision.to_string())
                .with("steps", row.body);
            administration::record(tx, id, actor, now, &change)?;
            Ok::<_, DeskError>((id, revision))
        });
        keep.await
    }

    /// Takes a macro away; what it said stays in the ledger.
    ///
    /// # Errors
    /// `not_found`; a refusal when it is for others to decide.
    pub async fn remove_macro(&self, caller: &Caller, id: Uuid) -> Result<(), DeskError> {
        permissions::SAVE_MACRO.require(caller)?;
        let (caller, now) = (caller.clone(), stored(self.time().now()));
        let remove = self.db().write(move |tx| {
            let found = one(tx, &caller, id)?;
            if !found.may_change {
                return Err(Refusal::forbidden("not_permitted").into());
            }
            macros::forget(tx, id)?;
            let change = Change::new("remove-macro").with("name", found.name);
            administration::record(tx, id, caller.actor.id, now, &change)?;
            Ok::<_, DeskError>(())
        });
        remove.await
    }

    /// What a macro would do to a case, without doing it; `known` fills its blanks.
    ///
    /// # Errors
    /// If the caller may not apply it, a blank stays empty, or there is no such case.
    pub async fn try_macro(
        &self,
        caller: &Caller,
        (name, seen): (&CaseRef, i64),
        id: Uuid,
        known: &BTreeMap<&str, String>,
    ) -> Result<Tried, DeskError> {
        permissions::APPLY_MACRO.require(caller)?;
        let found = self.macro_of(caller, id).await?;
        let commands = commands(caller, &found.steps, known)?;
        let (entries, stopped) = self.would_all(caller, name, seen, commands).await?;
        Ok(Tried { revision: found.revision, entries, stopped })
    }

    /// Applies a macro to a case: all of it, or nothing. Whoever names the revision they tried gets that one or none.
    ///
    /// # Errors
    /// If the caller may not apply it, it was changed, a blank stays empty, or there is no such case.
    pub async fn apply_macro(
        &self,
        caller: &Caller,
        (name, seen): (&CaseRef, i64),
        (id, revision): (Uuid, Option<i64>),
        known: &BTreeMap<&str, String>,
    ) -> Result<Applied, DeskError> {
        permissions::APPLY_MACRO.require(caller)?;
        let found = self.macro_of(caller, id).await?;
        if revision.is_some_and(|tried| tried != found.revision) {
            return Err(Refusal::conflict("macro_changed").with("revision", found.revision).into());
        }
        let commands = commands(caller, &found.steps, known)?;
        let last = found.steps.last().map(|step| step.verb.clone()).unwrap_or_default();
        Ok(match self.run_all(caller, name, seen, commands).await {
            Ok(done) => Applied::Done(Box::new(done), last),
            Err((n, error)) => Applied::Stopped(n, error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn known() -> BTreeMap<&'static str, String> {
        BTreeMap::from([("number", "TS-1".to_owned()), ("agent", "{due}".to_owned()), ("due", String::new())])
    }

    #[test]
    fn blanks_are_filled_once_and_none_stays_empty() {
        assert_eq!(fill("Case {number}, {agent}: {x} {", &known()).unwrap(), "Case TS-1, {due}: {x} {");
        assert_eq!(fill("until {due}", &known()), Err("due"));
        assert_eq!(fill("in {category}", &known()), Err("category"));
    }

    #[test]
    fn steps_are_held_against_their_shapes_and_name_nobody() {
        let wrong = |step: Value| {
            let fault = steps(vec![step.as_object().unwrap().clone()]).unwrap_err().faults.remove(0);
            (fault.field, fault.code)
        };
        assert_eq!(wrong(json!({})), ("steps[0]".to_owned(), "macro_step"));
        assert_eq!(wrong(json!({"erase": {}})), ("steps[0]".to_owned(), "macro_step"));
        assert_eq!(wrong(json!({"note": {"text": "x"}, "close": {}})), ("steps[0]".to_owned(), "macro_step"));
        assert_eq!(wrong(json!({"note": {}})), ("steps[0].note.text".to_owned(), "required"));
        assert_eq!(
            wrong(json!({"note": {"text": "{phone}"}})),
            ("steps[0].note.text".to_owned(), "macro_unknown_blank")
        );
        let call = json!({"note": {"text": "call 13800138000"}});
        assert_eq!(wrong(call), ("steps[0].note.text".to_owned(), "personal_data"));
        assert!(steps(Vec::new()).is_err());
    }

    #[test]
    fn every_verb_of_a_macro_is_an_operation() {
        assert_eq!(STEP.iter().map(|field| field.name).collect::<Vec<_>>(), VERBS);
        for verb in VERBS {
            assert!(Permission::for_verb(verb).is_some_and(|one| one.granted_to(Role::Supervisor)), "{verb}");
        }
    }
}
