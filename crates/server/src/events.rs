//! Events on their way out: what an entry of a case is to those outside, in the words of TM Forum's hubs and as CloudEvents
//! to webhooks, signed by the rules of Standard Webhooks. Which entry is told to whom is the desk's business.

use crate::app::Settings;
use crate::outbound;
use crate::tmf::face::{Api, Face};
use crate::tmf::hub::{Wanted, listener};
use crate::tmf::{interaction, specifications, ticket, when};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::caller::Scope;
use desk::subscriptions::{About, Handed, Rounds, Telling, WEBHOOK};
use desk::tickets::{Specification, Ticket};
use desk::{Desk, DeskError};
use domain::event::{Entry as Logged, Event};
use domain::ids::CaseId;
use jiff::Timestamp;
use mail::outward::{Guard, hmac_sha256};
use serde_json::{Map, Value, json};
use url::{Host, Url};
use uuid::Uuid;

/// Something that happened to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It was registered.
    Created,
    /// Something the ticket says changed.
    Changed,
    /// It has another status.
    StatusChanged,
    /// The customer was told the outcome.
    Resolved,
    /// It waits for the customer.
    InformationRequired,
    /// Its ticket was taken from the faces.
    Deleted,
}

impl News {
    /// Every kind, in the order of [`desk::subscriptions::EVENTS`].
    pub const ALL: [Self; 6] =
        [Self::Created, Self::Changed, Self::StatusChanged, Self::Resolved, Self::InformationRequired, Self::Deleted];

    /// As webhooks choose it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::StatusChanged => "status_changed",
            Self::Resolved => "resolved",
            Self::InformationRequired => "information_required",
            Self::Deleted => "deleted",
        }
    }

    /// As TM Forum calls it.
    #[must_use]
    pub const fn tmf(self) -> &'static str {
        match self {
            Self::Created => "TroubleTicketCreateEvent",
            Self::Changed => "TroubleTicketAttributeValueChangeEvent",
            Self::StatusChanged => "TroubleTicketStatusChangeEvent",
            Self::Resolved => "TroubleTicketResolvedEvent",
            Self::InformationRequired => "TroubleTicketInformationRequiredEvent",
            Self::Deleted => "TroubleTicketDeleteEvent",
        }
    }
}

/// Something that happened to an interaction. It goes only with the ticket of its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactNews {
    /// It was recorded.
    Created,
    /// Something was added to it.
    Changed,
    /// It has another status.
    StatusChanged,
    /// The ticket of its case was taken from the faces.
    Deleted,
}

impl ContactNews {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Created, Self::Changed, Self::StatusChanged, Self::Deleted];

    const fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::StatusChanged => "status_changed",
            Self::Deleted => "deleted",
        }
    }

    /// As TM Forum calls it.
    #[must_use]
    pub const fn tmf(self) -> &'static str {
        match self {
            Self::Created => "PartyInteractionCreateEvent",
            Self::Changed => "PartyInteractionAttributeValueChangeEvent",
            Self::StatusChanged => "PartyInteractionStatusChangeEvent",
            Self::Deleted => "PartyInteractionDeleteEvent",
        }
    }

    /// The type version 5 gives the event, which is not always the name of its listener.
    const fn shape(self) -> &'static str {
        match self {
            Self::StatusChanged => "PartyInteractionStatusChange",
            other => other.tmf(),
        }
    }
}

/// Something that happened to a specification of tickets; only version 5 knows of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecificationNews {
    /// It was written.
    Created,
    /// Something it says changed.
    Changed,
    /// It stands elsewhere in its life.
    StatusChanged,
    /// It was removed.
    Deleted,
}

impl SpecificationNews {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Created, Self::Changed, Self::StatusChanged, Self::Deleted];

    const fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::StatusChanged => "status_changed",
            Self::Deleted => "deleted",
        }
    }

    /// As TM Forum calls it.
    #[must_use]
    pub const fn tmf(self) -> &'static str {
        match self {
            Self::Created => "TroubleTicketSpecificationCreateEvent",
            Self::Changed => "TroubleTicketSpecificationAttributeValueChangeEvent",
            Self::StatusChanged => "TroubleTicketSpecificationStatusChangeEvent",
            Self::Deleted => "TroubleTicketSpecificationDeleteEvent",
        }
    }
}

/// What an entry is to a specification, told before and after it.
fn specification_news(
    before: Option<&Map<String, Value>>,
    after: Option<&Map<String, Value>>,
) -> Vec<SpecificationNews> {
    let (before, after) = match (before, after) {
        (_, None) => return vec![SpecificationNews::Deleted],
        (None, Some(_)) => return vec![SpecificationNews::Created],
        (Some(before), Some(after)) => (before, after),
    };
    let differs = |name: &str| before.get(name) != after.get(name);
    let mut names = before.keys().chain(after.keys()).map(String::as_str);
    let changed = names.any(|name| !["lastUpdate", "lifecycleStatus"].contains(&name) && differs(name));
    let moved = differs("lifecycleStatus");
    let found = [(changed, SpecificationNews::Changed), (moved, SpecificationNews::StatusChanged)];
    found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, news)| news).collect()
}

/// What an entry is to interactions: those that are new with it, and those it changed.
fn contact_news(
    before: &[interaction::Told],
    after: Vec<interaction::Told>,
    gone: bool,
) -> Vec<(ContactNews, i64, Map<String, Value>)> {
    if gone {
        return after.into_iter().map(|one| (ContactNews::Deleted, one.version, one.attributes)).collect();
    }
    let mut found = Vec::new();
    for one in after {
        let Some(was) = before.iter().find(|was| was.version == one.version) else {
            found.push((ContactNews::Created, one.version, one.attributes));
            continue;
        };
        let differs = |name: &&String| {
            !["lastUpdate", "status", "statusChangeDate"].contains(&name.as_str())
                && was.attributes.get(*name) != one.attributes.get(*name)
        };
        if was.attributes.get("status") != one.attributes.get("status") {
            found.push((ContactNews::StatusChanged, one.version, one.attributes.clone()));
        }
        if one.attributes.keys().any(|name| differs(&name)) {
            found.push((ContactNews::Changed, one.version, one.attributes));
        }
    }
    found
}

/// An entry of a case as it is told.
struct Entry {
    case: CaseId,
    /// Number of the case.
    number: String,
    verb: String,
    version: i64,
    at: Timestamp,
    /// The ticket after it, in the names of version 5.
    ticket: Map<String, Value>,
    news: Vec<News>,
    /// Attributes that changed.
    changed: Vec<String>,
}

/// Attributes that follow from others, or have an event of their own.
const FOLLOW: [&str; 4] = ["lastUpdate", "status", "statusChangeDate", "statusChangeHistory"];

/// What an entry is to those outside: the one place that says so.
fn news(before: Option<&Map<String, Value>>, after: &Map<String, Value>, gone: bool) -> (Vec<News>, Vec<String>) {
    let Some(before) = before else { return (vec![News::Created], Vec::new()) };
    if gone {
        return (vec![News::Deleted], Vec::new());
    }
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let differs = |name: &&String| {
        // The finer stage of a case stands among the characteristics and moves with the status.
        let stage = *name == "troubleTicketCharacteristic" && is_stage(before.get(*name)) && is_stage(after.get(*name));
        !FOLLOW.contains(&name.as_str()) && !stage && before.get(*name) != after.get(*name)
    };
    let changed: Vec<String> = names.filter(differs).cloned().collect();
    let mut found = Vec::new();
    if !changed.is_empty() {
        found.push(News::Changed);
    }
    if before.get("status") != after.get("status") {
        found.push(News::StatusChanged);
        match after.get("status").and_then(Value::as_str) {
            Some("resolved") => found.push(News::Resolved),
            Some("pending") => found.push(News::InformationRequired),
            _ => {}
        }
    }
    (found, changed)
}

/// Whether an entry takes the ticket from the faces.
fn takes_away(entry: &Logged) -> bool {
    entry.events.iter().any(|event| matches!(event, Event::TicketChanged { gone: true, .. }))
}

/// Whether the ticket had been taken from the faces before: what happens to its case after that is nobody's outside.
fn was_gone(before: Option<&Ticket>) -> bool {
    before.is_some_and(|before| before.view.entries.iter().any(takes_away))
}

fn is_stage(list: Option<&Value>) -> bool {
    let list = list.and_then(Value::as_array);
    list.is_some_and(|list| list.len() == 1 && list.first().is_some_and(|one| one["name"] == "complaintStage"))
}

/// Who tells.
#[derive(Clone)]
pub struct Herald {
    guard: Guard,
    /// Where people find this server; empty when nobody said.
    root: String,
    /// Whether a hub's callback is followed by `/listener/…`.
    listener: bool,
    /// Whether who needs no credentials is told.
    open: bool,
}

impl Herald {
    /// Somebody who tells, by what the operator of the server chose.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            guard: settings.guard(),
            root: settings.public_url.clone(),
            listener: settings.tmf.ticket.hub_listener,
            open: settings.open_tmf,
        }
    }

    /// Rounds in which everybody is told what is due. `node` names one process.
    #[must_use]
    pub fn rounds(&self, desk: &Desk, node: &str) -> Rounds<'static> {
        let (herald, with) = (self.clone(), desk.clone());
        Rounds::new(desk.clone(), node, self.open, move |telling| {
            let (herald, desk) = (herald.clone(), with.clone());
            async move { herald.tell(&desk, telling).await }
        })
    }

    async fn tell(&self, desk: &Desk, mut telling: Telling) -> Handed {
        let Ok(url) = Url::parse(&telling.url) else { return Handed::Later("its address is none".to_owned()) };
        if !is_private(&url) {
            telling.caller.scopes.retain(|scope| *scope != Scope::PersonalData);
        }
        let (api, face) = Api::of_kind(&telling.kind);
        let letters = match (telling.about, api) {
            (About::Case(case), Api::Tickets) => {
                self.entry(desk, &telling, case, face).await.map(|entry| self.letters(&telling, face, &entry))
            }
            (About::Case(case), Api::Interactions) => self.contact_letters(desk, &telling, case, face).await,
            (About::Specification(id), _) => self.specification_letters(desk, &telling, id, face).await,
        };
        let letters = match letters {
            Ok(Ok(letters)) => letters,
            Ok(Err(why)) => return Handed::Later(why),
            // Not there any more, or not theirs to see.
            Err(DeskError::Refused(_)) => return Handed::Taken,
            Err(error) => return Handed::Later(error.to_string()),
        };
        if letters.is_empty() {
            return Handed::Taken;
        }
        // Told once, however often it is tried. A specification is nobody's data.
        if let (false, About::Case(case)) = (telling.logged, telling.about)
            && let Err(error) = desk.log_tickets(&telling.caller, vec![case.0]).await
        {
            return Handed::Later(error.to_string());
        }
        let now = desk.time().now().as_second();
        for letter in letters {
            let body = letter.body.to_string().into_bytes();
            let mut headers = Vec::new();
            if telling.kind == WEBHOOK {
                let signed: Vec<String> =
                    telling.secrets.iter().map(|key| signature(key, &letter.id, now, &body)).collect();
                headers.push(("webhook-id", letter.id.clone()));
                headers.push(("webhook-timestamp", now.to_string()));
                headers.push(("webhook-signature", signed.join(" ")));
            }
            match outbound::post(&self.guard, &letter.url, letter.media, &headers, body).await {
                Ok(200..=299) => {}
                Ok(410) => return Handed::Gone,
                // It is busy or too early for it; whatever else it says of the request will be the same at every try.
                Ok(status @ (408 | 425 | 429)) => return Handed::Failed(format!("it answers {status}")),
                Ok(status @ 400..=499) => return Handed::Refused(format!("it answers {status}")),
                Ok(status) => return Handed::Failed(format!("it answers {status}")),
                Err(why) => return Handed::Failed(why),
            }
        }
        Handed::Taken
    }

    async fn entry(&self, desk: &Desk, telling: &Telling, case: CaseId, face: Face) -> Result<Entry, DeskError> {
        let root = format!("{}{}", self.root, Api::Tickets.root(face));
        let (after, before) = desk.ticket_around(&telling.caller, case, telling.version).await?;
        let tell = |one: &Ticket| ticket::tell(one, &root);
        let told = tell(&after);
        let last = after.view.entries.last();
        let gone = last.is_some_and(takes_away);
        let (news, changed) = if was_gone(before.as_ref()) {
            (Vec::new(), Vec::new())
        } else {
            news(before.as_ref().map(tell).as_ref(), &told, gone)
        };
        Ok(Entry {
            case,
            number: after.view.case.number.clone(),
            verb: last.map(|entry| entry.verb.clone()).unwrap_or_default(),
            version: telling.version,
            at: last.map_or(after.view.case.changed_at, |entry| entry.at),
            ticket: told,
            news,
            changed,
        })
    }

    /// What is posted of an entry.
    fn letters(&self, telling: &Telling, face: Face, entry: &Entry) -> Result<Vec<Letter>, String> {
        let asked = match telling.kind.as_str() {
            WEBHOOK => None,
            _ => Some(wanted(Api::Tickets, face, telling)?),
        };
        let mut letters = Vec::new();
        for one in &entry.news {
            // The same at every try, so that whoever is told twice can tell; another after a restore that took this entry away.
            let id = format!("{}.{}.{}.{}", entry.case, telling.version, telling.mark, one.code());
            match &asked {
                None if telling.query.split(',').any(|kind| kind == one.code()) => letters.push(Letter {
                    body: cloud(entry, *one, &id, &self.root),
                    url: Url::parse(&telling.url).map_err(|error| error.to_string())?,
                    media: "application/cloudevents+json",
                    id,
                }),
                None => {}
                Some(wanted) => {
                    let told = face.tell(entry.ticket.clone());
                    let field = match (one, entry.changed.first()) {
                        (News::Changed, Some(name)) => Some(format!("troubleTicket.{name}")),
                        (News::InformationRequired, _) => Some("troubleTicket.note".to_owned()),
                        _ => None,
                    };
                    let head = Head {
                        at: entry.at,
                        of: &entry.number,
                        version: entry.version,
                        verb: &entry.verb,
                        thing: Api::Tickets.shape(),
                        kind: one.tmf(),
                        shape: one.tmf(),
                        field,
                    };
                    letters.extend(self.letter(telling, face, wanted, (head, told), id)?);
                }
            }
        }
        Ok(letters)
    }

    /// The same for a listener of interactions.
    async fn contact_letters(
        &self,
        desk: &Desk,
        telling: &Telling,
        case: CaseId,
        face: Face,
    ) -> Result<Result<Vec<Letter>, String>, DeskError> {
        let (after, before) = desk.ticket_around(&telling.caller, case, telling.version).await?;
        if was_gone(before.as_ref()) {
            return Ok(Ok(Vec::new()));
        }
        let all = |ticket: &Ticket| interaction::all(ticket, &self.root, face);
        let last = after.view.entries.last();
        let gone = last.is_some_and(takes_away);
        let news = contact_news(&before.as_ref().map(all).unwrap_or_default(), all(&after), gone);
        let verb = last.map(|entry| entry.verb.clone()).unwrap_or_default();
        let at = last.map_or(after.view.case.changed_at, |entry| entry.at);
        let asked = match wanted(Api::Interactions, face, telling) {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(why)),
        };
        let mut letters = Vec::new();
        for (one, of, interaction) in news {
            let id = format!("{case}.{}.{}.{of}.{}", telling.version, telling.mark, one.code());
            let head = Head {
                at,
                of: &after.view.case.number,
                version: telling.version,
                verb: &verb,
                thing: Api::Interactions.shape(),
                kind: one.tmf(),
                shape: one.shape(),
                field: None,
            };
            match self.letter(telling, face, &asked, (head, face.tell_interaction(interaction)), id) {
                Ok(letter) => letters.extend(letter),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(letters))
    }

    /// The same of a specification of tickets.
    async fn specification_letters(
        &self,
        desk: &Desk,
        telling: &Telling,
        id: Uuid,
        face: Face,
    ) -> Result<Result<Vec<Letter>, String>, DeskError> {
        let noted = desk.specification_around(&telling.caller, id, telling.version).await?;
        let root = format!("{}{}", self.root, Api::Tickets.root(face));
        let tell = |one: &Specification| specifications::tell(one, &root);
        let (before, after) = (noted.before.as_ref().map(tell), noted.after.as_ref().map(tell));
        let asked = match wanted(Api::Tickets, face, telling) {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(why)),
        };
        let news = specification_news(before.as_ref(), after.as_ref());
        let Some(told) = after.or(before) else { return Ok(Ok(Vec::new())) };
        let of = id.to_string();
        let mut letters = Vec::new();
        for one in news {
            let id = format!("{of}.{}.{}.{}", telling.version, telling.mark, one.code());
            let head = Head {
                at: noted.at,
                of: &of,
                version: telling.version,
                verb: &noted.verb,
                thing: specifications::TYPE,
                kind: one.tmf(),
                shape: one.tmf(),
                field: None,
            };
            match self.letter(telling, face, &asked, (head, told.clone()), id) {
                Ok(letter) => letters.extend(letter),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(letters))
    }

    /// What a hub's listener is posted, if it wants to be told.
    fn letter(
        &self,
        telling: &Telling,
        face: Face,
        wanted: &Wanted,
        (head, told): (Head<'_>, Map<String, Value>),
        id: String,
    ) -> Result<Option<Letter>, String> {
        let mut envelope = envelope(face, &head, &id);
        if !wanted.matches(face, head.thing, &told, &envelope) {
            return Ok(None);
        }
        let mut chosen = wanted.chosen(face, told);
        if head.kind == SpecificationNews::Deleted.tmf() {
            // What is gone is named and no more, as the specification has it.
            chosen.retain(|name, _| ["id", "href", "name", "version"].contains(&name.as_str()));
            chosen.insert("@type".to_owned(), format!("{}Ref", head.thing).into());
            chosen.insert("@referredType".to_owned(), head.thing.into());
        }
        envelope.insert("event".to_owned(), json!({listener(head.thing): chosen}));
        let url = self.callback(&telling.url, head.kind)?;
        Ok(Some(Letter { body: Value::Object(envelope), url, media: "application/json", id }))
    }

    /// Where a hub's listener is told of something.
    fn callback(&self, url: &str, kind: &str) -> Result<Url, String> {
        let mut url = Url::parse(url).map_err(|error| error.to_string())?;
        // Some register the whole address of one listener, as the example of the specification does.
        if self.listener && !url.path().contains("/listener/") {
            let path = format!("{}/listener/{}", url.path().trim_end_matches('/'), listener(kind));
            url.set_path(&path);
        }
        Ok(url)
    }
}

/// One request.
struct Letter {
    id: String,
    url: Url,
    media: &'static str,
    body: Value,
}

/// Whether nobody on the way reads along: encrypted, or on this machine.
fn is_private(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    url.scheme() == "https" || here
}

/// What a hub's listener wants.
fn wanted(api: Api, face: Face, telling: &Telling) -> Result<Wanted, String> {
    Wanted::of_listener(api, face, &telling.query).map_err(|_| "its query makes no sense".to_owned())
}

/// What an event says besides what it is about.
struct Head<'e> {
    at: Timestamp,
    /// What correlates the events of an entry: the number of the case, or the identity of the specification.
    of: &'e str,
    version: i64,
    verb: &'e str,
    /// What it is about, as TM Forum calls it.
    thing: &'static str,
    kind: &'static str,
    /// Its type in version 5.
    shape: &'static str,
    /// What changed, as version 4 says it.
    field: Option<String>,
}

/// The envelope of a version, without what it is about.
fn envelope(face: Face, head: &Head<'_>, id: &str) -> Map<String, Value> {
    let at = when(head.at);
    let mut told = Map::new();
    let mut put = |name: &str, value: &str| told.insert(name.to_owned(), value.into());
    put("eventId", id);
    put("eventTime", &at);
    put("eventType", head.kind);
    put("correlationId", &format!("{}.{}", head.of, head.version));
    put("domain", head.thing);
    put("title", head.kind);
    put("description", head.verb);
    put("priority", "Normal");
    match face {
        Face::V5 => {
            put("@type", head.shape);
            put("timeOccurred", &at);
        }
        Face::V4 => {
            // So the specification spells it.
            put("timeOcurred", &at);
            if let Some(field) = &head.field {
                put("fieldPath", field);
            }
        }
    }
    told
}

/// A CloudEvent 1.0 in its JSON form.
fn cloud(entry: &Entry, news: News, id: &str, root: &str) -> Value {
    let source = if root.is_empty() { "urn:redress" } else { root };
    json!({
        "specversion": "1.0", "id": id, "source": source, "type": format!("redress.complaint.{}", news.code()),
        "subject": entry.case.to_string(), "time": when(entry.at), "datacontenttype": "application/json",
        "data": {
            "complaint": entry.number, "version": entry.version, "verb": entry.verb, "changed": entry.changed,
            "ticket": entry.ticket,
        },
    })
}

/// What proves who sent a webhook and when: Standard Webhooks, `v1`.
fn signature(key: &[u8], id: &str, at: i64, body: &[u8]) -> String {
    let signed = hmac_sha256(key, &[id.as_bytes(), b".", at.to_string().as_bytes(), b".", body]);
    format!("v1,{}", STANDARD.encode(signed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_the_desk_knows() {
        assert_eq!(News::ALL.map(News::code).as_slice(), desk::subscriptions::EVENTS);
    }

    /// The example of the Standard Webhooks specification.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_an_entry_is_to_a_specification() {
        let one = |status: &str, name: &str, at: &str| {
            let told = json!({"id": "1", "name": name, "lifecycleStatus": status, "lastUpdate": at});
            told.as_object().unwrap().clone()
        };
        let before = one("inDesign", "a", "x");
        assert_eq!(specification_news(None, Some(&before)), [SpecificationNews::Created]);
        assert_eq!(specification_news(Some(&before), None), [SpecificationNews::Deleted]);
        assert_eq!(specification_news(Some(&before), Some(&one("inDesign", "a", "y"))), []);
        let both = specification_news(Some(&before), Some(&one("active", "b", "y")));
        assert_eq!(both, [SpecificationNews::Changed, SpecificationNews::StatusChanged]);
    }

    #[test]
    fn what_an_entry_is_to_those_outside() {
        let ticket = |status: &str, more: Value| {
            let mut told = json!({"id": "1", "status": status, "lastUpdate": "x", "severity": "Minor"});
            told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            told.as_object().unwrap().clone()
        };
        let (calm, busy) = (ticket("acknowledged", json!({})), ticket("pending", json!({"note": [1]})));
        assert_eq!(news(None, &calm, false).0, [News::Created]);
        assert_eq!(news(Some(&calm), &calm, true).0, [News::Deleted]);
        assert_eq!(news(Some(&calm), &ticket("acknowledged", json!({"lastUpdate": "y"})), false).0, []);
        let (found, changed) = news(Some(&calm), &busy, false);
        assert_eq!(found, [News::Changed, News::StatusChanged, News::InformationRequired]);
        assert_eq!(changed, ["note"]);
        let done = news(Some(&busy), &ticket("resolved", json!({"note": [1]})), false).0;
        assert_eq!(done, [News::StatusChanged, News::Resolved]);
    }
}
