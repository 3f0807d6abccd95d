//! The assistant: a machine outside that summarises a case, drafts an answer or translates what somebody said. What it is told
//! names nobody ([`domain::text::veil`]), and what it says is words for a person to look at: shown, or kept as a draft marked as
//! a machine's. Nothing it says does anything.
//!
//! This is what happens before and after the question; who asks it, and holds what goes out against [`Sieve`] at the last
//! moment, is the server.

use crate::attach::keys;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::log::{self, NewEntry};
use crate::queries::case::{CaseView, Raw, open_items};
use crate::reveal::{self, AccessBody, PURPOSES, Reveal};
use crate::time::stored;
use crate::vault::cipher::CipherError;
use crate::vault::person;
use crate::vault::seal::CaseKeys;
use crate::{Desk, Permission, drafts, kept, permissions};
use domain::advice::Drafted;
use domain::audit::chain::Ledger;
use domain::case::{Case, reading, reply};
use domain::event::{Entry, Event};
use domain::fault::Fault;
use domain::ids::{PersonId, UserId};
use domain::intake::Identity;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind as Shape, optional, required};
use domain::text::answer;
use domain::text::identifier::{IdentifierKind, normalise_phone};
use domain::text::mask::{mask, mask_address, mask_name, mask_number};
use domain::text::sieve::Sieve;
use domain::text::veil::{Known, Sort, Veil};
use jiff::SignedDuration;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::assist::Use;
use store::{assist, people};

/// What may be asked for.
pub const KINDS: &[&str] = &["summary", "draft", "translation"];
/// Languages it answers in.
pub const LANGUAGES: &[&str] = &["zh-CN", "en"];

/// What asking is called, and the purpose the access log has for it where nothing is shown unmasked.
pub const PURPOSE: &str = "assist";

/// Shape of a question.
pub const FIELDS: &[Field] = &[
    required("kind", Shape::Code(KINDS), "What is asked for."),
    optional(
        "entry",
        Shape::Whole { min: 1, max: 1_000_000 },
        "Version of the entry whose words are translated; with `translation`, and only then.",
    ),
    optional(
        "language",
        Shape::Code(LANGUAGES),
        "Language of the answer. Default: of a summary the reader's, of a draft the customer's, of a translation the other.",
    ),
    optional(
        "purpose",
        Shape::Code(PURPOSES),
        "Why names and numbers are to stand in the answer unmasked; left out they are masked. `contact` shows names and \
         telephone numbers alone. It is logged.",
    ),
    optional("reason", Shape::Line { max: 200 }, "The same in words; needed as for revealing."),
];

/// A question as asked.
#[derive(Clone, Debug, Deserialize)]
pub struct Ask {
    /// What is asked for, one of [`KINDS`].
    pub kind: String,
    /// The entry whose words are translated.
    pub entry: Option<i64>,
    /// Language of the answer, one of [`LANGUAGES`].
    pub language: Option<String>,
    /// Why identifiers are to stand in the answer.
    pub purpose: Option<String>,
    /// The same in words.
    pub reason: Option<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What the case is about and how it stands.
    Summary,
    /// An answer to the customer.
    Draft,
    /// The words of an entry in another language.
    Translation,
}

impl Kind {
    /// The stable code, one of [`KINDS`].
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Draft => "draft",
            Self::Translation => "translation",
        }
    }

    /// Most characters of an answer.
    fn most(self) -> usize {
        match self {
            Self::Summary => 2_000,
            Self::Draft => 4_000,
            Self::Translation => 12_000,
        }
    }
}

/// How much may be asked on a day.
#[derive(Clone, Debug)]
pub struct Limits {
    /// What answers, as drafts name it.
    pub by: String,
    /// Most requests by all together.
    pub requests: u32,
    /// Most by one person.
    pub own: u32,
}

/// Most characters of a case that are sent.
const MOST_SENT: usize = 12_000;
/// Characters a request may have on average over a day.
const CHARACTERS: i64 = 6_000;
/// Somebody whose question never came to an end asks again after this.
const BUSY: SignedDuration = SignedDuration::from_secs(40);
/// Places and numbers shorter than this name nobody.
const PLACE: usize = 4;
/// The words that are sent, by their place in an event; others name a place, a file or a number.
const PLACES: [&str; 17] = [
    "subject",
    "description",
    "demand",
    "pre_treatment",
    "text",
    "summary",
    "what",
    "task",
    "result",
    "outcome",
    "finding",
    "content",
    "comment",
    "position",
    "explanation",
    "reason",
    "remark",
];

/// Which identifiers stand in the answer as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    None,
    Contact,
    All,
}

/// Whose turn a question is.
#[derive(Clone, Debug)]
pub struct Turn {
    day: String,
    who: String,
}

/// A question that may be asked, and is counted as asked.
pub struct Prepared {
    /// What is asked for.
    pub kind: Kind,
    /// Language of the answer.
    pub language: &'static str,
    /// What is sent as the matter; it names nobody.
    pub material: String,
    /// What whatever goes out is held against.
    pub sieve: Sieve,
    /// Whose turn it is.
    pub turn: Turn,
    veil: Veil,
    shown: Shown,
    case: CaseRef,
    entry: Option<i64>,
    draft: Option<(UserId, &'static str)>,
    by: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Assisted {
    /// What was asked for.
    pub kind: Kind,
    /// Language of the words.
    pub language: &'static str,
    /// The words.
    pub text: String,
    /// The entry that was translated.
    pub entry: Option<i64>,
    /// Of what they are kept as a draft.
    pub draft: Option<&'static str>,
    /// What wrote them.
    pub by: String,
}

/// The entries of a case whose words can be translated, as somebody sees it.
#[must_use]
pub fn translated(view: &CaseView) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    for entry in &view.entries {
        let mut events = entry.events.clone();
        let mut told = events.iter_mut().filter(|event| is_told(event));
        if told.any(|event| event.texts().iter().any(|(place, _)| PLACES.contains(place))) {
            found.insert(entry.version);
        }
    }
    found
}

/// Whether words of an event are sent: what was laid before a reader was told to nobody.
fn is_told(event: &Event) -> bool {
    !matches!(event, Event::ReadingAsked { .. })
}

/// Words of a case with where they stand.
struct Said {
    version: i64,
    line: String,
    words: String,
}

impl Desk {
    /// Makes a question ready: what of the case is sent, without whatever identifies anybody. It is counted and logged here,
    /// before anything goes out. `reader` is the language of whoever asks.
    ///
    /// # Errors
    /// When the caller may not, has the case for an order alone, the person was erased or restricted the use of their data, a
    /// question of the caller is under way, the day's measure is full, or there is nothing to ask about.
    pub async fn assist(
        &self,
        caller: &Caller,
        name: &CaseRef,
        ask: Ask,
        reader: &'static str,
        limits: &Limits,
    ) -> Result<Prepared, DeskError> {
        permissions::USE_ASSISTANT.require(caller)?;
        permissions::READ_CASES.require(caller)?;
        let mut raw = self.raw(caller, name).await?;
        // A work order opens its case for the work, not for being told outside.
        raw.sight.require_area()?;
        raw.sight.require_data(&raw.loaded.case, &caller.actor)?;
        if !self.restrictions(caller, &raw.loaded.case).await?.is_empty() {
            return Err(Refusal::conflict("assistant_restricted").into());
        }
        let wrapped = raw.person.as_ref().and_then(|row| row.wrapped_key.as_deref());
        let keys = match load::open_keys(self.master(), &raw.loaded.row, wrapped) {
            Err(DeskError::Cipher(CipherError::Erased)) => return Err(Refusal::conflict("person_erased").into()),
            other => other?,
        };
        let case = raw.loaded.case.clone();
        let shown = shown(caller, &case, &ask)?;
        let kind = kind(&ask)?;
        let draft = match kind {
            Kind::Draft => Some(self.drafted_for(caller, &case)?),
            Kind::Summary | Kind::Translation => None,
        };
        let items = open_items(&keys, &raw.items)?;
        let (identity, known) = self.people_on(&raw, &keys).await?;
        let known: Vec<Known> =
            known.into_iter().chain(items.values().map(|(kind, value)| one((*kind).into(), value))).collect();
        let said = said(&keys, &mut raw.loaded.entries)?;
        let (words, language) = match kind {
            Kind::Translation => {
                let words = of_entry(&said, ask.entry)?;
                let other = if is_chinese(&words) { "en" } else { "zh-CN" };
                (words, other)
            }
            Kind::Summary => (self.matter(&case, &said), reader),
            Kind::Draft => (self.matter(&case, &said), customers(&identity, &said)),
        };
        let language = LANGUAGES.iter().find(|one| ask.language.as_deref() == Some(**one)).copied().unwrap_or(language);
        let mut veil = Veil::new(&known);
        let material = veil.cover(&words, |n| items.get(&n).map(|(_, value)| value.clone()));
        let turn = Turn {
            day: self.zone().to_datetime(self.time().now()).date().to_string(),
            who: caller.actor.id.to_string(),
        };
        let characters = material.chars().count();
        let body = AccessBody {
            purpose: ask.purpose.unwrap_or_else(|| PURPOSE.to_owned()),
            reason: ask.reason,
            extent: format!("assistant {} {characters}", kind.code()),
            restricted: Vec::new(),
        };
        let characters = i64::try_from(characters).unwrap_or(i64::MAX);
        self.take_turn(caller, &keys, (&turn, limits, characters), draft, &body).await?;
        Ok(Prepared {
            kind,
            language,
            material,
            sieve: Sieve::new(&known),
            turn,
            veil,
            shown,
            case: CaseRef::Id(case.id),
            entry: ask.entry,
            draft,
            by: limits.by.clone(),
        })
    }

    /// What was answered, as words for whoever asked; a draft is kept for them.
    ///
    /// # Errors
    /// When it cannot be used, the case is no longer there for them, or its person was erased meanwhile.
    pub async fn assisted(&self, caller: &Caller, prepared: Prepared, answer: &str) -> Result<Assisted, DeskError> {
        let Prepared { kind, language, veil, shown, case, entry, draft, by, .. } = prepared;
        let words = answer::plain(answer, kind.most()).map_err(|_| Refusal::conflict("assistant_unusable"))?;
        let text = veil.uncover(&words, |sort, value| put_back(shown, sort, value));
        let (actor, master, at) = (caller.actor.clone(), Arc::clone(self.master()), stored(self.time().now()));
        let drafted = Drafted { by: by.clone(), words: text.clone() };
        self.db()
            .write(move |tx| {
                let (row, sight) = load::find_for(tx, &case, &actor)?;
                sight.require_area()?;
                let keys = keys(tx, &master, &row)?;
                if let Some((user, verb)) = draft {
                    // What somebody began to write meanwhile is theirs.
                    if drafts::has_own_words(tx, &keys, user, verb)? {
                        return Err(Refusal::conflict("assistant_own_draft").into());
                    }
                    drafts::keep_machine(tx, &keys, (user, verb), &drafted, at)?;
                }
                Ok::<_, DeskError>(())
            })
            .await?;
        Ok(Assisted { kind, language, text, entry, draft: draft.map(|(_, verb)| verb), by })
    }

    /// Lets whoever asked ask again.
    ///
    /// # Errors
    /// Those of the database; then they can after a while.
    pub async fn end_turn(&self, turn: Turn) -> Result<(), DeskError> {
        self.db().write(move |tx| Ok(assist::release(tx, &turn.day, &turn.who)?)).await
    }

    /// For what a draft of an answer is: where a second person reads it, it is laid before them first.
    fn drafted_for(&self, caller: &Caller, case: &Case) -> Result<(UserId, &'static str), DeskError> {
        let user = caller.person()?;
        permissions::DRAFT.require(caller)?;
        let rules = self.library().rules_of(case)?;
        let verb = if reading::wanted(case, &rules, self.library().taxonomy()) { "ask-reading" } else { "reply" };
        Permission::for_verb(verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        if !reply::offered(case) {
            return Err(Refusal::conflict("assistant_no_reply").into());
        }
        Ok((user, verb))
    }

    /// Whoever is on a case, and what is known of them.
    async fn people_on(&self, raw: &Raw, keys: &CaseKeys) -> Result<(Identity, Vec<Known>), DeskError> {
        let identity = match raw.person.as_ref().and_then(|row| row.identity.as_deref()) {
            Some(sealed) => person::open(PersonId(raw.loaded.row.person), &keys.person, sealed)?,
            None => Identity::default(),
        };
        let mut known = vec![one(Sort::Number, &raw.loaded.case.number)];
        let phones = [&identity.phone, &identity.phone_alt, &identity.caller];
        known.extend(phones.into_iter().flatten().map(|phone| one(Sort::Phone, phone)));
        known.extend(identity.name.iter().map(|name| one(Sort::Name, name)));
        known.extend(identity.email.iter().map(|email| one(Sort::Email, email)));
        known.extend(identity.address.iter().map(|address| one(Sort::Address, address)));
        known.extend(identity.id_number.iter().map(|id| one(Sort::Id, id)));
        known.extend(
            identity
                .subscription
                .iter()
                .map(|number| one(if normalise_phone(number).is_some() { Sort::Phone } else { Sort::Number }, number)),
        );
        for event in raw.loaded.entries.iter().flat_map(|entry| &entry.events) {
            match event {
                Event::Registered { record, .. } => {
                    known.extend(record.external.iter().map(|one_of| one(Sort::Number, &one_of.number)));
                }
                Event::HandedOff { number, .. } => known.push(one(Sort::Number, number)),
                _ => {}
            }
            let mut event = event.clone();
            for (place, text) in event.texts() {
                let sort = match place {
                    "place" => Sort::Address,
                    "number" => Sort::Phone,
                    _ => continue,
                };
                // Identifiers in it are looked for by themselves.
                let words = domain::text::lift::fill(&keys.open(place, text)?, |_, _| String::new());
                known.extend(Some(one(sort, words.trim())).filter(|one| one.value.chars().count() >= PLACE));
            }
        }
        known.extend(raw.users.values().map(|name| one(Sort::Name, name)));
        if let Some(user) = raw.loaded.case.record.about_staff {
            let row = self.db().read(move |tx| Ok::<_, DeskError>(people::user(tx, user.0)?)).await?;
            known.extend(row.iter().flat_map(|row| [one(Sort::Name, &row.name), one(Sort::Name, &row.username)]));
        }
        known.retain(|one| !one.value.trim().is_empty());
        Ok((identity, known))
    }

    /// What a case is about and what was said in it: the registration first, then as much of the newest as there is room for.
    fn matter(&self, case: &Case, said: &[Said]) -> String {
        let category = case.category.as_deref().and_then(|code| self.library().taxonomy().category(code));
        let mut lines = vec![format!("kind: {}", case.record.kind.code())];
        lines.extend(category.map(|category| format!("category: {} / {}", category.zh, category.en)));
        lines.push(format!("state: {}", case.state.code()));
        let (first, later): (Vec<_>, Vec<_>) = said.iter().enumerate().partition(|(_, one)| one.version == 1);
        let mut room = MOST_SENT;
        let mut kept = Vec::new();
        for (place, one) in first.into_iter().chain(later.into_iter().rev()) {
            let words: String = one.words.chars().take(room).collect();
            room -= words.chars().count();
            if !words.is_empty() {
                kept.push((place, format!("{}:\n{words}", one.line)));
            }
        }
        // In the order in which it was said.
        kept.sort_by_key(|(place, _)| *place);
        lines.extend(kept.into_iter().map(|(_, words)| words));
        lines.join("\n")
    }

    /// Counts and logs a question, if it may be asked.
    async fn take_turn(
        &self,
        caller: &Caller,
        keys: &CaseKeys,
        (turn, limits, characters): (&Turn, &Limits, i64),
        draft: Option<(UserId, &'static str)>,
        body: &AccessBody,
    ) -> Result<(), DeskError> {
        let (body, now) = (kept::written(body)?, self.time().now());
        let (at, until) = (stored(now), stored(now + BUSY));
        let (all, own) = (i64::from(limits.requests), i64::from(limits.own));
        let actor = caller.actor.id.to_string();
        for attempt in 0.. {
            let (keys, turn, body, actor) = (keys.clone(), turn.clone(), body.clone(), actor.clone());
            let taken = self
                .db()
                .write(move |tx| {
                    if let Some((user, verb)) = draft
                        && drafts::has_own_words(tx, &keys, user, verb)?
                    {
                        return Err(Refusal::conflict("assistant_own_draft").into());
                    }
                    let of = |who, most: i64, busy_until| Use {
                        day: &turn.day,
                        who,
                        characters,
                        busy_until,
                        most_requests: most,
                        most_characters: most.saturating_mul(CHARACTERS).max(MOST_COUNTED),
                        now: at,
                    };
                    if !assist::take(tx, of(&turn.who, own, until))? {
                        let busy = assist::busy_until(tx, &turn.day, &turn.who)? > at;
                        return Err(match busy {
                            true => Refusal::conflict("assistant_busy").into(),
                            false => Refusal::conflict("assistant_spent_own").into(),
                        });
                    }
                    if !assist::take(tx, of("", all, 0))? {
                        return Err(Refusal::conflict("assistant_spent").into());
                    }
                    let (subject, ledger) = (keys.case.0, Ledger::Access);
                    let entry =
                        NewEntry { subject, ledger, after: 0, prev: None, at, actor, verb: PURPOSE, schema: 1, body };
                    log::append_next(tx, entry)
                })
                .await;
            match taken {
                // Another node logged something of the case at the same moment; the second takes the next place.
                Err(DeskError::Store(store::StoreError::Constraint { .. })) if attempt < 5 => {}
                other => return other,
            }
        }
        Ok(())
    }
}

/// One request may always be as long as a request can be, whatever the measure of a day.
const MOST_COUNTED: i64 = 60_000;

fn one(sort: Sort, value: &str) -> Known {
    Known { sort, value: value.to_owned() }
}

fn kind(ask: &Ask) -> Result<Kind, Refusal> {
    match (ask.kind.as_str(), ask.entry) {
        ("translation", Some(_)) => Ok(Kind::Translation),
        ("translation", None) => Err(Fault::new("entry", "required").into()),
        (_, Some(_)) => Err(Fault::new("entry", "of_translations_only").into()),
        ("draft", None) => Ok(Kind::Draft),
        _ => Ok(Kind::Summary),
    }
}

/// What of identifiers the answer may show, and whether enough is said for it.
fn shown(caller: &Caller, case: &Case, ask: &Ask) -> Result<Shown, DeskError> {
    let Some(purpose) = &ask.purpose else {
        return match ask.reason {
            Some(_) => Err(Refusal::from(Fault::new("purpose", "required")).into()),
            None => Ok(Shown::None),
        };
    };
    permissions::REVEAL.require(caller)?;
    reveal::require_reason(caller, case, &Reveal { purpose: purpose.clone(), reason: ask.reason.clone() })?;
    Ok(if purpose == "contact" { Shown::Contact } else { Shown::All })
}

/// A value in the answer: as it is for whoever may see it, else as little as others see of it.
fn put_back(shown: Shown, sort: Sort, value: &str) -> String {
    let clear = match shown {
        Shown::None => false,
        Shown::Contact => matches!(sort, Sort::Name | Sort::Phone),
        Shown::All => true,
    };
    match sort {
        _ if clear => value.to_owned(),
        Sort::Name => mask_name(value),
        Sort::Phone | Sort::Number => mask_number(value),
        Sort::Email => mask(IdentifierKind::Email, value),
        Sort::Id => mask(IdentifierKind::ResidentId, value),
        Sort::Address => mask_address(value),
    }
}

/// What was said in a case, entry by entry; identifiers are still lifted out.
fn said(keys: &CaseKeys, entries: &mut [Entry]) -> Result<Vec<Said>, DeskError> {
    let mut said = Vec::new();
    for entry in entries {
        let (version, day, verb) = (entry.version, entry.at.to_string(), entry.verb.clone());
        let day = day.split('T').next().unwrap_or_default().to_owned();
        for event in entry.events.iter_mut().filter(|event| is_told(event)) {
            for (place, text) in event.texts() {
                if PLACES.contains(&place) {
                    let words = keys.open(place, text)?;
                    said.push(Said { version, line: format!("{day} {verb} {place}"), words });
                }
            }
        }
    }
    Ok(said)
}

/// The words of one entry.
fn of_entry(said: &[Said], entry: Option<i64>) -> Result<String, Refusal> {
    let words: Vec<&str> = said.iter().filter(|one| Some(one.version) == entry).map(|one| one.words.as_str()).collect();
    let words = words.join("\n\n");
    match words.chars().count() {
        0 => Err(Fault::new("entry", "no_words").into()),
        given if given > MOST_SENT => {
            Err(Fault::new("entry", "too_long").with("max", MOST_SENT).with("given", given).into())
        }
        _ => Ok(words),
    }
}

/// The customer's language: the one they named, else that of what they said first.
fn customers(identity: &Identity, said: &[Said]) -> &'static str {
    let named = identity.language.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    match named.split(['-', '_']).next().unwrap_or_default() {
        "en" | "english" => "en",
        "zh" => "zh-CN",
        _ if said.first().is_none_or(|one| is_chinese(&one.words)) => "zh-CN",
        _ => "en",
    }
}

/// Whether a text is written in Chinese, as far as its letters say.
fn is_chinese(text: &str) -> bool {
    let ideographs = text.chars().filter(|letter| matches!(letter, '\u{3400}'..='\u{9FFF}')).count();
    // A character says as much as several letters.
    ideographs * 3 >= text.chars().filter(char::is_ascii_alphabetic).count().max(1)
}
