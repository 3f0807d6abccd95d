//! Wordings of messages the house sends by itself: what stands around the words of people, and receipts. One person asks
//! for a version, another approves it; from then on it is what every node sends. Until there is one, the shipped words go
//! out. A version is never changed: an older one comes back by asking for it again.

use crate::activation::{Person, a_person, everywhere, person};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use domain::text::nobody::nobodys;
use jiff::Timestamp;
use serde::Deserialize;
use store::{Tx, WordingRow, wordings};
use uuid::Uuid;

/// Most versions listed.
const MOST: i64 = 1_000;
/// Most characters of what is one line.
const MOST_LINE: usize = 120;

/// What a wording is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordingKind {
    /// The stable code.
    pub code: &'static str,
    /// Whether it is one line, such as a subject.
    pub line: bool,
    /// Blanks that have to stand in it.
    pub needs: &'static [&'static str],
    /// Blanks that may.
    pub may: &'static [&'static str],
}

const fn subject(code: &'static str) -> WordingKind {
    WordingKind { code, line: true, needs: &["number"], may: &["number"] }
}

/// Every kind: the receipt of what came in by mail, what stands below every mail, and the subjects.
pub const KINDS: [WordingKind; 7] = [
    WordingKind { code: "receipt", line: false, needs: &["number", "at"], may: &["number", "at"] },
    WordingKind { code: "foot", line: false, needs: &["number"], may: &["number"] },
    subject("subject_receipt"),
    subject("subject_reply"),
    subject("subject_progress"),
    subject("subject_letter"),
    subject("subject_message"),
];
/// Their codes.
pub const KIND_CODES: &[&str] =
    &["receipt", "foot", "subject_receipt", "subject_reply", "subject_progress", "subject_letter", "subject_message"];
/// Languages messages are sent in.
pub const LANGUAGES: &[&str] = &["zh-CN", "en"];

/// Shape of a request.
pub const NEW_WORDING: &[Field] = &[
    required("part", Kind::Code(KIND_CODES), "What it is for."),
    required("language", Kind::Code(LANGUAGES), "In which language."),
    required("text", Kind::Text { max: 4_000, multiline: true }, "The words, with blanks such as {number}."),
    required("note", Kind::Line { max: 300 }, "Why."),
];

/// A version of a wording to be approved.
#[derive(Clone, Debug, Deserialize)]
pub struct NewWording {
    /// What it is for.
    pub part: String,
    /// In which language.
    pub language: String,
    /// The words.
    pub text: String,
    /// Why.
    pub note: String,
}

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordingStanding {
    /// Somebody asked; another person decides.
    Requested,
    /// It is what is sent.
    InForce,
    /// It was approved, and a later one is what is sent.
    Replaced,
    /// The other person said no.
    Refused,
}

impl WordingStanding {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::Requested, Self::InForce, Self::Replaced, Self::Refused];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::InForce => "in_force",
            Self::Replaced => "replaced",
            Self::Refused => "refused",
        }
    }
}

/// A version of a wording with the two people behind it.
#[derive(Clone, Debug)]
pub struct WordingView {
    /// What it is for.
    pub kind: String,
    /// Its language.
    pub language: String,
    /// Its version.
    pub version: i64,
    /// The words.
    pub text: String,
    /// Their address.
    pub hash: String,
    /// Why.
    pub note: String,
    /// Where it stands.
    pub standing: WordingStanding,
    /// Who asked.
    pub asked_by: Person,
    /// When.
    pub asked_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<Person>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// The words of a kind in force, as a message carries them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// What they are for.
    pub kind: String,
    /// The words, blanks open.
    pub text: String,
    /// Their address.
    pub hash: String,
}

/// What a template consists of: words, and blanks by name.
enum Part<'t> {
    Words(&'t str),
    Blank(&'t str),
}

/// Takes a template apart; the place of a brace that belongs to nothing else, counted in bytes.
fn parts(text: &str) -> Result<Vec<Part<'_>>, usize> {
    let (mut rest, mut at, mut found) = (text, 0, Vec::new());
    while let Some(open) = rest.find(['{', '}']) {
        let (words, blank) = rest.split_at(open);
        let inside = blank.strip_prefix('{').and_then(|inside| inside.split_once('}')).ok_or(at + open)?;
        let (name, after) = inside;
        if name.contains(['{', '\n']) {
            return Err(at + open);
        }
        found.extend([Part::Words(words), Part::Blank(name)]);
        at += rest.len() - after.len();
        rest = after;
    }
    found.push(Part::Words(rest));
    Ok(found)
}

/// A template with its blanks filled. What fills one is never looked at for blanks again.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let Ok(parts) = parts(text) else { return text.to_owned() };
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    parts
        .into_iter()
        .map(|part| match part {
            Part::Words(words) => words,
            Part::Blank(name) => value(name),
        })
        .collect()
}

/// Everything that is wrong with the words of a kind, with the line.
///
/// # Errors
/// Every fault.
pub fn check(kind: &WordingKind, text: &str) -> Result<(), Refusal> {
    let line_of = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    let parts = match parts(text) {
        Ok(parts) => parts,
        Err(at) => return Err(Fault::new("text", "wording_brace").with("line", line_of(at)).into()),
    };
    let (mut faults, mut at, mut used) = (Vec::new(), 0, Vec::new());
    for part in parts {
        match part {
            Part::Words(words) => at += words.len(),
            Part::Blank(name) => {
                if !kind.may.contains(&name) {
                    let (line, may) = (line_of(at), kind.may.join(", "));
                    faults.push(
                        Fault::new("text", "wording_unknown_blank")
                            .with("line", line)
                            .with("blank", name)
                            .with("allowed", may),
                    );
                }
                used.push(name);
                at += name.len() + 2;
            }
        }
    }
    let missing = kind.needs.iter().filter(|name| !used.contains(name));
    faults.extend(missing.map(|name| Fault::new("text", "wording_lacks_blank").with("blank", *name)));
    if kind.line && text.contains(['\n', '\t']) {
        faults.push(Fault::new("text", "one_line"));
    }
    let given = text.chars().count();
    if kind.line && given > MOST_LINE {
        faults.push(Fault::new("text", "too_long").with("max", MOST_LINE).with("given", given));
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::invalid(faults)) }
}

/// What is in force in a language.
pub(crate) fn in_force(tx: &mut Tx<'_>, language: &str) -> Result<Vec<InForce>, DeskError> {
    let rows = wordings::approved(tx, language)?;
    let one = |row: WordingRow| InForce { hash: policy::address(&row.content), kind: row.kind, text: row.content };
    Ok(rows.into_iter().map(one).collect())
}

fn view(tx: &mut Tx<'_>, row: WordingRow) -> Result<WordingView, DeskError> {
    let standing = match row.state.as_str() {
        "requested" => WordingStanding::Requested,
        "refused" => WordingStanding::Refused,
        "approved" => {
            let now = wordings::approved(tx, &row.language)?;
            let holds = now.iter().any(|one| one.kind == row.kind && one.version == row.version);
            if holds { WordingStanding::InForce } else { WordingStanding::Replaced }
        }
        other => return Err(DeskError::Damaged(format!("wording {other:?}"))),
    };
    Ok(WordingView {
        hash: policy::address(&row.content),
        standing,
        asked_by: person(tx, &row.asked_by)?,
        asked_at: moment(row.asked_at),
        decided_by: row.decided_by.map(|by| person(tx, &by)).transpose()?,
        decided_at: row.decided_at.map(moment),
        kind: row.kind,
        language: row.language,
        version: row.version,
        text: row.content,
        note: row.note,
    })
}

fn change(verb: &'static str, row: &WordingRow) -> Change {
    Change::new(verb)
        .with("kind", row.kind.clone())
        .with("language", row.language.clone())
        .with("version", row.version.to_string())
        .with("hash", policy::address(&row.content))
}

impl Desk {
    /// Every version of every wording, by kind and language, the newest first.
    ///
    /// # Errors
    /// If the caller may see none.
    pub async fn wordings(&self, caller: &Caller) -> Result<Vec<WordingView>, DeskError> {
        permissions::READ_WORDINGS.require(caller)?;
        let read = self.db().read(|tx| {
            let rows = wordings::list(tx, MOST)?;
            rows.into_iter().map(|row| view(tx, row)).collect::<Result<Vec<_>, DeskError>>()
        });
        read.await
    }

    /// Asks for a version of a wording to be approved by another person.
    ///
    /// # Errors
    /// Every fault of the words with its line; a refusal when the caller may not.
    pub async fn edit_wording(&self, caller: &Caller, new: NewWording) -> Result<WordingView, DeskError> {
        permissions::EDIT_WORDING.require(caller)?;
        everywhere(caller)?;
        a_person(caller)?;
        let kind = KINDS.iter().find(|kind| kind.code == new.part);
        let known = KINDS.map(|kind| kind.code).join(", ");
        let unknown = || Refusal::from(Fault::new("part", "not_one_of").with("allowed", known));
        check(kind.ok_or_else(unknown)?, &new.text)?;
        nobodys([("text".to_owned(), Some(new.text.as_str())), ("note".to_owned(), Some(new.note.as_str()))])?;
        let (actor, at) = (caller.actor.id, stored(self.time().now()));
        let write = self.db().write(move |tx| {
            let row = WordingRow {
                version: wordings::newest(tx, &new.part, &new.language)? + 1,
                kind: new.part,
                language: new.language,
                subject: Uuid::now_v7(),
                content: new.text,
                note: new.note,
                state: "requested".to_owned(),
                asked_by: actor.to_string(),
                asked_at: at,
                decided_by: None,
                decided_at: None,
            };
            if !wordings::insert(tx, &row)? {
                return Err(DeskError::Overtaken);
            }
            administration::record(tx, row.subject, actor, at, &change("edit-wording", &row))?;
            view(tx, row)
        });
        write.await
    }

    /// Approves or refuses a version another person asked for.
    ///
    /// # Errors
    /// `not_found`; a refusal when it is decided or one's own.
    pub async fn decide_wording(
        &self,
        caller: &Caller,
        (kind, language, version): (&str, &str, i64),
        approve: bool,
    ) -> Result<WordingView, DeskError> {
        permissions::APPROVE_WORDING.require(caller)?;
        everywhere(caller)?;
        a_person(caller)?;
        let (actor, at) = (caller.actor.id, stored(self.time().now()));
        let (kind, language) = (kind.to_owned(), language.to_owned());
        let state = if approve { "approved" } else { "refused" };
        let write = self.db().write(move |tx| {
            let row = wordings::get(tx, &kind, &language, version)?.ok_or_else(Refusal::not_found)?;
            if row.asked_by == actor.to_string() {
                return Err(Refusal::conflict("own_wording_version").into());
            }
            if !wordings::decide(tx, (&kind, &language, version), state, &actor.to_string(), at)? {
                return Err(Refusal::conflict("wording_version_decided").into());
            }
            let verb = if approve { "decide-wording" } else { "refuse-wording" };
            administration::record(tx, row.subject, actor, at, &change(verb, &row))?;
            let row = wordings::get(tx, &kind, &language, version)?.ok_or_else(Refusal::not_found)?;
            view(tx, row)
        });
        write.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_codes_are_those_of_the_kinds() {
        assert_eq!(KINDS.map(|kind| kind.code).as_slice(), KIND_CODES);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let receipt = &KINDS[0];
        let codes = |text: &str| -> Vec<(&'static str, String)> {
            let told = check(receipt, text).err().map(|refusal| refusal.faults).unwrap_or_default();
            let line = |fault: &Fault| fault.params.iter().find(|(name, _)| *name == "line").map(|(_, n)| n.clone());
            told.iter().map(|fault| (fault.code, line(fault).unwrap_or_default())).collect()
        };
        assert!(codes("收到 {number}，{at}").is_empty());
        assert_eq!(codes("收到 {number}"), [("wording_lacks_blank", String::new())]);
        assert_eq!(codes("{number}{at}\n{name}"), [("wording_unknown_blank", "2".to_owned())]);
        for open in ["{number}{at}\n{", "{number}{at}\n}", "{number}{at}\n{a{b}", "{number}{at}\n{a\nb}"] {
            assert_eq!(codes(open), [("wording_brace", "2".to_owned())], "{open}");
        }
        assert!(check(&KINDS[2], "a\n{number}").is_err() && check(&KINDS[2], &"{number}".repeat(20)).is_err());
    }

    proptest! {
        #[test]
        fn hostile_templates_neither_fail_nor_fill_twice(text in "[{}a\\n]{0,40}", value in "[{}a]{0,9}") {
            let checked = check(&KINDS[0], &text);
            let filled = fill(&text, &[("a", &value)]);
            if checked.is_ok() {
                prop_assert!(text.contains("{number}"), "a blank that must be filled is missing");
            }
            if parts(&text).is_ok() && !value.contains(['{', '}']) {
                prop_assert!(!filled.contains(['{', '}']), "a blank stayed");
            }
        }
    }
}
