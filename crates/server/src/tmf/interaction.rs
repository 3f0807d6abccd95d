//! Entry of the log and interaction: what a client said of a contact is answered as it was said; everything else is told
//! from the log. And the other way: what a client tells of a contact becomes the command that means it.

use super::face::{Api, Face};
use super::mapping::Mapping;
use super::schema::{self, Wrong};
use super::ticket::{clean, fresh_notes, new_entries};
use super::when;
use desk::tickets::{CONTACT, Ticket, changed, contact};
use domain::actor::ActorId;
use domain::case::message::{Stage, What, Why, to_send};
use domain::command::Command;
use domain::event::{ContactOutcome, Entry, Event};
use domain::free_text::FreeText;
use domain::ids::CaseId;
use domain::intake::MODES;
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Attributes the server owns: ignored wherever a client sends them.
pub(super) const OWNED: &[&str] = &["id", "href", "creationDate", "lastUpdate", "statusChangeDate"];
/// Attributes that stay as they were at creation.
const FIXED: &[&str] = &["@type", "@baseType", "@schemaLocation"];
/// Lists to which more may be added.
const GROW: [&str; 6] =
    ["note", "attachment", "externalIdentifier", "interactionItem", "interactionRelationship", "relatedParty"];
/// Where an interaction may stand, in the order in which it does.
pub(super) const STATUSES: [&str; 3] = ["opened", "inProgress", "completed"];
/// Who may begin one.
const DIRECTIONS: [&str; 2] = ["inbound", "outbound"];
/// Words of a reason by which the customer presses for an answer.
const URGES: [&str; 4] = ["urging", "urge", "reminder", "chase"];
/// Words of a reason by which the customer is told how far the matter is.
const PROGRESS: [&str; 3] = ["progress", "progressnotice", "statusupdate"];
/// Names of ways to customers beside the modes themselves.
const WAYS: [(&str, &str); 12] = [
    ("call", "phone"),
    ("callcenter", "phone"),
    ("callcentre", "phone"),
    ("hotline", "phone"),
    ("mail", "email"),
    ("post", "letter"),
    ("mobileapp", "app"),
    ("shop", "visit"),
    ("store", "visit"),
    ("chat", "online_chat"),
    ("web", "portal"),
    ("selfservice", "portal"),
];

/// The identity of an interaction: its case and its entry there.
pub(crate) fn id(case: CaseId, version: i64) -> String {
    format!("{case}-{version}")
}

/// What an identity names; whatever is none names nothing.
pub(super) fn named(id: &str) -> Option<(CaseId, i64)> {
    let (case, version) = id.rsplit_once('-')?;
    // One way to write each, and never a sign.
    let plain = version.bytes().all(|byte| byte.is_ascii_digit()) && !version.starts_with('0');
    let case = Uuid::try_parse(case).ok().filter(|_| plain && case.len() == 36)?;
    Some((CaseId(case), version.parse().ok()?))
}

/// A contact as the log has it.
struct Contact<'t> {
    entry: &'t Entry,
    inbound: bool,
    channel: &'t str,
    at: Timestamp,
    words: Option<&'t FreeText>,
    reason: &'t str,
    resolution: Option<&'static str>,
    /// What the house itself sends because of it, and the message once there is one.
    sends: Option<(What, domain::case::message::Way)>,
    letter: Option<u32>,
    message: Option<Uuid>,
    stage: Option<Stage>,
    /// Since when it stands as it stands.
    since: Timestamp,
    last: Timestamp,
    said: Map<String, Value>,
    /// What was added to its lists since.
    added: Map<String, Value>,
}

fn outcome(of: ContactOutcome) -> &'static str {
    match of {
        ContactOutcome::Reached => "reached",
        ContactOutcome::NoAnswer => "no_answer",
        ContactOutcome::Refused => "refused",
        ContactOutcome::SwitchedOff => "switched_off",
        ContactOutcome::InvalidNumber => "invalid_number",
        ContactOutcome::LeftMessage => "left_message",
    }
}

impl<'t> Contact<'t> {
    /// The contact an entry is, as it was at that moment.
    fn of(entry: &'t Entry) -> Option<Self> {
        let event = contact(&entry.events)?;
        let sends = to_send(event, entry.at).map(|(what, way, _)| (what, way));
        let mut found = Self {
            entry,
            inbound: false,
            channel: "unknown",
            at: entry.at,
            words: None,
            reason: "",
            resolution: None,
            sends,
            letter: None,
            message: None,
            stage: None,
            since: entry.at,
            last: entry.at,
            said: Map::new(),
            added: Map::new(),
        };
        match event {
            Event::Registered { record, received_at, .. } => {
                (found.inbound, found.reason, found.at) = (true, record.kind.code(), *received_at);
                (found.channel, found.words) = (&record.accept_channel, Some(&record.description));
            }
            Event::Supplemented { text, channel, urging } => {
                (found.inbound, found.words) = (true, Some(text));
                found.reason = if *urging { "urging" } else { "supplement" };
                found.channel = channel.as_deref().unwrap_or("unknown");
            }
            Event::Replied { mode, at, content } => {
                (found.reason, found.channel, found.at, found.words) = ("reply", mode, *at, Some(content));
            }
            Event::ProgressNotified { mode, at, content, .. } => {
                (found.reason, found.channel, found.at, found.words) = ("progress", mode, *at, Some(content));
            }
            Event::MessageWritten { way, content } => {
                (found.reason, found.channel, found.words) = ("message", way.code(), Some(content));
            }
            Event::LetterIssued { letter, medium, at, content, .. } => {
                (found.reason, found.channel, found.at, found.words) = ("letter", medium.code(), *at, Some(content));
                found.letter = Some(*letter);
            }
            Event::Contacted { mode, outcome: came, at, summary, .. } => {
                (found.reason, found.channel, found.at, found.words) = ("contact", mode, *at, summary.as_ref());
                found.resolution = Some(outcome(*came));
            }
            Event::CalledBack { outcome: came, at } => {
                (found.reason, found.channel, found.at) = ("callBack", "phone", *at);
                found.resolution = Some(outcome(*came));
            }
            Event::SurveyInvited { .. } => found.reason = "surveyInvitation",
            Event::SatisfactionAsked { mode, .. } => (found.reason, found.channel) = ("survey", mode),
            Event::SatisfactionRecorded { channel, comment, .. } => {
                (found.inbound, found.reason, found.words) = (true, "surveyAnswer", comment.as_ref());
                found.channel = channel.as_deref().unwrap_or("unknown");
            }
            Event::Confirmed { mode } => {
                (found.inbound, found.reason, found.channel) = (true, "confirmation", mode);
            }
            Event::Disputed { reason } => {
                (found.inbound, found.reason, found.words) = (true, "dispute", Some(reason));
            }
            Event::Withdrawn { mode, reason } => {
                (found.inbound, found.reason, found.channel, found.words) = (true, "withdrawal", mode, Some(reason));
            }
            Event::Declined { explanation, mode, .. } => {
                (found.reason, found.channel, found.words) = ("declined", mode, Some(explanation));
            }
            Event::MessageMoved { message, way, at, .. } => {
                (found.reason, found.channel, found.at) = ("receipt", way.code(), *at);
                found.message = Some(*message);
            }
            _ => return None,
        }
        Some(found)
    }

    /// Whether the house hands it over itself, so that nobody else says how far it is.
    fn is_sent_here(&self) -> bool {
        self.stage.is_some() || self.sends.is_some_and(|(what, _)| what == What::Message)
    }

    fn status(&self) -> &str {
        match self.stage {
            Some(Stage::Sent) => "inProgress",
            Some(Stage::Delivered | Stage::Failed) => "completed",
            // Reply, progress and letters were told some other way where no message of the house's followed.
            None if self.is_sent_here() => "opened",
            None => self.said.get("status").and_then(Value::as_str).map_or("completed", known),
        }
    }

    fn moved(&mut self, stage: Stage, why: Option<Why>, at: Timestamp) {
        self.stage = Some(stage);
        self.resolution = Some(match (stage, why) {
            (Stage::Failed, Some(why)) => why.code(),
            (stage, _) => stage.code(),
        });
        (self.since, self.last) = (at, at);
    }

    /// Adds what a client said of it.
    fn hear(&mut self, change: &Value, at: Timestamp) {
        if let Some(said) = change.get("said").and_then(Value::as_object) {
            self.said = said.clone();
        }
        let Some(more) = change.get("more").and_then(Value::as_object) else { return };
        self.last = at;
        for (name, value) in more {
            let words = self.words.and_then(|words| words.plain());
            match (value, name.as_str()) {
                (Value::Array(more), _) => match self.added.entry(name.clone()).or_insert_with(|| json!([])) {
                    Value::Array(there) => there.extend(more.iter().cloned()),
                    other => *other = value.clone(),
                },
                (Value::String(more), "description") => {
                    let there = self.said.get(name).and_then(Value::as_str).or(words).unwrap_or_default();
                    let whole = format!("{there}{more}");
                    self.said.insert(name.clone(), whole.into());
                }
                (value, _) => {
                    if name == "status" {
                        self.since = at;
                    }
                    self.said.insert(name.clone(), value.clone());
                }
            }
        }
    }

    /// The interaction as its reader may see it, in the names of version 5.
    fn tell(self, ticket: &Ticket, (base, face): (&str, Face)) -> Told {
        let case = &ticket.view.case;
        let (own, of) = (id(case.id, self.entry.version), case.id.to_string());
        let status = self.status().to_owned();
        let bound = self.is_sent_here();
        let mut words = self.said;
        words.retain(|name, _| !OWNED.contains(&name.as_str()) && name != "status");
        let mut missing = |name: &str, value: Option<Value>| {
            if let (false, Some(value)) = (words.contains_key(name), value) {
                words.insert(name.to_owned(), value);
            }
        };
        let text = self.words.and_then(|words| words.plain()).filter(|text| *text != "-");
        missing("description", text.map(Value::from));
        missing("@type", Some("PartyInteraction".into()));
        missing("direction", Some(if self.inbound { "inbound" } else { "outbound" }.into()));
        missing("reason", Some(self.reason.into()));
        let period = json!({"startDateTime": when(self.at), "endDateTime": when(self.at)});
        missing("interactionDate", Some(period));
        let channel = json!([{"role": "interaction", "@type": "RelatedChannel",
            "channel": {"id": self.channel, "name": self.channel, "@type": "ChannelRef"}}]);
        missing("relatedChannel", Some(channel));
        // People and files are named by what the log has of them.
        let party = |role: &str, id: String, name: &str| {
            json!({"role": role, "@type": "RelatedPartyOrPartyRole", "partyOrPartyRole":
                {"id": id, "name": name, "@type": "PartyRef", "@referredType": "Individual"}})
        };
        let customer = ticket.view.identity.as_ref().and_then(|identity| identity.name.as_deref());
        let mut parties: Vec<Value> =
            customer.map(|name| party("customer", case.person.to_string(), name)).into_iter().collect();
        if let ActorId::User(user) = self.entry.actor
            && let Some(name) = ticket.view.users.get(&user)
        {
            parties.push(party("agent", user.to_string(), name));
        }
        missing("relatedParty", (!parties.is_empty()).then_some(Value::Array(parties)));
        let files: Vec<Value> = self
            .entry
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Attached { id, name, .. } => {
                    Some(json!({"id": id, "name": name.plain(), "@type": "AttachmentRef"}))
                }
                _ => None,
            })
            .collect();
        missing("attachment", (!files.is_empty()).then_some(Value::Array(files)));
        for (name, value) in self.added {
            match (words.get_mut(&name), value) {
                (Some(Value::Array(there)), Value::Array(more)) => there.extend(more),
                (_, value) => drop(words.insert(name, value)),
            }
        }
        let Value::Object(mut told) = ticket.told(Value::Object(words)) else { return Told::default() };
        // What identifies interaction and ticket is nobody's data.
        let names_it = |item: &Value| item.pointer("/item/entity/id").and_then(Value::as_str) == Some(of.as_str());
        let mut item = json!({
            "id": of, "@type": "InteractionItem", "interactionItemType": "TroubleTicket",
            "item": {"role": "complaint", "@type": "RelatedEntityRefOrValue", "entity": {
                "id": of, "href": format!("{base}{}/troubleTicket/{of}", Api::Tickets.root(face)), "name": case.number,
                "@type": "EntityRef", "@referredType": "TroubleTicket"}},
        });
        if let (Some(resolution), Some(item)) = (self.resolution, item.as_object_mut()) {
            item.insert("resolution".to_owned(), resolution.into());
        }
        match told.entry("interactionItem").or_insert_with(|| json!([])) {
            Value::Array(items) => match items.iter_mut().find(|item| names_it(item)) {
                // What became of it is for the house to say; the rest is as the client told it.
                Some(Value::Object(there)) => {
                    if let Some(resolution) = self.resolution {
                        there.entry("resolution").or_insert_with(|| resolution.into());
                    }
                }
                _ => items.insert(0, item),
            },
            other => *other = json!([item]),
        }
        let mut put = |name: &str, value: String| told.insert(name.to_owned(), value.into());
        put("href", format!("{base}{}/partyInteraction/{own}", Api::Interactions.root(face)));
        put("id", own);
        put("status", status);
        put("creationDate", when(self.entry.at));
        put("lastUpdate", when(self.last));
        put("statusChangeDate", when(self.since));
        Told { version: self.entry.version, is_sent_here: bound, attributes: schema::tidy(told) }
    }
}

/// An interaction as its reader may see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The entry it is.
    pub(crate) version: i64,
    /// Whether the house says how far it is.
    is_sent_here: bool,
    /// In the names of version 5.
    pub(crate) attributes: Map<String, Value>,
}

/// Every interaction of a case, oldest first.
pub(crate) fn all(ticket: &Ticket, base: &str, face: Face) -> Vec<Told> {
    let mut found: Vec<Contact<'_>> = Vec::new();
    for entry in &ticket.view.entries {
        found.extend(Contact::of(entry));
        for event in &entry.events {
            match event {
                Event::MessageMoved { message, what, way, stage, at, why, entry: wrote, .. } => {
                    let sends = Some((*what, *way));
                    let fits = |one: &Contact<'_>| match wrote {
                        Some(wrote) => one.entry.version == *wrote && one.sends == sends,
                        // Entries of before do not say whose words it is; those of a kind are taken in their order.
                        None => one.message.is_none() && one.sends == sends,
                    };
                    let known = found.iter().position(|one| one.message == Some(*message));
                    let known = known.or_else(|| found.iter().position(fits));
                    if let Some(one) = known.and_then(|at| found.get_mut(at)) {
                        one.message = Some(*message);
                        one.moved(*stage, *why, *at);
                    }
                }
                Event::LetterDelivered { letter, at, .. } => {
                    if let Some(one) = found.iter_mut().find(|one| one.letter == Some(*letter)) {
                        one.moved(Stage::Delivered, None, *at);
                    }
                }
                _ => {}
            }
        }
        if let Some(change) = changed(entry).remove(CONTACT)
            && let Some(of) = change.get("entry").and_then(Value::as_i64)
            && let Some(one) = found.iter_mut().find(|one| one.entry.version == of)
        {
            one.hear(&change, entry.at);
        }
    }
    found.into_iter().map(|one| one.tell(ticket, (base, face))).collect()
}

/// The word for a status, of which the specification has two ways to write the first.
fn known(word: &str) -> &str {
    if word == "open" { "opened" } else { word }
}

/// Where a status stands in their order.
fn rank(word: Option<&str>) -> Option<usize> {
    let word = known(word?);
    STATUSES.iter().position(|one| *one == word)
}

/// What is wrong with the words of an interaction that have a meaning here.
pub(super) fn wrong_words(body: &Map<String, Value>) -> Vec<Wrong> {
    let mut found = Vec::new();
    for (name, list) in [("direction", &DIRECTIONS[..]), ("status", &STATUSES[..])] {
        let word = body.get(name).and_then(Value::as_str).map(known);
        if word.is_some_and(|word| !list.contains(&word)) {
            found.push(Wrong { at: name.to_owned(), why: format!("is none of {}", list.join(", ")) });
        }
    }
    found
}

/// What is kept of a body.
pub(super) fn kept(mut body: Map<String, Value>, now: &str) -> Map<String, Value> {
    body.retain(|name, _| !OWNED.contains(&name.as_str()));
    if let Some(Value::String(status)) = body.get_mut("status") {
        *status = known(status).to_owned();
    }
    if let Some(Value::Array(list)) = body.remove("note") {
        body.insert("note".to_owned(), Value::Array(fresh_notes(list, now)));
    }
    body
}

fn text<'b>(body: &'b Map<String, Value>, name: &str) -> &'b str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Without case, blanks and marks.
fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The case an interaction says it is about: a ticket among its items, or another interaction it belongs to.
///
/// # Errors
/// When it names several, or something that could never be one.
pub(super) fn case_of(body: &Map<String, Value>) -> Result<Option<(String, CaseId)>, Vec<Wrong>> {
    let mut found: Option<(String, CaseId)> = None;
    let mut wrong = Vec::new();
    let mut name = |at: String, case: Option<CaseId>| {
        let Some(case) = case else {
            wrong.push(Wrong { at, why: "is the identity of nothing here".to_owned() });
            return;
        };
        match found.as_ref().map(|(_, other)| *other) {
            None => found = Some((at, case)),
            Some(other) if other != case => {
                wrong.push(Wrong { at, why: "names a second ticket; an interaction is about one".to_owned() });
            }
            Some(_) => {}
        }
    };
    let list = |name: &str| body.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for (number, item) in list("interactionItem").iter().enumerate() {
        let Some(entity) = item.pointer("/item/entity") else { continue };
        let kind = entity.get("@referredType").and_then(Value::as_str).unwrap_or_default();
        // What else an item is about, an order or a bill, is kept and means nothing here.
        if bare(kind) != "troubleticket" {
            continue;
        }
        let id = entity.get("id").and_then(Value::as_str).unwrap_or_default();
        name(format!("interactionItem[{number}].item.id"), Uuid::try_parse(id).ok().map(CaseId));
    }
    for (number, one) in list("interactionRelationship").iter().enumerate() {
        // Interactions of other systems have identities of their own.
        if let Some((case, _)) = one.get("id").and_then(Value::as_str).and_then(named) {
            name(format!("interactionRelationship[{number}].id"), Some(case));
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

/// Names and identities of the channels of an interaction, as its client calls them.
fn channels(body: &Map<String, Value>) -> Vec<&str> {
    let list = body.get("relatedChannel").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .flat_map(|one| ["/channel/name", "/channel/id"].map(|path| one.pointer(path).and_then(Value::as_str)))
        .flatten()
        .collect()
}

/// How the customer was reached, by the channel.
fn mode<'m>(body: &Map<String, Value>, mapping: &'m Mapping) -> &'m str {
    let words: Vec<String> = channels(body).into_iter().map(bare).collect();
    let of = |word: &String| {
        let own = MODES.iter().copied().find(|mode| bare(mode) == *word);
        own.or_else(|| WAYS.iter().find(|(name, _)| name == word).map(|(_, mode)| *mode))
    };
    words.iter().find_map(of).unwrap_or(&mapping.ticket.mode)
}

/// The ticket an inbound interaction stands for that names none.
pub(super) fn ticket(body: &Map<String, Value>) -> Map<String, Value> {
    let mut ticket = Map::new();
    let words = channels(body);
    let put = |ticket: &mut Map<String, Value>, name: &str, value: Value| drop(ticket.insert(name.to_owned(), value));
    put(&mut ticket, "@type", "TroubleTicket".into());
    put(&mut ticket, "description", text(body, "description").into());
    put(&mut ticket, "name", text(body, "reason").into());
    put(&mut ticket, "ticketType", text(body, "reason").into());
    if let (Some(name), Some(id)) = (words.first(), words.last()) {
        put(&mut ticket, "channel", json!({"id": id, "name": name, "@type": "ChannelRef"}));
    }
    if let Some(parties) = body.get("relatedParty") {
        put(&mut ticket, "relatedParty", parties.clone());
    }
    ticket
}

/// The command a contact on a case means: see the table of `docs/tmf621.md`.
///
/// # Errors
/// When it does not say what that needs.
pub(super) fn command(body: &Map<String, Value>, mapping: &Mapping, now: Timestamp) -> Result<Command, Refusal> {
    let (words, reason) = (text(body, "description"), bare(text(body, "reason")));
    let (verb, fields) = if text(body, "direction") == "inbound" {
        let text = clean(words, 10_000, true);
        let urging = URGES.contains(&reason.as_str());
        ("supplement", json!({"text": text, "channel": mapping.channel(&channels(body)), "urging": urging}))
    } else {
        let mode = mode(body, mapping);
        let status = rank(body.get("status").and_then(Value::as_str));
        // What was told before is recorded with its moment; the house sends nothing that was said to have gone.
        let period = |name: &str| body.get("interactionDate")?.get(name)?.as_str().and_then(super::moment);
        let at = period("endDateTime").or_else(|| period("startDateTime"));
        let at = at.unwrap_or(now - SignedDuration::from_millis(1)).to_string();
        if status == Some(0) && matches!(mode, "email" | "sms") {
            let content = clean(words, if mode == "sms" { 500 } else { 5_000 }, mode == "email");
            ("send-message", json!({"way": mode, "content": content}))
        } else if PROGRESS.contains(&reason.as_str()) {
            ("notify-progress", json!({"mode": mode, "content": clean(words, 5_000, true), "at": at}))
        } else {
            let items = body.get("interactionItem").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let came = items
                .iter()
                .filter_map(|item| item.get("resolution")?.as_str())
                .find_map(|word| ContactOutcome::CODES.iter().copied().find(|code| bare(code) == bare(word)));
            let done = if status.is_none_or(|status| status == 2) { "reached" } else { "no_answer" };
            let mut fields = json!({"mode": mode, "outcome": came.unwrap_or(done), "at": at});
            let summary = clean(words, 2_000, true);
            if let (false, Some(fields)) = (summary.is_empty(), fields.as_object_mut()) {
                fields.insert("summary".to_owned(), summary.into());
            }
            ("record-contact", fields)
        }
    };
    match Command::read(verb, fields) {
        Some(Ok(command)) => Ok(command),
        Some(Err(faults)) => Err(in_its_words(Refusal::invalid(faults))),
        None => Err(Refusal::not_found()),
    }
}

/// A refusal of such a command with places named as its client knows them.
pub(super) fn in_its_words(mut refusal: Refusal) -> Refusal {
    for fault in &mut refusal.faults {
        let name = match fault.field.as_str() {
            "text" | "content" | "summary" => "description",
            "at" => "interactionDate",
            "mode" | "way" | "channel" => "relatedChannel",
            _ => continue,
        };
        name.clone_into(&mut fault.field);
    }
    refusal
}

/// What a changed document adds to an interaction, in the names of version 5. The log is not rewritten: lists grow,
/// words go on, and what a client itself told goes forward.
///
/// # Errors
/// `interaction_kept` with what cannot be changed.
pub(super) fn additions(
    face: Face,
    told: &Told,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    merged: bool,
    now: &str,
) -> Result<Map<String, Value>, Refusal> {
    let (mut more, mut kept) = (Map::new(), Vec::new());
    let own = |name: &&String| !OWNED.contains(&name.as_str()) && !FIXED.contains(&name.as_str());
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))).filter(own);
    for name in names.filter(|name| before.get(*name) != after.get(*name)) {
        let (there, now_) = (before.get(name), after.get(name));
        let added = match (there, now_) {
            (there, Some(list @ Value::Array(_))) if GROW.contains(&name.as_str()) => {
                let there = there.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                new_entries(there, list.clone(), merged).map(Value::Array)
            }
            (there, Some(Value::String(words))) if name == "description" => {
                let there = there.and_then(Value::as_str).unwrap_or_default();
                words.strip_prefix(there).map(Value::from)
            }
            (Some(Value::String(from)), Some(Value::String(to))) if name == "status" && !told.is_sent_here => {
                let forward = rank(Some(to.as_str())) > rank(Some(from.as_str()));
                forward.then(|| Value::from(known(to)))
            }
            _ => None,
        };
        match added {
            Some(Value::Array(list)) if list.is_empty() => {}
            Some(added) => drop(more.insert(name.clone(), added)),
            None => kept.push(name.as_str()),
        }
    }
    if !kept.is_empty() {
        return Err(Refusal::conflict("interaction_kept").with("what", kept.join(", ")));
    }
    let mut more = face.hear_interaction(more);
    if let Some(Value::Array(list)) = more.remove("note") {
        more.insert("note".to_owned(), Value::Array(fresh_notes(list, now)));
    }
    Ok(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn an_identity_is_written_one_way() {
        let case = CaseId(Uuid::from_u128(7));
        assert_eq!(named(&id(case, 12)), Some((case, 12)));
        for wrong in ["", "1", "x-1", "00000000-0000-0000-0000-000000000007", "00000000-0000-0000-0000-000000000007-0"]
        {
            assert_eq!(named(wrong), None, "{wrong}");
        }
        assert_eq!(named("00000000-0000-0000-0000-000000000007-+1"), None);
        assert_eq!(named("00000000-0000-0000-0000-000000000007-01"), None);
        assert_eq!(named("00000000-0000-0000-0000-000000000007-99999999999999999999"), None);
    }

    #[test]
    fn a_contact_becomes_the_command_that_means_it() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for (direction, channel, reason, status, words, verb) in [
            ("inbound", "email", "more", "completed", "x", Ok("supplement")),
            ("inbound", "email", "more", "completed", " ", Err(())),
            ("outbound", "phone", "call", "completed", "x", Ok("record-contact")),
            ("outbound", "phone", "call", "opened", "", Ok("record-contact")),
            ("outbound", "sms", "news", "open", "x", Ok("send-message")),
            ("outbound", "sms", "news", "open", "", Err(())),
            ("outbound", "sms", "news", "completed", "x", Ok("record-contact")),
            ("outbound", "e-mail", "Status update", "completed", "x", Ok("notify-progress")),
            ("outbound", "pigeon", "progress", "completed", "", Err(())),
        ] {
            let said = body(json!({"direction": direction, "reason": reason, "status": status, "description": words,
                "relatedChannel": [{"channel": {"id": channel}}]}));
            let found = command(&said, &Mapping::default(), now);
            assert_eq!(found.map(|command| command.verb()).map_err(drop), verb, "{said:?}");
        }
    }

    #[test]
    fn what_was_said_is_only_added_to() {
        let before =
            body(json!({"description": "a", "note": [{"id": "1", "text": "x"}], "status": "opened", "reason": "r"}));
        let add = |change: Value, is_sent_here: bool| {
            let mut after = before.clone();
            after.extend(body(change));
            let told = Told { version: 1, is_sent_here, attributes: before.clone() };
            additions(Face::V5, &told, &before, &after, true, "2026-01-01T00:00:00Z").map_err(|refusal| refusal.code)
        };
        assert_eq!(add(json!({"description": "a and b"}), false).unwrap()["description"], " and b");
        assert_eq!(add(json!({"status": "inProgress"}), false).unwrap()["status"], "inProgress");
        assert_eq!(add(json!({"note": [{"text": "y"}]}), false).unwrap()["note"][0]["text"], "y");
        assert_eq!(add(json!({"note": []}), false), Ok(Map::new()));
        for (change, is_sent_here) in [
            (json!({"description": "b"}), false),
            (json!({"status": "inProgress"}), true),
            (json!({"reason": "other"}), false),
            (json!({"note": [{"id": "1", "text": "y"}]}), false),
            (json!({"direction": "inbound"}), false),
        ] {
            assert_eq!(add(change.clone(), is_sent_here), Err("interaction_kept"), "{change}");
        }
    }
}
