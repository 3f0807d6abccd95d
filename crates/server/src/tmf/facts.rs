//! What the systems of the network say: service problems (TMF656) and alarms (TMF642), as their hubs notify a listener.
//! Each becomes a fact of the network at every place it names; what comes again corrects it.

use super::{answer, bad, moment, object, schema::Wrong};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::Method;
use crate::tmf::mapping::Mapping;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use desk::network::AtPlaces;
use desk::{Caller, Permission, permissions};
use domain::refusal::Refusal;
use domain::text::nobody::nobody;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const PROBLEM_V4: &str = "/tmf-api/serviceProblemManagement/v4/listener/{event}";
const PROBLEM_V5: &str = "/tmf-api/serviceProblemManagement/v5/listener/{event}";
const ALARM_V4: &str = "/tmf-api/alarm/v4/listener/{event}";
const PROBLEM_V4_SLASH: &str = "/tmf-api/serviceProblemManagement/v4/listener/{event}/";
const PROBLEM_V5_SLASH: &str = "/tmf-api/serviceProblemManagement/v5/listener/{event}/";
const ALARM_V4_SLASH: &str = "/tmf-api/alarm/v4/listener/{event}/";

/// A row for the table of routes.
type Row = (Method, &'static str, Permission, fn() -> MethodRouter<AppState>);

/// The routes of this file.
pub(super) const ROUTES: &[Row] = &[
    (Method::Post, PROBLEM_V4, permissions::RECORD_NETWORK_FACTS, || post(problem_v4)),
    (Method::Post, PROBLEM_V5, permissions::RECORD_NETWORK_FACTS, || post(problem_v5)),
    (Method::Post, ALARM_V4, permissions::RECORD_NETWORK_FACTS, || post(alarm)),
    (Method::Post, PROBLEM_V4_SLASH, permissions::RECORD_NETWORK_FACTS, || post(problem_v4)),
    (Method::Post, PROBLEM_V5_SLASH, permissions::RECORD_NETWORK_FACTS, || post(problem_v5)),
    (Method::Post, ALARM_V4_SLASH, permissions::RECORD_NETWORK_FACTS, || post(alarm)),
];

const PROBLEM_EVENTS: [&str; 5] = [
    "serviceProblemCreateEvent",
    "serviceProblemStateChangeEvent",
    "serviceProblemAttributeValueChangeEvent",
    "serviceProblemInformationRequiredEvent",
    "serviceProblemDeleteEvent",
];
const ALARM_EVENTS: [&str; 4] =
    ["alarmCreateEvent", "alarmStateChangeEvent", "alarmAttributeValueChangeEvent", "alarmDeleteEvent"];
/// Severities of an alarm (ITU-T X.733) that stand for service that is gone where nothing says whether it is.
const GRAVE: [&str; 2] = ["critical", "major"];
/// Most places of one problem.
const MOST_PLACES: usize = 200;
/// Longest name of a source, as a fact has it.
const SOURCE: usize = 40;

/// What was said, before it is told place by place.
struct Told {
    source: String,
    number: String,
    fact: &'static str,
    product: Option<String>,
    cell: Option<String>,
    /// When it began, or was first heard of.
    from: Timestamp,
    /// Whether it does not say when it began.
    undated: bool,
    to: Option<Timestamp>,
    users: Option<i64>,
    note: String,
    withdrawn: bool,
    /// Whether it only ends what is known, and whether it says when that was.
    only_ends: Option<bool>,
    /// Regions with the names of the places in them; none where it says nothing of places.
    places: Vec<(String, String)>,
    /// Where places are named.
    places_at: &'static str,
}

impl Told {
    /// A fact for each region; one without any where no place is named.
    fn facts(&self) -> Vec<Value> {
        if self.places.is_empty() {
            return vec![self.fact(None)];
        }
        let mut known = BTreeSet::new();
        let places = self.places.iter().filter(|(region, _)| known.insert(region.clone()));
        places.map(|(region, _)| self.fact(Some(region))).collect()
    }

    fn fact(&self, region: Option<&str>) -> Value {
        let here = |other: &str| Some(other) == region;
        let names = self.places.iter().filter(|(other, name)| here(other) && !name.is_empty());
        let names: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
        let mut fact = json!({
            "source": self.source, "fact": self.fact, "from": self.from.to_string(), "withdrawn": self.withdrawn,
        });
        let more = [
            ("number", region.map(|region| format!("{}/{region}", self.number))),
            ("region", region.map(str::to_owned)),
            ("product", self.product.clone()),
            ("cell", self.cell.clone()),
            ("place", Some(cut(&names.join(", "), 200)).filter(|text| anonymous(text))),
            ("note", Some(self.note.clone()).filter(|text| anonymous(text))),
            ("to", self.to.map(|to| to.to_string())),
        ];
        if let Some(members) = fact.as_object_mut() {
            members.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
            // How the users divide between several places nobody says.
            if let (Some(users), 1) = (self.users, known_once(&self.places)) {
                members.insert("users".to_owned(), users.into());
            }
        }
        fact
    }
}

fn known_once(places: &[(String, String)]) -> usize {
    places.iter().map(|(region, _)| region).collect::<BTreeSet<_>>().len()
}

/// Facts stand in the clear, so words that hold what identifies somebody are left out.
fn anonymous(text: &str) -> bool {
    !text.is_empty() && nobody("note", text).is_ok()
}

fn cut(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    line.trim().to_owned()
}

/// Reads members and gathers what is wrong with them.
struct Reading<'v> {
    of: &'static str,
    members: &'v Map<String, Value>,
    wrong: Vec<Wrong>,
}

impl<'v> Reading<'v> {
    fn wrong(&mut self, name: &str, why: &str) {
        self.wrong.push(Wrong { at: format!("event.{}.{name}", self.of), why: why.to_owned() });
    }

    fn text(&mut self, name: &str) -> &'v str {
        match self.members.get(name) {
            None | Some(Value::Null) => "",
            Some(Value::String(text)) => text.trim(),
            Some(_) => {
                self.wrong(name, "is no text");
                ""
            }
        }
    }

    /// The first of these that is there, a number read as its digits.
    fn name(&mut self, names: &[&str]) -> String {
        for name in names {
            match self.members.get(*name) {
                Some(Value::String(text)) if !text.trim().is_empty() => return text.trim().to_owned(),
                Some(Value::Number(number)) => return number.to_string(),
                None | Some(Value::Null | Value::String(_)) => {}
                Some(_) => self.wrong(name, "is neither text nor a number"),
            }
        }
        String::new()
    }

    fn moment(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.text(name);
        let at = moment(text);
        if at.is_none() && !text.is_empty() {
            self.wrong(name, "is no moment of RFC 3339");
        }
        at
    }

    fn list(&mut self, name: &str) -> &'v [Value] {
        match self.members.get(name) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) if items.len() <= MOST_PLACES => items,
            Some(Value::Array(_)) => {
                self.wrong(name, &format!("has more than {MOST_PLACES} entries"));
                &[]
            }
            Some(_) => {
                self.wrong(name, "is no list");
                &[]
            }
        }
    }

    /// Regions of places, by the mapping or because a place is called by its administrative code.
    fn places(&mut self, name: &str, mapping: &Mapping) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (number, place) in self.list(name).iter().enumerate() {
            let inner = place.get("place").filter(|inner| inner.is_object()).unwrap_or(place);
            let word = |name: &str| inner.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
            match mapping.region(&[word("id"), word("name")]) {
                Some(region) => found.push((region, cut(word("name"), 100))),
                None => self.wrong(
                    &format!("{name}[{number}]"),
                    "is neither called by an administrative code nor named among [places] of tmf.toml",
                ),
            }
        }
        found
    }

    /// The product line of what is hit.
    fn product(&mut self, lists: &[&str], words: &[&str], mapping: &Mapping) -> Option<String> {
        let mut all: Vec<&str> = Vec::new();
        for name in lists {
            let items = self.list(name);
            all.extend(
                items.iter().flat_map(|one| ["name", "id"].map(|part| one.get(part).and_then(Value::as_str))).flatten(),
            );
        }
        mapping.product(&[all.as_slice(), words].concat()).map(str::to_owned)
    }
}

/// The thing an event is about, with the moment of the event.
fn inside<'v>(body: &'v Map<String, Value>, of: &'static str) -> Result<(Reading<'v>, Option<Timestamp>), Failure> {
    let members = body.get("event").and_then(|event| event.get(of)).and_then(Value::as_object);
    let Some(members) = members else {
        return Err(bad(vec![Wrong { at: format!("event.{of}"), why: "is missing or no object".to_owned() }]));
    };
    let at = match body.get("eventTime") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if moment(text).is_some() => moment(text),
        Some(_) => {
            return Err(bad(vec![Wrong { at: "eventTime".to_owned(), why: "is no moment of RFC 3339".to_owned() }]));
        }
    };
    Ok((Reading { of, members, wrong: Vec::new() }, at))
}

fn service_problem(body: &Map<String, Value>, event: &str, mapping: &Mapping, now: Timestamp) -> Result<Told, Failure> {
    let (mut read, at) = inside(body, "serviceProblem")?;
    let number = read.name(&["id"]);
    if number.is_empty() {
        read.wrong("id", "is missing");
    }
    let source = read.name(&["originatingSystem"]);
    let (status, category) = (read.text("status"), read.text("category"));
    let (made, solved) = (read.moment("creationDate"), read.moment("resolutionDate"));
    let (turned, last) = (read.moment("statusChangeDate"), read.moment("lastUpdate"));
    let over = matches!(status, "resolved" | "closed") || event == "serviceProblemDeleteEvent";
    let to = solved.or_else(|| over.then(|| turned.or(last).or(at).unwrap_or(now)));
    let places = read.places("affectedLocation", mapping);
    // One that is over and comes whole is told whole; one that is taken away, or names no place, ends what is known.
    let ends = over && (event == "serviceProblemDeleteEvent" || places.is_empty());
    let words = [read.text("name"), read.text("description")].map(|text| cut(text, 480));
    let users = match read.members.get("affectedNumberOfServices") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let users = value.as_i64().filter(|users| (0..=1_000_000_000).contains(users));
            if users.is_none() {
                read.wrong("affectedNumberOfServices", "is no whole number from 0 to 1,000,000,000");
            }
            users
        }
    };
    let resources = read.list("affectedResource");
    let cell = resources.first().and_then(|one| one.get("name").or(one.get("id"))).and_then(Value::as_str);
    let told = Told {
        source: if source.is_empty() { "tmf656".to_owned() } else { cut(&source, SOURCE) },
        number,
        fact: "outage",
        product: read.product(&["affectedService"], &[category], mapping),
        cell: cell.map(|cell| cut(cell, 64)).filter(|cell| anonymous(cell)),
        from: made.or(at).unwrap_or(now),
        undated: made.is_none(),
        to,
        users,
        note: words.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(": "),
        // What was no problem after all.
        withdrawn: matches!(status, "rejected" | "cancelled"),
        only_ends: ends.then_some(solved.is_some()),
        places,
        places_at: "event.serviceProblem.affectedLocation",
    };
    if read.wrong.is_empty() { Ok(told) } else { Err(bad(read.wrong)) }
}

/// What an alarm says; nothing when no service is gone.
fn network_alarm(
    body: &Map<String, Value>,
    event: &str,
    mapping: &Mapping,
    now: Timestamp,
) -> Result<Option<Told>, Failure> {
    let (mut read, at) = inside(body, "alarm")?;
    let number = read.name(&["externalAlarmId", "id"]);
    if number.is_empty() {
        read.wrong("id", "is missing");
    }
    let severity = read.text("perceivedSeverity").to_lowercase();
    let affects = match read.members.get("serviceAffecting") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(affects)) => Some(*affects),
        Some(_) => {
            read.wrong("serviceAffecting", "is neither true nor false");
            None
        }
    };
    let (raised, ended) = (read.moment("alarmRaisedTime"), read.moment("alarmClearedTime"));
    let changed = read.moment("alarmChangedTime");
    let over = severity == "cleared" || read.text("state") == "cleared" || event == "alarmDeleteEvent";
    if !read.wrong.is_empty() {
        return Err(bad(read.wrong));
    }
    // What is over no longer says how grave it was, and may say that it affects nothing now: it ends what is known.
    if !over && !affects.unwrap_or(GRAVE.contains(&severity.as_str())) {
        return Ok(None);
    }
    let planned = read.text("plannedOutageIndicator").to_lowercase().replace([' ', '_', '-'], "");
    let source = read.name(&["sourceSystemId", "reportingSystemId"]);
    let words = [read.text("specificProblem"), read.text("probableCause"), read.text("alarmDetails")]
        .map(|text| cut(text, 300));
    let object = read.members.get("alarmedObject").and_then(|object| object.get("id")).and_then(Value::as_str);
    let told = Told {
        source: if source.is_empty() { "tmf642".to_owned() } else { cut(&source, SOURCE) },
        number,
        fact: if matches!(planned.as_str(), "inplannedmaintenance" | "plannedoutage" | "outofservice" | "true") {
            "planned_work"
        } else {
            "outage"
        },
        product: read.product(&["affectedService"], &[], mapping),
        cell: object.map(|cell| cut(cell, 64)).filter(|cell| anonymous(cell)),
        from: raised.or(at).unwrap_or(now),
        undated: raised.is_none(),
        to: ended.or_else(|| over.then(|| changed.or(at).unwrap_or(now))),
        users: None,
        note: words.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(": "),
        withdrawn: false,
        only_ends: over.then_some(ended.is_some()),
        places: read.places("place", mapping),
        places_at: "event.alarm.place",
    };
    if read.wrong.is_empty() { Ok(Some(told)) } else { Err(bad(read.wrong)) }
}

async fn take(app: &AppState, caller: &Caller, told: Told) -> Result<(), Failure> {
    if let (Some(sure), Some(to)) = (told.only_ends, told.to) {
        return Ok(app.desk.end_fact_at_places(caller, (told.source, told.number), to, sure).await?);
    }
    let said = AtPlaces {
        facts: told.facts(),
        undated: told.undated,
        anywhere: told.places.is_empty(),
        source: told.source,
        number: told.number,
    };
    if app.desk.take_fact_at_places(caller, said).await? {
        return Ok(());
    }
    Err(bad(vec![Wrong { at: told.places_at.to_owned(), why: "names no place".to_owned() }]))
}

async fn problem(app: AppState, caller: Caller, event: String, headers: HeaderMap, body: Body) -> Result<(), Failure> {
    if !PROBLEM_EVENTS.contains(&event.as_str()) {
        return Err(Refusal::not_found().into());
    }
    let body = object(&headers, body).await?;
    let told = service_problem(&body, &event, &app.settings.tmf, app.desk.time().now())?;
    take(&app, &caller, told).await
}

async fn problem_v4(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(event): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    problem(app, caller, event, headers, body).await?;
    Ok(answer(StatusCode::CREATED, &json!({})))
}

async fn problem_v5(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(event): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    problem(app, caller, event, headers, body).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn alarm(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(event): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    if !ALARM_EVENTS.contains(&event.as_str()) {
        return Err(Refusal::not_found().into());
    }
    let body = object(&headers, body).await?;
    if let Some(told) = network_alarm(&body, &event, &app.settings.tmf, app.desk.time().now())? {
        take(&app, &caller, told).await?;
    }
    Ok(answer(StatusCode::CREATED, &json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-20T12:00:00Z";

    fn problem(more: Value) -> Result<Told, Failure> {
        let mut problem = json!({
            "id": "SP-7", "originatingSystem": "nms", "creationDate": "2026-11-20T08:00:00Z", "status": "inProgress",
            "affectedLocation": [{"id": "310115", "name": "Pudong"}, {"id": "310101"}],
            "affectedService": [{"id": "1", "name": "Internet Access"}], "name": "OLT down",
            "description": "reported by 13812345678",
        });
        problem.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({"eventTime": "2026-11-20T11:00:00Z", "event": {"serviceProblem": problem}});
        let now = NOW.parse().unwrap();
        service_problem(body.as_object().unwrap(), "serviceProblemCreateEvent", &Mapping::default(), now)
    }

    #[test]
    fn a_problem_is_a_fact_at_each_place() {
        let told = problem(json!({})).unwrap_or_else(|_| panic!("refused"));
        let facts = told.facts();
        assert_eq!(facts.len(), 2);
        assert_eq!((&facts[0]["number"], &facts[0]["product"]), (&json!("SP-7/310115"), &json!("broadband")));
        assert!(facts[0].get("to").is_none() && facts[0].get("note").is_none(), "{facts:?}");
        let ended = problem(json!({"status": "resolved"})).unwrap_or_else(|_| panic!("refused"));
        assert_eq!(ended.to, Some("2026-11-20T11:00:00Z".parse().unwrap()));
        assert!(problem(json!({"status": "cancelled"})).is_ok_and(|told| told.withdrawn));
        let elsewhere = problem(json!({"affectedLocation": []})).unwrap_or_else(|_| panic!("refused"));
        assert!(elsewhere.places.is_empty() && elsewhere.facts()[0].get("region").is_none());
        for wrong in [
            json!({"id": null}),
            json!({"creationDate": "yesterday"}),
            json!({"affectedLocation": [{"name": "somewhere unknown"}]}),
            json!({"affectedLocation": 7}),
            json!({"affectedNumberOfServices": -1}),
        ] {
            assert!(problem(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_alarm_counts_where_service_is_gone() {
        let alarm = |more: Value| {
            let mut alarm = json!({"id": 12, "alarmRaisedTime": "2026-11-20T08:00:00Z", "place": [{"id": "310115"}]});
            alarm.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let body = json!({"event": {"alarm": alarm}});
            let now = NOW.parse().unwrap();
            network_alarm(body.as_object().unwrap(), "alarmCreateEvent", &Mapping::default(), now)
        };
        let ends = |more| alarm(more).ok().flatten().and_then(|told| told.only_ends);
        assert_eq!(ends(json!({"perceivedSeverity": "cleared", "serviceAffecting": false})), Some(false));
        let at = json!({"perceivedSeverity": "cleared", "alarmClearedTime": "2026-11-20T09:00:00Z"});
        assert_eq!(ends(at), Some(true));
        let kind = |more| alarm(more).ok().flatten().map(|told| (told.fact, told.to.is_some()));
        assert_eq!(kind(json!({"perceivedSeverity": "Critical"})), Some(("outage", false)));
        assert_eq!(kind(json!({"perceivedSeverity": "minor"})), None);
        assert_eq!(kind(json!({"perceivedSeverity": "minor", "serviceAffecting": true})), Some(("outage", false)));
        assert_eq!(kind(json!({"perceivedSeverity": "cleared"})), Some(("outage", true)));
        let planned = json!({"serviceAffecting": true, "plannedOutageIndicator": "in planned maintenance"});
        assert_eq!(kind(planned), Some(("planned_work", false)));
        assert!(alarm(json!({"serviceAffecting": "yes"})).is_err());
    }
}
