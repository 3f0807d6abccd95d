//! Wordings of messages the house sends by itself: what stands around the words of people, and receipts. One person asks
//! for a version, another approves it; from then on it is what every node sends. Until there is one, the shipped words go
//! out. A version is never changed: an older one comes back by asking for it again.

use crate::activation::{Person, a_person, everywhere, person};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::case::message::{Way, What};
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
/// Most parts a short message goes out in, its blanks filled.
const MOST_PARTS: usize = 3;
/// Most characters of what stands below a short message: the words of people come first.
const MOST_FOOT: usize = 40;
/// Most characters a machine reads out at once.
const MOST_SPOKEN: usize = 300;

/// What fills the blanks of examples, as long as what fills them later.
pub const EXAMPLE: [(&str, &str); 3] =
    [("number", "TS-20261124-000001-5"), ("at", "2026-11-24 12:00 +08:00"), ("next", "2026-11-26 12:00 +08:00")];

/// What the words of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Lines of a mail.
    Text,
    /// One line, such as a subject.
    Line,
    /// A short message, or what stands below one.
    Sms,
    /// What a machine reads out.
    Voice,
}

/// What has to be said in the words of a kind, and words of which one says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// In Chinese.
    pub zh: &'static [&'static str],
    /// In English.
    pub en: &'static [&'static str],
}

/// That no person sends it: whoever gets it must not take it for one.
const AUTOMATIC: Statement = Statement { zh: &["自动"], en: &["automatic"] };

impl Statement {
    /// The words in a language.
    #[must_use]
    pub fn words(&self, language: &str) -> &'static [&'static str] {
        if language == "en" { self.en } else { self.zh }
    }
}

/// What a wording is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordingKind {
    /// The stable code.
    pub code: &'static str,
    /// What its words are.
    pub form: Form,
    /// Blanks that have to stand in it.
    pub needs: &'static [&'static str],
    /// Blanks that may.
    pub may: &'static [&'static str],
    /// What it has to say besides.
    pub says: Option<Statement>,
    /// Whether the product ships words for it; without, nothing goes out until some were approved.
    pub shipped: bool,
}

const fn kind(code: &'static str, form: Form, needs: &'static [&'static str]) -> WordingKind {
    WordingKind { code, form, needs, may: needs, says: None, shipped: true }
}

const fn subject(code: &'static str) -> WordingKind {
    kind(code, Form::Line, &["number"])
}

/// News that nobody writes says of which case it is, by when the next comes, and that a machine sends it.
const fn news(code: &'static str, form: Form) -> WordingKind {
    WordingKind { may: &["number", "at", "next"], says: Some(AUTOMATIC), ..kind(code, form, &["number", "next"]) }
}

/// Every kind: the receipt of what came in by mail, what stands below every mail, the subjects; news of the progress that
/// goes out by itself as a mail, a short message and a call; what stands below a short message of people, and what is read
/// out before theirs.
pub const KINDS: [WordingKind; 13] = [
    kind("receipt", Form::Text, &["number", "at"]),
    kind("foot", Form::Text, &["number"]),
    subject("subject_receipt"),
    subject("subject_reply"),
    subject("subject_progress"),
    subject("subject_letter"),
    subject("subject_message"),
    subject("subject_news"),
    news("news", Form::Text),
    news("sms_news", Form::Sms),
    WordingKind { shipped: false, ..kind("sms_foot", Form::Sms, &["number"]) },
    news("voice_news", Form::Voice),
    WordingKind { may: &["number"], says: Some(AUTOMATIC), shipped: false, ..kind("voice_lead", Form::Voice, &[]) },
];
/// Their codes.
pub const KIND_CODES: &[&str] = &[
    "receipt",
    "foot",
    "subject_receipt",
    "subject_reply",
    "subject_progress",
    "subject_letter",
    "subject_message",
    "subject_news",
    "news",
    "sms_news",
    "sms_foot",
    "voice_news",
    "voice_lead",
];
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

/// How long words are: characters, and of a short message the parts it goes out in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Characters.
    pub characters: usize,
    /// Parts of a short message; nothing of what is read out.
    pub parts: Option<usize>,
}

/// Letters of the alphabet of short messages besides those of ASCII (3GPP TS 23.038).
const BESIDE_ASCII: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// Those that take the place of two.
const DOUBLE: &str = "^{}\\[~]|€";

/// Parts a short message goes out in: 160 characters of its own alphabet or 70 of any other, a few less in each part of
/// several.
fn parts_of(text: &str) -> usize {
    let own = |letter: char| (letter.is_ascii() && letter != '`') || BESIDE_ASCII.contains(letter) || letter == '€';
    let (units, alone, joined) = if text.chars().all(own) {
        (text.chars().map(|letter| if DOUBLE.contains(letter) { 2 } else { 1 }).sum(), 160, 153)
    } else {
        (text.encode_utf16().count(), 70, 67)
    };
    if units <= alone { 1 } else { usize::div_ceil(units, joined) }
}

/// How long the words of a kind are with their blanks filled, where there is a limit.
#[must_use]
pub fn length(kind: &str, text: &str) -> Option<Length> {
    let form = KINDS.iter().find(|known| known.code == kind)?.form;
    let filled = fill(text, &EXAMPLE);
    let characters = filled.chars().count();
    match form {
        Form::Sms => Some(Length { characters, parts: Some(parts_of(&filled)) }),
        Form::Voice => Some(Length { characters, parts: None }),
        Form::Text | Form::Line => None,
    }
}

/// What is wrong with how long the words of a kind are.
fn too_long(kind: &WordingKind, text: &str) -> Option<Fault> {
    let long = |max: usize, given: usize| {
        (given > max).then(|| Fault::new("text", "too_long").with("max", max).with("given", given))
    };
    let Length { characters, parts } =
        length(kind.code, text).unwrap_or_else(|| Length { characters: text.chars().count(), parts: None });
    match kind.form {
        Form::Text => None,
        Form::Line => long(MOST_LINE, characters),
        Form::Voice => long(MOST_SPOKEN, characters),
        Form::Sms if !kind.shipped => long(MOST_FOOT, characters),
        Form::Sms => {
            let given = parts.unwrap_or(1);
            let fault = || Fault::new("text", "wording_too_many_parts").with("max", MOST_PARTS).with("given", given);
            (given > MOST_PARTS).then(fault)
        }
    }
}

/// Whether the words of a kind go into a message. News that nobody wrote has words of its own and needs nothing around
/// them.
pub(crate) fn goes_into(kind: &str, what: What, way: Way) -> bool {
    let news = what == What::News;
    match way {
        Way::Email => match kind {
            "foot" => true,
            "receipt" => what == What::Receipt,
            "news" => news,
            subject => subject.strip_prefix("subject_") == Some(what.code()),
        },
        Way::Sms => kind == if news { "sms_news" } else { "sms_foot" },
        Way::Voice => kind == if news { "voice_news" } else { "voice_lead" },
    }
}

/// Everything that is wrong with the words of a kind in a language, with the line.
///
/// # Errors
/// Every fault.
pub fn check(kind: &WordingKind, language: &str, text: &str) -> Result<(), Refusal> {
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
    let said = text.to_lowercase();
    let unsaid = kind.says.map(|says| says.words(language)).filter(|words| !words.iter().any(|one| said.contains(one)));
    faults.extend(unsaid.map(|words| Fault::new("text", "wording_lacks_statement").with("words", words.join(", "))));
    if kind.form != Form::Text && text.contains(['\n', '\t']) {
        faults.push(Fault::new("text", "one_line"));
    }
    faults.extend(too_long(kind, text));
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
        check(kind.ok_or_else(unknown)?, &new.language, &new.text)?;
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
            let told = check(receipt, "zh-CN", text).err().map(|refusal| refusal.faults).unwrap_or_default();
            let line = |fault: &Fault| fault.params.iter().find(|(name, _)| *name == "line").map(|(_, n)| n.clone());
            told.iter().map(|fault| (fault.code, line(fault).unwrap_or_default())).collect()
        };
        assert!(codes("收到 {number}，{at}").is_empty());
        assert_eq!(codes("收到 {number}"), [("wording_lacks_blank", String::new())]);
        assert_eq!(codes("{number}{at}\n{name}"), [("wording_unknown_blank", "2".to_owned())]);
        for open in ["{number}{at}\n{", "{number}{at}\n}", "{number}{at}\n{a{b}", "{number}{at}\n{a\nb}"] {
            assert_eq!(codes(open), [("wording_brace", "2".to_owned())], "{open}");
        }
        let subject = |text: &str| check(&KINDS[2], "zh-CN", text);
        assert!(subject("a\n{number}").is_err() && subject(&format!("{{number}}{}", "长".repeat(120))).is_err());
    }

    /// What a short message may hold, and what it has to say, each at its very limit.
    #[test]
    fn short_messages_and_calls_have_their_limits_and_statements() {
        let of = |code: &str| KINDS.iter().find(|kind| kind.code == code).unwrap();
        let codes = |kind: &str, language: &str, text: &str| -> Vec<&'static str> {
            let refusal = check(of(kind), language, text).err();
            refusal.map(|refusal| refusal.faults.iter().map(|fault| fault.code).collect()).unwrap_or_default()
        };
        let news = |long: usize| format!("自动{{number}}{{next}}{}", "长".repeat(long));
        // 2 + 20 + 23 characters are filled in; three parts of 67 hold 201.
        assert_eq!(length("sms_news", &news(25)), Some(Length { characters: 70, parts: Some(1) }));
        assert_eq!(length("sms_news", &news(26)).unwrap().parts, Some(2));
        assert!(codes("sms_news", "zh-CN", &news(156)).is_empty());
        assert_eq!(codes("sms_news", "zh-CN", &news(157)), ["wording_too_many_parts"]);
        assert_eq!(codes("sms_news", "zh-CN", "{number}{next}"), ["wording_lacks_statement"]);
        assert!(codes("sms_news", "en", "Automatic message on {number}, next by {next}").is_empty());
        assert_eq!(codes("sms_news", "en", "自动 {number} {next}"), ["wording_lacks_statement"]);
        assert_eq!(codes("sms_news", "en", "automatic {number}"), ["wording_lacks_blank"]);
        assert_eq!(codes("sms_foot", "zh-CN", &format!("{{number}}\n{}", "长".repeat(40))), ["one_line", "too_long"]);
        assert!(codes("voice_lead", "zh-CN", "这是自动语音，编号{number}。").is_empty());
        assert_eq!(codes("voice_lead", "zh-CN", &"自动".repeat(151)), ["too_long"]);
        // 160 of its own alphabet, where some letters count twice.
        assert_eq!([parts_of(&"a".repeat(160)), parts_of(&"a".repeat(161)), parts_of(&"[".repeat(81))], [1, 2, 2]);
    }

    proptest! {
        #[test]
        fn hostile_templates_neither_fail_nor_fill_twice(text in "[{}a\\n]{0,40}", value in "[{}a]{0,9}") {
            let checked = check(&KINDS[0], "en", &text);
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
