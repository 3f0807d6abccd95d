//! Reads a pack file. What a rule may say is decided here, once: the rest of the crate relies on it.

use super::place::Place;
use super::{Pack, ReviewRule, links};
use crate::address::address;
use crate::assess::AssessRule;
use crate::authority::AuthorityRule;
use crate::basis::{Source, Standing, Status, Tier};
use crate::calendar::{Calendar, CalendarSet};
use crate::check::Check;
use crate::clock::ClockRule;
use crate::document::{self, Table, Value};
use crate::duty::{ContactHours, ConversionRule, ReportRule, RetentionRule, RouteRule};
use crate::effect::EffectRule;
use crate::facts::FactName;
use crate::fault::Fault;
use crate::gate::GateRule;
use crate::grade::DecisionTable;
use crate::letter::LetterRule;
use crate::order_limit::OrderLimitRule;
use crate::period::Period;
use crate::predicate::Predicate;
use crate::remedy::{CompensationRule, HoldRule};
use crate::routing::RoutingRule;
use crate::text::Text;
use crate::window::WindowRule;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Reads a pack file.
pub(super) fn load(file: &str, text: &str, calendars: &CalendarSet) -> Result<Pack, Vec<Fault>> {
    document::read(Some(file), text, |table| read(file, address(text), table, calendars))
}

/// The head of a pack.
struct Head {
    id: String,
    version: String,
    title: Text,
    tier: Tier,
    jurisdiction: String,
    status: Status,
    valid_from: Date,
    valid_to: Option<Date>,
    calendar: Arc<Calendar>,
    follows: bool,
    places: Vec<Place>,
    applies: Predicate,
    unless: Option<Predicate>,
}

fn read(file: &str, hash: String, table: &mut Table<'_>, calendars: &CalendarSet) -> Option<Pack> {
    let head = table.needed("pack").and_then(|value| value.table()).and_then(|head| read_head(head, calendars));
    let sources = read_sources(table);
    // Not every pack grades; a stack has exactly one that does.
    let grades = DecisionTable::read(table);
    // Without the calendar nothing can be said about working hours; the missing calendar is already a fault.
    let calendar = head.as_ref().map(|head| Arc::clone(&head.calendar));
    let calendar = calendar.as_deref();
    let tier = head.as_ref().map(|head| head.tier);
    let assess = rules(table, "assess", AssessRule::read, |rule| &rule.id);
    let reviews = rules(table, "review", read_review, |rule| &rule.id);
    let clocks = rules(table, "clock", |rule| ClockRule::read(rule, calendar, tier), |rule| &rule.head.id);
    let windows = rules(table, "window", |rule| WindowRule::read(rule, calendar, tier), |rule| &rule.head.id);
    let conversions = rules(table, "convert", |rule| ConversionRule::read(rule, tier), |rule| &rule.head.id);
    let effects = rules(table, "effect", |rule| EffectRule::read(rule, tier), |rule| &rule.head.id);
    let gates = rules(table, "gate", |rule| GateRule::read(rule, tier), |rule| &rule.head.id);
    let letters = rules(table, "letter", |rule| LetterRule::read(rule, tier), |rule| &rule.head.id);
    let holds = rules(table, "hold", |rule| HoldRule::read(rule, tier), |rule| &rule.head.id);
    let routes = rules(table, "route", |rule| RouteRule::read(rule, tier), |rule| &rule.head.id);
    let compensation = |rule| CompensationRule::read(rule, calendar, tier);
    let compensations = rules(table, "compensation", compensation, |rule| &rule.head.id);
    let authorities = rules(table, "authority", |rule| AuthorityRule::read(rule, tier), |rule| &rule.role);
    let retentions = rules(table, "retention", |rule| RetentionRule::read(rule, tier), |rule| &rule.head.id);
    let reports = rules(table, "report", |rule| ReportRule::read(rule, calendar, tier), |rule| &rule.head.id);
    let routing = rules(table, "routing", |rule| RoutingRule::read(rule, tier), |rule| &rule.head.id);
    let order_limits = rules(table, "order_limit", |rule| OrderLimitRule::read(rule, tier), |rule| &rule.head.id);
    let reopen = table.maybe("reopen", |value| value.table().and_then(|table| Period::read(table, "within")));
    let suspend = table.maybe("suspend", |value| value.table().and_then(|table| Period::read(table, "limit")));
    let repeat = table.maybe("repeat", |value| value.table().and_then(|table| Period::read_days(table, "within")));
    let contact_hours = table.maybe("contact_hours", |value| value.table().and_then(ContactHours::read));
    let notes = table.or("notes", Vec::new(), |value| value.items().iter().map(Value::text).collect());
    let head = head?;
    let pack = Pack {
        file: file.to_owned(),
        hash,
        id: head.id,
        version: head.version,
        title: head.title,
        tier: head.tier,
        jurisdiction: head.jurisdiction,
        status: head.status,
        valid_from: head.valid_from,
        valid_to: head.valid_to,
        calendar: head.calendar,
        follows: head.follows,
        places: head.places,
        applies: head.applies,
        unless: head.unless,
        sources: sources?,
        grades: grades?,
        assess: assess?,
        reviews: reviews?,
        clocks: clocks?,
        windows: windows?,
        conversions: conversions?,
        effects: effects?,
        gates: gates?,
        letters: letters?,
        holds: holds?,
        routes: routes?,
        compensations: compensations?,
        authorities: authorities?,
        retentions: retentions?,
        reports: reports?,
        routing: routing?,
        order_limits: order_limits?,
        reopen: reopen?,
        suspend: suspend?,
        repeat: repeat?,
        contact_hours: contact_hours?,
        notes: notes?,
    };
    links::prove(&pack, table);
    Some(pack)
}

fn read_head(mut head: Table<'_>, calendars: &CalendarSet) -> Option<Head> {
    let id = head.id("id");
    let version = head.needed("version").and_then(|value| value.parsed(version));
    let title = head.text("title");
    let tier = head.needed("layer").and_then(|value| value.code());
    let jurisdiction = head.needed("jurisdiction").and_then(|value| value.string());
    let status = head.needed("status").and_then(|value| value.code());
    let valid_from = head.needed("valid_from").and_then(|value| value.date());
    let valid_to = head.maybe("valid_to", |value| value.date());
    let calendar = head.needed("calendar").and_then(|value| {
        let id = value.string()?;
        let calendar = calendars.get(id);
        if calendar.is_none() {
            let known: Vec<&str> = calendars.iter().map(Calendar::id).collect();
            value.fault(format!("names a calendar that is not there; there are: {}", known.join(", ")));
        }
        // Named without a day it is the calendar as it is known, whenever somebody looks.
        Some((calendar?, !id.contains('@')))
    });
    let places = head.or("places", Vec::new(), |value| Place::read_all(value, calendars));
    if calendar.as_ref().is_some_and(|(_, follows)| !follows) && places.as_ref().is_some_and(|all| !all.is_empty()) {
        head.fault("calendars by place go with a `calendar` that names no day");
    }
    let applies = head.or("applies", Predicate::default(), Predicate::read);
    let unless = head.maybe("unless", Predicate::read);
    let operator =
        |fact: FactName| matches!(fact, FactName::ServicesInOperation | FactName::Subscribers | FactName::Turnover);
    let facts = applies.iter().chain(unless.iter().flatten()).flat_map(Predicate::facts);
    if let Some(fact) = facts.into_iter().find(|fact| !operator(*fact)) {
        head.fault(format!("a pack is chosen by what the operator is; `{}` is of the case", fact.code()));
    }
    if let (Some(from), Some(Some(to))) = (valid_from, valid_to)
        && to < from
    {
        head.fault("`valid_to` lies before `valid_from`");
    }
    head.done();
    Some(Head {
        id: id?,
        version: version?,
        title: title?,
        tier: tier?,
        jurisdiction: jurisdiction?.to_owned(),
        status: status?,
        valid_from: valid_from?,
        valid_to: valid_to?,
        calendar: calendar.as_ref().map(|(calendar, _)| Arc::clone(calendar))?,
        follows: calendar?.1,
        places: places?,
        applies: applies?,
        unless: unless?,
    })
}

/// Three numbers with points.
fn version(text: &str) -> Result<String, &'static str> {
    let number = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.split('.').count() == 3 && text.split('.').all(number) {
        Ok(text.to_owned())
    } else {
        Err("write a version such as 1.0.0")
    }
}

fn read_sources(table: &mut Table<'_>) -> Option<Vec<Source>> {
    rules(
        table,
        "source",
        |mut source| {
            let id = source.id("id");
            let title = source.text("title");
            let url = source.optional("url").and_then(|value| value.string()).map(str::to_owned);
            let seen = source.optional("seen").and_then(|value| value.date());
            source.done();
            Some(Source { id: id?, title: title?, url, seen })
        },
        |source| &source.id,
    )
}

/// A pack of a whole country has some 40 clocks and as many effects; far more of one kind are a mistake or an attack.
const MOST_RULES: usize = 500;

/// The rules of one kind, with identities that differ. Faults are collected over all of them.
fn rules<'d, T>(
    table: &mut Table<'d>,
    key: &'static str,
    read: impl Fn(Table<'d>) -> Option<T>,
    id: impl Fn(&T) -> &String,
) -> Option<Vec<T>> {
    let mut rules = Vec::new();
    let mut complete = true;
    let mut ids = BTreeSet::new();
    let tables = table.tables(key);
    if let Some(beyond) = tables.get(MOST_RULES) {
        beyond.place().finding(Check::TooMuch, format!("a pack has at most {MOST_RULES} rules of the kind `{key}`"));
        return None;
    }
    for table in tables {
        let place = table.place();
        match read(table) {
            Some(rule) => {
                if !ids.insert(id(&rule).clone()) {
                    place.fault(format!("a second {key} `{}`", id(&rule)));
                }
                rules.push(rule);
            }
            None => complete = false,
        }
    }
    complete.then_some(rules)
}

fn read_review(mut table: Table<'_>) -> Option<ReviewRule> {
    let id = table.id("id");
    let grades = table.needed("grade").and_then(|value| value.codes());
    let four_eyes = table.needed("four_eyes").and_then(|value| value.flag());
    let reason = table.text("reason");
    let standing = Standing::read(&mut table);
    table.done();
    Some(ReviewRule { id: id?, grades: grades?, four_eyes: four_eyes?, reason: reason?, standing: standing? })
}
